import ArgumentParser
import Configuration
import Glibc
import SystemCalls

/// Which version of a log `find` and `view` are about.
struct LogSelection: ParsableArguments {
    @OptionGroup var instance: InstanceOptions

    @Argument(
        help: "A log without its id, for example IMTA_LOG:dispatcher.log; * stands for any text, % for one character.")
    var pattern: String

    @Option(name: .customLong("first"), help: "The version with this number from the oldest, counted from 0.")
    var first: Int?

    @Option(name: .customLong("last"), help: "The version with this number from the newest, counted from 0.")
    var last: Int?

    func path() throws -> String {
        let paths = InstancePaths(instanceRoot: try instance.existing())
        guard let found = try LogVersions(pattern, paths).version(first: first, last: last) else {
            throw CommandFailure("no log file matches \(pattern)")
        }
        return found
    }
}

/// `martlet find PATTERN`
struct FindCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Prints the name of a version of a log file, the newest without an option.")

    @OptionGroup var selection: LogSelection

    func run() throws { Terminal.line(try selection.path()) }
}

/// `martlet view PATTERN`
struct ViewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "view", abstract: "Shows a version of a log file, the newest without an option.")

    @OptionGroup var selection: LogSelection

    func run() throws { Terminal.text(String(decoding: try Files.read(try selection.path()), as: UTF8.self)) }
}

/// `martlet purge [PATTERN]`
struct PurgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Removes old versions of log files; the newest five of each stay.",
        discussion:
            "Logs without an id, such as mail.log_current, are not touched, and the newest version always stays.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "A log without its id; every log of the log directory without it.")
    var pattern = "*"

    @Option(help: "Versions of each log that stay.")
    var num: Int?

    @Option(help: "Removes what is older than so many days instead.")
    var day: Int?

    @Option(help: "Removes what is older than so many hours instead.")
    var hour: Int?

    func validate() throws {
        if [num, day, hour].contains(where: { $0.map { $0 < 0 } ?? false }) {
            throw ValidationError("--num, --day and --hour are not negative")
        }
        if num != nil, day != nil || hour != nil { throw ValidationError("--num goes with neither --day nor --hour") }
    }

    func run() throws {
        let paths = InstancePaths(instanceRoot: try instance.existing())
        var limit: UInt64?
        if day != nil || hour != nil {
            let hours = (day ?? 0).multipliedReportingOverflow(by: 24).partialValue &+ (hour ?? 0)
            let seconds =
                SystemClock.wallSeconds - Int64(clamping: hours.multipliedReportingOverflow(by: 3600).partialValue)
            limit = UInt64(max(0, seconds)) * 1_000_000
        }
        let files = try LogVersions(pattern, paths).purgeable(keeping: num, olderThan: limit)
        for file in files where unlink(file) != 0 { throw SystemCallError.current("unlink", file) }
        Terminal.line("martlet: \(files.count) log file\(files.count == 1 ? "" : "s") removed")
    }
}
