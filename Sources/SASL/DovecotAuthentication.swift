/// The client's side of Dovecot's authentication protocol, version 1, as a value: octets of the socket go in, requests
/// and answers come out. Many exchanges share one socket, each with a number of its own.
///
/// Lines end in LF, fields are separated by tabs; in a field control-A and `t` stand for a tab, with `n` for a line feed.
package struct DovecotAuthentication: Sendable {
    package enum Event: Hashable, Sendable {
        /// The server has said who it is: requests may be made.
        case ready
        case answer(id: UInt32, Answer)
        /// The server does not speak this protocol, or has left it: the socket is of no use any more.
        case broken(String)
    }

    package enum Answer: Hashable, Sendable {
        /// The next challenge, in base64.
        case challenge(String)
        /// `user`: as the server knows it. `last`: what the mechanism has to say with its success, in base64.
        case accepted(user: String, last: String?)
        /// Wrong name or password.
        case refused
        /// The server cannot tell now.
        case unavailable
    }

    /// A request for a new exchange.
    package struct Request: Hashable, Sendable {
        package var id: UInt32
        package var mechanism: String
        /// Base64; nil when the client gave none.
        package var initialResponse: String?
        package var usesTLS: Bool
        package var localAddress: String
        package var remoteAddress: String

        package init(
            id: UInt32, mechanism: String, initialResponse: String?, usesTLS: Bool, localAddress: String,
            remoteAddress: String
        ) {
            self.id = id
            self.mechanism = mechanism
            self.initialResponse = initialResponse
            self.usesTLS = usesTLS
            self.localAddress = localAddress
            self.remoteAddress = remoteAddress
        }
    }

    /// Longest line taken; a challenge in base64 is much shorter.
    private static let longestLine = 16_384
    private static let mostMechanisms = 64

    /// What the server offers, in upper case, without those that only other protocols have (`private`).
    package private(set) var mechanisms: [String] = []
    package private(set) var isReady = false
    private var line: [UInt8] = []
    private var isBroken = false

    package init() {}

    /// What is written when the socket opens. `processID`: of this process, which has one socket only.
    package static func hello(processID: Int32) -> [UInt8] {
        Array("VERSION\t1\t1\nCPID\t\(processID)\n".utf8)
    }

    /// The line that begins an exchange.
    package static func bytes(_ request: Request) -> [UInt8] {
        var fields = ["AUTH", String(request.id), escaped(request.mechanism), "service=smtp"]
        if request.usesTLS { fields.append("secured=tls") }
        fields.append("lip=\(escaped(request.localAddress))")
        fields.append("rip=\(escaped(request.remoteAddress))")
        // Nothing may follow `resp`.
        if let response = request.initialResponse { fields.append("resp=\(escaped(response))") }
        return Array((fields.joined(separator: "\t") + "\n").utf8)
    }

    /// The client's next response, in base64.
    package static func bytes(continuing id: UInt32, _ response: String) -> [UInt8] {
        Array("CONT\t\(id)\t\(escaped(response))\n".utf8)
    }

    /// The client has given up.
    package static func bytes(cancelling id: UInt32) -> [UInt8] { Array("CANCEL\t\(id)\n".utf8) }

    /// Octets came from the socket.
    package mutating func receive(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes where !isBroken {
            if byte == 10 {
                let fields = line.split(separator: 9, omittingEmptySubsequences: false).map(Self.unescaped)
                line.removeAll(keepingCapacity: true)
                take(fields, &events)
            } else if line.count < Self.longestLine {
                line.append(byte)
            } else {
                fail("a line of more than \(Self.longestLine) octets", &events)
            }
        }
        return events
    }

    private mutating func fail(_ text: String, _ events: inout [Event]) {
        isBroken = true
        isReady = false
        line = []
        events.append(.broken(text))
    }

    private mutating func take(_ fields: [String], _ events: inout [Event]) {
        let arguments = fields.dropFirst()
        switch fields.first {
        case "VERSION":
            guard arguments.first == "1" else { return fail("version \(arguments.first ?? "") is not 1", &events) }
        case "MECH":
            guard let name = arguments.first, mechanisms.count < Self.mostMechanisms, !fields.contains("private")
            else { return }
            mechanisms.append(name.uppercased())
        case "DONE":
            guard !isReady else { return }
            isReady = true
            events.append(.ready)
        case "CONT", "OK", "FAIL":
            guard let id = arguments.first.flatMap({ UInt32($0) }) else {
                return fail("an answer without a number", &events)
            }
            if let answer = Self.answer(fields[0], Array(arguments.dropFirst())) {
                events.append(.answer(id: id, answer))
            } else {
                events.append(.answer(id: id, .unavailable))
            }
        // SPID, CUID, COOKIE, and what later versions add.
        default: break
        }
    }

    private static func answer(_ verb: String, _ parameters: [String]) -> Answer? {
        func value(_ key: String) -> String? {
            parameters.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
        }
        switch verb {
        case "CONT":
            return Base64.decode((parameters.first ?? "").utf8) == nil ? nil : .challenge(parameters.first ?? "")
        case "OK": return value("user").flatMap { credential($0.utf8) }.map { .accepted(user: $0, last: value("resp")) }
        default:
            let isTemporary = parameters.contains("temp") || value("code") == "temp_fail"
            return isTemporary ? .unavailable : .refused
        }
    }

    /// `str_tabescape` of Dovecot.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0: result += "\u{1}0"
            case 1: result += "\u{1}1"
            case 9: result += "\u{1}t"
            case 10: result += "\u{1}n"
            case 13: result += "\u{1}r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func unescaped(_ field: some Collection<UInt8>) -> String {
        guard field.contains(1) else { return String(decoding: field, as: UTF8.self) }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in field {
            if isEscaped {
                isEscaped = false
                switch byte {
                case UInt8(ascii: "0"): bytes.append(0)
                case UInt8(ascii: "1"): bytes.append(1)
                case UInt8(ascii: "t"): bytes.append(9)
                case UInt8(ascii: "n"): bytes.append(10)
                case UInt8(ascii: "r"): bytes.append(13)
                default: bytes.append(byte)
                }
            } else if byte == 1 {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
