/// The first host of an address and what is left without it.
package struct ExtractedHost: Hashable, Sendable {
    /// Empty when `location` is `.none`.
    package var host: String
    /// How the address named the host.
    package var location: HostLocation
    /// The address without that host: the rest of a route, or a local part.
    package var remainder: String

    package init(host: String, location: HostLocation, remainder: String) {
        self.host = host
        self.location = location
        self.remainder = remainder
    }
}

/// Takes the first host specification from an address without angle brackets (rewrite-rules specification, section 3):
/// source route, right of `@`, right of the last single `%`, left of the first `!`. Text in double quotes, and a
/// character after a backslash, is never a separator; neither is a run of several percent signs, nor a separator that
/// leaves no host.
package func extractHost(
    _ address: String, syntax: @autoclosure () -> LocalPartSyntax = .percentOverBang
) -> ExtractedHost {
    if address.utf8.first == UInt8(ascii: "@"), let found = routeHost(address) { return found }
    let marks = SeparatorPositions(address)
    if let at = marks.at, at + 1 < marks.end {
        return ExtractedHost(
            host: slice(address, at + 1..<marks.end), location: .at, remainder: slice(address, 0..<at))
    }
    if marks.percent == nil, marks.bang == nil { return noHost(address) }
    switch syntax() {
    case .percentOverBang: return percentHost(address, marks) ?? bangHost(address, marks) ?? noHost(address)
    case .bangOverPercent: return bangHost(address, marks) ?? percentHost(address, marks) ?? noHost(address)
    case .percentOnly: return percentHost(address, marks) ?? noHost(address)
    case .bangOnly: return bangHost(address, marks) ?? noHost(address)
    case .none: return noHost(address)
    }
}

private func noHost(_ address: String) -> ExtractedHost {
    ExtractedHost(host: "", location: .none, remainder: address)
}

private func percentHost(_ address: String, _ marks: SeparatorPositions) -> ExtractedHost? {
    guard let percent = marks.percent, percent + 1 < marks.end else { return nil }
    return ExtractedHost(
        host: slice(address, percent + 1..<marks.end), location: .percent, remainder: slice(address, 0..<percent))
}

private func bangHost(_ address: String, _ marks: SeparatorPositions) -> ExtractedHost? {
    guard let bang = marks.bang, bang > 0 else { return nil }
    return ExtractedHost(
        host: slice(address, 0..<bang), location: .bang, remainder: slice(address, bang + 1..<marks.end))
}

/// The first element of `@a,@b:rest`.
private func routeHost(_ address: String) -> ExtractedHost? {
    let bytes = Array(address.utf8)
    var depth = 0
    for (index, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "]"): depth = max(0, depth - 1)
        case UInt8(ascii: ","), UInt8(ascii: ":"):
            guard depth == 0 else { continue }
            guard index > 1 else { return nil }
            return ExtractedHost(
                host: text(bytes[1..<index]), location: .sourceRoute, remainder: text(bytes[(index + 1)...]))
        default: break
        }
    }
    return nil
}

/// Where the separators of an address stand that no quotes hide, in bytes.
private struct SeparatorPositions {
    /// The last at sign.
    private(set) var at: Int?
    /// The last percent sign that stands alone.
    private(set) var percent: Int?
    /// The first exclamation point.
    private(set) var bang: Int?
    /// The length of the address.
    private(set) var end = 0

    private var isQuoted = false
    private var isEscaped = false
    /// Percent signs side by side up to here.
    private var percents = 0

    init(_ address: String) {
        let bytes = address.utf8Span.span
        for index in bytes.indices {
            take(bytes[index])
            end += 1
        }
        endOfPercents()
    }

    private mutating func take(_ byte: UInt8) {
        let escaped = isEscaped
        isEscaped = false
        if byte == UInt8(ascii: "%"), !isQuoted, !escaped {
            percents += 1
            return
        }
        endOfPercents()
        if escaped { return }
        switch byte {
        case UInt8(ascii: "\\"): isEscaped = true
        case UInt8(ascii: "\""): isQuoted.toggle()
        case UInt8(ascii: "@") where !isQuoted: at = end
        case UInt8(ascii: "!") where !isQuoted: bang = bang ?? end
        default: break
        }
    }

    private mutating func endOfPercents() {
        if percents == 1 { percent = end - 1 }
        percents = 0
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// Whether a character that separates hosts occurs at all; a cheap question before `extractHost`.
func mayNameHost(_ address: String) -> Bool {
    let bytes = address.utf8Span.span
    for index in bytes.indices {
        switch bytes[index] {
        case UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "!"): return true
        default: break
        }
    }
    return false
}

/// Writes a rewritten host specification back in the place the host was taken from: `@host:rest` for a source route,
/// `user@host` for everything else (section 6).
func putBack(localPart: String, host: String, location: HostLocation) -> String {
    guard location == .sourceRoute else {
        var address = ""
        address.reserveCapacity(localPart.utf8.count + 1 + host.utf8.count)
        address += localPart
        address += "@"
        address += host
        return address
    }
    return routed(localPart, through: host)
}

/// `address` with `host` in front of its source route.
func routed(_ address: String, through host: String) -> String {
    address.hasPrefix("@") ? "@\(host),\(address)" : "@\(host):\(address)"
}
