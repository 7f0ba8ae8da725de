import InternetMessage

extension ListParameters {
    /// Names the vendor's product accepts whose meaning is not confirmed (aliases specification, 5.3).
    static let unconfirmedNames: Set<String> = [
        "auth_username", "cant_username", "conversion_tag", "deferred", "nodeferred", "expandable", "nonexpandable",
        "filter", "header_addition", "header_alias", "header_expansion", "header_trim", "hold_list", "nohold_list",
        "hold_mapping", "nohold_mapping", "importance", "keep_delivery", "keep_read", "nosolicit", "originator_reply",
        "precedence", "priority", "private", "public", "receivedfor", "noreceivedfor", "receivedfrom",
        "noreceivedfrom", "reprocess", "sensitivity", "sequence_prefix", "sequence_strip", "sequence_suffix", "tag",
        "username",
    ]

    /// What setting a named parameter came to.
    enum NamedResult: Equatable {
        case set
        /// Stored without effect.
        case unconfirmed
        case unknownName
        case badValue
    }

    /// Sets `[name] value`. `alternative`: whether OR is in force; AND and OR change it.
    mutating func set(_ name: String, _ value: String, alternative: inout Bool) -> NamedResult {
        switch name.asciiLowercased {
        case "and", "or":
            alternative = name.asciiLowercased == "or"
            return .set
        case "auth_list": return clause(.list(ListLocation(value)), true, alternative, value)
        case "cant_list": return clause(.list(ListLocation(value)), false, alternative, value)
        case "username_auth_list": return clause(.usernameList(ListLocation(value)), true, alternative, value)
        case "username_cant_list": return clause(.usernameList(ListLocation(value)), false, alternative, value)
        case "auth_mapping": return clause(.mapping(value), true, alternative, value)
        case "cant_mapping": return clause(.mapping(value), false, alternative, value)
        case "auth_channel": return clause(.channels(Self.words(value)), true, alternative, value)
        case "cant_channel": return clause(.channels(Self.words(value)), false, alternative, value)
        case "moderator_list": return moderator(.list(ListLocation(value)), value)
        case "username_moderator_list": return moderator(.usernameList(ListLocation(value)), value)
        case "moderator_mapping": return moderator(.mapping(value), value)
        case let plain: return setPlain(plain, value)
        }
    }

    private mutating func setPlain(_ name: String, _ value: String) -> NamedResult {
        switch name {
        case "moderator_address": return address(value) { moderatorAddress = $0 }
        case "capture": return address(value) { captureAddresses.append($0) }
        case "blocklimit": return limit(value) { blockLimit = $0 }
        case "linelimit": return limit(value) { lineLimit = $0 }
        case "delay_notifications", "nodelay_notifications":
            delayNotifications = name == "delay_notifications"
            return .set
        case "envelope_from":
            guard value != "/" else {
                envelopeFrom = .keep
                return .set
            }
            return address(value) { envelopeFrom = .address($0) }
        default:
            guard Self.unconfirmedNames.contains(name) else { return .unknownName }
            unused[name] = value
            return .unconfirmed
        }
    }

    /// Sets positional parameter 1…5; `*` skips it. False when the value is not good.
    mutating func setPositional(_ number: Int, _ text: String) -> Bool {
        guard text != "*" else { return true }
        let conditional = text.hasSuffix("*")
        let value = conditional ? String(text.dropLast()).trimmed : text
        let addition = HeaderAddition(value, onlyIfAbsent: conditional)
        guard number == 5 || value == "/" && number == 1 || Mailbox(value) != nil else { return false }
        switch number {
        case 1:
            guard value != "/" else {
                envelopeFrom = .keep
                return true
            }
            envelopeFrom = Mailbox(value).map { .address($0) }
            errorsTo = addition
        case 2: replyTo = addition
        case 3: errorsTo = addition
        case 4: warningsTo = addition
        case 5: comments = addition
        default: return false
        }
        return true
    }

    private mutating func clause(
        _ subject: AccessClause.Subject, _ mustMatch: Bool, _ alternative: Bool, _ value: String
    ) -> NamedResult {
        guard !value.isEmpty else { return .badValue }
        access.append(AccessClause(subject: subject, mustMatch: mustMatch, isAlternative: alternative))
        return .set
    }

    private mutating func moderator(_ value: Moderators, _ text: String) -> NamedResult {
        guard !text.isEmpty else { return .badValue }
        moderators.append(value)
        return .set
    }

    private func address(_ value: String, _ store: (Mailbox) -> Void) -> NamedResult {
        guard let mailbox = Mailbox(value) else { return .badValue }
        store(mailbox)
        return .set
    }

    private func limit(_ value: String, _ store: (Int) -> Void) -> NamedResult {
        guard let number = Int(value), number >= 0 else { return .badValue }
        store(number)
        return .set
    }

    private static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\t" }.map(String.init)
    }
}
