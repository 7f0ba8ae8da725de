/// The command line of the family, `imsimta test -rewrite -source_channel=tcp_local user@host`, as arguments of
/// `martlet` (commands specification, 1.2 and 7). Verbs and switches may be shortened as long as they stay unambiguous.
enum FamilySpelling {
    /// A command line that cannot be understood, in the form of the family's messages.
    struct Refusal: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    /// What becomes of a switch.
    private enum Meaning {
        case flag(String)
        case value(String)
        /// Says what is so here anyway.
        case nothing
        /// Known, and not to be had: why.
        case refused(String)
    }

    private static let verbs: [String: [String]] = [
        "cache": ["cache"], "chbuild": ["nothing", "CHBUILD"], "clbuild": ["nothing", "CLBUILD"],
        "cnbuild": ["config", "build"], "counters": ["counters"], "dispatcher": ["dispatcher"],
        "find": ["find"], "kill": ["kill"],
        "process": ["process"], "process_held": ["queue", "release", "-all", "-noconfirm", "-channel=hold"],
        "purge": ["purge"], "qclean": ["queue", "clean"], "qm": ["qm"], "qtop": ["queue", "top"], "queue": ["queue"],
        "recover-crash": ["cache", "-sync"], "refresh": ["refresh"], "reload": ["reload"], "restart": ["restart"],
        "return": ["queue", "return", "--facility=RETURN"], "run": ["queue", "run"], "shutdown": ["stop"],
        "start": ["start"], "startup": ["start"], "stop": ["stop"], "submit": ["queue", "submit"], "test": ["test"],
        "trace": ["trace"], "version": ["version"], "view": ["view"],
    ]

    /// The verbs, each with what it is here.
    static var meanings: [(verb: String, meaning: String)] {
        verbs.sorted { $0.key < $1.key }.map { verb, words in
            let own = words.filter { !$0.hasPrefix("--facility") }.joined(separator: " ")
            return (verb, words.first == "nothing" ? "accepted; nothing is needed" : "as martlet \(own)")
        }
    }

    /// Switches of verbs other than `test`.
    private static let switches: [String: [String: Meaning]] = [
        "cnbuild": [
            "image_file": .value("--image-file"), "maximum": .flag("--sizes"), "noimage_file": .flag("--check-only"),
            "nomaximum": .nothing, "nooption_file": .nothing, "nosizes": .nothing, "nostatistics": .nothing,
            "option_file": .flag("--sizes"), "remove": .flag("--remove"), "sizes": .flag("--sizes"),
            "statistics": .flag("--statistics"),
        ],
        "counters": [
            "associations": .flag("--associations"), "channels": .flag("--channels"), "clear": .flag("--clear"),
            "create": .flag("--create"),
            "delete": .flag("--delete"), "headers": .flag("--headers"), "json": .flag("--json"),
            "max_channels": .nothing,
            "noassociations": .flag("--no-associations"), "nochannels": .flag("--no-channels"),
            "noheaders": .flag("--no-headers"), "output": .value("--output"), "show": .flag("--show"),
            "today": .flag("--today"),
        ],
        "dispatcher": ["json": .flag("--json")], "find": ["f": .value("--first"), "l": .value("--last")],
        "process": ["json": .flag("--json")],
        "purge": ["day": .value("--day"), "hour": .value("--hour"), "num": .value("--num")],
        "view": ["f": .value("--first"), "l": .value("--last")],
    ]

    private static let everywhere: [String: Meaning] = [
        "config": .value("--config"), "image_file": .nothing, "json": .flag("--json"),
        "noimage_file": .flag("--noimage-file"),
        "root": .value("--root"),
    ]

    private static let route: [String: Meaning] = [
        "from": .value("--from"), "sender": .value("--sender"), "source_channel": .value("--source-channel"),
    ]

    private static let batch: [String: Meaning] = ["input": .value("--input"), "output": .value("--output")]

