import Envelope
import OptionSyntax

/// What went through a channel since the Job Controller started or the counters were cleared (commands specification,
/// section 3.2): a trend, no accounts.
struct ChannelCounters: Equatable {
    struct Count: Equatable {
        var messages = 0
        var recipients = 0
        /// 1024 bytes each, rounded up for each message.
        var blocks = 0

        mutating func add(recipients: Int, bytes: Int) {
            messages += 1
            self.recipients += recipients
            blocks += (bytes + 1023) / 1024
        }
    }

    /// Enqueued to the channel.
    var received = Count()
    /// Dequeued by it.
    var delivered = Count()
    /// Attempts that met a temporary problem.
    var attempted = Count()
    /// Attempts that failed for good.
    var failed = Count()

    /// An attempt and what it came to; a message with several kinds of results counts under each.
    mutating func add(_ outcomes: [RecipientOutcome], bytes: Int) {
        let temporary = outcomes.count { $0.result == .failedTemporarily }
        let permanent = outcomes.count { $0.result == .failedPermanently }
        let good = outcomes.count - temporary - permanent
        if good > 0 { delivered.add(recipients: good, bytes: bytes) }
        if temporary > 0 { attempted.add(recipients: temporary, bytes: bytes) }
        if permanent > 0 { failed.add(recipients: permanent, bytes: bytes) }
    }
}

extension JobControllerLoop {
    /// `counters`: what each channel has counted and what it holds now; `counters clear`: begins anew.
    func answerCounters(clears: Bool) -> JSONValue {
        if clears {
            counters = [:]
            return ["ok": true]
        }
        let stored = schedule.stored { store.contentSize($0) }
        let names = Set(counters.keys).union(stored.keys).sorted()
        let list = names.map { name -> JSONValue in
            let count = counters[name] ?? ChannelCounters()
            let held = stored[name] ?? (0, 0, 0)
            return .object(
                [.init("name", .string(name))] + Self.members("received", count.received)
                    + Self.members(
                        "stored", .init(messages: held.messages, recipients: held.recipients, blocks: held.blocks))
                    + Self.members("delivered", count.delivered) + Self.members("attempted", count.attempted)
                    + Self.members("failed", count.failed))
        }
        return ["ok": true, "channels": .array(list), "today": .integer(processedToday)]
    }

    private static func members(_ name: String, _ count: ChannelCounters.Count) -> [JSONValue.Member] {
        [
            .init("\(name)_messages", .integer(count.messages)),
            .init("\(name)_recipients", .integer(count.recipients)),
            .init("\(name)_volume", .integer(count.blocks)),
        ]
    }
}
