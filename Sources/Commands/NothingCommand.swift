import ArgumentParser
import Glibc
import InternetMessage

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

/// `imsimta version` (commands specification, section 3.5).
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Product, version and system.", shouldDisplay: false)

    @Option(help: .hidden)
    var root: String?

    func run() {
        Terminal.line("Martlet \(ProductVersion.number)")
        var system = utsname()
        guard uname(&system) == 0 else { return }
        Terminal.line(
            [
                Self.text(system.sysname), Self.text(system.nodename), Self.text(system.release),
                Self.text(system.machine),
            ]
            .joined(separator: " "))
    }

    /// A field of uname(2), up to its NUL.
    private static func text(_ field: some Any) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
