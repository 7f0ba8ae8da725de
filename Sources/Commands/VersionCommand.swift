import ArgumentParser
import Glibc
import InternetMessage

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
