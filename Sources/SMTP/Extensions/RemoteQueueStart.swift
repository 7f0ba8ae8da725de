/// What ETRN asks for (RFC 1985 section 5.1, smtp specification, 10.3).
package enum RemoteQueueStart: Hashable, Sendable {
    /// Everything queued for the host.
    case host(String)
    /// `#channel`: this channel.
    case channel(String)
    /// `@host`: the channel that the host leads to.
    case channelOf(String)

    private static let longestName = 255

    /// Nil for anything that is no name: it goes into an address and into a command of the Job Controller.
    package init?(_ argument: ArraySlice<UInt8>) {
        let text = Octet.trimmed(argument)
        guard let first = text.first else { return nil }
        let isMarked = first == UInt8(ascii: "#") || first == UInt8(ascii: "@")
        let name = isMarked ? text.dropFirst() : text
        guard (1...Self.longestName).contains(name.count), name.allSatisfy(Self.isNameOctet),
            let start = name.first, Octet.isLetter(start) || Octet.isDigit(start)
        else { return nil }
        let word = String(decoding: name, as: UTF8.self)
        if !isMarked {
            self = .host(word)
        } else {
            self = first == UInt8(ascii: "#") ? .channel(word) : .channelOf(word)
        }
    }

    private static func isNameOctet(_ octet: UInt8) -> Bool {
        Octet.isLetter(octet) || Octet.isDigit(octet) || "-._".utf8.contains(octet)
    }
}

extension Reply {
    /// `node`: the argument as given; `channel`: to be named too (`allowetrn`).
    package static func queueStarted(_ node: String, channel: String?) -> Reply {
        let place = channel.map { ", channel \($0)," } ?? ""
        return Reply(250, "2.0.0", "OK, queuing for node \(node)\(place) started")
    }

    /// RFC 1985 section 5.3.
    package static func queueNotStarted(_ node: String) -> Reply {
        Reply(458, "4.3.0", "Unable to queue messages for node \(node)")
    }

    package static func nodeNotAllowed(_ text: String) -> Reply { Reply(459, "4.5.0", text) }

    /// The argument is no name.
    package static let nodeSyntax = malformed(expected: "ETRN node, ETRN @node or ETRN #channel")
}
