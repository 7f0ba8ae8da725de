import Glibc
import ProcessPool
package import SystemCalls

/// dispatcher.log: one version for each Dispatcher process. Confined to the Dispatcher's thread.
package final class DispatcherLog {
    /// Areas of debugging, as bits of DEBUG. Dispatcher specification, section 10.
    package struct Area: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let main = Area(rawValue: 1 << 0)
        package static let services = Area(rawValue: 1 << 4)
        package static let processes = Area(rawValue: 1 << 6)
        package static let workers = Area(rawValue: 1 << 8)
        package static let packets = Area(rawValue: 1 << 10)
        package static let statistics = Area(rawValue: 1 << 20)
        package static let denials = Area(rawValue: 1 << 24)
    }

    private let file: VersionedLogFile
    private let areas: Area
    private let echoesErrors: Bool

    /// `echoesErrors` repeats errors on standard error, for a start in the foreground.
    package init(
        _ name: String, debug: UInt32, hostName: String = "", echoesErrors: Bool = true
    ) throws(SystemCallError) {
        file = try VersionedLogFile(next: name, hostName: hostName)
        areas = Area(rawValue: debug)
        self.echoesErrors = echoesErrors
    }

    /// The version that is written.
    package var path: String { file.path }

    /// Always logged.
    package func notice(_ text: String) { write(text) }

    /// Always logged, and said on standard error.
    package func error(_ text: String) {
        write(text)
        if echoesErrors { Self.echo(text) }
    }

    /// For a thread that finds the Dispatcher's own thread stuck: on standard error and in the file at `path`.
    static func lastWords(_ text: String, in path: String) {
        echo(text)
        guard let file = try? OwnedDescriptor.open(path, O_WRONLY | O_APPEND) else { return }
        let bytes = record(text)
        _ = Glibc.write(file.number, bytes, bytes.count)
    }

    private static func echo(_ text: String) {
        let line = Array("dispatcher: \(LogRecordFormat.escaped(text))\n".utf8)
        _ = Glibc.write(2, line, line.count)
    }

    /// Logged when a bit of `area` is set in DEBUG.
    package func debug(_ area: Area, _ text: @autoclosure () -> String) {
        if !areas.isDisjoint(with: area) { write(text()) }
    }

    /// True when records of `area` are written.
    package func shows(_ area: Area) -> Bool { !areas.isDisjoint(with: area) }

    private func write(_ text: String) {
        // A full disk must not stop the Dispatcher: a record that cannot be written is lost.
        let bytes = Self.record(text)
        _ = Glibc.write(file.descriptor, bytes, bytes.count)
    }

    private static func record(_ text: String) -> [UInt8] {
        let now = SystemClock.wallNanoseconds
        var clock = time_t(now / 1_000_000_000)
        var parts = tm()
        localtime_r(&clock, &parts)
        let record = LogRecordFormat.record(
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec),
            hundredths: Int(now / 10_000_000 % 100), thread: 1, text: text)
        return Array(record.utf8)
    }
}
