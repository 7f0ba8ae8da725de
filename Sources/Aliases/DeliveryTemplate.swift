import InternetMessage

/// Expands the template of a delivery option (aliases specification, 6.3).
struct DeliveryTemplate {
    /// What the sequences stand for.
    struct Values {
        /// The address that is expanded, with its subaddress.
        var address: Mailbox
        var entry: DirectoryEntry
        /// The canonical domain when it is not the default one.
        var hostedDomain: String?
        var subaddress: String?
    }

    private enum LetterCase { case kept, lower, upper }

    private let values: Values
    private let mapping: (_ table: String, _ argument: String) -> String?
    private var output: [UInt8] = []
    private var letterCase = LetterCase.kept

    init(_ values: Values, mapping: @escaping (_ table: String, _ argument: String) -> String? = { _, _ in nil }) {
        self.values = values
        self.mapping = mapping
    }

    /// The address the template gives; nil when a value it needs is missing or the outcome is no address.
    mutating func expand(_ template: String) -> Mailbox? {
        var rest = Array(template.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "$") else {
                insert([octet])
                continue
            }
            var number: Int?
            while let digit = rest.first, digit &- 48 < 10, (number ?? 0) < 1_000 {
                number = (number ?? 0) * 10 + Int(digit - 48)
                rest.removeFirst()
            }
            guard let letter = rest.popFirst(), sequence(letter, number, &rest) else { return nil }
        }
        guard let address = Self.mailbox(String(decoding: output, as: UTF8.self)), !address.domain.isEmpty else {
            return nil
        }
        return address
    }

    /// False: the template fails.
    private mutating func sequence(_ letter: UInt8, _ number: Int?, _ rest: inout ArraySlice<UInt8>) -> Bool {
        switch letter {
        case UInt8(ascii: "$"): insert([letter])
        case UInt8(ascii: "\\"): letterCase = .lower
        case UInt8(ascii: "^"): letterCase = .upper
        case UInt8(ascii: "_"): letterCase = .kept
        case UInt8(ascii: "A"): return insert(values.address.address, character: number)
        case UInt8(ascii: "M"): return insert(values.entry.name, character: number)
        case UInt8(ascii: "L"): insert(SubaddressedName(values.address.localPart).name.utf8)
        case UInt8(ascii: "D"): insert(values.address.domain.utf8)
        case UInt8(ascii: "H"): return insertPart(values.address.domain, number ?? 0)
        case UInt8(ascii: "J"): return insertPart(values.entry.domain, number ?? 0)
        case UInt8(ascii: "I"): return insertOptional(values.hostedDomain, number ?? 0, &rest)
        case UInt8(ascii: "S"): return insertOptional(values.subaddress, number ?? 0, &rest)
        case UInt8(ascii: "O"):
            let route = values.address.route
            return insertOptional(route.isEmpty ? nil : route.joined(separator: ","), number ?? 0, &rest)
        case UInt8(ascii: "F"): return insertAttribute("mailDeliveryFileURL")
        case UInt8(ascii: "P"): return insertAttribute("mailProgramDeliveryInfo")
        case UInt8(ascii: "|"): return insertMapping(&rest)
        default: return false
        }
        return true
    }

    private mutating func insert(_ octets: some Sequence<UInt8>) {
        for octet in octets {
            switch letterCase {
            case .kept: output.append(octet)
            case .lower: output.append(octet &- 65 < 26 ? octet | 32 : octet)
            case .upper: output.append(octet &- 97 < 26 ? octet & 0xDF : octet)
            }
        }
    }

    /// The whole value, or its character `number`, from 0; nothing when there is no such character.
    private mutating func insert(_ value: String, character number: Int?) -> Bool {
        guard let number else {
            insert(value.utf8)
            return true
        }
        if let character = value.dropFirst(number).first { insert(String(character).utf8) }
        return true
    }

    /// Part `number` of a domain name, from 0, left to right.
    private mutating func insertPart(_ domain: String, _ number: Int) -> Bool {
        let parts = domain.utf8.split(separator: UInt8(ascii: "."))
        guard number < parts.count else { return false }
        insert(parts[number])
        return true
    }

    /// A value that may be missing: then 0 fails, 1 inserts nothing, 2 deletes the character before it, 3 skips the one
    /// after it.
    private mutating func insertOptional(_ value: String?, _ number: Int, _ rest: inout ArraySlice<UInt8>) -> Bool {
        if let value {
            insert(value.utf8)
            return true
        }
        switch number {
        case 1: break
        case 2: _ = output.popLast()
        case 3: _ = rest.popFirst()
        default: return false
        }
        return true
    }

    private mutating func insertAttribute(_ name: String) -> Bool {
        guard let value = values.entry.value(name) else { return false }
        insert(value.utf8)
        return true
    }

    /// `$|table;argument|` or `$|/table/argument|`, any separator; the closing bar is consumed.
    private static func mappingCall(_ rest: inout ArraySlice<UInt8>) -> (table: String, argument: String)? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "|")) else { return nil }
        var call = rest[..<end]
        rest = rest[(end + 1)...]
        let separator = call.first == UInt8(ascii: "/") ? UInt8(ascii: "/") : UInt8(ascii: ";")
        if call.first == separator { call.removeFirst() }
        guard let middle = call.firstIndex(of: separator) else { return nil }
        return (
            String(decoding: call[..<middle], as: UTF8.self), String(decoding: call[(middle + 1)...], as: UTF8.self)
        )
    }

    private mutating func insertMapping(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let call = Self.mappingCall(&rest), let result = mapping(call.table, call.argument) else { return false }
        insert(result.utf8)
        return true
    }

    /// The tables that a template asks.
    static func mappingTables(_ template: String) -> [String] {
        var tables: [String] = []
        var rest = Array(template.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "$"), let letter = rest.popFirst() else { continue }
            if letter == UInt8(ascii: "|"), let call = mappingCall(&rest) { tables.append(call.table) }
        }
        return tables
    }

    /// A local part that needs quotes may come without them, from a subaddress for instance.
    private static func mailbox(_ text: String) -> Mailbox? {
        if let mailbox = Mailbox(text) { return mailbox }
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")), at != text.startIndex, !text.hasPrefix("@") else {
            return nil
        }
        let domain = String(text[text.utf8.index(after: at)...])
        guard let probe = Mailbox("x@" + domain), !probe.domain.isEmpty else { return nil }
        return Mailbox(localPart: String(text[..<at]), domain: domain)
    }
}
