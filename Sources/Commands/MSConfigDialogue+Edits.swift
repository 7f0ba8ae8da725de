import Configuration
import OptionSyntax
import SystemCalls

/// `set`, `unset`, and what comes from and goes to other files (unified configuration specification, section 3.2).
extension MSConfigDialogue {
    mutating func set(_ command: inout MSConfigLine) throws(ConfigurationEditor.Refusal) {
        let isPrompted = try command.takeFlag("prompt")
        let file = try command.takeValue("file")
        let replaces = try command.takeFlag("replace")
        let remark = try command.takeValue("remark")
        // Support for changing such options is limited in the original; here every option can be set.
        _ = try command.takeFlag("restricted")
        if try command.takeFlag("ephemeral") {
            throw ConfigurationEditor.Refusal(
                description: "-ephemeral is not supported: set the option, and take it back with revert")
        }
        let words = try command.parameters(1...2, of: "set")
        var value = words.dropFirst().first
        guard [value != nil, isPrompted, file != nil].count(where: { $0 }) < 2 else {
            throw ConfigurationEditor.Refusal(description: "the value comes from one place: VALUE, -file or -prompt")
        }
        if isPrompted { value = try asked("\(words[0]): ") }
        if let file { value = try content(of: file) }
        var edits: [ConfigurationEditor.Edit] = []
        if replaces,
            try !session.texts.settings(of: words[0], paths: session.paths, files: session.files).isEmpty
        {
            edits.append(.unset(name: words[0], all: true))
        }
        edits.append(.set(name: words[0], value: value))
        try make(edits, "set \(words[0])" + (remark.map { " (\($0))" } ?? ""))
    }

    mutating func unset(_ command: inout MSConfigLine) throws(ConfigurationEditor.Refusal) {
        let all = try command.takeFlag("all")
        let isConfirmed = try command.takeFlag("confirm")
        let remark = try command.takeValue("remark").map { " (\($0))" } ?? ""
        let words = try command.parameters(1...2, of: "unset")
        let value = words.dropFirst().first
        guard words[0].contains("*"), value == nil else {
            return try make([.unset(name: words[0], value: value, all: all)], "unset \(words[0])\(remark)")
        }
        let found = session.texts.settings(matching: words[0], paths: session.paths, files: session.files)
        var names: [String] = []
        for setting in found where !setting.path.isGroup {
            let name = "\(setting.scope.rawValue).\(setting.path)"
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw ConfigurationEditor.Refusal(description: "nothing that matches \(words[0]) is set")
        }
        guard isConfirmed else {
            names.forEach(around.say)
            throw ConfigurationEditor.Refusal(
                description: "\(words[0]) stands for \(names.count) options: add -confirm to remove them")
        }
        try make(names.map { .unset(name: $0, all: true) }, "unset \(words[0])\(remark)")
    }

    /// Edits that are checked together.
    private mutating func make(
        _ edits: [ConfigurationEditor.Edit], _ act: String
    ) throws(ConfigurationEditor.Refusal) {
        var findings = Diagnostics()
        var texts = session.texts
        for edit in edits { texts = try ConfigurationEditor.apply(edit, to: texts, findings: &findings) }
        tell(try session.take(texts, act, findings))
    }

    private func asked(_ question: String) throws(ConfigurationEditor.Refusal) -> String {
        guard let answer = around.askSecret(question), !answer.isEmpty else {
            throw ConfigurationEditor.Refusal(description: "nothing was typed; the option is as it was")
        }
        return answer
    }

