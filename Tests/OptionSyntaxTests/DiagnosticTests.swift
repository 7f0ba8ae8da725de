import Testing

@testable import OptionSyntax

@Suite struct DiagnosticTests {
    @Test func oneLineWithPlaceAndAdvice() {
        let diagnostic = Diagnostic(
            .error, "pool FAST is not defined", at: SourceLocation(file: "imta.cnf", line: 3, column: 7),
            advice: "define it in job_controller.cnf")
        #expect(
            diagnostic.description
                == "imta.cnf:3:7: error: pool FAST is not defined (define it in job_controller.cnf)")
    }

    @Test func severitiesAreOrdered() {
        #expect(Diagnostic.Severity.note < .warning && Diagnostic.Severity.warning < .error)
    }
}
