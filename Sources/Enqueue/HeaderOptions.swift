import Configuration
package import InternetMessage
import OptionSyntax
import SystemCalls

/// A header option file: what becomes of the fields of a header, by name (channels specification, 4.14, keywords
/// `headertrim` and `headerread`). Lines are `Name: OPTION=value, OPTION=value`; `Defaults:` holds for fields that are
/// named without the option, `Other:` for those that are not named. `!` begins a comment.
package struct HeaderOptions: Hashable, Sendable {
    struct Rule: Hashable, Sendable {
        /// ADD: a further field with this value.
        var addition: String?
        /// FILL: a field with this value where there is none.
        var filling: String?
        /// MAXIMUM: most fields of the name; -1 removes all.
        var maximum: Int?
        /// MAXLINES: most lines of all fields of the name; -1 removes all.
        var mostLines: Int?
        /// MAXCHARS: most characters of one field.
        var mostCharacters: Int?
        /// LINELENGTH: lines above it are folded.
        var lineLength: Int?
        /// RELABEL: another name.
        var label: String?
    }

    /// Something in a file that cannot be read. Line and column count from 1.
    package struct Problem: Hashable, Sendable {
        package var line: Int
        package var column: Int
        package var message: String
    }

    private var rules: [String: Rule] = [:]
    /// Names in the order of the file, for the fields that are added.
    private var order: [String] = []
    private var other = Rule()

    /// The file of the configuration directory; nil, and a report, when it cannot be read.
    init?(file: String, _ paths: InstancePaths, _ report: (String) -> Void) {
        guard let octets = try? Files.read(paths.configurationFile(file)) else {
            report("header options \(file) cannot be read, so no field is changed; make the file")
            return nil
        }
        self.init(String(decoding: octets, as: UTF8.self)) { problem in
            report("\(file):\(problem.line):\(problem.column): \(problem.message)")
        }
    }

    /// `report` is told of what cannot be read.
    package init(_ text: String, report: (Problem) -> Void) {
        var defaults = Rule()
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            func tell(_ index: Substring.Index, _ message: String) {
                let column = line.utf8.distance(from: line.startIndex, to: index) + 1
                report(Problem(line: number, column: column, message: message))
            }
            let words = line.drop { $0 == " " || $0 == "\t" }
            guard let first = words.first, first != "!", words != "\r" else { continue }
            guard let colon = words.firstIndex(of: ":"), colon > words.startIndex else {
                tell(words.startIndex, "no field name with a colon; write Name: OPTION=value")
                continue
            }
            let name = String(words[..<colon]).asciiLowercased.trimmed
            var rule = name == "defaults" ? defaults : name == "other" ? other : rules[name] ?? defaults
            for problem in rule.read(words[words.index(after: colon)...]) { tell(problem.place, problem.message) }
            switch name {
            case "defaults": defaults = rule
            case "other": other = rule
            default:
                if rules[name] == nil { order.append(name) }
                rules[name] = rule
            }
        }
    }

    package func apply(to header: inout HeaderBlock) {
        trim(&header)
        for name in order {
            guard let rule = rules[name] else { continue }
            if let filling = rule.filling, !header.contains(name) { header.add(name, filling) }
            if let addition = rule.addition { header.add(name, addition) }
        }
        for index in header.fields.indices {
            guard let label = rule(for: header.fields[index], header).label else { continue }
            header.rename(at: index, to: label)
        }
    }

    private func rule(for field: HeaderBlock.Field, _ header: HeaderBlock) -> Rule {
        rules[String(decoding: header.bytes[field.name], as: UTF8.self).asciiLowercased] ?? other
    }

    private func trim(_ header: inout HeaderBlock) {
        var counts: [String: (fields: Int, lines: Int)] = [:]
        var index = 0
        while index < header.fields.count {
            let field = header.fields[index]
            let name = String(decoding: header.bytes[field.name], as: UTF8.self).asciiLowercased
            let rule = rules[name] ?? other
            var count = counts[name, default: (0, 0)]
            count.fields += 1
            count.lines += header.bytes[field.whole].reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
            counts[name] = count
            if rule.removes(count.fields, count.lines) {
                header.remove(at: index)
                continue
            }
            if let most = rule.mostCharacters, field.value.count > most {
                header.replaceValue(at: index, with: Array(header.unfoldedValue(of: field).prefix(max(most, 0))))
            }
            if let length = rule.lineLength { header.fold(at: length, fieldAt: index) }
            index += 1
        }
    }
}

extension HeaderOptions.Rule {
    fileprivate func removes(_ fields: Int, _ lines: Int) -> Bool {
        if let maximum, maximum < 0 || maximum > 0 && fields > maximum { return true }
        guard let mostLines else { return false }
        return mostLines < 0 || mostLines > 0 && lines > mostLines
    }

    /// Reads `OPTION=value, OPTION="value"`; gives what is wrong with them.
    fileprivate mutating func read(_ text: Substring) -> [(place: Substring.Index, message: String)] {
        var problems: [(place: Substring.Index, message: String)] = []
        for (written, value) in Self.options(text) {
            let name = String(written).trimmed
            let number = Int(value)
            switch name.uppercased() {
            case "ADD": addition = value
            case "FILL": filling = value
            case "RELABEL": label = value
            case "MAXIMUM" where number != nil: maximum = number
            case "MAXLINES" where number != nil: mostLines = number
            case "MAXCHARS" where number != nil: mostCharacters = number
            case "LINELENGTH" where number != nil: lineLength = number
            case "MAXIMUM", "MAXLINES", "MAXCHARS", "LINELENGTH":
                problems.append((written.startIndex, "\(name) takes a number, not \(value)"))
            // Fields are never put into another order.
            case "GROUP", "PRECEDENCE": break
            default: problems.append((written.startIndex, "\(name) is no option of header fields"))
            }
        }
        return problems
    }

    private static func options(_ text: Substring) -> [(Substring, String)] {
        var options: [(Substring, String)] = []
        var rest = text
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "," }
            guard !rest.isEmpty else { return options }
            let name = rest.prefix { $0 != "=" && $0 != "," }
            rest = rest.dropFirst(name.count)
            var value = ""
            if rest.first == "=" {
                rest = rest.dropFirst().drop { $0 == " " }
                if rest.first == "\"" {
                    rest = rest.dropFirst()
                    while let character = rest.popFirst(), character != "\"" {
                        value.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
                    }
                } else {
                    value = String(rest.prefix { $0 != "," })
                    rest = rest.dropFirst(value.count)
                }
            }
            options.append((name, value.trimmed))
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var rest = self[...].drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
