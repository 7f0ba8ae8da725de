import Envelope
import Glibc
import MasterKit
import ProcessPool
import Spool
import Synchronization
import SystemCalls

@testable import JobController

/// A queue in memory: everything is durable at once.
final class MemoryStore: DeliveryStore {
    private var entries: [QueueEntryKey: RecoveredEntry] = [:]
    private var pins: [QueueEntryKey: Int] = [:]
    private let onRecord: (LedgerRecord) -> Void

    init(_ list: [RecoveredEntry], onRecord: @escaping (LedgerRecord) -> Void) {
        for entry in list { entries[entry.key] = entry }
        self.onRecord = onRecord
    }

    func known(_ committed: CommittedMessageFacts) -> [RecoveredEntry] {
        let new = committed.entries.map { entry in
            RecoveredEntry(
                key: QueueEntryKey(message: committed.message, entry: entry.number), location: committed.location,
                channel: entry.channel, host: entry.host, arrival: committed.arrival, recipients: entry.recipients)
        }
        for entry in new { entries[entry.key] = entry }
        return new
    }

    func readUpTo(_ segment: String, _ end: Int) -> [RecoveredEntry] { [] }
    func adoptDeadWriters() -> [RecoveredEntry] { [] }

    func record(_ record: LedgerRecord, completion: @escaping @Sendable (Result<Void, SpoolError>) -> Void) {
        switch record {
        case .done(let key, _), .delete(let key, _): entries[key] = nil
        default: break
        }
        onRecord(record)
        completion(.success(()))
    }

    func entry(_ key: QueueEntryKey) -> RecoveredEntry? { entries[key] }

    func pin(_ key: QueueEntryKey) -> SpoolLocation? {
        guard let entry = entries[key] else { return nil }
        pins[key, default: 0] += 1
        return entry.location
    }

    func unpin(_ key: QueueEntryKey) {
        guard let count = pins[key] else { fatalError("unpinned twice: \(key)") }
        pins[key] = count > 1 ? count - 1 : nil
    }

    func quarantine(_ key: QueueEntryKey, reason: String) { entries[key] = nil }
    func snapshotIfDue(now: Int64, force: Bool) {}
    func freeSpaceWork(now: Int64) {}
    func takeReports() -> [QuarantineReport] { [] }
    var trouble: SpoolError? { nil }
    var summary: QueueSummary { QueueSummary() }
    func keepAnswers(upTo entries: Int) {}
    func close() {}
}

/// A Job Controller on a thread of the test process, with jobs that are real processes.
struct RunningController {
    let directory: String
    let options: JobControllerOptions
    let records: AsyncStream<LedgerRecord>

