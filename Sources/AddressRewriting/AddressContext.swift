/// Where an address stands in a message.
package enum AddressKind: Hashable, Sendable {
    case envelope
    /// A header address; the manuals of the family say "body".
    case header
}

/// What an address points at.
package enum AddressDirection: Hashable, Sendable {
    /// To:, Cc:, Resent-To:, envelope To and everything else that names a destination.
    case forward
    /// From:, Sender:, Resent-From:, envelope From and everything else that names a source.
    case backward
}

/// How an address named the host that is being rewritten (rewrite-rules specification, section 3).
package enum HostLocation: Hashable, Sendable {
    /// In a source route, `@host:rest`.
    case sourceRoute
    /// Right of the at sign.
    case at
    /// Right of a percent sign.
    case percent
    /// Left of an exclamation point.
    case bang
    /// The address names no host.
    case none
}

/// Which characters of a bare local part separate hosts; channel keywords of the source channel.
package enum LocalPartSyntax: Hashable, Sendable {
    /// `nobangoverpercent`, the default: `A!B%C` is `(A!B)%C`.
    case percentOverBang
    /// `bangoverpercent`: `A!B%C` is `A!(B%C)`.
    case bangOverPercent
    /// `percentonly`
    case percentOnly
    /// `bangonly`
    case bangOnly
    /// `nobangorpercent`
    case none
}

/// How an inserted route is written on a channel (section 8).
package enum RouteStyle: Hashable, Sendable {
    /// `sourceroute`, `822`, `header_822`: `@C:A@B`.
    case sourceRoute
    /// `percents`, `733`, `header_733`: `A%B@C`.
    case percents
    /// `bangstyle`, `uucp`, `header_uucp`: `C!B!A`.
    case bangs
}
