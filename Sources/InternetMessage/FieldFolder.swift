/// Writes the value of a field in lines of about 78 octets (RFC 5322 section 2.1.1); continuation lines begin with one
/// blank.
struct FieldFolder {
    static let lineLimit = 78

    /// Octets on the current line.
    private(set) var column: Int
    private(set) var hasFolded = false

    init(column: Int) { self.column = column }

    /// What a piece of the text is, which decides where a fold may stand.
    enum Piece {
        /// A comment starts a new line unless it fits whole on this one.
        case comment
        /// Anything else: kept together when a line can hold it, else filled word by word.
        case plain
    }

    /// Appends a piece with a blank before it. Words are separated by one blank, or more where the text has more.
    mutating func append(_ piece: Piece, _ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        if column + 1 + text.count <= Self.lineLimit {
            appendWord(text, to: &output)
            return
        }
        if piece == .comment || text.count < Self.lineLimit { newLine(&output) }
        appendFilled(text, to: &output)
    }

    /// Appends one word that is never broken, on the next line when it does not fit.
    mutating func appendWord(_ word: ArraySlice<UInt8>, to output: inout [UInt8]) {
        if column + 1 + word.count > Self.lineLimit { newLine(&output) }
        output.append(Octet.space)
        output.append(contentsOf: word)
        column += 1 + word.count
    }

    /// Appends one octet directly after the last word.
    mutating func appendGlued(_ octet: UInt8, to output: inout [UInt8]) {
        output.append(octet)
        column += 1
    }

    /// Appends text of unknown origin, each run of blanks and control characters one blank.
    mutating func appendWords(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        var word: [UInt8] = []
        for octet in text {
            if octet <= 32 {
                if !word.isEmpty { appendWord(word[...], to: &output) }
                word.removeAll(keepingCapacity: true)
            } else {
                word.append(octet)
            }
        }
        if !word.isEmpty { appendWord(word[...], to: &output) }
    }

    /// Appends text word by word from where we are.
    mutating func appendFilled(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var start = text.startIndex
        while start < text.endIndex {
            // A second blank, as in `(built May  7 2019)`, belongs to the word after it.
            let wordStart = text[start...].firstIndex { $0 != Octet.space } ?? text.endIndex
            let end = text[wordStart...].firstIndex(of: Octet.space) ?? text.endIndex
            appendWord(text[start..<end], to: &output)
            start = end + 1
        }
    }

    private mutating func newLine(_ output: inout [UInt8]) {
        output.append(Octet.carriageReturn)
        output.append(Octet.lineFeed)
        column = 0
        hasFolded = true
    }
}
