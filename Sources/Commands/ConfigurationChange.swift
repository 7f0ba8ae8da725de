import Configuration
import Glibc
import InternetMessage
import OptionSyntax
import SystemCalls

/// A change of the martlet.conf of an instance: one at a time, and the former text is kept.
struct ConfigurationChange {
    let paths: InstancePaths
    /// What the history says of it, for example `set mta.block_limit`.
    let description: String

    init(paths: InstancePaths, _ description: String) {
        self.paths = paths
        self.description = description
    }

    init(root: String, _ description: String) {
        self.init(paths: InstancePaths(instanceRoot: root), description)
    }

    /// Returns what is to be known about the configuration that is now in force.
    func edit(_ edits: [ConfigurationEditor.Edit]) throws -> Diagnostics {
        try toldAsFailure { () throws(ConfigurationEditor.Refusal) in
            try locked { () throws(ConfigurationEditor.Refusal) in
                try ConfigurationEditor.edit(edits, paths: paths, keep: keep)
            }
        }
    }

    func replace(with texts: ConfigurationTexts) throws -> Diagnostics {
        try toldAsFailure { () throws(ConfigurationEditor.Refusal) in try write(texts) }
    }

    /// `base`: what the texts were made from. When something else is in force by now, nothing is written.
    func write(
        _ texts: ConfigurationTexts, base: ConfigurationTexts? = nil
    ) throws(ConfigurationEditor.Refusal) -> Diagnostics {
        try locked { () throws(ConfigurationEditor.Refusal) in
            if let base, let current = try ConfigurationEditor.current(paths), current != base {
                let number = ConfigurationHistory(paths: paths).current
                throw ConfigurationEditor.Refusal(
                    description: "martlet.conf was changed outside: this session began with generation \(number),"
                        + " generation \(number + 1) is in force now; differences shows both sides")
            }
            return try ConfigurationEditor.replace(with: texts, paths: paths, keep: keep)
        }
    }

    private func keep(_ former: [UInt8]) throws(ConfigurationEditor.Refusal) {
        var time: [UInt8] = []
        MessageDate.appendISO8601(SystemClock.wallSeconds, to: &time)
        try ConfigurationHistory(paths: paths).keep(
            former, time: String(decoding: time, as: UTF8.self), user: Self.user, change: description)
    }

    /// Two changes at once would lose one of them.
    private func locked(
        _ body: () throws(ConfigurationEditor.Refusal) -> Diagnostics
    ) throws(ConfigurationEditor.Refusal) -> Diagnostics {
        let lock = try Self.opened(paths.configurationFile(".lock"))
        guard Files.lockExclusively(lock.number) else {
            throw ConfigurationEditor.Refusal(
                description: "another change of the configuration is being made; try again")
        }
        defer { _ = lock.number }
        let findings = try body()
        if let texts = try ConfigurationEditor.current(paths) {
            ConfigurationHistory(paths: paths).remember(texts.withoutPasswords)
        }
        return findings
    }

    private static func opened(_ lock: String) throws(ConfigurationEditor.Refusal) -> OwnedDescriptor {
        do throws(SystemCallError) {
            let descriptor = try OwnedDescriptor.open(lock, O_RDWR | O_CREAT | O_CLOEXEC)
            Files.handOver(lock)
            return descriptor
        } catch {
            throw ConfigurationEditor.Refusal(description: "martlet.conf is unchanged: \(error)")
        }
    }

    /// Findings of a refused change are shown with the lines they are about.
    private func toldAsFailure(
        _ body: () throws(ConfigurationEditor.Refusal) -> Diagnostics
    ) throws -> Diagnostics {
        do throws(ConfigurationEditor.Refusal) {
            return try body()
        } catch {
            for line in Self.lines(of: error, paths: paths, isColoured: Terminal.errorsAreColoured) {
                Terminal.error(line)
            }
            throw CommandFailure(error.description)
        }
    }

    /// The findings of a refusal, or of an edit that is not written yet.
    static func lines(
        of refusal: ConfigurationEditor.Refusal, paths: InstancePaths, isColoured: Bool
    ) -> [String] {
        lines(refusal.diagnostics, texts: refusal.texts, paths: paths, isColoured: isColoured)
    }

    static func lines(
        _ findings: [Diagnostic], texts: ConfigurationTexts?, paths: InstancePaths, isColoured: Bool
    ) -> [String] {
        let files = texts.map { $0.laid(over: .disk, paths: paths) } ?? .disk
        let report = DiagnosticReport(paths: paths, files: files, isColoured: isColoured)
        return findings.flatMap(report.lines)
    }

    /// Who runs the command; behind sudo the one who called it.
    static var user: String {
        if let name = getenv("SUDO_USER") { return String(cString: name) }
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "uid \(geteuid())" }
        return String(cString: name)
    }
}
