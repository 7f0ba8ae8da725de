import AddressRewriting
import Aliases
import Channels
import Mappings
import OptionSyntax

extension MTAConfiguration {
    /// Judges a source and makes the snapshot out of it; with errors there is none.
    static func compile(
        _ source: ConfigurationSource, paths: InstancePaths, files: ConfigurationFiles, diagnostics: Diagnostics
    ) -> ConfigurationLoad {
        var diagnostics = diagnostics
        diagnostics.append(contentsOf: source.diagnostics)
        let plainSymbols = paths.symbols()
        let hostname = plainSymbols.expandingText(source.plain("base.hostname") ?? localOfficialHost(source) ?? "")
        let domain = paths.symbols(hostname: hostname).expandingText(
            source.plain("mta.ldap_default_domain") ?? source.plain("base.defaultdomain") ?? hostname)
        let symbols = symbols(paths, hostname, domain, source)
        let checks = OptionChecks(source.options, symbols: symbols)
        diagnostics.append(contentsOf: checks.diagnostics)

        let options = OptionStore(source.options, symbols: symbols)
        var dispatcher = DispatcherBuilder(
            options, paths: paths, symbols: symbols, hostname: hostname, faults: checks.faultyServices)
        let services = dispatcher.build()
        var controller = JobControllerBuilder(options, paths: paths, symbols: symbols, form: source.form)
        let jobs = controller.build()
        diagnostics.append(contentsOf: dispatcher.diagnostics)
        diagnostics.append(contentsOf: controller.diagnostics)

        let channels = ChannelTableBuilder.table(
            source.channels, symbols: symbols, defaultHostSuffix: source.form == .unified ? hostname : nil,
            diagnostics: &diagnostics)
        let rules = source.rules.compactMap {
            let (text, replacements) = symbols.replacingSymbols($0.text)
            return RewriteRuleSource(rule: text, at: $0.location, place: $0.place.replacing(replacements))
        }
        var databases = TextDatabases.Reader(options: options, symbols: symbols, paths: paths, files: files)
        let texts = TextDatabases(&databases)
        diagnostics.append(contentsOf: databases.diagnostics)
        let configuration = MTAConfiguration(
            form: source.form, paths: paths, symbols: symbols, hostname: hostname, defaultDomain: domain,
            options: options, dispatcher: services, jobController: jobs,
            mta: MTAOptions(options, diagnostics: &diagnostics), channels: channels,
            rewriteRules: RewriteRules(compiling: rules, diagnostics: &diagnostics), ruleSources: rules,
            mappings: MappingTables(compiling: tables(source, symbols), diagnostics: &diagnostics),
            databases: texts,
            aliases: aliases(source, symbols, paths, files, &diagnostics), conversions: source.conversions,
            directoryFile: directoryFile(options, symbols, &diagnostics),
            tlsCertificate: options.string("base.tls_certificate").map(symbols.expandingPath),
            tlsKey: options.string("base.tls_key").map(symbols.expandingPath),
            tlsCA: options.string("base.tls_ca").map(symbols.expandingPath),
            security: SecurityOptions(options, symbols: symbols, diagnostics: &diagnostics),
            tasks: ScheduledTask.all(options, paths: paths, symbols: symbols, diagnostics: &diagnostics),
            explicit: source.explicit)
        diagnostics.append(contentsOf: CrossChecks(configuration).diagnostics)
        diagnostics.append(contentsOf: CalloutChecks(source.mappings, configuration.options).diagnostics)
        diagnostics.append(contentsOf: AccessFlagChecks(source.mappings).diagnostics)
        diagnostics.append(contentsOf: BackendChecks(configuration, source, files).diagnostics)
        diagnostics = diagnostics.sorted
        return ConfigurationLoad(configuration: diagnostics.isFatal ? nil : configuration, diagnostics: diagnostics)
    }

    /// With the directories that MTA options name (dispatcher specification, section 5.2).
    private static func symbols(
        _ paths: InstancePaths, _ hostname: String, _ domain: String, _ source: ConfigurationSource
    ) -> SymbolTable {
        var symbols = paths.symbols(hostname: hostname, defaultDomain: domain)
        for (name, option) in [("IMTA_TMP", "mta.tmpdir"), ("IMTA_TMP", "base.tmpdir"), ("IMTA_LANG", "mta.langdir")] {
            if let value = source.plain(option) { symbols.values[name] = symbols.expandingPath(value) }
        }
        return symbols
    }

    /// Without `base.hostname` the local channel's official host is the MTA's name.
    private static func localOfficialHost(_ source: ConfigurationSource) -> String? {
        let local = source.channels.first { $0.kind == .channel && $0.name.text.lowercased() == "l" }
        return local?.officialHost.map(\.text).flatMap { $0.contains("&/") ? nil : $0 }
    }

    private static func tables(_ source: ConfigurationSource, _ symbols: SymbolTable) -> [MappingTableSource] {
        source.mappings.map { table in
            var table = table
            table.replaceSymbols(symbols)
            return table
        }
    }

    private static func aliases(
        _ source: ConfigurationSource, _ symbols: SymbolTable, _ paths: InstancePaths, _ files: ConfigurationFiles,
        _ diagnostics: inout Diagnostics
    ) -> AliasFile {
        let open = files.opener(paths)
        let lines = source.aliases.map { AliasLine(symbols.expandingText($0.text), at: $0.location) }
        let startsWithOr = OptionStore(source.options, symbols: symbols).boolean("mta.or_clauses")
        var file = AliasFile(parsing: lines, startsWithOr: startsWithOr, diagnostics: &diagnostics) { name in
            guard case .success(let file) = open(name) else { return nil }
            return AliasLine.lines(of: String(decoding: file.content, as: UTF8.self), file: name)
        }
        // Names compare without case and after symbols were replaced.
        var order: [String] = []
        var groups: [String: [OptionSetting]] = [:]
        for setting in source.aliasOptions {
            let key = symbols.expandingText(setting.path.steps[0].group ?? "").lowercased()
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(setting)
        }
        for settings in order.compactMap({ groups[$0] }) {
            let options = settings.map { setting in
                (setting.path.option, symbols.expandingText(setting.value ?? ""), setting.location)
            }
            file.add(
                group: symbols.expandingText(settings[0].path.steps[0].group ?? ""), options: options,
                at: settings[0].location, diagnostics: &diagnostics)
        }
        return file
    }

    private static func directoryFile(
        _ options: OptionStore, _ symbols: SymbolTable, _ diagnostics: inout Diagnostics
    ) -> String? {
        guard let entry = options["base.directory"], let value = entry.value else { return nil }
        guard value.hasPrefix("file:") else {
            diagnostics.error(
                "base.directory \(value) is not a directory we have", at: entry.location,
                advice: "write file: and the path of the directory file")
            return nil
        }
        return symbols.expandingPath(String(value.dropFirst("file:".count)))
    }
}

extension Diagnostics {
    /// In the order of files and lines; findings without a place first.
    var sorted: Diagnostics {
        func key(_ finding: Diagnostic) -> (String, Int, Int) {
            (finding.location?.file ?? "", finding.location?.line ?? 0, finding.location?.column ?? 0)
        }
        var result = Diagnostics()
        for finding in all.sorted(by: { key($0) < key($1) }) { result.add(finding) }
        return result
    }
}
