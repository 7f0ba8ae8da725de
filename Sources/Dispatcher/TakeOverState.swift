/// What a Dispatcher leaves to the program that takes its place in the same process: numbers of open descriptors, and
/// the records of workers and of their sessions. Times are monotonic nanoseconds, which both programs share.
struct TakeOverState: Hashable {
    /// The form below. A program that knows another one does not take over.
    static let version = 1

    struct Worker: Hashable {
        var record: PoolWorker
        var processID: Int32
        var control: Int32
        /// Seconds since 1970.
        var birth: Int64
        /// What `HELO` said; nil when it has not come.
        var greeting: String?
    }

    /// A session: the worker has confirmed it.
    struct Session: Hashable {
        var id: ConnectionID
        var worker: WorkerID
        var listener: Int
        var accepted: Int64
        var since: Int64
    }

    struct Service: Hashable {
        var name: String
        var lastWorker = 0
        var lastConnection = 0
        /// In the order of ``counters``.
        var counts: [Int] = []
        var workers: [Worker] = []
        var sessions: [Session] = []
    }

    var pidFile: Int32 = -1
    var commands: Int32 = -1
    /// The client that asked for it, and hears how it went.
    var client: Int32 = -1
    /// The program that was before, to go back to.
    var image: Int32 = -1
    var listeners: [Int32] = []
    var services: [Service] = []

    /// Counts that go on; summaries begin anew.
    static var counters: [WritableKeyPath<ServiceStatistics, Int>] {
        [
            \.accepted, \.denied, \.turnedAway, \.handedOff, \.moved, \.completed, \.lost, \.dropped,
            \.workersStarted, \.failedStarts, \.crashes,
        ] + AdmissionRefusal.allCases.map { \.[refusals: $0] }
    }

    /// Every descriptor that has to stay open.
    var descriptors: [Int32] {
        [pidFile, commands, client, image].filter { $0 >= 0 } + listeners
            + services.flatMap { $0.workers.map(\.control) }
    }
}

/// The text form: a line for each thing, words separated by blanks; `-` stands for what is not there.
extension TakeOverState {
    struct Malformed: Error, CustomStringConvertible {
        let line: Int
        var description: String { "the state of the running Dispatcher is not understood (line \(line))" }
    }

    var text: String {
        var lines = ["dispatcher \(Self.version)", "common \(pidFile) \(commands) \(client) \(image)"]
        lines += listeners.map { "listener \($0)" }
        for service in services {
            let counts = service.counts.map(String.init).joined(separator: " ")
            lines.append("service \(Self.word(service.name)) \(service.lastWorker) \(service.lastConnection) \(counts)")
            lines += service.workers.map(Self.line)
            lines += service.sessions.map {
                "session \($0.id) \($0.worker) \($0.listener) \($0.accepted) \($0.since)"
            }
        }
        return lines.joined(separator: "\n") + "\nend\n"
    }

    private static func line(_ worker: Worker) -> String {
        let record = worker.record
        let flags = (record.isObsolete ? 1 : 0) | (record.isCutOff ? 2 : 0)
        let numbers: [Int64?] = [
            Int64(record.id.number), Int64(worker.processID), Int64(worker.control), worker.birth,
            Int64(record.active), Int64(record.total), Int64(record.peak), Int64(flags), record.born, record.idleSince,
            record.lastHeard, record.nextPing, record.readyAt, record.pingSince, record.stalledSince, record.killAt,
        ]
        let words = numbers.map { $0.map { String($0) } ?? "-" }.joined(separator: " ")
        return "worker \(record.state.rawValue) \(worker.greeting.map(word) ?? "-") \(words)"
    }

    /// A text as one word: blanks, control characters, percent signs and what begins like nothing are encoded.
    private static func word(_ text: String) -> String {
        let encoded = text.utf8.map { byte in
            byte > 0x20 && byte < 0x7F && byte != 0x25
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "=" + encoded.joined()
    }

    private static func text(_ word: Substring) -> String? {
        guard word.first == "=" else { return nil }
        var bytes: [UInt8] = []
        var rest = word.utf8.dropFirst()
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    init(text: String) throws(Malformed) {
        let lines = text.split(separator: "\n")
        guard lines.first == "dispatcher \(Self.version)" else { throw Malformed(line: 1) }
        guard lines.last == "end" else { throw Malformed(line: lines.count) }
        for (index, line) in lines.dropFirst().dropLast().enumerated() {
            let words = line.split(separator: " ")
            guard let kind = words.first, take(kind, Array(words.dropFirst())) else { throw Malformed(line: index + 2) }
        }
    }

    private mutating func take(_ kind: Substring, _ words: [Substring]) -> Bool {
        switch kind {
        case "common":
            let numbers = words.compactMap { Int32($0) }
            guard numbers.count == 4, words.count == 4 else { return false }
            (pidFile, commands, client, image) = (numbers[0], numbers[1], numbers[2], numbers[3])
        case "listener":
            guard words.count == 1, let number = Int32(words[0]), number >= 0 else { return false }
            listeners.append(number)
        case "service":
            let numbers = words.dropFirst().compactMap { Int($0) }
            guard let name = words.first.flatMap(Self.text), numbers.count == Self.counters.count + 2,
                words.count == numbers.count + 1
            else {
                return false
            }
            services.append(
                Service(
                    name: name, lastWorker: numbers[0], lastConnection: numbers[1],
                    counts: Array(numbers.dropFirst(2))))
        case "worker":
            guard !services.isEmpty, let worker = Self.worker(words) else { return false }
            services[services.count - 1].workers.append(worker)
        case "session":
            let numbers = words.compactMap { Int64($0) }
            guard !services.isEmpty, numbers.count == 5, words.count == 5 else { return false }
            services[services.count - 1].sessions.append(
                Session(
                    id: ConnectionID(Int(numbers[0])), worker: WorkerID(Int(numbers[1])), listener: Int(numbers[2]),
                    accepted: numbers[3], since: numbers[4]))
        default: return false
        }
        return true
    }

    private static func worker(_ words: [Substring]) -> Worker? {
        guard words.count == 18, let state = PoolWorker.State(rawValue: String(words[0])) else { return nil }
        let numbers = words.dropFirst(2).map { Int64($0) }
        // The first twelve are always there, the others may be missing.
        let sure = numbers.prefix(12).compactMap { $0 }
        guard sure.count == 12, let process = Int32(exactly: sure[1]), let control = Int32(exactly: sure[2]),
            process > 0, control >= 0
        else { return nil }
        var record = PoolWorker(id: WorkerID(Int(sure[0])), at: sure[8], firstPing: sure[11])
        record.state = state
        record.active = Int(sure[4])
        record.total = Int(sure[5])
        record.peak = Int(sure[6])
        record.isObsolete = sure[7] & 1 != 0
        record.isCutOff = sure[7] & 2 != 0
        record.idleSince = sure[9]
        record.lastHeard = sure[10]
        record.readyAt = numbers[12]
        record.pingSince = numbers[13]
        record.stalledSince = numbers[14]
        record.killAt = numbers[15]
        return Worker(
            record: record, processID: process, control: control, birth: sure[3], greeting: text(words[1]))
    }
}
