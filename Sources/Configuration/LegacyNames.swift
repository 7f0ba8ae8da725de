/// Unified names of legacy options. Unified configuration specification, section 5; dispatcher specification, 3.2;
/// Job Controller specification, 3.
enum LegacyNames {
    private static let dispatcherNames = ["port": "tcp_ports", "tls_port": "ssl_ports", "logfile": "logfilename"]

    private static let jobControllerNames = [
        "tcp_port": "tcp_ports", "udp_port": "tcp_ports", "max_messages": "max_cache_messages",
        "sync_time": "synch_time", "rebuild_parallel_channel": "rebuild_parallel_channels",
        "max_life_age": "max_life_time", "max_life_conns": "max_life_askwork", "wait_when_idle": "max_idle_time",
    ]

    private static let messagingNames: [String: [String]] = [
        "local.hostname": ["base", "hostname"], "service.defaultdomain": ["base", "defaultdomain"],
        "local.directory": ["base", "directory"], "local.tls.certificate": ["base", "tls_certificate"],
        "local.tls.ca": ["base", "tls_ca"], "local.tls.key": ["base", "tls_key"],
        "local.tls.clientca": ["base", "tls_client_ca"], "local.tlsminversion": ["base", "tlsminversion"],
        "local.tlsmaxversion": ["base", "tlsmaxversion"], "local.sslnicknames": ["base", "sslnicknames"],
        "local.ssladjustciphersuites": ["base", "ssladjustciphersuites"],
        "local.plaintextmincipher": ["base", "plaintextmincipher"],
        "sasl.default.mech_list": ["base", "sasl_mechanisms"],
        "sasl.default.ldap.has_plain_passwords": ["base", "has_plain_passwords"],
        "local.auth.socket": ["base", "auth_socket"], "local.oauth.jwks": ["base", "oauth_jwks"],
        "local.oauth.issuer": ["base", "oauth_issuer"], "local.oauth.audience": ["base", "oauth_audience"],
        "local.oauth.nameclaim": ["base", "oauth_name_claim"],
        "local.imta.enable": ["mta", "enable"],
        "local.schedule.time_limit": ["schedule", "time_limit"],
        "local.schedule.enable": ["schedule", "enable"], "local.sched.enable": ["schedule", "enable"],
        "local.autorestart": ["base", "autorestart", "enable"],
        "local.autorestart.timeout": ["base", "autorestart", "timeout"],
    ]

    /// dispatcher.cnf.
    static func dispatcher(_ name: String) -> String {
        let name = name.lowercased()
        return dispatcherNames[name] ?? name
    }

    /// job_controller.cnf.
    static func jobController(_ name: String) -> String {
        let name = name.lowercased()
        return jobControllerNames[name] ?? name
    }

    /// The legacy name of a unified one, for files that are written.
    static func legacyDispatcher(_ name: String) -> String {
        (dispatcherNames.first { $0.value == name }?.key ?? name).uppercased()
    }

    /// The legacy name of a unified one in job_controller.cnf.
    static func legacyJobController(_ name: String) -> String {
        // Of several older names the usual one.
        let usual = ["tcp_ports": "tcp_port", "synch_time": "synch_time"]
        return usual[name] ?? jobControllerNames.first { $0.value == name }?.key ?? name
    }

    /// The name in msg.conf; nil when there is none.
    static func legacyMessaging(_ path: OptionPath) -> String? {
        let steps = path.steps
        if steps.count == 3, steps[0].name == "schedule", steps[1].name == "task" {
            let option = steps[2].name == "crontab" ? "" : ".\(steps[2].name)"
            return steps[1].group.map { "local.schedule.\($0)\(option)" }
        }
        guard !steps.contains(where: { $0.group != nil }) else { return nil }
        return messagingNames.filter { $0.value == steps.map(\.name) }.keys.min { ($0.count, $0) > ($1.count, $1) }
    }

    /// msg.conf; nil for options of other servers.
    static func messaging(_ name: String) -> OptionPath? {
        let name = name.lowercased()
        if let steps = messagingNames[name] { return OptionPath(steps.map { .init($0) }) }
        let prefix = "local.schedule."
        guard name.hasPrefix(prefix) else { return nil }
        let task = String(name.dropFirst(prefix.count))
        // An option of the task, else the task itself.
        for option in ["enable", "time_limit"] where task.hasSuffix(".\(option)") {
            let own = String(task.dropLast(option.count + 1))
            return OptionPath([.init("schedule"), .init("task", own), .init(option)])
        }
        return OptionPath([.init("schedule"), .init("task", task), .init("crontab")])
    }
}
