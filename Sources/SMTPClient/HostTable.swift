/// Values for hosts, as an administrator writes them in a file: a line for each, host first; `.example.com` is every host
/// below, `*` any host; `#` begins a comment.
struct HostTable<Value: Sendable & Hashable>: Sendable, Hashable {
    private var values: [String: Value] = [:]

    /// What is wrong with a file, for the administrator.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    init() {}

    /// `value` makes the value of the words behind the host; nil: they are not what they should be.
    init(_ text: String, file: String, value: ([Substring]) -> Value?) throws(Malformed) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let host = words.first, !host.hasPrefix("#") else { continue }
            guard let value = value(Array(words.dropFirst())) else {
                throw Malformed(description: "\(file):\(number + 1): this is no line for host \(host)")
            }
            values[host.lowercased()] = value
        }
    }

    /// The value for the first of the names that has one: as it is, by a domain above it, or for any host.
    func value(for names: [String]) -> Value? {
        for name in names.map({ $0.lowercased() }) {
            if let value = values[name] { return value }
            var rest = name[...]
            while let dot = rest.firstIndex(of: ".") {
                if let value = values[String(rest[dot...])] { return value }
                rest = rest[dot...].dropFirst()
            }
        }
        return values["*"]
    }
}
