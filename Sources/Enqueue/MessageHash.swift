import Configuration
import Crypto
import InternetMessage

/// `Message-hash:` over some fields of the header (channels specification, 4.14, keyword `generatemessagehash`).
package struct MessageHash: Hashable, Sendable {
    package enum Algorithm: String, Sendable { case md5, sha1, sha256 }

    static let standardFields = [
        "message-id", "from", "to", "cc", "bcc", "resent-message-id", "resent-from", "resent-to", "resent-cc",
        "resent-bcc", "subject", "content-id", "content-type", "content-description",
    ]

    package var algorithm = Algorithm.md5
    package var fields = Self.standardFields

    package init() {}

    /// `message_hash_algorithm` and `message_hash_fields`.
    init(_ options: OptionStore, report: (String) -> Void) {
        if let name = options.string("mta.message_hash_algorithm")?.lowercased() {
            if let known = Algorithm(rawValue: name) {
                algorithm = known
            } else {
                report("message_hash_algorithm \(name) is not provided, md5 is used; md5, sha1 and sha256 are")
            }
        }
        if let names = options.string("mta.message_hash_fields"), !names.isEmpty {
            fields = names.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
        }
    }

    /// Hexadecimal digits. Each field that is there counts as `name:value` and CRLF, the name in lower case and the value
    /// unfolded, in the order of the list and of the header.
    func value(of header: HeaderBlock) -> String {
        var octets: [UInt8] = []
        for name in fields {
            for field in header.fields where header.isNamed(name, field) {
                octets += Array("\(name):".utf8) + header.unfoldedValue(of: field) + [13, 10]
            }
        }
        switch algorithm {
        case .md5: return Self.hexadecimal(Insecure.MD5.hash(data: octets))
        case .sha1: return Self.hexadecimal(Insecure.SHA1.hash(data: octets))
        case .sha256: return Self.hexadecimal(SHA256.hash(data: octets))
        }
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
