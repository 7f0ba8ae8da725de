/// How a run of a task ended.
package enum TaskEnding: Hashable, Sendable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)
    /// It was ended because it took too long.
    case timedOut
    /// The program could not be started.
    case notStarted
    /// The Job Controller ended first.
    case unknown

    package var description: String {
        switch self {
        case .exit(let code): "exit \(code)"
        case .signal(let number): "signal \(number)"
        case .timedOut: "ended after its time limit"
        case .notStarted: "could not be started"
        case .unknown: "unknown"
        }
    }

    fileprivate var word: String {
        switch self {
        case .exit(let code): "exit:\(code)"
        case .signal(let number): "signal:\(number)"
        case .timedOut: "time-limit"
        case .notStarted: "not-started"
        case .unknown: "unknown"
        }
    }

    fileprivate init?(word: Substring) {
        let parts = word.split(separator: ":", maxSplits: 1)
        let number = parts.count == 2 ? Int32(parts[1]) : nil
        switch (parts.first, number) {
        case ("exit", let code?): self = .exit(code)
        case ("signal", let signal?): self = .signal(signal)
        case ("time-limit", nil): self = .timedOut
        case ("not-started", nil): self = .notStarted
        case ("unknown", nil): self = .unknown
        default: return nil
        }
    }
}

/// One run of a task. Times in seconds since 1970.
package struct TaskRun: Hashable, Sendable {
    /// When it should have begun.
    package var due: Int64
    package var started: Int64
    /// Nil while it runs.
    package var ended: Int64?
    package var ending: TaskEnding?

    package init(due: Int64, started: Int64, ended: Int64? = nil, ending: TaskEnding? = nil) {
        self.due = due
        self.started = started
        self.ended = ended
        self.ending = ending
    }
}

/// What is remembered of tasks in the file `tasks` of the queue directory, so that a restart neither repeats nor forgets a
/// run: a line `return_job N` with the number of return jobs so far, and for each task its latest run as
/// `run DUE STARTED ENDED ENDING NAME`.
package struct TaskHistory: Equatable, Sendable {
    package var runs: [String: TaskRun] = [:]
    /// Return jobs so far: some of their steps come with every n-th one (job-controller specification, section 11.3).
    package var returnJobs = 0

    package init() {}

    /// Times that can be calculated with: until the year 36812.
    private static let times: ClosedRange<Int64> = 0...(1 << 40)

    /// Lines that cannot be read count as not there. Of a run without an end it is not known how it ended.
    package init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 5)
            if words.count == 2, words[0] == "return_job", let count = Int(words[1]), count >= 0 { returnJobs = count }
            guard words.count == 6, words[0] == "run", let due = Int64(words[1]), let started = Int64(words[2]),
                let ended = Int64(words[3]), [due, started, ended].allSatisfy({ Self.times.contains($0) })
            else { continue }
            runs[String(words[5])] = TaskRun(
                due: due, started: started, ended: ended, ending: TaskEnding(word: words[4]) ?? .unknown)
        }
    }

    package var text: String {
        let lines = runs.sorted { $0.key < $1.key }.map { name, run in
            let ending = run.ending ?? .unknown
            return "run \(run.due) \(run.started) \(run.ended ?? run.started) \(ending.word) \(name)\n"
        }
        return "return_job \(returnJobs)\n" + lines.joined()
    }
}
