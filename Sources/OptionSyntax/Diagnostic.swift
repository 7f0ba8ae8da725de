/// A place in a configuration file. Lines and columns count from 1; column 0 means the whole line.
package struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    /// The file as the administrator knows it, for example `imta.cnf`; empty for built-in defaults.
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`.
    package var description: String { column > 0 ? "\(file):\(line):\(column)" : "\(file):\(line)" }
}

/// One finding about a configuration: what is wrong, where, and what to do about it.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable, Comparable {
        case note, warning, error
        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
        private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
    }

    package var severity: Severity
    package var location: SourceLocation?
    /// What is wrong, as one sentence without a final period.
    package var message: String
    /// What to do; empty when the message says it.
    package var advice: String
    /// An error that spoils only one part, which is left out: `service SMTP`; empty: the whole configuration is spoilt.
    package var part = ""

    package init(_ severity: Severity, _ message: String, at location: SourceLocation?, advice: String = "") {
        self.severity = severity
        self.message = message
        self.location = location
        self.advice = advice
    }

    /// `imta.cnf:3:1: error: … (advice)`, one line.
    package var description: String {
        let place = location.map { "\($0): " } ?? ""
        return "\(place)\(severity.rawValue): \(message)" + (advice.isEmpty ? "" : " (\(advice))")
    }
}

/// Collects findings; a reader of configuration never stops at the first one.
package struct Diagnostics: Sendable {
    package private(set) var all: [Diagnostic] = []

    package init() {}

    package var hasErrors: Bool { all.contains { $0.severity == .error } }

    /// Errors that leave nothing to work with: at least one is not about a part that can be left out.
    package var isFatal: Bool { all.contains { $0.severity == .error && $0.part.isEmpty } }

    package mutating func error(_ message: String, at location: SourceLocation?, advice: String = "") {
        all.append(Diagnostic(.error, message, at: location, advice: advice))
    }

    /// An error for which only `part` is left out.
    package mutating func error(_ message: String, at location: SourceLocation?, leavesOut part: String, advice: String)
    {
        var finding = Diagnostic(.error, "\(message); \(part) is left out", at: location, advice: advice)
        finding.part = part
        all.append(finding)
    }

    package mutating func append(_ finding: Diagnostic) { all.append(finding) }

    package mutating func warning(_ message: String, at location: SourceLocation?, advice: String = "") {
        all.append(Diagnostic(.warning, message, at: location, advice: advice))
    }

    package mutating func note(_ message: String, at location: SourceLocation?, advice: String = "") {
        all.append(Diagnostic(.note, message, at: location, advice: advice))
    }

    package mutating func add(_ finding: Diagnostic) { all.append(finding) }

    package mutating func append(contentsOf other: Diagnostics) {
        all.append(contentsOf: other.all)
    }
}
