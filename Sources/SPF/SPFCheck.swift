package import DNS

/// check_host of RFC 7208 as a value: it says what to ask the DNS and is told the answers. With each answer the
/// evaluation begins anew over all that is known, so that no state but the answers is kept.
package struct SPFCheck: DNSDialogue {
    package typealias Step = DNSDialogueStep<SPFOutcome>

    private let subject: SPFSubject
    private let limits: SPFLimits
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    private var due: Set<DNSQuestion> = []

    package init(_ subject: SPFSubject, limits: SPFLimits = SPFLimits()) {
        self.subject = subject
        self.limits = limits
    }

    package mutating func begin() -> Step {
        var run = SPFEvaluation(subject: subject, limits: limits, answers: answers)
        switch run.outcome() {
        case .success(let outcome): return .done(outcome)
        case .failure(let missing):
            due.formUnion(missing.questions)
            return .ask(missing.questions)
        }
    }

    package mutating func receive(_ answer: DNSAnswer) -> Step {
        guard due.remove(answer.question) != nil else { return .ask([]) }
        answers[answer.question] = answer
        return due.isEmpty ? begin() : .ask([])
    }
}

/// Answers without which an evaluation cannot go on.
struct MissingAnswers: Error {
    var questions: [DNSQuestion]
}
