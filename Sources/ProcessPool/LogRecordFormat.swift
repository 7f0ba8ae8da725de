import Glibc
import SystemCalls

/// The form of a record in dispatcher.log and of the debug records of workers: `hh.mm.ss.ss (tttt): text`. Dispatcher specification, section 10.
package enum LogRecordFormat {
    /// Longest physical line, in characters.
    package static let width = 79
    private static let indent = 20

    /// One record with its line feeds. Control characters of `text` are escaped, so a record cannot fake another.
    package static func record(
        hour: Int, minute: Int, second: Int, hundredths: Int, thread: Int, text: String
    ) -> String {
        let time = [hour, minute, second, hundredths].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ".")
        let number = String(thread)
        let padding = String(repeating: " ", count: max(0, 4 - number.count))
        return wrapped("\(time) (\(padding)\(number)): ", escaped(text))
    }

    /// Writes one record with the local time of now. A full disk must stop nobody: a record that cannot be written is
    /// lost.
    package static func write(_ text: String, thread: Int, to descriptor: Int32) {
        let bytes = recordNow(text, thread: thread)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }

    /// One record with the local time of now, in UTF-8.
    package static func recordNow(_ text: String, thread: Int) -> [UInt8] {
        let now = SystemClock.wallNanoseconds
        var clock = time_t(now / 1_000_000_000)
        var parts = tm()
        localtime_r(&clock, &parts)
        let text = record(
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec),
            hundredths: Int(now / 10_000_000 % 100), thread: thread, text: text)
        return Array(text.utf8)
    }

    private static func wrapped(_ prefix: String, _ text: String) -> String {
        let room = width - indent
        var result = prefix
        var rest = Substring(text)
        while rest.count > room {
            let line = rest.prefix(room + 1)
            // Break at the last space that leaves text on the line; a longer word is cut.
            if let space = line.lastIndex(of: " "), space > line.startIndex {
                result += line[..<space]
                rest = rest[rest.index(after: space)...]
            } else {
                result += rest.prefix(room)
                rest = rest.dropFirst(room)
            }
            result += "\n" + String(repeating: " ", count: indent)
        }
        return result + rest + "\n"
    }

    /// C0 and C1 control characters, DEL and backslash as `\xNN`.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: mustEscape) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if mustEscape(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\\" || scalar.value == 0x2028
            || scalar.value == 0x2029
    }
}
