import OptionSyntax

/// Makes the typed Job Controller configuration out of the options.
struct JobControllerBuilder {
    private let options: OptionStore
    private let paths: InstancePaths
    private let symbols: SymbolTable
    private let form: MTAConfiguration.Form
    private(set) var diagnostics = Diagnostics()

    init(_ options: OptionStore, paths: InstancePaths, symbols: SymbolTable, form: MTAConfiguration.Form) {
        self.options = options
        self.paths = paths
        self.symbols = symbols
        self.form = form
    }

    mutating func build() -> JobControllerConfiguration {
        func integer(_ name: String) -> Int { options.integer("job_controller." + name) ?? 0 }
        if let check = options["job_controller.notices_check"], !["task", "exact"].contains(check.value ?? "") {
            diagnostics.error(
                "notices_check is neither task nor exact", at: check.location,
                advice: "task judges ages when the return job runs, exact to the minute")
        }
        let pools = pools()
        let usual = pools.first { $0.name.uppercased() == "DEFAULT" }
        // The first pool of the file is the default; a unified file has no order to rely on.
        let defaultPool = (form == .unified ? usual : nil) ?? pools.first
        return JobControllerConfiguration(
            enabled: options.boolean("job_controller.enable"), debug: options.mask("job_controller.debug"),
            pools: pools, defaultPool: defaultPool?.name ?? "DEFAULT", classes: classes(),
            maxCacheMessages: integer("max_cache_messages"),
            synchInterval: options.string("job_controller.synch_time").flatMap(TimeSpecification.interval) ?? 14400,
            stressBlackout: integer("stressblackout"), stressTime: integer("stresstime"),
            stressFactor: integer("stressfactor"), stressJobs: integer("stressjobs"),
            unstressTime: integer("unstresstime"), unstressFactor: integer("unstressfactor"),
            unstressJobs: integer("unstressjobs"),
            exactNotices: options.string("job_controller.notices_check") == "exact")
    }

    private mutating func pools() -> [JobControllerConfiguration.Pool] {
        let groups = options.groups("job_controller", "job_pool")
        if groups.isEmpty { return JobControllerConfiguration.builtInPools }
        return groups.map { name, location in
            if name.count > 12 {
                diagnostics.warning("pool name \(name) is longer than 12 characters", at: location)
            }
            let path = OptionPath([.init("job_controller"), .init("job_pool", name)]).appending("job_limit")
            return JobControllerConfiguration.Pool(name: name, jobLimit: options.integer(path.description) ?? 1)
        }
    }

    private func classes() -> [JobControllerConfiguration.ChannelClass] {
        let groups = options.groups("job_controller", "channel_class")
        if groups.isEmpty { return Self.builtInClasses.map { channelClass($0.name, command: $0.command) } }
        return groups.map { channelClass($0.name, command: nil) }
    }

    private static let builtInClasses: [(name: String, command: String?)] = [
        ("bitbucket", nil), ("conversion*", "conversion"), ("defragment", "defragment"), ("filter_discard", nil),
        ("hold", "reprocess"), ("ims-ms*", "ims_master"), ("process*", "reprocess"), ("reprocess*", "reprocess"),
        ("tcp_*", "tcp_smtp_client"),
    ]

    private func channelClass(_ name: String, command: String?) -> JobControllerConfiguration.ChannelClass {
        let group = OptionPath([.init("job_controller"), .init("channel_class", name)])
        func key(_ option: String) -> String { group.appending(option).description }
        func integer(_ option: String) -> Int { options.integer(key(option)) ?? 0 }
        func window(_ option: String) -> JobControllerConfiguration.Window? {
            options.string(key(option)).flatMap(TimeSpecification.window).map { .init(start: $0.start, end: $0.end) }
        }
        let isBuiltIn = command != nil
        return JobControllerConfiguration.ChannelClass(
            pattern: name, masterCommand: program(options.string(key("master_command")) ?? command),
            slaveCommand: program(options.string(key("slave_command"))), maxLifeTime: integer("max_life_time"),
            maxLifeAskwork: isBuiltIn && name == "ims-ms*" ? 20000 : integer("max_life_askwork"),
            maxIdleTime: integer("max_idle_time"),
            anonymousHost: isBuiltIn && name == "tcp_*" ? false : options.boolean(key("anon_host")),
            urgentDelivery: window("urgent_delivery"), normalDelivery: window("normal_delivery"),
            nonurgentDelivery: window("nonurgent_delivery"))
    }

    /// The command with its program's full path, nil for `NULL` and for none.
    private func program(_ command: String?) -> String? {
        guard let command, !command.isEmpty, command.uppercased() != "NULL" else { return nil }
        let expanded = symbols.expandingPath(command)
        return expanded.hasPrefix("/") ? expanded : "\(paths.bin)/\(expanded)"
    }
}