    /// The text of a file as a value: without the line end behind it.
    private func content(of file: String) throws(ConfigurationEditor.Refusal) -> String {
        guard let content = around.readFile(file) else {
            throw ConfigurationEditor.Refusal(description: "\(file) cannot be read")
        }
        var text = String(decoding: content, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// The options of an option.dat, each as `mta.name`.
    mutating func importOptions(_ content: [UInt8], _ name: String) throws(ConfigurationEditor.Refusal) {
        var findings = Diagnostics()
        let file = LineReader.File(name: name, content: content)
        let lines = LineReader.lines(
            of: file, syntax: .init(comments: "!#;"), diagnostics: &findings)
        let options = OptionFile(lines, file: name, diagnostics: &findings)
        guard !findings.hasErrors else {
            let own = DiagnosticReport(isColoured: around.isColoured) { _ in nil }
            findings.all.flatMap(own.lines).forEach(around.say)
            throw ConfigurationEditor.Refusal(description: "\(name) has errors; nothing was taken from it")
        }
        let entries = options.sections.flatMap(\.entries)
        try make(
            entries.map { .set(name: "mta.\($0.name.lowercased())", value: $0.value) }, "import option.dat \(name)")
    }

    /// A whole config.xml in the place of the configuration.
    mutating func importXML(_ content: [UInt8], _ name: String) throws(ConfigurationEditor.Refusal) {
        let imported = XMLImport(content, name: name, paths: session.paths, heading: ["Imported from \(name)"])
        for loss in imported.losses { around.say("not carried over: \(loss)") }
        guard let text = imported.text, !imported.isDifferent else {
            imported.diagnostics.all.forEach { around.say($0.description) }
            throw ConfigurationEditor.Refusal(description: "\(name) cannot be taken over; nothing was changed")
        }
        let texts = ConfigurationTexts(
            main: Array(text.utf8), passwords: imported.passwords ?? session.texts.passwords)
        tell(try session.take(texts, "import \(name)"))
    }

    /// A part to the screen or a file; `all`: the legacy file set to a new directory.
    func export(_ words: [String]) throws(ConfigurationEditor.Refusal) {
        guard words[0].lowercased() != "all" else { return try exportAll(words.dropFirst().first) }
        guard let part = ConfigurationPart(words[0]) else {
            throw ConfigurationEditor.Refusal(
                description: "\(words[0]) is no part: "
                    + ConfigurationPart.allCases.map(\.rawValue).joined(separator: ", ") + ", all")
        }
        let text = session.texts.legacyText(of: part)
        guard words.count > 1 else { return around.say(String(text.dropLast())) }
        try write(text, to: words[1])
        around.say("msconfig: written to \(words[1])")
    }

    private func exportAll(_ name: String?) throws(ConfigurationEditor.Refusal) {
        guard let name, let configuration = session.configuration else {
            throw ConfigurationEditor.Refusal(description: "name the new directory: export all DIR")
        }
        let directory = absolute(name)
        let export = LegacyExport(configuration)
        for loss in export.losses { around.say("not carried over: \(loss)") }
        guard !export.isDifferent else {
            throw ConfigurationEditor.Refusal(description: "nothing is written: the files would not mean the same")
        }
        guard !Files.exists(directory), (try? Files.createDirectory(directory, mode: 0o755)) != nil else {
            throw ConfigurationEditor.Refusal(description: "\(name) is there already, or cannot be made")
        }
        for (file, text) in export.files.sorted(by: { $0.key < $1.key }) { try write(text, to: "\(name)/\(file)") }
        around.say("msconfig: \(export.files.count) files written to \(name)")
    }

    private func write(_ text: String, to name: String) throws(ConfigurationEditor.Refusal) {
        let path = absolute(name)
        guard !Files.exists(path) else {
            throw ConfigurationEditor.Refusal(description: "\(name) is there already")
        }
        do throws(SystemCallError) { try Files.replace(path, with: Array(text.utf8), mode: 0o644) } catch {
            throw ConfigurationEditor.Refusal(description: "\(error)")
        }
    }
}

extension ListedOption {
    /// The line as a `set` command that makes it: the value in quotes where it has to be.
    var command: String {
        guard let value else { return "set \(name)" }
        let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\t" || $0 == "\"" } && value.first != "-"
        return "set \(name) " + (isPlain ? value : "\"" + value.flatMap { $0 == "\"" ? "\"\"" : "\($0)" } + "\"")
    }
}
