/// A command of `martlet queue` and `imsimta qm` (commands specification, section 6).
struct QueueVerb: Hashable {
    enum Argument: Hashable {
        case flag
        case value
        /// With or without a value, as `-subject` and `-subject=(START=1,LENGTH=40)` of `top`.
        case perhaps
    }

    let name: String
    let usage: String
    let meaning: String
    var switches: [String: Argument] = [:]
    /// How many words stand behind the switches.
    var parameters = 0...0

    /// What chooses entries.
    private static let selection: [String: Argument] = [
        "channel": .value, "from": .value, "held": .flag, "host": .value, "match": .value, "newer": .value,
        "older": .value, "owner": .value, "state": .value, "to": .value,
    ]
    /// Switches of the family that choose the source, which is always the same here, and its user mode.
    private static let everywhere: [String: Argument] = [
        "database": .flag, "directory_tree": .flag, "json": .flag, "maintenance": .flag, "root": .value,
    ]
    private static let acting = merged(selection, ["all": .flag, "confirm": .flag, "log": .flag, "wait": .flag])

    private static func merged(_ left: [String: Argument], _ right: [String: Argument]) -> [String: Argument] {
        left.merging(right) { _, new in new }
    }

    private init(
        _ name: String, _ usage: String, _ meaning: String, _ switches: [String: Argument] = [:],
        _ parameters: ClosedRange<Int> = 0...0
    ) {
        self.name = name
        self.usage = usage
        self.meaning = meaning
        self.switches = Self.merged(Self.everywhere, switches)
        self.parameters = parameters
    }

