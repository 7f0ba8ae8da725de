import Configuration

/// A command line of `msconfig`: a verb, parameters, and switches such as `-remark="text"` (commands specification,
/// section 1.2). A backslash is an ordinary character, as it is needed in option names.
struct MSConfigLine {
    private(set) var verb: String?
    private var parameters: [String] = []
    private var switches: [(name: String, value: String?)] = []

    init(_ line: String) throws(ConfigurationEditor.Refusal) {
        try self.init(words: Self.words(line))
    }

    /// From the arguments of a process, which the shell has split; only what begins with a minus sign can be a switch.
    init(words: [(text: String, isQuoted: Bool)]) throws(ConfigurationEditor.Refusal) {
        for word in words where !(verb == nil && word.text.hasPrefix("!")) {
            if verb == nil {
                verb = word.text
            } else if word.text.hasPrefix("-"), !word.isQuoted,
                word.text.dropFirst().first?.isLetter == true
                    || word.text.hasPrefix("--")
            {
                let parts = word.text.drop { $0 == "-" }.split(separator: "=", maxSplits: 1)
                switches.append((parts.first.map { $0.lowercased() } ?? "", parts.dropFirst().first.map(String.init)))
            } else {
                parameters.append(word.text)
            }
        }
    }

    /// Words between blanks; double quotes hold blanks, and two of them inside stand for one. `!` and `#` begin a
    /// comment line.
    private static func words(_ line: String) throws(ConfigurationEditor.Refusal) -> [(text: String, isQuoted: Bool)] {
        let characters = Array(line)
        guard let first = characters.first(where: { $0 != " " && $0 != "\t" }), first != "!", first != "#" else {
            return []
        }
        var words: [(text: String, isQuoted: Bool)] = []
        var word: String?
        var startsQuoted = false
        var isQuoted = false
        var index = 0
        while index < characters.count {
            let character = characters[index]
            index += 1
            if isQuoted {
                if character != "\"" {
                    word?.append(character)
                } else if index < characters.count, characters[index] == "\"" {
                    word?.append("\"")
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if character == "\"" {
                startsQuoted = startsQuoted || word == nil
                word = word ?? ""
                isQuoted = true
            } else if character == " " || character == "\t" {
                if let done = word { words.append((done, startsQuoted)) }
                word = nil
                startsQuoted = false
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if isQuoted { throw ConfigurationEditor.Refusal(description: "the second quote is missing") }
        if let done = word { words.append((done, startsQuoted)) }
        return words
    }

    /// The parameters, when there are as many as the command takes.
    func parameters(
        _ count: ClosedRange<Int>, of verb: String
    ) throws(ConfigurationEditor.Refusal) -> [String] {
        if count.contains(parameters.count) { return parameters }
        let usage = MSConfigDialogue.commands.first { $0.name == verb }.map { "; write \($0.usage)" } ?? ""
        throw ConfigurationEditor.Refusal(
            description: parameters.count < count.lowerBound
                ? "something is missing" + usage
                : "\(parameters[count.upperBound]) is too much: a value with blanks stands in double quotes")
    }

    /// Whether `-name`, or a beginning of it, is there.
    mutating func takeFlag(_ name: String) throws(ConfigurationEditor.Refusal) -> Bool {
        guard let index = switches.firstIndex(where: { !$0.name.isEmpty && name.hasPrefix($0.name) }) else {
            return false
        }
        guard switches.remove(at: index).value == nil else {
            throw ConfigurationEditor.Refusal(description: "-\(name) takes no value")
        }
        return true
    }

    /// The value of `-name=value`.
    mutating func takeValue(_ name: String) throws(ConfigurationEditor.Refusal) -> String? {
        guard let index = switches.firstIndex(where: { !$0.name.isEmpty && name.hasPrefix($0.name) }) else {
            return nil
        }
        guard let value = switches.remove(at: index).value else {
            throw ConfigurationEditor.Refusal(description: "-\(name) needs a value: -\(name)=\"text\"")
        }
        return value
    }

    /// Switches that the command does not know are errors.
    func check(_ known: [String]) throws(ConfigurationEditor.Refusal) {
        for one in switches where one.name.isEmpty || !known.contains(where: { $0.hasPrefix(one.name) }) {
            throw ConfigurationEditor.Refusal(
                description: "unknown switch -\(one.name)"
                    + (known.isEmpty ? "" : "; known: \(known.map { "-\($0)" }.joined(separator: ", "))"))
        }
    }
}
