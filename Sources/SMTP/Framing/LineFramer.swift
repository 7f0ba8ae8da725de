/// Cuts what a client sends into command lines, however the network splits it. CRLF is the only line end (smtp
/// specification, 7.2); what a line is made of is not looked at here.
package struct LineFramer: Sendable {
    package enum Event: Hashable, Sendable {
        /// A line is complete; it stands in ``LineFramer/line``.
        case line
        /// A line has more than the limit before its end. It is dropped up to its end, without further events.
        case tooLong
        /// A CR without LF, or an LF without CR. Nothing after it may be taken for a command: the caller closes.
        case bareTerminator
    }

    /// Octets before CRLF (smtp specification, 4.1).
    package static let longestLine = 4096

    /// The line of the last ``Event/line``, without CRLF. Its memory is used again for the next.
    package private(set) var line: [UInt8] = []
    /// Most octets before CRLF; to be changed between two lines.
    var limit: Int
    private var isLineComplete = false
    private var endsInCarriageReturn = false
    private var isDropping = false

    package init(limit: Int = LineFramer.longestLine) {
        self.limit = limit
    }

    /// Takes octets up to the first event. `event` nil: all were used and more are needed.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, event: Event?) {
        if isLineComplete {
            line.removeAll(keepingCapacity: true)
            isLineComplete = false
        }
        var position = 0
        while position < bytes.count {
            if isDropping {
                position = drop(bytes, from: position)
            } else if endsInCarriageReturn {
                endsInCarriageReturn = false
                position += 1
                guard bytes[position - 1] == Octet.lineFeed else { return (position, .bareTerminator) }
                isLineComplete = true
                return (position, .line)
            } else if let event = collect(bytes, &position) {
                return (position, event)
            }
        }
        return (position, nil)
    }

    /// Takes octets from `input` up to the first event; nil: all were used and more are needed.
    mutating func next(from input: inout InputBuffer) -> Event? {
        input.consume { bytes in
            let (consumed, event) = receive(bytes)
            return (consumed, event)
        }
    }

    /// Takes octets up to a CR, the limit or the end of `bytes`.
    private mutating func collect(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Event? {
        let start = position
        // One more than there is room for: it may be the CR.
        let end = min(bytes.count, start + max(limit - line.count, 0) + 1)
        let lineFeed = bytes.firstIndex(of: Octet.lineFeed, in: start..<end)
        if let found = bytes.firstIndex(of: Octet.carriageReturn, in: start..<(lineFeed ?? end)) {
            line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<found]))
            endsInCarriageReturn = true
            position = found + 1
            return nil
        }
        position = end
        if lineFeed != nil { return .bareTerminator }
        guard line.count + end - start <= limit else {
            line.removeAll(keepingCapacity: true)
            isDropping = true
            return .tooLong
        }
        line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        return nil
    }

    /// Passes over the rest of a line that is too long.
    private mutating func drop(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let lineFeed = bytes.firstIndex(of: Octet.lineFeed, in: start..<bytes.count) else {
            endsInCarriageReturn = bytes[bytes.count - 1] == Octet.carriageReturn
            return bytes.count
        }
        let isEnd = lineFeed > start ? bytes[lineFeed - 1] == Octet.carriageReturn : endsInCarriageReturn
        endsInCarriageReturn = false
        isDropping = !isEnd
        return lineFeed + 1
    }
}
