import ArgumentParser

/// `imsimta chbuild`, `clbuild`: accepted, and there is nothing to do (commands specification, section 4.2).
struct NothingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nothing", abstract: "Says that nothing is needed.", shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough, help: "The verb, and whatever it was given.")
    var words: [String] = []

    func run() {
        Terminal.line(
            "%\(words.first ?? "CLI")-I-NOTHING, nothing is needed: character sets and command definitions are part of"
                + " the programs")
    }
}
