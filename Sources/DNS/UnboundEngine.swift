import CUnbound
import SystemCalls

/// What the thread of the resolver runs. Not shared: every call, and every callback of the library, is on that thread.
final class UnboundEngine {
    /// More than libunbound works on at once (`num-queries-per-thread`) would be answered SERVFAIL.
    private static let mostAtOnce = 512

    private let context: OpaquePointer
    private let inbox: Inbox
    /// Nanoseconds.
    private let timeout: Int64
    private var backlog: [Query] = []
    private var backlogHead = 0
    /// Asked, not answered. The library holds unretained pointers to these.
    private var asked: [ObjectIdentifier: Query] = [:]
    /// All queries in the order of their deadlines; answered ones are dropped when they come to the front.
    private var byDeadline: [Query] = []
    private var deadlineHead = 0

    init(context: OpaquePointer, inbox: Inbox, timeout: Int64) {
        self.context = context
        self.inbox = inbox
        self.timeout = timeout
    }

    /// One question in work.
    private final class Query {
        let letter: Inbox.Letter
        let deadline: Int64
        unowned let engine: UnboundEngine
        var number: Int32 = 0
        var isFinished = false

        init(_ letter: Inbox.Letter, deadline: Int64, engine: UnboundEngine) {
            self.letter = letter
            self.deadline = deadline
            self.engine = engine
        }

        func finish(_ answer: DNSAnswer) {
            guard !isFinished else { return }
            isFinished = true
            letter.completion(answer)
        }
    }

    func run() {
        defer { ub_ctx_delete(context) }
        do throws(SystemCallError) {
            var poller = try Poller()
            try poller.add(inbox.wakeup.descriptor, token: 0)
            try poller.add(ub_fd(context), token: 1)
            var isClosed = false
            while !isClosed {
                try poller.wait(milliseconds: untilNextDeadline()) { event in
                    if event.token == 0 { inbox.wakeup.clear() }
                }
                isClosed = collect()
                _ = ub_process(context)
                expire()
                submit()
            }
        } catch {
            // Without epoll nothing can be answered; callers get failures, which they treat as temporary.
            _ = collect()
        }
        failAll()
    }

    /// Takes new questions in; true when the resolver is gone.
    private func collect() -> Bool {
        let content = inbox.take()
        let now = SystemClock.monotonicNanoseconds
        for letter in content.letters {
            let query = Query(letter, deadline: now + timeout, engine: self)
            backlog.append(query)
            byDeadline.append(query)
        }
        return content.isClosed
    }

    private func submit() {
        while backlogHead < backlog.count, asked.count < Self.mostAtOnce {
            let query = backlog[backlogHead]
            backlogHead += 1
            if !query.isFinished { ask(query) }
        }
        if backlogHead == backlog.count {
            backlog.removeAll(keepingCapacity: true)
            backlogHead = 0
        }
    }

    private func ask(_ query: Query) {
        asked[ObjectIdentifier(query)] = query
        let question = query.letter.question
        let code = ub_resolve_async(
            context, question.name, Int32(question.type.rawValue), 1, Unmanaged.passUnretained(query).toOpaque(),
            { pointer, error, result in
                defer { ub_resolve_free(result) }
                guard let pointer else { return }
                let query = Unmanaged<Query>.fromOpaque(pointer).takeUnretainedValue()
                query.engine.finished(query, error: error, result)
            }, &query.number)
        if code != 0 { finished(query, error: code, nil) }
    }

    private func finished(_ query: Query, error: Int32, _ result: UnsafeMutablePointer<ub_result>?) {
        asked[ObjectIdentifier(query)] = nil
        guard error == 0, let result else {
            return query.finish(DNSAnswer(query.letter.question, .failed(code: 2)))
        }
        query.finish(DNSAnswer(query.letter.question, result.pointee))
    }

    /// Answers what is past its deadline and tells the library to forget it.
    private func expire() {
        let now = SystemClock.monotonicNanoseconds
        while deadlineHead < byDeadline.count {
            let query = byDeadline[deadlineHead]
            guard query.isFinished || query.deadline <= now else { break }
            deadlineHead += 1
            if query.isFinished { continue }
            if asked.removeValue(forKey: ObjectIdentifier(query)) != nil { _ = ub_cancel(context, query.number) }
            query.finish(DNSAnswer(query.letter.question, .timedOut))
        }
        // Answered queries are not kept for longer than it takes to answer as many again.
        if deadlineHead > 1024 || deadlineHead == byDeadline.count {
            byDeadline.removeFirst(deadlineHead)
            deadlineHead = 0
        }
    }

    private func untilNextDeadline() -> Int32 {
        guard deadlineHead < byDeadline.count else { return -1 }
        let left = byDeadline[deadlineHead].deadline - SystemClock.monotonicNanoseconds
        return Int32(clamping: max(0, left / 1_000_000 + 1))
    }

    private func failAll() {
        for query in asked.values { _ = ub_cancel(context, query.number) }
        asked = [:]
        for query in byDeadline[deadlineHead...] { query.finish(DNSAnswer(query.letter.question, .failed(code: 2))) }
        byDeadline = []
        backlog = []
    }
}

extension DNSAnswer {
    /// Copies the library's result.
    init(_ question: DNSQuestion, _ result: ub_result) {
        self.init(question, .answered, timeToLive: max(0, Int(result.ttl)))
        if let name = result.canonname, name.pointee != 0 {
            canonicalName = Self.withoutFinalDot(String(cString: name))
        }
        if result.bogus != 0 {
            security = .bogus(result.why_bogus.map { String(cString: $0) } ?? "no reason given")
            status = .failed(code: 2)
            return
        }
        security = result.secure != 0 ? .secure : .insecure
        switch result.rcode {
        case 0 where result.havedata != 0: records = Self.records(question.type, result)
        case 0: status = .noData
        case 3: status = .noSuchName
        default: status = .failed(code: Int(result.rcode))
        }
    }

    private static func records(_ type: DNSRecordType, _ result: ub_result) -> [DNSRecord] {
        var records: [DNSRecord] = []
        guard let data = result.data, let lengths = result.len else { return [] }
        var index = 0
        while let item = data[index] {
            let bytes = UnsafeRawBufferPointer(start: item, count: max(0, Int(lengths[index])))
            if let record = DNSRecord(type: type, data: bytes) { records.append(record) }
            index += 1
        }
        return records
    }

    private static func withoutFinalDot(_ name: String) -> String {
        name.utf8.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