    /// Rewrite-rules specification, 10.1, beyond what every test takes.
    private static let rewrite: [String: Meaning] = [
        "alias_file": .value("--alias-file"), "channel": .nothing, "check_expansions": .flag("--check-expansions"),
        "configuration_file": .value("--configuration-file"),
        "database": .value("--database"), "debug": .flag("--debug"), "delivery_receipt": .flag("--delivery-receipt"),
        "destination_channel": .value("--destination-channel"), "filter": .flag("--filter"),
        "grey": .refused("there is no Grey Book order of domains"), "local_alias": .value("--local-alias"),
        "mapping_file": .value("--mapping-file"), "nochannel": .flag("--no-channel-details"),
        "nocheck_expansions": .nothing, "nodebug": .nothing, "nodelivery_receipt": .nothing, "nofilter": .nothing,
        "nofrom": .nothing, "nolocal_alias": .nothing, "nomapping_file": .nothing, "nooption_file": .nothing,
        "noread_receipt": .nothing, "noreprocessing": .flag("--no-reprocess"), "option_file": .value("--option-file"),
        "read_receipt": .flag("--read-receipt"), "reprocessing": .nothing, "restricted": .value("--restricted"),
    ]

    private static let tests: [String: [String: Meaning]] = [
        "rewrite": rewrite.merging(route) { first, _ in first }.merging(batch) { first, _ in first },
        "mapping": batch.merging([
            // What a callout may be told of a session: none of ours asks.
            "context": .nothing, "destination_channel": .nothing, "nocontext": .nothing, "noreload": .nothing,
            "nosources": .nothing, "originator": .nothing, "reload": .flag("--reload"), "source_channel": .nothing,
            "sources": .nothing,
            "debug": .flag("--debug"), "flags": .value("--flags"), "mapping_file": .value("--file"),
            "nodebug": .nothing, "noflags": .nothing, "nomapping_file": .nothing, "nooption_file": .nothing,
            // No MTA option changes what a table makes of a string.
            "option_file": .nothing, "table": .value("--table"),
        ]) { first, _ in first },
        "match": [:],
        "extract": ["keyword": .value("--keyword")],
        "probes": [:],
        "alias": route,
        "switch": [:],
    ]

    /// The arguments for `martlet` when it was called as `imsimta`, or as `martlet imsimta`; else as they are.
    static func arguments(of commandLine: [String]) throws(Refusal) -> [String] {
        let name = commandLine.first.map { $0.split(separator: "/").last.map(String.init) ?? "" } ?? ""
        let arguments = Array(commandLine.dropFirst())
        // lib/return_job and lib/purge (job-controller specification, section 12).
        if name == "return_job" { return [name] + arguments }
        if name == "purge" { return try translate([name] + arguments) }
        if name == "msconfig" { return ["msconfig"] + msconfig(arguments) }
        if name == "imsimta" || name == "imta" { return try translate(arguments) }
        if arguments.first == "imsimta" { return try translate(Array(arguments.dropFirst())) }
        return arguments
    }

    /// The switches before the command; everything behind is the command's.
    private static func msconfig(_ arguments: [String]) -> [String] {
        let own = arguments.prefix { $0.hasPrefix("-") }.map { argument in
            let name = argument.drop { $0 == "-" }
            if name == "dry_run" { return "--dry-run" }
            return name.hasPrefix("root=") ? "--\(name)" : argument
        }
        return own + arguments.dropFirst(own.count)
    }

    /// `arguments`: without the name of the program.
    static func translate(_ arguments: [String]) throws(Refusal) -> [String] {
        guard let first = arguments.first else { return ["--help"] }
        if let reason = missingVerbs[first.lowercased()] {
            throw Refusal(description: "%CLI-E-NOTSUPP, there is no \(first): \(reason)")
        }
        let verb = try full(first, among: Array(verbs.keys))
        let rest = Array(arguments.dropFirst())
        if verb == "test" { return try test(rest) }
        if let own = queueWords(verb, rest) { return own }
        // PMDF words, dispatcher specification, section 8.
        if ["shutdown", "stop"].contains(verb), rest.count == 1 {
            if rest[0].lowercased() == "force" { return ["stop", "--now"] }
            if rest[0].lowercased() == "wait" { return ["stop", "--wait"] }
        }
        if let own = switches[verb] {
            let known = ["root": Meaning.value("--root")].merging(own) { _, own in own }
            var words: [String] = []
            for word in rest {
                // Two hyphens: our own spelling.
                let isSwitch = word.hasPrefix("-") && word.count > 1 && !word.hasPrefix("--")
                words += isSwitch ? try translated(word, known) : [word]
            }
            return verbs[verb, default: []] + words
        }
        return verbs[verb, default: []] + rest
    }

    /// Verbs of the family that need something that this release does not have (commands specification, section 2).
    private static let missingVerbs = [
        "calc": "Sieve and its expressions are not part of this release",
        "convertdb": "it is for moving to release 5.2",
        "crdb": "tables are text files here, which are read as they are: write the file, then martlet reload",
        "dirsync": "the directory is asked for each address",
        "dumpdb": "tables are text files here: look into them",
        "program": "there is no pipe channel in this release",
        "renamedb": "tables are text files here: rename the file, then martlet reload",
    ]

