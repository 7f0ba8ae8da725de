package import Envelope
package import InternetMessage
package import Spool
import Synchronization

/// Writes large content to its file, converted on the way where channels want that. All calls block, as those of the
/// writer below it.
package final class ConvertingWriter: Sendable {
    private let writer: LargeContentWriter
    package let wishes: ContentConverter.Wishes?
    private let converter: Mutex<ContentConverter?>

    package init(_ writer: LargeContentWriter, _ prepared: HeaderPreparation.Prepared) {
        self.writer = writer
        wishes = prepared.wishes
        converter = Mutex(
            prepared.wishes.map { ContentConverter($0, embedded: prepared.embedded, charsets: prepared.charsets) })
    }

    /// Appends a piece; the first one begins with the header.
    package func append(_ bytes: [UInt8]) throws(SpoolError) {
        let converted = converter.withLock { converter -> [UInt8]? in
            guard converter != nil else { return nil }
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            converter?.convert(bytes[...], into: &output)
            return output
        }
        try writer.append(converted ?? bytes)
    }

    package func finish() throws(SpoolError) -> LargeContent {
        let rest = converter.withLock { converter in
            var output: [UInt8] = []
            converter?.finish(into: &output)
            return output
        }
        if !rest.isEmpty { try writer.append(rest) }
        return try writer.finish()
    }

    /// What the conversion came to; nil without one.
    package var findings: ContentConverter.Findings? { converter.withLock { $0?.findings } }

    package func abandon() { writer.abandon() }
}

extension HeaderPreparation.Prepared {
    /// The whole content in memory, converted where that is wanted. `hasEightBit`: whether the message had 8-bit octets as
    /// it came; nil when that is not known.
    package func content(_ body: [UInt8], hasEightBit: Bool?) -> (
        pieces: [[UInt8]], findings: ContentConverter.Findings?
    ) {
        guard let wishes, embedded != nil || charsets != nil || wishes.mayChange(hasEightBit: hasEightBit) else {
            return ([header, body], nil)
        }
        let (converted, findings) = ContentConverter.convert(
            [header, body], wishes, embedded: embedded, charsets: charsets)
        return ([converted], findings)
    }
}

extension ContentConverter.Wishes {
    /// Seven bits stay what they are.
    fileprivate func mayChange(hasEightBit: Bool?) -> Bool {
        labels != nil || lineLength != nil || hasEightBit != false
    }
}

extension BodyType {
    /// Of a message that came with or without 8-bit octets, after its conversion. Text of 7 bits may have 8 in another
    /// character set.
    package init(hasEightBit: Bool, _ findings: ContentConverter.Findings?, _ wishes: ContentConverter.Wishes?) {
        let isConverted = findings != nil && wishes?.sevenBit == true
        let isRecoded = (findings?.recodedParts ?? 0) > 0
        let leavesEightBit = (isConverted || isRecoded) && findings?.hasEightBit == true
        self = leavesEightBit || hasEightBit && !isConverted ? .eightBitMIME : .sevenBit
    }
}
