import Configuration
import Glibc
import InternetMessage
import SystemCalls

/// A change of the martlet.conf of an instance: one at a time, and the former text is kept.
struct ConfigurationChange {
    let paths: InstancePaths
    /// What the history says of it, for example `set mta.block_limit`.
    let description: String

    init(root: String, _ description: String) {
        paths = InstancePaths(instanceRoot: root)
        self.description = description
    }

    func edit(_ edits: [ConfigurationEditor.Edit]) throws {
        try locked { () throws(ConfigurationEditor.Refusal) in
            _ = try ConfigurationEditor.edit(edits, paths: paths, keep: keep)
        }
    }

    func replace(with text: String) throws {
        try locked { () throws(ConfigurationEditor.Refusal) in
            _ = try ConfigurationEditor.replace(with: text, paths: paths, keep: keep)
        }
    }

    private func keep(_ former: String) throws(ConfigurationEditor.Refusal) {
        var time: [UInt8] = []
        MessageDate.appendISO8601(SystemClock.wallSeconds, to: &time)
        try ConfigurationHistory(paths: paths).keep(
            former, time: String(decoding: time, as: UTF8.self), user: Self.user, change: description)
    }

    /// Two changes at once would lose one of them.
    private func locked(_ body: () throws(ConfigurationEditor.Refusal) -> Void) throws {
        let lock = try OwnedDescriptor.open(paths.configurationFile(".lock"), O_RDWR | O_CREAT | O_CLOEXEC)
        guard Files.lockExclusively(lock.number) else {
            throw CommandFailure("another change of the configuration is being made; try again")
        }
        defer { _ = lock.number }
        do throws(ConfigurationEditor.Refusal) {
            try body()
        } catch {
            throw CommandFailure(error.description)
        }
    }

    /// Who runs the command; behind sudo the one who called it.
    private static var user: String {
        if let name = getenv("SUDO_USER") { return String(cString: name) }
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "uid \(geteuid())" }
        return String(cString: name)
    }
}
