import Envelope

/// What the record of a message says of its content.
struct ContentPlace: Equatable, Sendable {
    /// Bytes of the content.
    var size: Int
    /// Checksum of the large-content file; nil when the content is in the record.
    var largeChecksum: UInt32?
}

/// The payload of a message record: a 16-byte front (id, length of the envelope, version, kind of content), the
/// envelope, the content.
enum MessageCodec {
    static let version: UInt8 = 1
    /// The version of envelopes that have a time to be delivered by or a transfer priority; the others are written as
    /// before, so that a former release reads them.
    static let extendedVersion: UInt8 = 2
    static let frontSize = 16
    /// Beside the NOTIFY conditions of a recipient: the address to show follows. None of the conditions has this bit.
    private static let hiddenAddress: UInt8 = 64

    /// The record, ready but for its place. `pieces`: the inline content; empty when it is in a large file.
    static func record(_ message: QueuedMessage, _ place: ContentPlace, pieces: [[UInt8]]) -> LogRecord {
        var encoder = ByteEncoder(reserving: RecordHeader.size + frontSize, capacity: 512)
        let version = message.isExtended ? extendedVersion : version
        encode(message, place, version, into: &encoder)
        var head = encoder.bytes
        let length = head.count - RecordHeader.size - frontSize
        head.withUnsafeMutableBytes { buffer in
            let front = RecordHeader.size
            buffer.storeBytes(of: message.id.rawValue.littleEndian, toByteOffset: front, as: UInt64.self)
            buffer.storeBytes(of: UInt32(clamping: length).littleEndian, toByteOffset: front + 8, as: UInt32.self)
            buffer.storeBytes(of: version, toByteOffset: front + 12, as: UInt8.self)
            buffer.storeBytes(of: place.largeChecksum == nil ? 0 : 1, toByteOffset: front + 13, as: UInt8.self)
        }
        return LogRecord(.message, head: head, rest: pieces)
    }

    /// The id at the front of a payload; nil when the payload is too short.
    static func id(ofPayload payload: ArraySlice<UInt8>) -> MessageID? {
        guard payload.count >= frontSize else { return nil }
        return MessageID(rawValue: payload.littleEndian(UInt64.self, at: payload.startIndex))
    }

    /// The message, where its content is, and the inline content; nil when the payload has another form.
    static func decode(
        payload: ArraySlice<UInt8>
    ) -> (message: QueuedMessage, place: ContentPlace, content: ArraySlice<UInt8>)? {
        var front = ByteDecoder(payload)
        let id = MessageID(rawValue: front.fixed(UInt64.self))
        let length = Int(front.fixed(UInt32.self))
        let version = front.byte()
        guard version == Self.version || version == extendedVersion else { return nil }
        let isLarge = front.flag()
        guard front.fixed(UInt16.self) == 0, front.isValid, length <= front.remaining else { return nil }
        let start = front.position
        var decoder = ByteDecoder(payload[start..<start + length])
        guard let (message, place) = decode(id, version, isLarge: isLarge, &decoder), decoder.isComplete else {
            return nil
        }
        let content = payload[(start + length)...]
        guard isLarge ? content.isEmpty : content.count == place.size else { return nil }
        return (message, place, content)
    }

    private static func encode(
        _ message: QueuedMessage, _ place: ContentPlace, _ version: UInt8, into encoder: inout ByteEncoder
    ) {
        encoder.signed(message.arrival)
        encoder.text(message.sourceChannel)
        encoder.text(message.submission.clientAddress)
        encoder.text(message.submission.helo)
        encoder.text(message.submission.user)
        encoder.flag(message.submission.usedTLS)
        encoder.text(message.sender)
        encoder.text(message.envelopeID)
        encoder.text(message.clientEnvelopeID)
        encoder.byte(message.returnContent.rawValue)
        encoder.byte(message.body.rawValue)
        encoder.flag(message.needsSMTPUTF8)
        if version == extendedVersion {
            encoder.flag(message.transferPriority != nil)
            if let priority = message.transferPriority { encoder.signed(Int64(priority)) }
        }
        encoder.text(message.messageIDHeader)
        encoder.number(place.size)
        if let checksum = place.largeChecksum { encoder.fixed(checksum) }
        encoder.number(message.entries.count)
        for entry in message.entries { encode(entry, version, into: &encoder) }
    }

    private static func encode(_ entry: QueueEntry, _ version: UInt8, into encoder: inout ByteEncoder) {
        encoder.text(entry.channel)
        encoder.text(entry.host)
        encoder.byte(entry.priority.rawValue)
        encoder.signed(entry.notBefore)
        if version == extendedVersion { encoder.signed(entry.deliverBy?.rawValue ?? 0) }
        encoder.text(entry.heldReason)
        encoder.number(entry.recipients.count)
        for recipient in entry.recipients {
            encoder.text(recipient.address)
            encoder.text(recipient.given)
            encoder.text(recipient.originalRecipient)
            let isHidden = recipient.shownAddress != nil
            encoder.byte(recipient.notify.rawValue & ~hiddenAddress | (isHidden ? hiddenAddress : 0))
            if let shown = recipient.shownAddress { encoder.text(shown) }
        }
    }

    private static func decode(
        _ id: MessageID, _ version: UInt8, isLarge: Bool, _ decoder: inout ByteDecoder
    ) -> (QueuedMessage, ContentPlace)? {
        var message = QueuedMessage(id: id, arrival: decoder.signed(), sourceChannel: "", sender: "", entries: [])
        message.sourceChannel = decoder.text()
        message.submission.clientAddress = decoder.text()
        message.submission.helo = decoder.text()
        message.submission.user = decoder.text()
        message.submission.usedTLS = decoder.flag()
        message.sender = decoder.text()
        message.envelopeID = decoder.text()
        message.clientEnvelopeID = decoder.optionalText()
        message.returnContent = decoder.choice(ReturnContent.unspecified)
        message.body = decoder.choice(BodyType.sevenBit)
        message.needsSMTPUTF8 = decoder.flag()
        if version == extendedVersion, decoder.flag() {
            message.transferPriority = Int8(clamping: decoder.signed())
        }
        message.messageIDHeader = decoder.text()
        var place = ContentPlace(size: decoder.integer())
        if isLarge { place.largeChecksum = decoder.fixed(UInt32.self) }
        let count = decoder.count()
        for _ in 0..<count where decoder.isValid { message.entries.append(entry(&decoder, version)) }
        return decoder.isValid ? (message, place) : nil
    }

    private static func entry(_ decoder: inout ByteDecoder, _ version: UInt8) -> QueueEntry {
        var entry = QueueEntry(channel: decoder.text(), host: decoder.text(), recipients: [])
        entry.priority = decoder.choice(Priority.normal)
        entry.notBefore = decoder.signed()
        if version == extendedVersion { entry.deliverBy = DeliverBy(rawValue: decoder.signed()) }
        entry.heldReason = decoder.optionalText()
        let count = decoder.count()
        for _ in 0..<count where decoder.isValid {
            var recipient = QueueRecipient(address: decoder.text(), given: decoder.text())
            recipient.originalRecipient = decoder.optionalText()
            let notify = decoder.byte()
            recipient.notify = NotifyConditions(rawValue: notify & ~hiddenAddress)
            if notify & hiddenAddress != 0 { recipient.shownAddress = decoder.text() }
            entry.recipients.append(recipient)
        }
        return entry
    }
}

extension QueuedMessage {
    fileprivate var isExtended: Bool { transferPriority != nil || entries.contains { $0.deliverBy != nil } }
}