    /// Older names of what the commands on queues do (commands specification, section 5.5).
    private static func queueWords(_ verb: String, _ rest: [String]) -> [String]? {
        let first = rest.first?.lowercased() ?? ""
        switch verb {
        case "queue" where first.hasPrefix("-recover"): return ["cache", "-sync"]
        case "queue" where first.hasPrefix("-retry"):
            return ["queue", "release", "-all", "-noconfirm", "-held"] + rest.dropFirst().map { "-channel=\($0)" }
        case "process_held":
            // The recipients of a user or of a domain.
            let addresses = rest.map { word in
                if word.hasPrefix("-domain=") { return "-to=*@\(word.dropFirst(8))" }
                return word.hasPrefix("-user=") ? "-to=\(word.dropFirst(6))" : word
            }
            return verbs[verb, default: []] + addresses
        default: return nil
        }
    }

    /// `test` takes what is tested as a switch, which may stand anywhere.
    private static func test(_ arguments: [String]) throws(Refusal) -> [String] {
        var selected: String?
        var switches: [String] = []
        var parameters: [String] = []
        for argument in arguments {
            guard argument.hasPrefix("-"), argument.count > 1 else {
                parameters.append(argument)
                continue
            }
            let name = String(argument.drop { $0 == "-" }).lowercased()
            if selected == nil, let found = try? full(name, among: Array(tests.keys)) {
                selected = found
            } else {
                switches.append(argument)
            }
        }
        guard let selected else {
            try refuse(arguments)
            throw Refusal(
                description: "%CLI-E-NOTEST, say what to test: "
                    + tests.keys.sorted().map { "-\($0)" }.joined(separator: ", "))
        }
        let known = everywhere.merging(tests[selected, default: [:]]) { _, own in own }
        var result = ["test", selected]
        for text in switches { result += try translated(text, known) }
        return parameters.isEmpty ? result : result + ["--"] + parameters
    }

    /// Tests of the family that need something that this release does not have.
    private static let missingTests = [
        "domain": "the domains are those of the directory file: look there, or ask with -rewrite -debug",
        "expression": "Sieve and its expressions are not part of this release",
        "url": "there is no LDAP in this release; -alias asks the directory file about an address",
    ]

    private static func refuse(_ arguments: [String]) throws(Refusal) {
        for argument in arguments where argument.hasPrefix("-") && argument.count > 1 {
            let name = argument.drop { $0 == "-" }.prefix { $0 != "=" }.lowercased()
            guard let test = missingTests.keys.sorted().first(where: { $0.hasPrefix(name) }), name.count > 1,
                let reason = missingTests[test]
            else { continue }
            throw Refusal(description: "%CLI-E-NOTSUPP, there is no test -\(test): \(reason)")
        }
    }

    private static func translated(_ text: String, _ known: [String: Meaning]) throws(Refusal) -> [String] {
        let parts = text.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = try full(parts.first.map(String.init) ?? "", among: Array(known.keys))
        let value = parts.count == 2 ? String(parts[1]) : nil
        switch (known[name], value) {
        case (.value(let option), let value?): return [option, value]
        case (.value, nil): throw Refusal(description: "%CLI-E-VALUE, the switch -\(name) needs a value: -\(name)=…")
        case (.flag(let option), _): return [option]
        case (.refused(let reason), _):
            throw Refusal(description: "%CLI-E-NOTSUPP, -\(name) has no effect here: \(reason)")
        case (.nothing, _), (nil, _): return []
        }
    }

    /// The name that `text` stands for: itself, or the only one that begins with it.
    static func full(_ text: String, among names: [String]) throws(Refusal) -> String {
        let wanted = text.lowercased()
        if names.contains(wanted) { return wanted }
        let candidates = names.filter { $0.hasPrefix(wanted) }.sorted()
        if let only = candidates.first, candidates.count == 1, !wanted.isEmpty { return only }
        if candidates.isEmpty || wanted.isEmpty {
            throw Refusal(
                description: "%CLI-E-UNKNOWN, no such switch or verb here: \(text) (known: "
                    + names.sorted().joined(separator: ", ") + ")")
        }
        throw Refusal(
            description: "%CLI-E-AMBIG, ambiguous switch or verb: \(text) (could be "
                + candidates.joined(separator: ", ") + ")")
    }
}