    static let all: [QueueVerb] = [
        QueueVerb(
            "clean",
            "clean [-subject=S] [-from=S] [-to=S] [-domain_to=S] [-content=S] [-match=and|or] [-delete] [CHANNEL]",
            "hold, or delete, messages that contain a text",
            [
                "confirm": .flag, "content": .value, "delete": .flag, "domain_to": .value, "env_from": .value,
                "from": .value, "hold": .flag, "ignore_zz": .flag, "match": .value, "min_length": .value,
                "subject": .value, "threads": .perhaps, "to": .value, "verbose": .flag,
            ], 0...1),
        QueueVerb(
            "counters",
            "counters show|clear|create|delete|today [-channels] [-associations] [-noheaders] [-output=FILE] [CHANNEL]",
            "what went through the channels; clear begins anew",
            ["associations": .flag, "channels": .flag, "headers": .flag, "max_channels": .value, "output": .value],
            1...2),
        QueueVerb("date", "date", "the date and time"),
        QueueVerb(
            "delete", "delete [-all SELECTION] [-noconfirm] [ID | ENTRY …]", "end messages without a notification",
            acting, 0...10_000),
        QueueVerb(
            "directory",
            "directory [-held] [-envelope] [-long] [-from=A] [-to=A] [-host=H] [-older=TIME] [-newer=TIME] [CHANNEL]",
            "list messages",
            merged(
                selection,
                [
                    "envelope": .flag, "file_info": .flag, "first": .value, "long": .flag, "skip": .value,
                    "total": .flag,
                ]), 0...1),
        QueueVerb("exit", "exit", "leave"),
        QueueVerb(
            "held", "held [-envelope] [CHANNEL]", "list held messages and why they are held",
            merged(
                selection,
                [
                    "envelope": .flag, "file_info": .flag, "first": .value, "long": .flag, "skip": .value,
                    "total": .flag,
                ]), 0...1),
        QueueVerb(
            "export", "export [-output=DIR] ENTRY … | export -all [SELECTION] DIR",
            "write messages as files .eml, with their envelopes as files .env beside them",
            merged(acting, ["output": .value]), 1...10_000),
        QueueVerb("help", "help [COMMAND]", "this list, or about one command", [:], 0...1),
        QueueVerb(
            "history", "history [-all SELECTION] [ID | ENTRY …]", "every attempt so far, with the answers of hosts",
            acting, 0...10_000),
        QueueVerb(
            "hold", "hold [-all SELECTION] [ID | ENTRY …]", "try messages no more until they are released", acting,
            0...10_000),
        QueueVerb(
            "import", "import DIR | FILE.env …", "enqueue messages that export has written, with the same envelopes",
            [:],
            1...10_000),
        QueueVerb("jobs", "jobs", "what each job works on"),
        QueueVerb("messages", "messages CHANNEL", "ready and waiting messages of each host", [:], 1...1),
        QueueVerb("quit", "quit", "leave"),
        QueueVerb(
            "read", "read [-content] [ID | ENTRY …]", "envelope and header of messages, with -content the body too",
            merged(acting, ["content": .flag]), 0...10_000),
        QueueVerb(
            "release", "release [-all SELECTION] [ID | ENTRY …]", "try held messages again, before all others", acting,
            0...10_000),
        QueueVerb(
            "requeue", "requeue -channel=C ENTRY …", "move messages to another channel", ["channel": .value],
            1...10_000),
        QueueVerb(
            "return", "return [-all SELECTION] [ID | ENTRY …]", "send messages back to their senders",
            merged(acting, ["reason": .value]), 0...10_000),
        QueueVerb(
            "run", "run CHANNEL", "make the delayed messages of a channel ready; in the dialogue: run FILE", [:], 1...1),
        QueueVerb(
            "start", "start [-host=NAME] CHANNEL …", "let jobs of a channel run again, or deliver to a host again",
            ["host": .value], 1...100),
        QueueVerb("status", "status", "entries, messages, segments, and the octets that are live and dead"),
        QueueVerb(
            "stop", "stop [-host=NAME] CHANNEL …",
            "let no jobs of a channel run, or deliver nothing to one host of it, also after a restart",
            ["host": .value], 1...100),
        QueueVerb(
            "submit", "submit [CHANNEL [poll]]", "start a job for what is ready in a channel; l without a name", [:],
            0...2),
        QueueVerb(
            "summarize", "summarize [-held] [-noheading] [-notrailing]", "messages, size and age of each channel",
            ["heading": .flag, "held": .flag, "trailing": .flag], 0...1),
        QueueVerb(
            "top", "top [-subject[=RANGE]] [-from] [-to] [-domain_to] [-content] [-top=N] [-min_count=N] [CHANNEL]",
            "the values that occur most often",
            [
                "content": .perhaps, "domain_to": .perhaps, "env_from": .perhaps, "from": .perhaps, "held": .flag,
                "ignore_zz": .flag, "min_count": .value, "subject": .perhaps, "threads": .perhaps, "to": .perhaps,
                "top": .value, "verbose": .flag,
            ], 0...1),
        QueueVerb("verify", "verify", "read every message and check it"),
        QueueVerb("walk", "walk", "write the state of queues and jobs to job_controller.log"),
        QueueVerb("view", "view -database | -directory_tree", "choose the words of the source line"),
    ]

    /// Usage and meaning of all commands, or of one with its switches.
    static func help(_ word: String?) throws(FamilySpelling.Refusal) -> [String] {
        guard let word else { return all.flatMap { [$0.usage, "    \($0.meaning)"] } }
        guard let verb = try named(word) else { return [] }
        let width = (verb.describedSwitches.map(\.name.count).max() ?? 0) + 2
        return [verb.usage, "    \(verb.meaning)"]
            + verb.describedSwitches.map { "      " + QueueText.padded($0.name, width) + $0.meaning }
    }

    static func named(_ word: String) throws(FamilySpelling.Refusal) -> QueueVerb? {
        let name = try FamilySpelling.full(word, among: all.map(\.name))
        return all.first { $0.name == name }
    }
}

/// A command line of `qm`: switches anywhere, shortened as far as they stay unambiguous, with one hyphen or two, or with
/// a slash (commands specification, section 1.2).
struct QueueLine {
    let verb: QueueVerb
    private(set) var values: [String: String] = [:]
    private(set) var on: Set<String> = []
    private(set) var off: Set<String> = []
    private(set) var parameters: [String] = []

