package import InternetMessage

/// What the named and positional parameters of a mailing list set (aliases specification, 5.2 and 5.3).
package struct ListParameters: Hashable, Sendable {
    /// The new envelope From of the list's copies.
    package enum EnvelopeFrom: Hashable, Sendable {
        case address(Mailbox)
        /// `/`: the original one is kept while the message counts as list mail.
        case keep
    }

    /// A header field the list adds.
    package struct HeaderAddition: Hashable, Sendable {
        package var value: String
        /// Written with a trailing `*`: only when the message has no such field.
        package var onlyIfAbsent: Bool

        package init(_ value: String, onlyIfAbsent: Bool = false) {
            self.value = value
            self.onlyIfAbsent = onlyIfAbsent
        }
    }

    /// One condition on who may post.
    package struct AccessClause: Hashable, Sendable {
        package enum Subject: Hashable, Sendable {
            /// Envelope From in a list.
            case list(ListLocation)
            /// User name in a list of patterns.
            case usernameList(ListLocation)
            /// Mapping table.
            case mapping(String)
            /// Source channel patterns.
            case channels([String])
        }
        package var subject: Subject
        /// True for AUTH_…, false for CANT_….
        package var mustMatch: Bool
        /// Joined with what stands before it by OR instead of AND.
        package var isAlternative: Bool
    }

    /// Who counts as a moderator.
    package enum Moderators: Hashable, Sendable {
        case list(ListLocation)
        case usernameList(ListLocation)
        case mapping(String)
    }

    package var envelopeFrom: EnvelopeFrom?
    package var errorsTo: HeaderAddition?
    package var replyTo: HeaderAddition?
    package var warningsTo: HeaderAddition?
    package var comments: HeaderAddition?
    /// Largest post in MTA blocks and in lines; 0: no limit.
    package var blockLimit = 0
    package var lineLimit = 0
    /// nil: the default of the channel.
    package var delayNotifications: Bool?
    package var access: [AccessClause] = []
    package var moderatorAddress: Mailbox?
    package var moderators: [Moderators] = []
    package var captureAddresses: [Mailbox] = []
    /// Known names without confirmed meaning, as written: stored, nothing else.
    package var unused: [String: String] = [:]

    package init() {}

    /// The mapping tables that decide who may post.
    package var mappingTables: [String] {
        access.compactMap { if case .mapping(let table) = $0.subject { table } else { nil } }
            + moderators.compactMap { if case .mapping(let table) = $0 { table } else { nil } }
    }

    /// Whether copies for the list differ from the message that was posted, or not every message may be posted.
    package var hasOwnEnvelope: Bool {
        hasOwnSender || !headerAdditions.isEmpty || blockLimit > 0 || lineLimit > 0
    }

    /// Whether failures of copies go to the owner of the list, not to who posted.
    package var hasOwnSender: Bool {
        if case .address = envelopeFrom { true } else { false }
    }

    /// Whether the list says what the envelope of its copies is, be it as before.
    package var decidesEnvelope: Bool { hasOwnEnvelope || envelopeFrom != nil }

    /// The files and URLs that decide who may post.
    package var locations: [ListLocation] {
        let clauses = access.compactMap { clause -> ListLocation? in
            switch clause.subject {
            case .list(let list), .usernameList(let list): list
            case .mapping, .channels: nil
            }
        }
        return clauses
            + moderators.compactMap { moderator -> ListLocation? in
                switch moderator {
                case .list(let list), .usernameList(let list): list
                case .mapping: nil
                }
            }
    }

    /// The fields to add, in order, by name.
    package var headerAdditions: [(name: String, addition: HeaderAddition)] {
        [("Errors-To", errorsTo), ("Reply-To", replyTo), ("Warnings-To", warningsTo), ("Comments", comments)]
            .compactMap { name, addition in addition.map { (name, $0) } }
    }
}
