/// Identity of a message in the queue: 64 bits, unique in the instance, shown as 11 base-62 digits.
/// The top bit is clear for a message that came from outside and set for one that was derived from an
/// entry, an attempt and a kind (a notification, a requeued copy), so that repeating the derivation after
/// a crash gives the same message (job-controller specification, 9.2).
package struct MessageID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package var description: String {
        String(unsafeUninitializedCapacity: Self.length) { buffer in
            write(into: buffer)
            return Self.length
        }
    }

    private static let length = 11

    /// Writes the 11 digits.
    fileprivate func write(into buffer: UnsafeMutableBufferPointer<UInt8>) {
        var rest = rawValue
        for index in (0..<Self.length).reversed() {
            buffer[index] = Self.digits[Int(rest % 62)]
            rest /= 62
        }
    }

    /// The first 36 digits, those of the numbers in names.
    fileprivate static func digit(_ value: Int) -> UInt8 { digits[value] }

    /// Reads the 11 digits; nil when `text` is anything else or too large.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 11 else { return nil }
        var value: UInt64 = 0
        for byte in text.utf8 {
            guard let digit = Self.digit(byte) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 62)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        rawValue = value
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 36
        default: nil
        }
    }

    package static func < (left: MessageID, right: MessageID) -> Bool { left.rawValue < right.rawValue }
}

/// Makes message ids of one process: 31 bits of seconds since 2020, 12 bits of the process's slot, 4 bits that count the holders of the slot, 16 bits
/// of counter. The slot is held by one process at a time (``Spool``'s `WriterSlot`), so that ids of one queue are unique;
/// the count tells apart those that had the same slot one after the other, should the clock go back between them.
package struct MessageIDGenerator: Sendable {
    /// 1 January 2020, seconds since 1970.
    private static let epoch: Int64 = 1_577_836_800

    private let prefix: UInt64
    private var second: Int64
    private var counter: UInt64 = 0

    /// `slot`: 0 to 4095, of no other living process. `now`: milliseconds since 1970; the first ids are those of the next
    /// second, since a former holder of the slot may have used this one.
    package init(slot: Int, generation: UInt8, now: UInt64) {
        prefix = (UInt64(slot & 0xFFF) << 20) | (UInt64(generation & 15) << 16)
        second = Int64(now / 1000) + 1
    }

    /// The next id. `now`: milliseconds since 1970. When a second has used its 65 536 numbers, or the clock goes back,
    /// the generator goes on from where it was.
    package mutating func next(now: UInt64) -> MessageID {
        let time = Int64(now / 1000)
        if time > second {
            second = time
            counter = 0
        } else if counter > 0xFFFF {
            second += 1
            counter = 0
        }
        defer { counter += 1 }
        let seconds = UInt64(max(0, second - Self.epoch)) & 0x7FFF_FFFF
        return MessageID(rawValue: (seconds << 32) | prefix | counter)
    }
}

/// The name of an entry as administrators see it: `ZZf0r4i0Wdy51.00` (job-controller specification, 9.2).
package struct EntryName: Hashable, Sendable, CustomStringConvertible {
    package var message: MessageID
    /// Number of the entry in its message, from 0.
    package var entry: Int
    /// Unsuccessful attempts so far; shown counted down from `ZZ`.
    package var attempts: Int
    package var isHeld: Bool

    package init(message: MessageID, entry: Int, attempts: Int = 0, isHeld: Bool = false) {
        self.message = message
        self.entry = entry
        self.attempts = attempts
        self.isHeld = isHeld
    }

    /// Names are made for every message several times: those that have their usual length in one go.
    package var description: String {
        guard (0..<1296).contains(entry), (0..<1296).contains(attempts), !isHeld else {
            let number = base36(entry)
            let suffix = number.count < 2 ? "0" + number : number
            return attemptCode + message.description + "." + suffix + (isHeld ? ".HELD" : "")
        }
        return String(unsafeUninitializedCapacity: 16) { buffer in
            func write(_ number: Int, at place: Int) {
                buffer[place] = MessageID.digit(number / 36)
                buffer[place + 1] = MessageID.digit(number % 36)
            }
            write(1295 - attempts, at: 0)
            message.write(into: UnsafeMutableBufferPointer(rebasing: buffer[2..<13]))
            buffer[13] = UInt8(ascii: ".")
            write(entry, at: 14)
            return 16
        }
    }

    /// Two base-36 digits, `ZZ` for no attempt, `00` for 1295 and more.
    package var attemptCode: String {
        let code = base36(max(0, 1295 - attempts))
        return code.count < 2 ? "0" + code : code
    }

    private func base36(_ value: Int) -> String { String(value, radix: 36, uppercase: true) }

    /// Reads a name; the attempt characters are taken but any of them finds the entry. A channel before a slash, a
    /// missing number and `.HELD` are allowed; without a number `entry` is -1.
    package init?(_ text: String) {
        var rest = text[...]
        // By octets: letters and their marks are of no concern here, and looking for them takes its time.
        if let slash = rest.utf8.lastIndex(of: UInt8(ascii: "/")) { rest = rest[rest.utf8.index(after: slash)...] }
        let held = rest.utf8.count >= 5 && rest.utf8.suffix(5).elementsEqual(".HELD".utf8)
        if held { rest = rest[..<rest.utf8.index(rest.endIndex, offsetBy: -5)] }
        let dot = rest.utf8.firstIndex(of: UInt8(ascii: "."))
        let name = rest[..<(dot ?? rest.endIndex)]
        guard name.utf8.count == 13 else { return nil }
        let start = name.utf8.index(name.startIndex, offsetBy: 2)
        guard let code = Int(name[..<start], radix: 36), let message = MessageID(name[start...]) else { return nil }
        var entry = -1
        if let dot {
            let digits = rest[rest.utf8.index(after: dot)...]
            guard digits.utf8.count >= 2, let number = Int(digits, radix: 36), number >= 0 else { return nil }
            entry = number
        }
        self.init(message: message, entry: entry, attempts: 1295 - code, isHeld: held)
    }
}

extension MessageID {
    /// Why a message was made from an entry.
    package enum Derivation: UInt8, Sendable {
        case failureNotification = 1, delayNotification, successNotification, requeue
    }

    /// The id of a message made from an entry in a certain attempt: the same every time, so that making it again after
    /// a crash adds nothing. The top bit is set. `recipients`: indexes of those it is about. They belong to the id
    /// because attempts begin anew at 0 when some recipients are settled: what is said of the others later is another
    /// message.
    package static func derived(
        from message: MessageID, entry: Int, attempt: Int, recipients: [Int], _ derivation: Derivation
    ) -> MessageID {
        var hash = message.rawValue
        let numbers = [entry, attempt, Int(derivation.rawValue)] + recipients.sorted()
        for value in numbers.lazy.map({ UInt64(bitPattern: Int64($0)) }) {
            // The finalizer of SplitMix64: every bit of the input moves every bit of the result.
            hash = (hash ^ value) &+ 0x9E37_79B9_7F4A_7C15
            hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
            hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
            hash ^= hash >> 31
        }
        return MessageID(rawValue: hash | 1 << 63)
    }
}
