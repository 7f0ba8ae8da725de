import Aliases
import Channels
import Mappings
import OptionSyntax
import SystemCalls

/// Reads the legacy file set of a configuration directory: dispatcher.cnf, imta.cnf, mappings, aliases, option.dat,
/// job_controller.cnf, `CHANNEL_option`, msg.conf, conversions. Unified configuration specification, section 8.
struct LegacyReader {
    private let paths: InstancePaths
    private let files: ConfigurationFiles
    /// Below the configuration directory, or a full path.
    private var dispatcherFile = "dispatcher.cnf"
    private(set) var source = ConfigurationSource(form: .legacy)
    /// The aliases joined and with the included ones, for what is shown and imported.
    private(set) var aliasListing: [LogicalLine] = []

    init(paths: InstancePaths, files: ConfigurationFiles) {
        self.paths = paths
        self.files = files
    }

    /// Reads everything; what could not be read is in the diagnostics of `source`.
    mutating func readAll() {
        messagingOptions()
        mtaOptions()
        dispatcher()
        jobController()
        channelsAndRules()
        mappings()
        aliases()
        source.conversions = lines("conversions", .init(includeDepth: 3)) ?? []
        source.explicit = source.options + explicitRest()
    }

    // MARK: Files

    private mutating func content(_ name: String) -> LineReader.File? {
        switch files.read(name.hasPrefix("/") ? name : paths.configurationFile(name)) {
        case .success(let content): return content.map { LineReader.File(name: name, content: $0) }
        case .failure(let error):
            source.diagnostics.error(
                "cannot read \(name): \(error.reason)", at: SourceLocation(file: name, line: 1),
                advice: "make it readable for the user the MTA runs as")
            return nil
        }
    }

    private mutating func lines(_ name: String, _ syntax: LineReader.Syntax) -> [LogicalLine]? {
        guard let file = content(name) else { return nil }
        return LineReader.lines(
            of: file, syntax: syntax, diagnostics: &source.diagnostics, open: files.opener(paths))
    }

    private mutating func optionFile(
        _ name: String, _ syntax: LineReader.Syntax, unquotes: Bool = false
    ) -> OptionFile? {
        lines(name, syntax).map {
            OptionFile($0, file: name, unquotes: unquotes, diagnostics: &source.diagnostics)
        }
    }

    // MARK: Option files

    private mutating func messagingOptions() {
        guard let file = optionFile("msg.conf", .init(comments: "!#", includeDepth: 3), unquotes: true) else { return }
        for entry in file.sections.flatMap(\.entries) {
            guard let path = LegacyNames.messaging(entry.name) else {
                source.diagnostics.note("\(entry.name) is kept and has no effect here", at: entry.location)
                continue
            }
            set(path, entry)
        }
    }

    private mutating func mtaOptions() {
        guard let file = optionFile("option.dat", .init(comments: "!#;")) else { return }
        for entry in file.sections.flatMap(\.entries) {
            set(OptionPath([.init("mta"), .init(entry.name.lowercased())]), entry)
        }
    }

