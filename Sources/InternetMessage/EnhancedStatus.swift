/// A status code of RFC 3463: class, subject, detail.
package struct EnhancedStatus: Hashable, Sendable, CustomStringConvertible {
    /// 2 success, 4 temporary, 5 permanent.
    package var statusClass: UInt8
    /// 0…999.
    package var subject: UInt16
    /// 0…999.
    package var detail: UInt16

    package init(_ statusClass: UInt8, _ subject: UInt16, _ detail: UInt16) {
        self.statusClass = statusClass
        self.subject = subject
        self.detail = detail
    }

    package var description: String { "\(statusClass).\(subject).\(detail)" }

    package var isTemporary: Bool { statusClass == 4 }
    package var isPermanent: Bool { statusClass == 5 }

    /// The same subject and detail in another class, for a permanent code whose cause was temporary.
    package func asClass(_ statusClass: UInt8) -> EnhancedStatus { EnhancedStatus(statusClass, subject, detail) }

    /// Reads exactly a status code, `5.1.1`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard let (status, length) = Self.prefix(of: text.utf8), length == text.utf8.count else { return nil }
        self = status
    }

    /// The status code at the beginning of a reply text and its length in octets; it must end there or before a blank.
    package static func prefix(of text: some Collection<UInt8>) -> (status: EnhancedStatus, length: Int)? {
        var numbers: [UInt16] = []
        var current: UInt16?
        var digits = 0
        var length = 0
        scan: for octet in text {
            switch octet {
            case 48...57:
                digits += 1
                guard digits <= 3 else { return nil }
                current = (current ?? 0) * 10 + UInt16(octet - 48)
            case Octet.dot:
                guard let number = current, numbers.count < 2 else { return nil }
                numbers.append(number)
                current = nil
                digits = 0
            case Octet.space:
                break scan
            default:
                return nil
            }
            length += 1
        }
        guard let last = current, numbers.count == 2, [2, 4, 5].contains(numbers[0]) else { return nil }
        return (EnhancedStatus(UInt8(numbers[0]), numbers[1], last), length)
    }
}
