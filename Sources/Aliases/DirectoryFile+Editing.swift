import InternetMessage
import OptionSyntax

/// Why the directory file was not changed.
package enum DirectoryEditError: Error, Hashable, Sendable, CustomStringConvertible {
    case userExists(String)
    case addressTaken(String, by: String)
    case noSuchUser(String)
    case badName(String)
    case badAddress(String)
    case badValue

    package var description: String {
        switch self {
        case .userExists(let user): "user \(user) exists already"
        case .addressTaken(let address, let other): "address \(address) belongs to \(other) already"
        case .noSuchUser(let user): "there is no user \(user)"
        case .badName(let name): "\(name) cannot be a uid: use letters, digits, hyphen, underscore and inner dots"
        case .badAddress(let address): "\(address) is no address"
        case .badValue: "a value has line breaks or other control characters"
        }
    }
}

extension DirectoryFile {
    /// What is kept of a password; empty for a user without one.
    package struct Secrets: Hashable, Sendable {
        /// As crypt(3) knows it.
        package var passwordHash: String?
        /// The same password for SCRAM (RFC 5803), one for each hash.
        package var verifiers: [String]
        /// The password itself, for CRAM-MD5.
        package var plainPassword: String?

        package init(passwordHash: String? = nil, verifiers: [String] = [], plainPassword: String? = nil) {
            self.passwordHash = passwordHash
            self.verifiers = verifiers
            self.plainPassword = plainPassword
        }

        fileprivate var lines: [String] {
            var lines = passwordHash.map { ["userPassword: {CRYPT}\($0)"] } ?? []
            if let plainPassword { lines.append("userPassword: {PLAIN}\(plainPassword)") }
            return lines + verifiers.map { "authPassword: \($0)" }
        }
    }

    /// `text` with a paragraph for a new user at its end, and one for the domain before it when it has none. Comments
    /// and everything else stay as they are.
    package static func addingUser(
        to text: String, uid: String, domain: String, mail: String, _ secrets: Secrets = Secrets()
    ) -> Result<String, DirectoryEditError> {
        guard isUsableName(uid) else { return .failure(.badName(uid)) }
        guard let address = Mailbox(mail), !address.domain.isEmpty else { return .failure(.badAddress(mail)) }
        guard let probe = Mailbox("x@" + domain), !probe.domain.isEmpty else {
            return .failure(.badAddress("@" + domain))
        }
        guard isOneLine(secrets.lines.joined()) else { return .failure(.badValue) }
        var ignored = Diagnostics()
        let current = DirectoryFile(parsing: text, file: "", diagnostics: &ignored)
        if case .found = current.user(forLogin: uid, defaultDomain: domain) {
            return .failure(.userExists(uid + "@" + domain))
        }
        if case .found(let other) = current.entry(forAddress: address.address) {
            return .failure(.addressTaken(address.address, by: other.name))
        }
        var result = text
        if !result.isEmpty, !result.hasSuffix("\n") { result += "\n" }
        if !result.isEmpty, !result.hasSuffix("\n\n") { result += "\n" }
        if !current.isLocalDomain(domain) { result += "domain: \(domain)\n\n" }
        result += "uid: \(uid)\ndomain: \(domain)\nmail: \(address.address)\n"
        for line in secrets.lines { result += line + "\n" }
        return .success(result)
    }

    /// `text` with another password for a user: its line is replaced, or added after the last one of the paragraph.
    /// Verifiers of the old password go away.
    package static func settingPassword(
        in text: String, uid: String, domain: String, _ secrets: Secrets
    ) -> Result<String, DirectoryEditError> {
        guard isOneLine(secrets.lines.joined()) else { return .failure(.badValue) }
        var ignored = Diagnostics()
        let paragraphs = DirectoryParagraph.paragraphs(of: text, file: "", &ignored)
        let found = paragraphs.first { paragraph in
            paragraph.isUser && equalIgnoringCase((paragraph.attributes["uid"]?.first ?? "").utf8, uid.utf8)
                && equalIgnoringCase((paragraph.attributes["domain"]?.first ?? "").utf8, domain.utf8)
        }
        guard let found else { return .failure(.noSuchUser(uid + "@" + domain)) }
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let old = found.lines.filter { isPassword(lines[$0]) }
        let place = old.first ?? found.lines.upperBound + 1
        for index in old.reversed() { lines.remove(at: index) }
        lines.insert(contentsOf: secrets.lines, at: place)
        return .success(lines.joined(separator: "\n"))
    }

    private static func isPassword(_ line: String) -> Bool {
        guard line.utf8.first != UInt8(ascii: "!"), let colon = line.firstIndex(of: ":") else { return false }
        return ["userpassword", "authpassword"].contains(line[..<colon].trimmed.asciiLowercased)
    }

    private static func isOneLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }
}
