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
package func extractHost(_ address: String, syntax: LocalPartSyntax = .percentOverBang) -> ExtractedHost {
    let bytes = Array(address.utf8)
    if bytes.first == UInt8(ascii: "@"), let found = routeHost(bytes) { return found }
    let marks = SeparatorPositions(bytes)
    if let at = marks.at, at + 1 < bytes.count {
        return ExtractedHost(host: text(bytes[(at + 1)...]), location: .at, remainder: text(bytes[..<at]))
    }
    switch syntax {
    case .percentOverBang: return percentHost(bytes, marks) ?? bangHost(bytes, marks) ?? noHost(address)
    case .bangOverPercent: return bangHost(bytes, marks) ?? percentHost(bytes, marks) ?? noHost(address)
    case .percentOnly: return percentHost(bytes, marks) ?? noHost(address)
    case .bangOnly: return bangHost(bytes, marks) ?? noHost(address)
    case .none: return noHost(address)
    }
}

private func noHost(_ address: String) -> ExtractedHost {
    ExtractedHost(host: "", location: .none, remainder: address)
}

private func percentHost(_ bytes: [UInt8], _ marks: SeparatorPositions) -> ExtractedHost? {
    guard let percent = marks.percent, percent + 1 < bytes.count else { return nil }
    return ExtractedHost(
        host: text(bytes[(percent + 1)...]), location: .percent, remainder: text(bytes[..<percent]))
}

private func bangHost(_ bytes: [UInt8], _ marks: SeparatorPositions) -> ExtractedHost? {
    guard let bang = marks.bang, bang > 0 else { return nil }
    return ExtractedHost(host: text(bytes[..<bang]), location: .bang, remainder: text(bytes[(bang + 1)...]))
}

/// The first element of `@a,@b:rest`.
private func routeHost(_ bytes: [UInt8]) -> ExtractedHost? {
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

/// Where the separators of an address stand that no quotes hide.
private struct SeparatorPositions {
    /// The last at sign.
    var at: Int?
    /// The last percent sign that stands alone.
    var percent: Int?
    /// The first exclamation point.
    var bang: Int?

    init(_ bytes: [UInt8]) {
        var isQuoted = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "@") where !isQuoted: at = index
            case UInt8(ascii: "!") where !isQuoted: bang = bang ?? index
            case UInt8(ascii: "%") where !isQuoted:
                let run = bytes[index...].prefix { $0 == byte }.count
                if run == 1 { percent = index }
                index += run - 1
            default: break
            }
            index += 1
        }
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// Writes a rewritten host specification back in the place the host was taken from: `@host:rest` for a source route,
/// `user@host` for everything else (section 6).
func putBack(localPart: String, host: String, location: HostLocation) -> String {
    guard location == .sourceRoute else { return "\(localPart)@\(host)" }
    return routed(localPart, through: host)
}

/// `address` with `host` in front of its source route.
func routed(_ address: String, through host: String) -> String {
    address.hasPrefix("@") ? "@\(host),\(address)" : "@\(host):\(address)"
}
