import Envelope
import SystemCalls
import Testing

@testable import Spool

/// A message with everything set that can be set.
func fullMessage(_ id: UInt64) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: id), arrival: 1_738_324_800_123, sourceChannel: "tcp_local",
        submission: Submission(clientAddress: "203.0.113.9", helo: "client.example", user: "anna", usedTLS: true),
        sender: "joe@example.org", envelopeID: "0SU00A1B2C3D4E5F", clientEnvelopeID: "ENV 1", returnContent: .headers,
        body: .binaryMIME, needsSMTPUTF8: true, messageIDHeader: "<1@example.org>",
        entries: [
            QueueEntry(
                channel: "ims-ms", host: "ims-ms-daemon",
                recipients: [
                    QueueRecipient(
                        address: "anna@ims-ms-daemon", given: "anna@example.com",
                        originalRecipient: "rfc822;anna@example.com", notify: [.success, .failure]),
                    QueueRecipient(address: "björn@ims-ms-daemon", given: "björn@example.com", notify: .never),
                ], priority: .urgent, notBefore: 1_738_400_000),
            QueueEntry(
                channel: "tcp_local", host: "example.net", recipients: [], priority: .thirdClass, notBefore: -5,
                heldReason: "loop: 51 Received lines"),
        ])
}

@Suite struct CodecTests {
    @Test func messageRoundTrip() throws {
        let content = [Array("Subject: a\r\n".utf8), [], Array("\r\nbody\r\n".utf8)]
        let record = MessageCodec.record(
            fullMessage(7), ContentPlace(size: content.joined().count), pieces: content)
        let payload = Array(record.head[RecordHeader.size...]) + content.joined()
        let (message, place, inline) = try #require(MessageCodec.decode(payload: payload[...]))
        #expect(message == fullMessage(7))
        #expect(place == ContentPlace(size: 20))
        #expect(Array(inline) == Array(content.joined()))
        #expect(MessageCodec.id(ofPayload: payload[...]) == MessageID(rawValue: 7))
        #expect(record.payloadLength == payload.count)
    }

    @Test func largeContentIsNamedBySizeAndChecksum() throws {
        let place = ContentPlace(size: 1 << 33, largeChecksum: 0xDEAD_BEEF)
        let record = MessageCodec.record(fullMessage(8), place, pieces: [])
        let decoded = try #require(MessageCodec.decode(payload: record.head[RecordHeader.size...]))
        #expect(decoded.place == place && decoded.content.isEmpty)
    }

    /// Cut and damaged payloads are refused or give some message, and never trap.
    @Test func messageDecoderMeetsNoise() {
        let record = MessageCodec.record(fullMessage(9), ContentPlace(size: 5), pieces: [Array("12345".utf8)])
        let payload = Array(record.head[RecordHeader.size...]) + Array("12345".utf8)
        for count in 0..<payload.count { #expect(MessageCodec.decode(payload: payload[..<count]) == nil) }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<3000 {
            var noisy = payload
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                noisy[Int.random(in: 0..<noisy.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = MessageCodec.decode(payload: noisy[...])
            let cut = Int.random(in: 0...noisy.count, using: &generator)
            _ = MessageCodec.decode(payload: noisy[cut...])
        }
    }

    static let key = QueueEntryKey(message: MessageID(rawValue: 1 << 63 | 5), entry: 3)
    static let records: [LedgerRecord] = [
        .attempt(
            key,
            AttemptRecord(
                time: 1_738_324_900,
                outcomes: [
                    RecipientOutcome(
                        recipient: 1, result: .failedTemporarily, status: "4.2.1", text: "450 4.2.1 later",
                        remote: "mx.example (TCP|192.0.2.1|40000|192.0.2.2|25)"),
                    RecipientOutcome(recipient: 0, result: .delivered),
                ], attempts: 2, nextTime: 1_738_328_500)),
        .done(key, time: 1_738_324_900), .hold(key, reason: "by joe: qm hold"), .release(key),
        .delete(key, by: "joe"), .requeue(key, as: MessageID(rawValue: 77)), .warned(key, threshold: 2),
        .moved(key.message, to: SpoolLocation(segment: "jc1-2", offset: 256, length: 1000)),
        .read(segment: "a-1", end: 4096), .closed(segment: "a-1", end: 8192),
    ]

    @Test(arguments: records) func ledgerRoundTrip(record: LedgerRecord) {
        let payload = LedgerCodec.record(record).head[RecordHeader.size...]
        #expect(LedgerCodec.decode(payload) == record)
        for end in payload.indices { #expect(LedgerCodec.decode(payload[..<end]) == nil) }
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<300 {
            var noisy = Array(payload)
            noisy[Int.random(in: 0..<noisy.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            _ = LedgerCodec.decode(noisy[...])
        }
    }

    @Test(arguments: [UInt64(0), 1, 127, 128, 1 << 32, UInt64.max]) func numbers(value: UInt64) {
        var encoder = ByteEncoder()
        encoder.number(value)
        encoder.signed(Int64(bitPattern: value))
        var decoder = ByteDecoder(encoder.bytes)
        #expect(decoder.number() == value && decoder.signed() == Int64(bitPattern: value) && decoder.isComplete)
    }

    @Test(arguments: [[UInt8](repeating: 0xFF, count: 10), [0x80], [0xFF, 0xFF]])
    func numbersThatAreNone(bytes: [UInt8]) {
        var decoder = ByteDecoder(bytes)
        #expect(decoder.number() == 0 && !decoder.isValid)
    }

    @Test func fileHeader() {
        let header = LogHeader(
            kind: .segment, identity: 0x1234, number: 9, name: "0mabc_1f-9",
            predecessor: LogPredecessor(number: 8, end: 4096))
        var bytes = header.encoded()
        #expect(bytes.count == LogHeader.size)
        #expect(LogHeader(bytes) == header)
        bytes[40] ^= 1
        #expect(LogHeader(bytes) == nil)
        #expect(LogHeader([]) == nil)
    }

    /// The same bytes at another offset or in a file of another identity are no record.
    @Test func recordHeaderIsBoundToItsPlace() {
        let header = RecordHeader(type: .message, length: 99, identity: 5, floor: 256, payloadChecksum: 1)
        var bytes = [UInt8](repeating: 0, count: RecordHeader.size)
        header.encode(into: &bytes, offset: 512)
        #expect(RecordHeader(bytes[...], offset: 512, identity: 5) == header)
        #expect(RecordHeader(bytes[...], offset: 520, identity: 5) == nil)
        #expect(RecordHeader(bytes[...], offset: 512, identity: 6) == nil)
        #expect(RecordHeader(bytes[..<31], offset: 512, identity: 5) == nil)
    }
}
