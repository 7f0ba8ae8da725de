import ArgumentParser
import Configuration
import Glibc
import Notifications
import SystemCalls

/// `martlet init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes an instance that works at once, on unprivileged ports.",
        discussion: "Mail for the domain is delivered to Maildir mailboxes; add users with martlet user add.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("The default domain: mail for it is delivered here.", valueName: "name"))
    var domain: String

    @Option(
        help: ArgumentHelp(
            "The name of this host; by default the system's, completed with the domain.", valueName: "name"))
    var hostname: String?

    func validate() throws {
        for name in [domain, hostname ?? domain] where !Self.isHostName(name) {
            throw ValidationError("'\(name)' is not a domain name")
        }
    }

    func run() throws {
        let root = try instance.path()
        let configuration = "\(root)/config/martlet.conf"
        guard !Files.exists(configuration) else {
            throw CommandFailure("\(root) is an instance already (\(configuration) exists)")
        }
        for directory in ["config", "config/tls", "config/locale/C", "data/queue", "data/log", "data/store", "run"] {
            try Files.createDirectory("\(root)/\(directory)", mode: 0o750)
        }
        let host = hostname ?? Self.systemHostName(domain)
        let defaults = DefaultConfiguration(
            hostname: host, defaultDomain: domain, ownAddresses: NetworkInterfaces.addresses())
        try Files.replace(
            "\(root)/config/directory", with: Array(DefaultConfiguration.directoryFile(domain: domain).utf8))
        for (name, text) in ShippedTexts.files {
            try Files.replace("\(root)/config/locale/C/\(name)", with: Array(text.utf8))
        }
        try SelfSignedCertificate.make(host: host, in: "\(root)/config/tls")
        try Files.replace(configuration, with: Array(defaults.unified.utf8), mode: 0o640)
        Terminal.line("martlet: instance for \(domain) on host \(host) made in \(root)")
    }

    private static func systemHostName(_ domain: String) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "mail.\(domain)" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
        guard isHostName(name), name != "localhost" else { return "mail.\(domain)" }
        return name.contains(".") ? name : "\(name).\(domain)"
    }

    /// Letters, digits and hyphens in labels of 1 to 63 octets (RFC 1123 section 2.1).
    private static func isHostName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    $0 == UInt8(ascii: "-") || ($0 &- 48 < 10) || ($0 | 32) &- 97 < 26
                }
        }
    }
}
