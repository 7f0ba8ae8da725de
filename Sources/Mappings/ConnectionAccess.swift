/// What a result of the table PORT_ACCESS says, for the Dispatcher and for a worker's own probe alike (dispatcher
/// specification, section 9.3; access-and-filtering specification, 2).
package struct ConnectionAccess: Hashable, Sendable {
    /// `$N` or `$F`.
    package let isRefused: Bool
    /// What the client is told, or the name of the rule set when it is let in.
    package let text: String
    /// What followed `||`: for connection log records.
    package let logText: String
    /// The texts of `$<`, and of `$>` when the client is refused, for syslog.
    package let notes: [String]
    /// The argument of `$D`: hundredths of a second before the banner.
    package let delay: String
    /// `$T` with `$N`: the connection log gets a `T` record.
    package let isRecorded: Bool
    /// `$V`: the private commands are enabled whatever the options say (smtp specification, 9).
    package let enablesPrivateCommands: Bool

    /// The text after the first `||` is cut off, the rest split at single bars; `$U`, `$<`, `$>` and `$D` take a piece
    /// each, in this order; what is left belongs to `$N`, or names the rule set.
    package init(_ result: MappingResult) {
        var text = result.output[...]
        var logText = ""
        if text.utf8.contains(UInt8(ascii: "|")), let bars = text.firstRange(of: "||") {
            logText = String(text[bars.upperBound...])
            text = text[..<bars.lowerBound]
        }
        var pieces: [Character: String] = [:]
        for flag in ["U", "<", ">", "D"] as [Character] where result.flags.has(flag) {
            let piece = text.prefix { $0 != "|" }
            text = text.dropFirst(piece.count + 1)
            pieces[flag] = String(piece)
        }
        isRefused = result.flags.has("N") || result.flags.has("F")
        isRecorded = isRefused && result.flags.has("T")
        enablesPrivateCommands = result.flags.has("V")
        self.text = String(text)
        self.logText = logText
        let wanted: [Character] = isRefused ? ["<", ">"] : ["<"]
        delay = pieces["D"] ?? ""
        notes = pieces.isEmpty ? [] : wanted.compactMap { pieces[$0] }.filter { !$0.isEmpty }
    }

    /// The lines for a client that is refused; none: the connection is closed without one octet.
    package var lines: [Substring] { text.split(separator: "~") }
}