    /// imta_tailor, if there is one: of its settings those of the Dispatcher and of the return job count. Dispatcher
    /// specification, sections 2.1 and 5.3.
    private mutating func tailor() {
        guard case .success(let content?) = files.read(paths.configurationFile("imta_tailor")) else { return }
        for (index, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            let parts = String(decoding: line, as: UTF8.self).split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].trimmingBlanks
            let place = SourceLocation(file: "imta_tailor", line: index + 1)
            switch parts[0].trimmingBlanks.uppercased() {
            case "IMTA_DISPATCHER_CONFIG": useDispatcherFile(value, at: place)
            case "IMTA_VERSION_LIMIT":
                let path = OptionPath([.init("dispatcher"), .init("log_versions")])
                source.options.append(OptionSetting(path, value, at: place))
            // Job-controller specification, section 11.3.
            case "IMTA_RETURN_PERIOD", "IMTA_RETURN_SPLIT_PERIOD", "IMTA_RETURN_SYNCH_PERIOD",
                "IMTA_RETURN_CLEANUP_PERIOD":
                let name = parts[0].trimmingBlanks.lowercased().dropFirst("imta_".count)
                let path = OptionPath([.init("mta"), .init(String(name))])
                source.options.removeAll { $0.path.key == path.key }
                source.options.append(OptionSetting(path, value, at: place))
            default: break
            }
        }
    }

    /// The tailor file of another installation may name a place that is not here: then dispatcher.cnf counts.
    private mutating func useDispatcherFile(_ value: String, at place: SourceLocation) {
        let path = paths.expand(value)
        if case .success(_?) = files.read(path) {
            dispatcherFile = path.hasPrefix(paths.config + "/") ? String(path.dropFirst(paths.config.count + 1)) : path
        } else {
            source.diagnostics.warning(
                "IMTA_DISPATCHER_CONFIG names \(path), which is not there; dispatcher.cnf is read", at: place)
        }
    }

    private mutating func dispatcher() {
        tailor()
        guard let file = optionFile(dispatcherFile, .init(includeDepth: 10)) else {
            source.diagnostics.warning(
                "there is no dispatcher.cnf, so no service listens",
                at: SourceLocation(file: "dispatcher.cnf", line: 1))
            return
        }
        for section in file.sections {
            var group = OptionPath([.init("dispatcher")])
            if section.type == "SERVICE" {
                group = group.appending("service", section.name)
                source.options.append(OptionSetting(group, nil, at: section.location))
            } else if !section.type.isEmpty {
                unknown(section, "[SERVICE=name]")
                continue
            }
            for entry in section.entries {
                set(group.appending(LegacyNames.dispatcher(entry.name)), entry)
            }
        }
    }

    private mutating func jobController() {
        let name = "job_controller.cnf"
        for file in [name, name + "_site"] {
            guard let file = optionFile(file, .init(includeDepth: 10)) else { continue }
            for section in file.sections { jobController(section) }
        }
    }

    private mutating func jobController(_ section: OptionFile.Section) {
        var group = OptionPath([.init("job_controller")])
        switch section.type {
        case "": break
        case "POOL", "QUEUE": group = group.appending("job_pool", section.name)
        case "CHANNEL": group = group.appending("channel_class", section.name)
        case "PERIODIC_JOB": return periodicJob(section)
        default: return unknown(section, "[POOL=name], [CHANNEL=name], [PERIODIC_JOB=name]")
        }
        if group.isGroup { source.options.append(OptionSetting(group, nil, at: section.location)) }
        for entry in section.entries {
            set(group.appending(LegacyNames.jobController(entry.name)), entry)
        }
    }

    /// A task of the Scheduler in its older form; one of that name in msg.conf wins (job-controller specification, 3.5).
    private mutating func periodicJob(_ section: OptionFile.Section) {
        let path = OptionPath([.init("schedule"), .init("task", section.name), .init("crontab")])
        var values = ["time": "/4:00"]
        for entry in section.entries { values[entry.name.lowercased()] = entry.value }
        for entry in section.entries where !["command", "time"].contains(entry.name.lowercased()) {
            source.diagnostics.warning(
                "unknown option \(entry.name) of [PERIODIC_JOB=\(section.name)] is ignored", at: entry.location,
                advice: "known: COMMAND, TIME")
        }
        guard let command = values["command"], !command.isEmpty, command.uppercased() != "NULL" else {
            return source.diagnostics.warning(
                "[PERIODIC_JOB=\(section.name)] has no COMMAND and is not run", at: section.location)
        }
        if source.options.contains(where: { $0.path.key == path.key }) {
            return source.diagnostics.note(
                "[PERIODIC_JOB=\(section.name)] is not run: there is a task of that name", at: section.location)
        }
        let time = values["time", default: ""]
        source.options.append(OptionSetting(path, "\(time) \(command)", at: section.location))
    }

    private mutating func unknown(_ section: OptionFile.Section, _ known: String) {
        source.diagnostics.error(
            "unknown section [\(section.type)=\(section.name)]", at: section.location, advice: "known: \(known)")
    }

    /// A repeated option in the same section replaces the earlier value, except where values accumulate.
    private mutating func set(_ path: OptionPath, _ entry: OptionFile.Entry) {
        if !OptionCatalogue.isMultiValued(path) {
            source.options.removeAll { $0.path.key == path.key }
        }
        if entry.value.isEmpty { return }
        source.options.append(
            OptionSetting(path, entry.value, at: entry.location, valueAt: entry.valueLocation))
    }

    // MARK: imta.cnf and mappings

    private mutating func channelsAndRules() {
        guard let all = lines("imta.cnf", .init(includeDepth: 3, joinsTemplates: true)) else {
            source.diagnostics.error(
                "there is no imta.cnf", at: SourceLocation(file: "imta.cnf", line: 1),
                advice: "make a configuration with martlet init")
            return
        }
        let end = all.firstIndex(where: \.isBlank) ?? all.endIndex
        source.rules = all[..<end].map { line in
            let indent = line.text.utf8.prefix(while: \.isBlank).count
            return ConfigurationSource.Rule(
                text: line.text.trimmingBlanks, location: line.location(at: indent), place: line.place(from: indent))
        }
        source.channels = ChannelBlockReader.blocks(
            all[end...], pools: source.pools, diagnostics: &source.diagnostics)
        for index in source.channels.indices where source.channels[index].kind == .channel {
            let name = source.channels[index].name.text
            guard !name.contains("/"), let file = optionFile(name + "_option", .init(comments: "!#;")) else { continue }
            source.channels[index].programOptions = file.sections.flatMap(\.entries).map {
                .init(name: $0.name, value: $0.value, at: $0.location)
            }
        }
    }

    /// The physical lines: includes and continuation follow the rules of the alias file (aliases specification, 2.1).
    private mutating func aliases() {
        guard let file = content("aliases") else { return }
        var ignored = Diagnostics()
        aliasListing = LineReader.lines(
            of: file, syntax: .init(includeDepth: 3), diagnostics: &ignored, open: files.opener(paths))
        source.aliases = AliasLine.lines(of: String(decoding: file.content, as: UTF8.self), file: file.name)
            .map { LogicalLine($0.text, at: SourceLocation(file: file.name, line: $0.location.line, column: 1)) }
    }

    private mutating func mappings() {
        guard let file = content("mappings") else { return }
        let open = files.opener(paths)
        source.mappings = parseMappings(
            content: file.content, file: file.name, diagnostics: &source.diagnostics
        ) { name in
            if case .success(let file) = open(name) { file.content } else { nil }
        }
    }
}

extension ConfigurationFiles {
    /// Opens what `<file` lines name; symbolic names and paths relative to the configuration directory allowed.
    func opener(_ paths: InstancePaths) -> LineReader.Opener {
        { specification in
            switch read(paths.expand(specification)) {
            case .success(let content?): .success(LineReader.File(name: specification, content: content))
            case .success(nil): .failure(.init("no such file"))
            case .failure(let error): .failure(.init(error.reason))
            }
        }
    }
}
