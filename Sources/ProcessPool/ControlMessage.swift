/// One datagram of a control socket: a type of four letters and `key=value` lines.
///
/// `CONN` LF `id=17` LF `tls=none` LF … in UTF-8, at most 8 KiB. An empty line begins another group of fields, so
/// that one datagram may report several things of the same type. Values hold no LF and no NUL.
/// Dispatcher specification, section 7.2 item 5; job-controller specification for the messages of jobs.
package struct ControlMessage: Hashable, Sendable, CustomStringConvertible {
    /// The most bytes a datagram may have.
    package static let maximumLength = 8192

    package var type: MessageType
    /// One group for an ordinary message; never empty.
    package var groups: [Fields]

    package init(_ type: MessageType, _ fields: Fields = Fields()) {
        self.type = type
        self.groups = [fields]
    }

    package init(_ type: MessageType, groups: [Fields]) {
        self.type = type
        self.groups = groups.isEmpty ? [Fields()] : groups
    }

    /// The value of `key` in the first group.
    package subscript(key: String) -> String? { groups.first?[key] }

    /// The value of `key` in the first group as a decimal number; nil when it is absent or none.
    package func integer(_ key: String) -> Int? { groups.first?.integer(key) }

    /// For logs: one line, without secrets to hide because the protocol carries none.
    package var description: String {
        let text = groups.map { group in group.all.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
        return "\(type) \(text.joined(separator: " | "))"
    }
}

/// The four capital letters that begin a control message.
package struct MessageType: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private let code: UInt32

    /// Meant for constants: letters beyond the fourth are dropped, missing ones become spaces.
    package init(stringLiteral value: String) {
        let letters = value.utf8.prefix(4)
        code = (letters.count..<4).reduce(Self.code(letters)) { code, _ in code << 8 | 0x20 }
    }

    /// Nil unless `bytes` are four capital letters.
    init?(bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        guard bytes.count == 4, bytes.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else { return nil }
        code = Self.code(bytes)
    }

    private static func code(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    func append(to bytes: inout [UInt8]) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: code >> shift)) }
    }

    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// `key=value` pairs in the order they are sent. A key that is there twice keeps both; look-up finds the first.
package struct Fields: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Field: Hashable, Sendable {
        package var key: String
        package var value: String
    }

    package private(set) var all: [Field] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        all.reserveCapacity(elements.count)
        for (key, value) in elements { all.append(Field(key: key, value: value)) }
    }

    package subscript(key: String) -> String? {
        for field in all where field.key == key { return field.value }
        return nil
    }

    package func integer(_ key: String) -> Int? { self[key].flatMap { Int($0) } }

    package mutating func reserveCapacity(_ count: Int) { all.reserveCapacity(count) }

    package mutating func append(_ key: String, _ value: String) {
        all.append(Field(key: key, value: value))
    }
}

/// Why bytes are no control message, or a message cannot be sent.
package enum ControlMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong(Int)
    /// What is wrong with the received bytes.
    case malformed(String)
    /// A field that cannot be written: its key, and why.
    case unsendable(key: String, String)

    package var description: String {
        switch self {
        case .tooLong(let count): "control message of \(count) bytes, more than \(ControlMessage.maximumLength)"
        case .malformed(let reason): "malformed control message: \(reason)"
        case .unsendable(let key, let reason): "control message field \(key): \(reason)"
        }
    }
}
