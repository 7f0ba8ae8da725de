import InternetMessage
package import OptionSyntax

/// One entry of `delivery_options` (aliases specification, 6.3).
package struct DeliveryOption: Hashable, Sendable {
    /// What the option does with an address.
    package enum Effect: Hashable, Sendable {
        /// `*`: the members of the group.
        case members
        /// `**`: the values of mailForwardingAddress.
        case forwardingAddresses
        /// A template for one address.
        case template(String)
    }

    /// The value of mailDeliveryOption, in lower case.
    package var name: String
    package var effect: Effect
    package var appliesToUsers: Bool
    package var appliesToGroups: Bool
    /// `@`
    package var isDeferred: Bool
    /// `^` and `%`
    package var onlyDuringVacation: Bool
    package var onlyOutsideVacation: Bool
    /// `#`
    package var isHostIndependent: Bool
    /// `/`
    package var isHeld: Bool
    /// `!`
    package var isAutoreply: Bool

    /// The mapping tables that its template asks.
    package var mappingTables: [String] {
        guard case .template(let template) = effect else { return [] }
        return DeliveryTemplate.mappingTables(template)
    }
}

/// The MTA option `delivery_options`.
package struct DeliveryOptions: Hashable, Sendable {
    /// Entries the value may have.
    package static let limit = 20
    /// The value our configurations write (default configuration, 3).
    package static let defaultValue =
        "*mailbox=$M%$\\$2I$_+$2S@ims-ms-daemon,&members=*,/hold=@hold-daemon:$A,&@members_offline=*,#forward=**,"
        + "*^!autoreply=$M+$D@bitbucket"

    package private(set) var options: [DeliveryOption] = []

    /// Reads the value of the option. What is wrong goes to `diagnostics`; good entries are taken.
    package init(parsing value: String, at location: SourceLocation?, diagnostics: inout Diagnostics) {
        for item in Self.items(value) where !item.isEmpty {
            guard let option = Self.option(item) else {
                diagnostics.error(
                    "delivery_options entry \(item.prefix(80)) is not good", at: location,
                    advice: "write modifiers, the value of mailDeliveryOption, = and the effect")
                continue
            }
            if options.contains(where: { $0.name == option.name }) {
                diagnostics.error("delivery_options names \(option.name) twice", at: location)
            } else if options.count == Self.limit {
                diagnostics.error("delivery_options has more than \(Self.limit) entries", at: location)
                return
            } else {
                options.append(option)
            }
        }
    }

    /// `defaultValue`, read.
    package static let standard: DeliveryOptions = {
        var diagnostics = Diagnostics()
        return DeliveryOptions(parsing: defaultValue, at: nil, diagnostics: &diagnostics)
    }()

    package func option(named name: String) -> DeliveryOption? {
        let key = name.trimmed.asciiLowercased
        return options.first { $0.name == key }
    }

    private static func option(_ item: String) -> DeliveryOption? {
        guard let equals = item.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let left = item[..<equals].utf8
        let modifiers = left.prefix { "*&@^%#/!".utf8.contains($0) }
        let name = String(decoding: left.dropFirst(modifiers.count), as: UTF8.self).trimmed.asciiLowercased
        let effect = item[item.utf8.index(after: equals)...].trimmed
        guard !name.isEmpty, !effect.isEmpty else { return nil }
        func has(_ modifier: Unicode.Scalar) -> Bool { modifiers.contains(UInt8(ascii: modifier)) }
        let isNeither = !has("*") && !has("&")
        return DeliveryOption(
            name: name, effect: effect == "*" ? .members : effect == "**" ? .forwardingAddresses : .template(effect),
            appliesToUsers: has("*") || isNeither, appliesToGroups: has("&") || isNeither, isDeferred: has("@"),
            onlyDuringVacation: has("^"), onlyOutsideVacation: has("%"), isHostIndependent: has("#"),
            isHeld: has("/"), isAutoreply: has("!"))
    }

    /// The parts between commas; commas inside a mapping call `$|…|` do not count. Backslashes and line ends left from
    /// a continued option line disappear before a part.
    private static func items(_ value: String) -> [String] {
        var items: [String] = []
        var current: [UInt8] = []
        var inMapping = false
        for octet in value.utf8 {
            if octet == UInt8(ascii: "|") { inMapping = inMapping ? false : current.last == UInt8(ascii: "$") }
            if octet == UInt8(ascii: ","), !inMapping {
                items.append(String(decoding: current, as: UTF8.self).trimmed)
                current.removeAll(keepingCapacity: true)
            } else if octet == 10 || octet == 13 {
                continue
            } else if current.isEmpty, octet == UInt8(ascii: "\\") {
                continue
            } else {
                current.append(octet)
            }
        }
        items.append(String(decoding: current, as: UTF8.self).trimmed)
        return items
    }
}
