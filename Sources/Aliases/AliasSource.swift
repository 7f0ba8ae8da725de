package import InternetMessage

/// Who sends the message; mailing lists may ask.
package struct Poster: Hashable, Sendable {
    /// Envelope From; nil for the empty one.
    package var envelopeFrom: Mailbox?
    package var sourceChannel: String
    /// The authenticated user; empty without AUTH.
    package var user: String

    package init(envelopeFrom: Mailbox? = nil, sourceChannel: String = "", user: String = "") {
        self.envelopeFrom = envelopeFrom
        self.sourceChannel = sourceChannel
        self.user = user
    }
}

/// One question to an alias source.
package struct AliasQuery: Sendable {
    package var address: Mailbox
    package var channel: AliasChannel
    package var poster: Poster
    /// Seconds since 1970.
    package var now: Int64
    /// Whether the reprocess channel asks: it makes the expansions others defer to it.
    package var isReprocessing: Bool
    /// Whether the address stood without a domain in an alias: then a user of the default domain answers to it.
    package var isBare: Bool
    /// Keyword `aliasdetourhost` of the source channel: where addresses of the directory go in place of their own host or
    /// mailbox; nil without it.
    package var detourHost: String?

    package init(
        address: Mailbox, channel: AliasChannel, poster: Poster = Poster(), now: Int64 = 0,
        isReprocessing: Bool = false, isBare: Bool = false, detourHost: String? = nil
    ) {
        self.detourHost = detourHost
        self.address = address
        self.channel = channel
        self.poster = poster
        self.now = now
        self.isReprocessing = isReprocessing
        self.isBare = isBare
    }
}

/// One address an alias led to. It goes back to rewriting.
package struct ExpandedAddress: Hashable, Sendable {
    package var address: Mailbox
    /// Why entries for it are held from the start; nil: they are not.
    package var heldReason: String?
    /// The expansion itself is left to the reprocess channel; `address` is the one that was asked for.
    package var isDeferred: Bool
    /// Made by a delivery option with `!`: the autoreply of the user, not the mailbox.
    package var isAutoreply: Bool
    /// Notifications name the alias instead of `address`.
    package var hidesBehindAlias: Bool
    /// Parameters of the list it is a member of.
    package var list: ListParameters?

    package init(
        _ address: Mailbox, heldReason: String? = nil, isDeferred: Bool = false, isAutoreply: Bool = false,
        hidesBehindAlias: Bool = false, list: ListParameters? = nil
    ) {
        self.address = address
        self.heldReason = heldReason
        self.isDeferred = isDeferred
        self.isAutoreply = isAutoreply
        self.hidesBehindAlias = hidesBehindAlias
        self.list = list
    }
}

/// What one lookup came to.
package enum AliasAnswer: Hashable, Sendable {
    /// The source does not know the address; the next one is asked.
    case notFound
    /// Never empty.
    case addresses([ExpandedAddress])
    case failure(AliasFailure)
}

/// A place where aliases come from, one digit of `alias_magic`: the alias file, the directory file, later LDAP.
/// A source may wait (a remote directory), so it is called off the event loops.
package protocol AliasSource: Sendable {
    func answer(_ query: AliasQuery) -> AliasAnswer
}
