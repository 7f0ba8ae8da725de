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
        /// Says what is so here anyway: there is no compiled configuration.
        case nothing
    }

    private static let verbs: [String: [String]] = [
        "cnbuild": ["config", "check"], "refresh": ["restart"], "reload": ["reload"], "restart": ["restart"],
        "shutdown": ["stop"], "start": ["start"], "startup": ["start"], "stop": ["stop"], "test": ["test"],
        "version": ["--version"],
    ]

    private static let everywhere: [String: Meaning] = [
        "config": .value("--config"), "image_file": .nothing, "json": .flag("--json"), "noimage_file": .nothing,
        "root": .value("--root"),
    ]

    private static let route: [String: Meaning] = [
        "from": .value("--from"), "source_channel": .value("--source-channel"),
    ]

    private static let tests: [String: [String: Meaning]] = [
        "rewrite": route.merging([
            "channel": .nothing, "check_expansions": .nothing, "debug": .flag("--debug"),
            "destination_channel": .value("--destination-channel"), "nochannel": .flag("--no-channel-details"),
            "nocheck_expansions": .nothing, "nodebug": .nothing, "nofrom": .nothing,
        ]) { first, _ in first },
        "mapping": [
            "flags": .value("--flags"), "mapping_file": .value("--file"), "noflags": .nothing,
            "nomapping_file": .nothing, "table": .value("--table"),
        ],
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
        if name == "msconfig" { return ["msconfig"] + msconfig(arguments) }
        if name == "imsimta" { return try translate(arguments) }
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
        let verb = try full(first, among: Array(verbs.keys))
        let rest = Array(arguments.dropFirst())
        if verb == "test" { return try test(rest) }
        return verbs[verb, default: []] + rest
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
            throw Refusal(
                description: "%CLI-E-NOTEST, say what to test: "
                    + tests.keys.sorted().map { "-\($0)" }.joined(separator: ", "))
        }
        let known = everywhere.merging(tests[selected, default: [:]]) { _, own in own }
        var result = ["test", selected]
        for text in switches { result += try translated(text, known) }
        return parameters.isEmpty ? result : result + ["--"] + parameters
    }

    private static func translated(_ text: String, _ known: [String: Meaning]) throws(Refusal) -> [String] {
        let parts = text.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = try full(parts.first.map(String.init) ?? "", among: Array(known.keys))
        let value = parts.count == 2 ? String(parts[1]) : nil
        switch (known[name], value) {
        case (.value(let option), let value?): return [option, value]
        case (.value, nil): throw Refusal(description: "%CLI-E-VALUE, the switch -\(name) needs a value: -\(name)=…")
        case (.flag(let option), _): return [option]
        case (.nothing, _), (nil, _): return []
        }
    }

    /// The name that `text` stands for: itself, or the only one that begins with it.
    private static func full(_ text: String, among names: [String]) throws(Refusal) -> String {
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
