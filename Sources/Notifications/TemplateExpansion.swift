/// How long a message has waited and may wait, in the units of `notices`.
package struct WaitingTime: Hashable, Sendable {
    /// `%C`: whole units since it came.
    package var queued: Int
    /// `%F`: the last value of `notices`, when it is returned.
    package var allowed: Int
    package var countsHours: Bool

    package init(queued: Int, allowed: Int, countsHours: Bool) {
        self.queued = queued
        self.allowed = allowed
        self.countsHours = countsHours
    }

    /// `%L`.
    var left: Int { max(0, allowed - queued) }
}

/// The substitutions of a template (notifications-logging specification, 1.4), octet by octet: its charset does not
/// matter.
struct TemplateExpansion {
    var header: [[UInt8]]
    /// The lines of each recipient.
    var recipients: [[[UInt8]]]
    var time: WaitingTime
    /// `DAY` or `HOUR` of the options.
    var unit: [UInt8]?

    /// `template` with line ends of the Internet, the last line's included.
    func expand(_ template: [UInt8]) -> [UInt8] {
        var output = Output()
        var lastNumber: Int?
        var rest = template[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "\n"): output.endLine()
            // Alone it would be no line end, and no text (RFC 5321 section 2.3.8).
            case UInt8(ascii: "\r"): break
            case UInt8(ascii: "%"):
                if rest.first == UInt8(ascii: "\r") { rest.removeFirst() }
                guard let letter = rest.popFirst() else { return output.finished(adding: [octet]) }
                substitute(letter, &lastNumber, &output)
                if letter == UInt8(ascii: "H") || letter == UInt8(ascii: "R") { output.needsEmptyLine = true }
            default: output.append([octet])
            }
        }
        return output.finished()
    }

    private func substitute(_ letter: UInt8, _ lastNumber: inout Int?, _ output: inout Output) {
        func number(_ value: Int) {
            lastNumber = value
            output.append(Array(String(value).utf8))
        }
        switch letter {
        case UInt8(ascii: "H"): output.list(header.isEmpty ? [] : [header])
        case UInt8(ascii: "R"): output.list(recipients)
        case UInt8(ascii: "C"): number(time.queued)
        case UInt8(ascii: "L"): number(time.left)
        case UInt8(ascii: "F"): number(time.allowed)
        case UInt8(ascii: "U"): output.append(unit ?? Array((time.countsHours ? "Hour" : "Day").utf8))
        case UInt8(ascii: "u"): output.append(unit ?? Array((time.countsHours ? "hour" : "day").utf8))
        case UInt8(ascii: "S"), UInt8(ascii: "s"): if lastNumber != 1 { output.append([letter]) }
        case UInt8(ascii: "%"): output.append([letter])
        case UInt8(ascii: "\n"):
            output.append([UInt8(ascii: "%")])
            output.endLine()
        default: output.append([UInt8(ascii: "%"), letter])
        }
    }

    /// Text of lines that grows.
    private struct Output {
        private var octets: [UInt8] = []
        private var isAtLineStart = true
        /// A list has just ended: the next line is empty, whether the template has a line end there or not.
        var needsEmptyLine = false

        mutating func append(_ text: [UInt8]) {
            if needsEmptyLine { endLine() }
            octets += text
            if !text.isEmpty { isAtLineStart = false }
        }

        mutating func endLine() {
            octets += [13, 10]
            isAtLineStart = true
            needsEmptyLine = false
        }

        /// An empty line, then the lines of the groups by two blanks, an empty line between groups.
        mutating func list(_ groups: [[[UInt8]]]) {
            if needsEmptyLine { endLine() }
            if !isAtLineStart {
                while let last = octets.last, last == 32 || last == 9 { octets.removeLast() }
                endLine()
            }
            endLine()
            for (number, group) in groups.enumerated() {
                if number > 0 { endLine() }
                for line in group { octets += [32, 32] + line + [13, 10] }
            }
        }

        mutating func finished(adding text: [UInt8] = []) -> [UInt8] {
            if !text.isEmpty { append(text) }
            if needsEmptyLine || !isAtLineStart { endLine() }
            return octets
        }
    }
}
