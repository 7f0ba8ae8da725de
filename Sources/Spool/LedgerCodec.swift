import Envelope

/// Ledger records as bytes: a version, a kind, the fields.
enum LedgerCodec {
    private static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case attempt = 1
        case done = 2
        case hold = 3
        case release = 4
        case delete = 5
        case requeue = 6
        case warned = 7
        case moved = 8
        case read = 9
        case closed = 10
    }

    static func record(_ record: LedgerRecord) -> LogRecord {
        var encoder = ByteEncoder(reserving: RecordHeader.size, capacity: 96)
        encoder.byte(version)
        encode(record, into: &encoder)
        return LogRecord(.ledger, head: encoder.bytes)
    }

    /// Nil when the payload has another form.
    static func decode(_ payload: ArraySlice<UInt8>) -> LedgerRecord? {
        var decoder = ByteDecoder(payload)
        guard decoder.byte() == version, let kind = Kind(rawValue: decoder.byte()) else { return nil }
        let record = decode(kind, &decoder)
        return decoder.isComplete ? record : nil
    }

    private static func encode(_ record: LedgerRecord, into encoder: inout ByteEncoder) {
        switch record {
        case .attempt(let key, let attempt):
            encoder.begin(Kind.attempt.rawValue, key)
            encoder.signed(attempt.time)
            encoder.number(attempt.attempts)
            encoder.signed(attempt.nextTime)
            encoder.outcomes(attempt.outcomes)
        case .done(let key, let time):
            encoder.begin(Kind.done.rawValue, key)
            encoder.signed(time)
        case .hold(let key, let reason):
            encoder.begin(Kind.hold.rawValue, key)
            encoder.text(reason)
        case .release(let key):
            encoder.begin(Kind.release.rawValue, key)
        case .delete(let key, let by):
            encoder.begin(Kind.delete.rawValue, key)
            encoder.text(by)
        case .requeue(let key, let id):
            encoder.begin(Kind.requeue.rawValue, key)
            encoder.fixed(id.rawValue)
        case .warned(let key, let threshold):
            encoder.begin(Kind.warned.rawValue, key)
            encoder.number(threshold)
        case .moved(let id, let location):
            encoder.byte(Kind.moved.rawValue)
            encoder.fixed(id.rawValue)
            encoder.location(location)
        case .read(let segment, let end):
            encoder.byte(Kind.read.rawValue)
            encoder.text(segment)
            encoder.number(end)
        case .closed(let segment, let end):
            encoder.byte(Kind.closed.rawValue)
            encoder.text(segment)
            encoder.number(end)
        }
    }

    private static func decode(_ kind: Kind, _ decoder: inout ByteDecoder) -> LedgerRecord {
        switch kind {
        case .attempt:
            let key = decoder.key()
            let time = decoder.signed()
            let attempts = decoder.integer()
            let nextTime = decoder.signed()
            let outcomes = decoder.outcomes()
            return .attempt(
                key, AttemptRecord(time: time, outcomes: outcomes, attempts: attempts, nextTime: nextTime))
        case .done: return .done(decoder.key(), time: decoder.signed())
        case .hold: return .hold(decoder.key(), reason: decoder.text())
        case .release: return .release(decoder.key())
        case .delete: return .delete(decoder.key(), by: decoder.text())
        case .requeue: return .requeue(decoder.key(), as: MessageID(rawValue: decoder.fixed(UInt64.self)))
        case .warned: return .warned(decoder.key(), threshold: decoder.integer())
        case .moved: return .moved(MessageID(rawValue: decoder.fixed(UInt64.self)), to: decoder.location())
        case .read: return .read(segment: decoder.text(), end: decoder.integer())
        case .closed: return .closed(segment: decoder.text(), end: decoder.integer())
        }
    }
}

extension ByteEncoder {
    fileprivate mutating func begin(_ kind: UInt8, _ key: QueueEntryKey) {
        byte(kind)
        fixed(key.message.rawValue)
        number(UInt64(key.entry))
    }

    mutating func location(_ location: SpoolLocation) {
        text(location.segment)
        number(location.offset)
        number(location.length)
    }

    mutating func outcomes(_ outcomes: [RecipientOutcome]) {
        number(outcomes.count)
        for outcome in outcomes {
            number(outcome.recipient)
            byte(outcome.result.rawValue)
            text(outcome.status)
            text(outcome.text)
            text(outcome.remote)
        }
    }
}

extension ByteDecoder {
    mutating func key() -> QueueEntryKey {
        let id = MessageID(rawValue: fixed(UInt64.self))
        return QueueEntryKey(message: id, entry: UInt32(integer(limit: Int(UInt32.max))))
    }

    /// Offsets and lengths are bounded so that adding them cannot overflow.
    mutating func location() -> SpoolLocation {
        SpoolLocation(segment: text(), offset: integer(limit: 1 << 40), length: integer(limit: 1 << 32))
    }

    mutating func outcomes() -> [RecipientOutcome] {
        var outcomes: [RecipientOutcome] = []
        for _ in 0..<count() where isValid {
            let recipient = integer(limit: Int(UInt32.max))
            let result = choice(RecipientOutcome.Result.failedTemporarily)
            outcomes.append(
                RecipientOutcome(
                    recipient: recipient, result: result, status: text(), text: text(), remote: text()))
        }
        return outcomes
    }
}
