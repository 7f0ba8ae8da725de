/// What rewriting has to know of the channel table. Host and channel names compare without regard to case.
package protocol ChannelHosts: Sendable {
    /// The channel that owns a host name, official or further.
    func channel(forHost host: String) -> String?

    /// The official host name of a channel.
    func officialHost(ofChannel channel: String) -> String?

    /// Whether this is the local channel, `l`.
    func isLocal(channel: String) -> Bool

    /// Channel keyword `routelocal`: routes through the channel are taken apart as for `l`.
    func hasRouteLocal(channel: String) -> Bool

    /// False with channel keyword `norules`: channel checks are not enforced.
    func checksRules(channel: String) -> Bool

    /// Channel keywords `nobangoverpercent` and its group.
    func localPartSyntax(channel: String) -> LocalPartSyntax

    /// Channel keywords `sourceroute`, `percents`, `bangstyle` for the envelope, `header_822` and its group for
    /// headers.
    func routeStyle(channel: String, kind: AddressKind) -> RouteStyle

    /// Whether this is an internal reprocessing channel, for `$1M` and `$1N`.
    func isReprocessing(channel: String) -> Bool
}

/// The behaviour of a channel without keywords.
extension ChannelHosts {
    package func isLocal(channel: String) -> Bool { folded(channel) == "l" }
    package func hasRouteLocal(channel: String) -> Bool { false }
    package func checksRules(channel: String) -> Bool { true }
    package func localPartSyntax(channel: String) -> LocalPartSyntax { .percentOverBang }
    package func routeStyle(channel: String, kind: AddressKind) -> RouteStyle { .sourceRoute }

    /// `process`, `reprocess` and channels named after them.
    package func isReprocessing(channel: String) -> Bool {
        let name = folded(channel)
        return ["process", "reprocess"].contains { name == $0 || name.hasPrefix($0 + "_") }
    }
}

/// `text` with ASCII letters in lower case, the form in which names and patterns are compared.
func folded(_ text: some StringProtocol) -> String {
    if !text.utf8.contains(where: { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }) { return String(text) }
    return String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
}

/// The bytes of `text` with ASCII letters in lower case.
func foldedBytes(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8)
    for index in bytes.indices where bytes[index] >= 0x41 && bytes[index] <= 0x5A { bytes[index] |= 0x20 }
    return bytes
}

/// The bytes of `text` in `range`, whose ends stand beside ASCII characters.
func slice(_ text: String, _ range: Range<Int>) -> String {
    let bytes = text.utf8
    if range.count == bytes.count { return text }
    let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
    return String(Substring(bytes[start..<bytes.index(start, offsetBy: range.count)]))
}
