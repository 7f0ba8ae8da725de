package import DNS

/// What a DNS list says of an address.
package enum DNSListVerdict: Hashable, Sendable {
    /// `text`: of the TXT record, when it was asked for.
    case listed(text: String)
    case notListed
    /// The list did not answer: taken for not listed.
    case unknown(String)
}

/// One question to a DNS list: the A record first; the TXT record only when the name exists without one.
///
/// Dispatcher specification, section 9.4; RFC 5782.
package struct DNSListLookup: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case ask(DNSQuestion)
        /// Seconds for which it may be kept.
        case verdict(DNSListVerdict, timeToLive: Int)
    }

    /// The name asked for: reversed octets or nibbles in front of the list.
    package let name: String

    /// `address`: 4 or 16 bytes.
    package init(_ address: [UInt8], list: String) {
        name = Self.reversed(address) + "." + list
    }

    package static func reversed(_ address: [UInt8]) -> String {
        guard address.count == 16 else { return address.reversed().map(String.init).joined(separator: ".") }
        return address.reversed().flatMap { [$0 & 15, $0 >> 4] }.map { String($0, radix: 16) }.joined(separator: ".")
    }

    /// How long a list that failed is left alone for this address, seconds.
    private static let failureTime = 10
    private static let longestTime = 86_400

    /// What follows from an answer for ``name``.
    package static func step(after answer: DNSAnswer) -> Step {
        let time = min(max(1, answer.timeToLive), longestTime)
        switch (answer.status, answer.question.type) {
        case (.failed, _), (.timedOut, _): return .verdict(.unknown(answer.reason), timeToLive: failureTime)
        case (.answered, .a) where !answer.records.isEmpty:
            return verdict(addresses: answer.records, timeToLive: time)
        case (.answered, .txt) where !answer.records.isEmpty:
            return .verdict(.listed(text: text(answer)), timeToLive: time)
        case (.answered, .a), (.noData, .a): return .ask(DNSQuestion(answer.question.name, .txt))
        default: return .verdict(.notListed, timeToLive: time)
        }
    }

    /// Lists report errors with addresses in 127.255.255.0/24; an address outside 127.0.0.0/8 comes from somebody who
    /// took the domain over.
    private static func verdict(addresses records: [DNSRecord], timeToLive: Int) -> Step {
        let addresses = records.compactMap { record in
            if case .address(let text) = record { text } else { nil }
        }
        if addresses.contains(where: { $0.hasPrefix("127.") && !$0.hasPrefix("127.255.255.") }) {
            return .verdict(.listed(text: ""), timeToLive: timeToLive)
        }
        let reason = "it answered \(addresses.joined(separator: ", "))"
        return .verdict(.unknown(reason), timeToLive: min(timeToLive, 60))
    }

    /// The texts of the TXT records, at most 500 octets.
    package static func text(_ answer: DNSAnswer) -> String {
        let texts = answer.records.compactMap { record -> [UInt8]? in
            if case .text(let bytes) = record { bytes } else { nil }
        }
        return String(decoding: Array(texts.joined(separator: [0x20])).prefix(500), as: UTF8.self)
    }
}
