import ArgumentParser
import Glibc
import OptionSyntax
import SystemCalls

/// `martlet process`
struct ProcessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "process", abstract: "Lists the processes of the instance.")

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "One JSON object.")
    var json = false

    func run() throws {
        let rows = InstanceProcess.all(of: try instance.existing())
        if json { return Terminal.line(JSONValue.object([.init("processes", .array(rows.map(\.json)))]).text) }
        let today = InstanceProcess.day(SystemClock.wallSeconds)
        Terminal.table(
            ["USER", "PID", "S", "VSZ", "RSS", "STIME", "TIME", "COMMAND"],
            rows.map { row in
                [
                    row.user, String(row.id), row.state, String(row.virtualKilobytes), String(row.residentKilobytes),
                    row.startText(today: today), row.timeText, row.command,
                ]
            })
    }
}

/// A process of an instance, as /proc shows it: one that was started with its MARTLET_ROOT. The supervisor `martlet run`
/// is left out (dispatcher specification, section 8; commands specification, 3.3).
struct InstanceProcess: Hashable {
    var id: Int32
    var user: String
    var state: String
    var virtualKilobytes: Int
    var residentKilobytes: Int
    /// Seconds since 1970.
    var started: Int64
    var processorSeconds: Int
    var command: String

    static func all(of root: String) -> [InstanceProcess] {
        let mark = Array("MARTLET_ROOT=\(root)".utf8)
        let boot = SystemClock.wallSeconds - SystemClock.monotonicNanoseconds / 1_000_000_000
        let ids = ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }.filter { $0 != getpid() }
        return ids.sorted().compactMap { id in
            guard let environment = try? Files.read("/proc/\(id)/environ"),
                environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }),
                let statistics = try? Files.read("/proc/\(id)/stat")
            else { return nil }
            let words = ((try? Files.read("/proc/\(id)/cmdline")) ?? []).split(separator: 0)
            let owner = (try? Files.ownership("/proc/\(id)"))?.user ?? 0
            let process = InstanceProcess(
                id, statistics: String(decoding: statistics, as: UTF8.self),
                command: words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "),
                user: Users.numbered(owner)?.name ?? "\(owner)", boot: boot)
            return process.flatMap { $0.isSupervisor ? nil : $0 }
        }
    }

    /// `statistics`: the line of /proc/PID/stat (proc(5)); nil when it is none. `boot`: seconds since 1970.
    init?(_ id: Int32, statistics: String, command: String, user: String, boot: Int64) {
        // The name in parentheses may hold anything.
        guard let end = statistics.lastIndex(of: ")") else { return nil }
        let fields = statistics[statistics.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let userTime = Int(fields[11]), let systemTime = Int(fields[12]),
            let start = Int64(fields[19]), let size = Int(fields[20]), let pages = Int(fields[21])
        else { return nil }
        let ticks = max(1, sysconf(Int32(_SC_CLK_TCK)))
        self.id = id
        self.user = user
        self.command = command
        state = String(fields[0])
        virtualKilobytes = size / 1024
        residentKilobytes = pages * (sysconf(Int32(_SC_PAGESIZE)) / 1024)
        started = boot + start / Int64(ticks)
        processorSeconds = (userTime + systemTime) / ticks
    }

    private var isSupervisor: Bool {
        command.split(separator: " ").first.map { $0.hasSuffix("/martlet") || $0 == "martlet" } ?? true
    }

    var json: JSONValue {
        [
            "pid": .integer(Int(id)), "user": .string(user), "state": .string(state),
            "virtual_kilobytes": .integer(virtualKilobytes), "resident_kilobytes": .integer(residentKilobytes),
            "started": .integer(Int(started)), "processor_seconds": .integer(processorSeconds),
            "command": .string(command),
        ]
    }

    /// `hh:mm:ss`, or `Mon_dd` when it was not today.
    func startText(today: Int) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = Self.local(started)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if Self.day(started) == today { return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))" }
        return "\(months[Int(min(max(0, parts.tm_mon), 11))])_\(two(parts.tm_mday))"
    }

    /// `m:ss`.
    var timeText: String {
        let seconds = processorSeconds % 60
        return "\(processorSeconds / 60):\(seconds < 10 ? "0" : "")\(seconds)"
    }

    /// A number that is the same for all seconds of one local day.
    static func day(_ wallSeconds: Int64) -> Int {
        let parts = local(wallSeconds)
        return Int(parts.tm_year) * 366 + Int(parts.tm_yday)
    }

    private static func local(_ wallSeconds: Int64) -> tm {
        var clock = time_t(wallSeconds)
        var parts = tm()
        localtime_r(&clock, &parts)
        return parts
    }
}
