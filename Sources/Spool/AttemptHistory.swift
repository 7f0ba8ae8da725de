import Envelope

/// What became of an entry's attempts, as the index keeps it beside the entry: the last attempt in full, and behind it the
/// earlier ones, short and bounded. In one run of octets, so that a reader that knows only the last one finds it where it
/// always was (docs/spool-format.md).
struct AttemptHistory: Equatable {
    /// Octets that the earlier attempts of one entry may take: there may be many entries with many attempts.
    static let mostOctets = 1024
    /// Times that are kept of attempts that ended alike.
    private static let mostTimes = 60

    var last: [RecipientOutcome] = []
    /// Oldest first.
    var earlier: [EarlierAttempts] = []

    init() {}

    init(encoded: [UInt8]) {
        guard !encoded.isEmpty else { return }
        var decoder = ByteDecoder(encoded)
        last = decoder.outcomes()
        while decoder.remaining > 0, decoder.isValid {
            let times = (0..<decoder.count()).map { _ in decoder.signed() }
            let outcomes = decoder.outcomes()
            if decoder.isValid { earlier.append(EarlierAttempts(times: times, outcomes: outcomes)) }
        }
    }

    /// Takes over an attempt; `previous`: when the last one before it ended, 0 for none.
    mutating func add(_ outcomes: [RecipientOutcome], previous: Int64) {
        if previous > 0, !last.isEmpty { keep(last.map(Self.short), at: previous) }
        last = outcomes
    }

    private mutating func keep(_ outcomes: [RecipientOutcome], at time: Int64) {
        if let newest = earlier.indices.last, earlier[newest].outcomes == outcomes {
            earlier[newest].times = (earlier[newest].times + [time]).suffix(Self.mostTimes)
        } else {
            earlier.append(EarlierAttempts(times: [time], outcomes: outcomes))
        }
        while earlierEncoded.count > Self.mostOctets { earlier.removeFirst() }
    }

    /// Ports and banners differ each time, and answers may be long.
    private static func short(_ outcome: RecipientOutcome) -> RecipientOutcome {
        RecipientOutcome(
            recipient: outcome.recipient, result: outcome.result, status: outcome.status,
            text: String(decoding: outcome.text.utf8.prefix(160), as: UTF8.self))
    }

    private var earlierEncoded: [UInt8] {
        var encoder = ByteEncoder(capacity: 64)
        for attempts in earlier {
            encoder.number(attempts.times.count)
            for time in attempts.times { encoder.signed(time) }
            encoder.outcomes(attempts.outcomes)
        }
        return encoder.bytes
    }

    var encoded: [UInt8] {
        var encoder = ByteEncoder(capacity: 64)
        encoder.outcomes(last)
        return encoder.bytes + earlierEncoded
    }

    /// All of it, `time`: when the last attempt ended.
    func all(time: Int64) -> [EarlierAttempts] {
        time > 0 && !last.isEmpty ? earlier + [EarlierAttempts(times: [time], outcomes: last)] : earlier
    }
}
