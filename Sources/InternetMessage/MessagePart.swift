/// The header of a message or of a MIME part, and what it says about the body (RFC 2045, RFC 2046).
struct MessagePart: Sendable {
    private(set) var header: HeaderBlock
    /// A message has a MIME-Version field, a part of one needs none.
    let isMessage: Bool
    /// The empty line behind the header; empty where the body began without one.
    private var separator: [UInt8]
    /// `type/subtype` in lower case, given or implied by a digest; empty without one that can be read.
    let type: String
    /// Label of the character set; nil without one.
    private(set) var charset: [UInt8]?
    /// Content-Transfer-Encoding in lower case; empty without one.
    let encoding: String
    /// With the two hyphens; nil when the part is no multipart that may be looked into.
    let boundary: [UInt8]?
    let hasType: Bool

    init(_ header: HeaderBlock, isMessage: Bool, isInDigest: Bool, separator: [UInt8]) {
        self.header = header
        self.isMessage = isMessage
        self.separator = separator
        let content = header.firstIndex(of: "Content-Type").map {
            MIMEParameters(header.bytes[header.fields[$0].value])
        }
        hasType = content != nil || isInDigest
        type = content?.value ?? (isInDigest ? "message/rfc822" : "")
        charset = content?["charset"] ?? content?["charset*"]
        encoding =
            header.firstIndex(of: "Content-Transfer-Encoding").map {
                MIMEParameters(header.bytes[header.fields[$0].value]).value
            } ?? ""
        let isSealed = ["multipart/signed", "multipart/encrypted"].contains(type)
        if type.hasPrefix("multipart/"), !isSealed, let name = content?["boundary"], (1...70).contains(name.count),
            !name[...].hasEightBit
        {
            boundary = [Octet.hyphen, Octet.hyphen] + name
        } else {
            boundary = nil
        }
    }

    var isText: Bool { !hasType || type == "text" || type.hasPrefix("text/") }

    var isEmbeddedMessage: Bool { type == "message/rfc822" || type == "message/news" }

    /// A part that is signed or encrypted, a multipart without boundary, and types that may have no other encoding (RFC
    /// 2046 sections 5.2.2 and 5.2.3).
    var isUntouchable: Bool {
        type.hasPrefix("multipart/") || isEmbeddedMessage || type == "message/partial"
            || type == "message/external-body"
            || !["", "7bit", "8bit", "binary", "quoted-printable", "base64"].contains(encoding)
    }

    mutating func change(_ step: ContentConverter.EmbeddedHeader) { step(&header) }

    mutating func encodeHeader() {
        header.encodeEightBit(charset: nil)
    }

    /// Another label in place of the one that is there, or that is missing.
    mutating func replaceCharset(_ name: String) {
        charset = Array(name.utf8)
        guard let index = header.firstIndex(of: "Content-Type"),
            let known = MIMEParameters(header.bytes[header.fields[index].value]).parameters.first(where: {
                $0.name == "charset" || $0.name == "charset*"
            })
        else { return setCharset(name) }
        header.replace(
            [HeaderBlock.Piece(range: known.range, text: Array("charset=\(Self.label(name))".utf8))], inFieldAt: index)
    }

    private static func label(_ name: String) -> String {
        name.utf8.allSatisfy { $0.isLetterOrDigit || "-_.:+".utf8.contains($0) } ? name : "\"\(name)\""
    }

    mutating func setEncoding(_ name: String) {
        if let index = header.firstIndex(of: "Content-Transfer-Encoding") {
            header.replaceValue(at: index, with: name.utf8)
        } else {
            add("Content-transfer-encoding", name)
        }
    }

    /// Gives text without a label one; a missing Content-Type is added.
    mutating func setCharset(_ name: String) {
        charset = Array(name.utf8)
        let label = Self.label(name)
        if let index = header.firstIndex(of: "Content-Type") {
            let field = header.fields[index]
            let needsSemicolon = header.bytes[field.value].last { $0 > Octet.space } != Octet.semicolon
            let end = field.value.upperBound
            header.replace(
                [
                    HeaderBlock.Piece(
                        range: end..<end, text: Array("\(needsSemicolon ? ";" : "") charset=\(label)".utf8))
                ],
                inFieldAt: index)
        } else {
            add("Content-type", "text/plain; charset=\(label)")
        }
    }

    private mutating func add(_ name: String, _ value: String) {
        if isMessage, !header.contains("MIME-Version") { header.add("MIME-version", "1.0") }
        header.add(name, value)
        // What the reader took for the body must stay apart from the header.
        if separator.isEmpty { separator = [Octet.carriageReturn, Octet.lineFeed] }
    }

    func write(to output: inout [UInt8]) {
        header.write(to: &output)
        output += separator
    }
}

/// Labels for text without one: of 7-bit characters only, with 8-bit octets, and with ESC (channels specification, 8.2).
package struct CharacterSetLabels: Hashable, Sendable {
    package var sevenBit: String?
    package var eightBit: String?
    package var escape: String?

    package init(sevenBit: String? = nil, eightBit: String? = nil, escape: String? = nil) {
        self.sevenBit = sevenBit
        self.eightBit = eightBit
        self.escape = escape
    }
}
