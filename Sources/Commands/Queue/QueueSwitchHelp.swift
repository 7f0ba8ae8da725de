/// What the switches of the commands on queues mean, for `help COMMAND` and the manual page.
extension QueueVerb {
    /// As they are written, with their meanings, in the order of the alphabet. Switches of older releases that change
    /// nothing are left out.
    var describedSwitches: [(name: String, meaning: String)] {
        switches.sorted { $0.key < $1.key }.compactMap { name, argument in
            guard let meaning = meaning(of: name) else { return nil }
            switch argument {
            case .flag: return ("-\(isOnUsually(name) ? "no" : "")\(name)", meaning)
            case .value: return ("-\(name)=\(Self.values[name] ?? "TEXT")", meaning)
            case .perhaps: return ("-\(name)[=(START=N,LENGTH=N)]", meaning)
            }
        }
    }

    private func isOnUsually(_ name: String) -> Bool {
        ["file_info", "heading", "headers", "log", "total", "trailing"].contains(name)
    }

    /// Nil for what changes nothing.
    private func meaning(of name: String) -> String? {
        if ["clean", "top"].contains(self.name), let meaning = Self.fields[name] {
            return self.name == "clean" ? "\(meaning) contains the text" : "counts values of: \(meaning)"
        }
        if self.name == "counters", let meaning = Self.counters[name] { return meaning }
        return Self.meanings[name]
    }

    private static let values = [
        "channel": "CHANNEL", "first": "N", "from": "ADDRESS", "host": "HOST", "match": "and|or", "min_count": "N",
        "min_length": "N", "newer": "TIME", "older": "TIME", "output": "FILE", "owner": "USER", "skip": "N",
        "state": "ready|delayed|active|held", "to": "ADDRESS", "top": "N",
    ]

    private static let fields = [
        "content": "the body", "domain_to": "the domain of a recipient", "env_from": "the envelope sender",
        "from": "the envelope sender", "subject": "the subject", "to": "a recipient",
    ]

    private static let counters = [
        "associations": "the rows about connections", "channels": "the rows about messages",
        "headers": "without the two lines on top", "output": "writes to a file",
    ]

    private static let meanings = [
        "all": "every message of the latest listing, or of a selection",
        "channel": "messages of this channel; * and ? stand for text",
        "confirm": "asks before anything is changed; -noconfirm does not",
        "content": "the body as well",
        "delete": "deletes what matches, in place of holding it",
        "envelope": "sender and recipients of each message",
        "file_info": "without size and time",
        "first": "at most so many of the list",
        "from": "messages of this envelope sender; <> is the empty one, * and ? stand for text",
        "heading": "without the lines on top",
        "held": "held messages",
        "hold": "holds what matches, as without it",
        "host": "messages for this host; * and ? stand for text",
        "ignore_zz": "only messages with at least one failed attempt",
        "json": "one line of JSON",
        "log": "says nothing of each message",
        "long": "one line for each message with everything the index knows",
        "match": "whether one condition is enough (or), or all must hold (and)",
        "min_count": "only values that occur so often; 2 without it",
        "min_length": "takes texts that are as short as this; 24 without it",
        "newer": "messages that are in the queue for at most so long: 30s, 30m, 2h, 1d, 2w, PT30M",
        "older": "messages that are in the queue for at least so long",
        "owner": "messages of clients that had logged in as this user",
        "reason": "words for the sender",
        "skip": "leaves out so many at the beginning of the list",
        "state": "messages in this state",
        "to": "messages with this recipient; * and ? stand for text",
        "top": "so many values; 20 without it",
        "total": "without the sums",
        "trailing": "without the sums",
        "wait": "waits for an attempt that is under way",
    ]
}
