import Configuration
import Enqueue
import OptionSyntax

/// Configurations of any size, and what is looked up in them.
enum Samples {
    static let hostname = "mail.example.test"

    static func host(_ number: Int) -> String { "host\(number).dept\(number % 97).customer.example" }

    /// The default configuration with rules for as many hosts, half of them for whole domains.
    static func configuration(rules: Int = 0, aliases: Int = 0, mappings: Int = 0, asterisks: Bool = false) -> String {
        var text = DefaultConfiguration(hostname: hostname, defaultDomain: "example.test", ownAddresses: [])
            .unified
        text += "\n[rewrites]\n"
        for number in 0..<rules {
            text +=
                number.isMultiple(of: 2)
                ? "  \(host(number))  $U%$D@tcp_intranet-daemon\n" : "  .\(host(number))  $U%$H$D@tcp_intranet-daemon\n"
        }
        if asterisks { text += "  *.starred.example  $U%$L.starred.example@tcp_intranet-daemon\n" }
        text += "\n[aliases]\n"
        for number in 0..<aliases { text += "  user\(number): mailbox\(number)@\(host(number))\n" }
        text += "\n[mapping:SAMPLE]\n"
        for number in 0..<mappings { text += "  \(prefixPattern(number))  $Y\(number)\n" }
        return text
    }

    /// An exact text and a wildcard behind it, as in access tables by sender.
    static func prefixPattern(_ number: Int) -> String { "tcp_local|user\(number)@\(host(number))|*" }

    static func prefixProbe(_ number: Int) -> String { "tcp_local|user\(number)@\(host(number))|l|ann@example.test" }

    /// `00`, `01` … `zz`, as far as 1 296.
    static func twoLetters(_ number: Int) -> String {
        let text = String(number % 1_296, radix: 36)
        return text.utf8.count < 2 ? "0" + text : text
    }

    /// A table in the form of the `mappings` file.
    static func table(_ entries: Int, _ pattern: (Int) -> String) -> String {
        "SAMPLE\n\n" + (0..<entries).map { "  \(pattern($0))  $Y\($0)\n" }.joined()
    }

    static func load(_ text: String) -> ConfigurationLoad {
        MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/instance", bin: "/bin"),
            files: .memory(["/instance/config/martlet.conf": text]))
    }
}