    /// A master program in Python that knows nothing of MasterKit: the protocol is what binds them.
    static let masterProgram = #"""
        import os, socket, sys
        directory, mode = sys.argv[1], sys.argv[2]
        control = socket.socket(fileno=3)
        name = directory + '/jobs/' + str(os.getpid())
        open(name, 'w').close()
        control.send(b'HELO\npid=%d\nversion=1\n' % os.getpid())
        threads = int(os.environ['IMTA_MAX_CLIENT_THREADS'])
        control.send(b'WORK\n' + b'\n'.join(b'thread=%d\ncount=4\n' % t for t in range(1, threads + 1)))
        durable = said = 0
        collected = []
        ending = False
        while not (ending and durable == said):
            message = control.recv(8192)
            if not message:
                sys.exit(0)
            kind, groups = message[:4], message[5:].decode().split('\n\n')
            groups = [[l.split('=', 1) for l in g.split('\n') if l] for g in groups]
            if kind == b'EXIT':
                ending = True
            elif kind == b'DURA':
                durable += sum(1 for g in groups for k, v in g if k == 'entry')
            elif kind == b'ITEM':
                if mode == 'crash' and not os.path.exists(directory + '/crashed'):
                    open(directory + '/crashed', 'w').close()
                    os.kill(os.getpid(), 9)
                items = [dict(g) for g in groups]
                out = []
                for item in items:
                    lines = ['entry=' + item['entry']]
                    for part in item['pending'].split(','):
                        first, _, last = part.partition('-')
                        for index in range(int(first), int(last or first) + 1):
                            lines += ['to=%d 0 2.1.5' % index, 'text=250 ok']
                    out.append('\n'.join(lines) + '\n')
                if mode == 'stay':
                    continue
                if mode == 'lastwords' and not os.path.exists(directory + '/crashed'):
                    collected += out
                    if len(collected) > 65:
                        open(directory + '/crashed', 'w').close()
                        for text in collected:
                            open(directory + '/said', 'a').write(text.split('\n')[0] + '\n')
                            control.send(('OUTC\n' + text).encode())
                        os.kill(os.getpid(), 9)
                    continue
                for text in out:
                    open(directory + '/said', 'a').write(text.split('\n')[0] + '\n')
                if mode == 'garbage':
                    out = ['entry=' + items[0]['entry'] + '\nto=nobody\n']
                said += len(out)
                control.send(('OUTC\n' + '\n'.join(out)).encode())
                asked = sorted({item['thread'] for item in items})
                control.send(('WORK\n' + '\n'.join('thread=%s\ncount=4\n' % t for t in asked)).encode())
        """#

    static let python = "/usr/bin/python3"

    static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/martlet-jobs-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `mode`: what the master program does, see its text. `reloaded`: what a reload reads, made of the settings that the
    /// controller starts with.
    init(
        _ entries: [RecoveredEntry], mode: String = "deliver", pool: Int = 10,
        _ change: (inout ChannelSettings) -> Void = { _ in },
        reloaded:
            @escaping @Sendable (JobControllerSettings) -> Result<
                JobControllerSettings, JobControllerService.Refusal
            > = { .success($0) }
    ) throws {
        let directory = try Self.temporaryDirectory()
        try Self.prepare(directory)
        let (stream, continuation) = AsyncStream<LedgerRecord>.makeStream()
        let settings = Self.settings(directory, mode: mode, pool: pool, change)
        self.directory = directory
        let options = Self.options(directory)
        self.options = options
        records = stream
        SystemThread.start("controller") {
            do {
                let store = MemoryStore(entries) { continuation.yield($0) }
                let loop = try JobControllerLoop(
                    settings: settings, options: options, store: store,
                    log: JobControllerLog(directory: options.logDirectory), signals: SignalDescriptor([SIGUSR2]),
                    configuration: { reloaded(settings) })
                try loop.start(entries, mayHaveOrphans: false)
                try loop.run()
            } catch { fatalError("\(error)") }
            continuation.finish()
        }
    }

    /// Removes a directory with everything in it.
    static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove(path + "/" + name) }
        Glibc.remove(path)
    }

    static func prepare(_ directory: String) throws {
        for name in ["jobs", "run", "log", "queue"] { try Files.createDirectory(directory + "/" + name) }
        try Files.replace(directory + "/master.py", with: Array(masterProgram.utf8))
    }

    static func options(_ directory: String) -> JobControllerOptions {
        var options = JobControllerOptions(root: directory)
        options.queueDirectory = directory + "/queue"
        options.runDirectory = directory + "/run"
        options.logDirectory = directory + "/log"
        return options
    }

    static func settings(
        _ directory: String, mode: String, pool: Int, _ change: (inout ChannelSettings) -> Void
    ) -> JobControllerSettings {
        var channel = ChannelSettings()
        channel.masterCommand = python
        channel.masterArguments = [directory + "/master.py", directory, mode]
        change(&channel)
        return JobControllerSettings(pools: ["DEFAULT": pool], channels: ["tcp_local": channel])
    }

    func ask(_ command: String) throws -> String { try CommandClient.ask(options.commandSocketPath, command) }

    /// Names of the processes that have run.
    func jobs() throws -> [String] { try Files.list(directory + "/jobs") }

    static func entries(_ count: Int, recipients: Int = 1) -> [RecoveredEntry] {
        (0..<count).map { number in
            RecoveredEntry(
                key: key(number), location: SpoolLocation(segment: "w-1", offset: 4096, length: 100),
                channel: "tcp_local", host: "h\(number % 7)", arrival: 1_700_000_000_000, recipients: recipients,
                pending: Array(0..<recipients))
        }
    }
}