    /// Nil for an empty line.
    init?(_ words: [String]) throws(FamilySpelling.Refusal) {
        guard let first = words.first, let verb = try QueueVerb.named(first) else { return nil }
        self.verb = verb
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" {
                parameters += rest
                break
            }
            if try !takeSwitch(word, &rest) { parameters.append(word) }
        }
        guard verb.parameters.contains(parameters.count) else {
            throw FamilySpelling.Refusal(
                description: parameters.count < verb.parameters.lowerBound
                    ? "%CLI-E-MISSING, something is missing: \(verb.usage)"
                    : "%CLI-E-TOOMANY, \(parameters[verb.parameters.upperBound]) is too much: \(verb.usage)")
        }
    }

    func has(_ name: String) -> Bool { on.contains(name) || values[name] != nil }

    /// A flag that holds unless it is negated.
    func hasUnlessNegated(_ name: String) -> Bool { !off.contains(name) }

    /// Nil when it was neither given nor negated.
    func flag(_ name: String) -> Bool? { on.contains(name) ? true : off.contains(name) ? false : nil }

    private mutating func takeSwitch(
        _ word: String, _ rest: inout ArraySlice<String>
    ) throws(FamilySpelling.Refusal) -> Bool {
        let isSlashed = word.hasPrefix("/")
        guard isSlashed || word.hasPrefix("-"), word.count > 1 else { return false }
        let parts = word.drop { $0 == "-" || $0 == "/" }
            .split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let given = (parts.first ?? "").lowercased().split(separator: "-").joined(separator: "_")
        guard let (name, isNegated) = try Self.name(given, verb, isOptional: isSlashed) else { return false }
        if isNegated {
            off.insert(name)
            on.remove(name)
            values[name] = nil
            return true
        }
        off.remove(name)
        switch (verb.switches[name] ?? .flag, parts.count == 2) {
        case (.flag, false), (.perhaps, false): on.insert(name)
        case (.value, true), (.perhaps, true):
            guard values[name] == nil || !["clean", "top"].contains(verb.name) else {
                throw FamilySpelling.Refusal(description: "%CLI-E-TWICE, -\(name) is given twice")
            }
            values[name] = parts[1]
        case (.flag, true):
            throw FamilySpelling.Refusal(description: "%CLI-E-NOVALUE, the switch -\(name) takes no value")
        case (.value, false):
            // `--from a@b`, as other programs have it.
            guard word.hasPrefix("--"), let value = rest.popFirst() else {
                throw FamilySpelling.Refusal(
                    description: "%CLI-E-VALUE, the switch -\(name) needs a value: -\(name)=…")
            }
            values[name] = value
        }
        return true
    }

    /// The full name of a switch, and whether `no` stands before it. `isOptional`: what no switch begins with is none.
    private static func name(
        _ given: String, _ verb: QueueVerb, isOptional: Bool
    ) throws(FamilySpelling.Refusal) -> (String, Bool)? {
        let names = Array(verb.switches.keys)
        if names.contains(where: { $0.hasPrefix(given) }), !given.isEmpty {
            return (try FamilySpelling.full(given, among: names), false)
        }
        if given.hasPrefix("no"), case let rest = String(given.dropFirst(2)), !rest.isEmpty,
            names.contains(where: { $0.hasPrefix(rest) })
        {
            return (try FamilySpelling.full(rest, among: names), true)
        }
        if isOptional { return nil }
        return (try FamilySpelling.full(given, among: names), false)
    }

    /// The words of a line: blanks between them, double quotes around blanks, two of them inside for one.
    static func words(_ line: String) throws(FamilySpelling.Refusal) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        var characters = Array(line)[...]
        while let character = characters.popFirst() {
            if character == "\"" {
                if isQuoted, characters.first == "\"" {
                    word = (word ?? "") + "\""
                    characters.removeFirst()
                } else {
                    isQuoted.toggle()
                    word = word ?? ""
                }
            } else if !isQuoted, character == " " || character == "\t" {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if isQuoted { throw FamilySpelling.Refusal(description: "%CLI-E-QUOTE, the second quote is missing") }
        if let done = word { words.append(done) }
        return words.first?.hasPrefix("!") == true ? [] : words
    }
}
