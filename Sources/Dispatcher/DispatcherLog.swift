import Glibc
package import ProcessPool
package import SystemCalls

/// dispatcher.log: one version for each Dispatcher process. Confined to the Dispatcher's thread.
package final class DispatcherLog {
    package typealias Area = DebugAreas

    private let file: VersionedLogFile
    private let areas: DebugAreas
    private let echoesErrors: Bool
    /// MTA option `debug_flush`.
    private let flushesDebug: Bool

    /// `echoesErrors` repeats errors on standard error, for a start in the foreground.
    package init(
        _ name: String, debug: UInt32, hostName: String = "", echoesErrors: Bool = true, flushesDebug: Bool = false
    ) throws(SystemCallError) {
        file = try VersionedLogFile(next: name, hostName: hostName)
        self.flushesDebug = flushesDebug
        areas = DebugAreas(rawValue: debug)
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
        LogRecordFormat.write(text, thread: 1, to: file.number)
    }

    private static func echo(_ text: String) {
        let line = Array("dispatcher: \(LogRecordFormat.escaped(text))\n".utf8)
        _ = Glibc.write(2, line, line.count)
    }

    /// Logged when a bit of `area` is set in DEBUG.
    package func debug(_ area: Area, _ text: @autoclosure () -> String) {
        guard !areas.isDisjoint(with: area) else { return }
        write(text())
        if flushesDebug { try? Files.synchronizeData(file.descriptor) }
    }

    /// True when records of `area` are written.
    package func shows(_ area: Area) -> Bool { !areas.isDisjoint(with: area) }

    private func write(_ text: String) {
        LogRecordFormat.write(text, thread: 1, to: file.descriptor)
    }
}
