import SystemCalls

/// What the Dispatcher has to say about its settings and the limits of the system, once, at the start.
struct StartFindings {
    private var lines: [(text: String, isWarning: Bool)]

    /// Brings the settings within what the system grants. To be called before ports are bound.
    init(_ settings: inout DispatcherSettings) {
        lines = settings.remarks.map { ($0, true) }
        lines += settings.fit(descriptors: SystemLimits.openFiles)
        if let most = SystemLimits.listenBacklog, let text = settings.clampBacklogs(to: most) {
            lines.append((text, true))
        }
        if Users.isRoot, settings.user == nil {
            lines.append(("runs as root, and so do the workers: name the MTA user in restricted.cnf", false))
        }
    }

    func tell(_ log: DispatcherLog) {
        for line in lines {
            if line.isWarning { log.error(line.text) } else { log.notice(line.text) }
        }
    }
}

extension DispatcherSettings {
    /// Lowers every BACKLOG to `most`, what the kernel grants; a line that says so, nil when all were low enough.
    /// Dispatcher specification, section 4.
    mutating func clampBacklogs(to most: Int) -> String? {
        var clamped: [String] = []
        for index in services.indices where Int(services[index].listenBacklog) > max(1, most) {
            clamped.append("\(services[index].name) \(services[index].listenBacklog)")
            services[index].backlog = max(1, most)
        }
        return clamped.isEmpty
            ? nil : "BACKLOG is more than net.core.somaxconn, \(most) is used (\(clamped.joined(separator: ", ")))"
    }
}
