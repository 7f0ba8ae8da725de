import ArgumentParser
import Channels
import Configuration
import Enqueue
import Envelope
import OptionSyntax
import SystemCalls

/// What `test rewrite` assumes to be otherwise than configured, and what it asks for besides (commands specification,
/// section 7.1).
struct RewriteAssumptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Databases to leave out or to read elsewhere, with commas between them: nodomain, nogeneral, noreverse,"
                + " noforward, or the name with =file.", valueName: "list"))
    var database: String?

    @Option(help: ArgumentHelp("Another name of the local host.", valueName: "host"))
    var localAlias: String?

    @Flag(help: "The recipient is one for whom a receipt of delivery is wanted.")
    var deliveryReceipt = false

    @Flag(help: "The message asks for a receipt of reading, which no address is treated differently for.")
    var readReceipt = false

    @Option(help: ArgumentHelp("1 shows the local part in restricted encoding (RFC 1137).", valueName: "0 or 1"))
    var restricted = 0

    @Flag(help: "The filters that would apply.")
    var filter = false

    func validate() throws {
        guard [0, 1].contains(restricted) else { throw ValidationError("--restricted is 0 or 1") }
    }

    /// The NOTIFY conditions of the recipient; the default is failures and delays.
    var notify: NotifyConditions { deliveryReceipt ? [.success, .failure, .delay] : [] }

    /// The configuration with other databases and another name of the host. Findings go to standard error.
    func applied(to configuration: MTAConfiguration) throws -> MTAConfiguration {
        var configuration = configuration
        for item in (database ?? "").split(separator: ",") { try replace(String(item), in: &configuration) }
        if let localAlias {
            var channels = configuration.channels.channels
            for index in channels.indices where channels[index].name == "l" {
                channels[index].localHostAlias = localAlias
            }
            configuration.channels = ChannelTable(channels)
        }
        return configuration
    }

    private func replace(_ item: String, in configuration: inout MTAConfiguration) throws {
        let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
        let name = parts.first?.lowercased() ?? ""
        // There is no alias database, so that there is nothing to leave out.
        if parts.count == 1, name == "noalias" || TextDatabases.Name(rawValue: name) != nil { return }
        if name == "alias" {
            throw CommandFailure("there is no alias database in this release; give --alias-file")
        }
        let database = TextDatabases.Name(rawValue: name.hasPrefix("no") ? String(name.dropFirst(2)) : name)
        guard let database, name.hasPrefix("no") == (parts.count == 1) else {
            throw CommandFailure(
                "\(item) names no database; there are domain, general, reverse and forward, each with =file or with no"
                    + " before it")
        }
        var findings = Diagnostics()
        let file = try parts.dropFirst().first.map {
            LineReader.File(name: $0, content: try Files.read(absolute($0)))
        }
        configuration.databases.replace(
            database, with: file, symbols: configuration.symbols, diagnostics: &findings)
        for finding in findings.all { Terminal.error(finding.description) }
        if findings.hasErrors { throw CommandFailure("\(item) has errors") }
    }
}

/// The lines of `test rewrite --filter`: which Sieve filters the configuration names, and that none of them is run.
enum FilterReport {
    static func lines(source: Channel, destination: Channel?) -> [String] {
        let filters = [
            ("user filter", destination?.userFilter), ("destination channel filter", destination?.destinationFilter),
            ("source channel filter", source.sourceFilter),
        ]
        let named = filters.compactMap { label, url in url.map { "\(label): \($0)" } }
        return ["Filters:"] + named.map { "  \($0), not run" }
            + ["  Sieve is not part of this release: no filter of a user, a channel or the system applies."]
    }
}
