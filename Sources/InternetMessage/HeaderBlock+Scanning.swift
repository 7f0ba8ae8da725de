import Glibc

extension HeaderBlock {
    /// What a scan found at the beginning of a message.
    package struct Scan: Sendable {
        package var header: HeaderBlock
        /// Index in the content where the body starts: after the empty line, or at the first line that is neither a
        /// field nor the continuation of one.
        package var bodyStart: Int
    }

    /// Reads the header at the beginning of `content`. A line that is no field ends the header as an empty line does;
    /// what follows, that line included, is body. Lines end in CRLF; a bare LF is taken too, for text from files.
    package static func scan(_ content: [UInt8], limits: Limits = Limits()) -> Result<Scan, HeaderError> {
        content.withUnsafeBufferPointer { buffer in
            var reader = Reader(buffer: buffer, limits: limits)
            return reader.read().map { end, bodyStart in
                var header = HeaderBlock()
                header.bytes = Array(buffer[..<end])
                header.fields = reader.fields
                return Scan(header: header, bodyStart: bodyStart)
            }
        }
    }

    private struct Reader {
        let buffer: UnsafeBufferPointer<UInt8>
        let limits: Limits
        var fields: [Field] = []

        init(buffer: UnsafeBufferPointer<UInt8>, limits: Limits) {
            self.buffer = buffer
            self.limits = limits
            fields.reserveCapacity(24)
        }

        /// Index after the last field, and of the body.
        mutating func read() -> Result<(end: Int, bodyStart: Int), HeaderError> {
            var line = 0
            while line < buffer.count {
                guard line <= limits.octets else { return .failure(.tooLarge(limit: limits.octets)) }
                let next = endOfLine(from: line)
                let textEnd = withoutLineEnd(line, next)
                if textEnd == line { return .success((line, next)) }
                if buffer[line].isBlank, !fields.isEmpty {
                    let last = fields.count - 1
                    fields[last].value = fields[last].value.lowerBound..<textEnd
                    fields[last].whole = fields[last].whole.lowerBound..<next
                    fields[last].isFolded = true
                } else {
                    guard let field = field(line, textEnd, next) else { return .success((line, line)) }
                    guard fields.count < limits.fields else { return .failure(.tooManyFields(limit: limits.fields)) }
                    fields.append(field)
                }
                line = next
            }
            guard line <= limits.octets else { return .failure(.tooLarge(limit: limits.octets)) }
            return .success((line, line))
        }

        private func endOfLine(from start: Int) -> Int {
            guard let base = buffer.baseAddress,
                let found = memchr(base + start, 10, buffer.count - start)
            else { return buffer.count }
            return UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found)) + 1
        }

        private func withoutLineEnd(_ start: Int, _ end: Int) -> Int {
            guard end > start, buffer[end - 1] == Octet.lineFeed else { return end }
            let text = end - 1
            return text > start && buffer[text - 1] == Octet.carriageReturn ? text - 1 : text
        }

        /// A line with a name of visible characters, blanks before the colon allowed (RFC 5322 section 4.5). 8-bit
        /// octets in a name are let through: it is not ours to repair.
        private func field(_ start: Int, _ textEnd: Int, _ end: Int) -> Field? {
            var index = start
            while index < textEnd, buffer[index] > 32, buffer[index] != Octet.colon, buffer[index] != 127 { index += 1 }
            let nameEnd = index
            while index < textEnd, buffer[index].isBlank { index += 1 }
            guard nameEnd > start, index < textEnd, buffer[index] == Octet.colon else { return nil }
            return Field(
                name: start..<nameEnd, value: (index + 1)..<textEnd, whole: start..<end, isFolded: false)
        }
    }
}
