import AddressRewriting
package import Channels

/// `connectcanonical`: the host that a client connects to (channels specification, 5).
extension Router {
    /// Runs the host of a copy through the rewrite rules once more, as an address in a header, and gives the host that
    /// comes out; the host itself when no rule knows it.
    package func canonicalHost(_ host: String, channel: Channel) -> String {
        let query = RewriteEngine.Query(
            "postmaster@\(host)", kind: .header, direction: .forward, sourceChannel: channel.name,
            directory: locality())
        guard case .rewritten(let rewritten) = engine.rewrite(query), !rewritten.host.isEmpty else { return host }
        return rewritten.host
    }
}
