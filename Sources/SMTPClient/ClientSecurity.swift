package import Channels
package import SASL
package import SMTP
import SystemCalls

/// How a channel's client logs in, and the TLS of single hosts (smtp specification, 14 and 15.3).
package struct ClientSecurity: Sendable {
    /// A line of AUTH_FILE.
    struct Secret: Sendable, Hashable {
        var name: String
        var password: String?
        /// File with a token, read for every connection.
        var tokenFile: String?
    }

    /// A line of TLS_POLICY_FILE.
    enum HostRule: Sendable, Hashable {
        case never, ifOffered
        /// TLS, with whatever certificate.
        case encrypt
        /// TLS with a certificate for this name, else for the host.
        case verify(name: String?)
    }

    /// The client's own certificate and key in PEM, TLS_CERTIFICATE and TLS_KEY.
    package struct CertificateFiles: Sendable, Hashable {
        package var certificate: String
        package var key: String
    }

    package var authentication = ClientSession.AuthenticationUse.never
    /// Secrets may go over a connection without TLS: AUTH_PLAINTEXT is 1.
    package var showsSecretsWithoutTLS = false
    package var credentials = ClientMechanism.Credentials()
    package var certificate: CertificateFiles?
    /// `authpassword` and such are there.
    private var hasCredentials = false
    private var secrets = HostTable<Secret>()
    var rules = HostTable<HostRule>()
    /// The options AUTH_FILE and TLS_POLICY_FILE.
    private var secretsFile: String?
    private var rulesFile: String?

    package init() {}

    /// Keywords and channel options of a channel; the files they name are read by ``readFiles(_:)``.
    package init(_ channel: Channel) {
        switch channel.clientSASL {
        case .no: authentication = .never
        case .may: authentication = .ifPossible
        case .must: authentication = .required
        }
        let options = channel.options
        showsSecretsWithoutTLS = options["auth_plaintext"] == "1"
        let identity = channel.argument("externalidentity") ?? options["external_identity"]
        let named = channel.clientCredentials
        credentials = ClientMechanism.Credentials(
            name: named?.user ?? "", password: named?.password, externalIdentity: identity)
        hasCredentials = named != nil || identity != nil
        if let certificate = options["tls_certificate"], let key = options["tls_key"] {
            self.certificate = CertificateFiles(certificate: certificate, key: key)
        }
        secretsFile = options["auth_file"]
        rulesFile = options["tls_policy_file"]
    }

    /// Reads the files that the options name. `path`: replaces symbols in a path.
    package mutating func readFiles(_ path: (String) -> String) throws {
        if let file = secretsFile.map(path) {
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            secrets = try HostTable(text, file: file) { Self.secret($0, path) }
        }
        if let file = rulesFile.map(path) {
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            rules = try HostTable(text, file: file, value: Self.rule)
        }
        if let files = certificate {
            certificate = CertificateFiles(certificate: path(files.certificate), key: path(files.key))
        }
    }

    /// `NAME PASSWORD`, or `NAME token:FILE`.
    static func secret(_ words: [Substring], _ path: (String) -> String) -> Secret? {
        guard words.count == 2 else { return nil }
        let name = String(words[0])
        guard words[1].hasPrefix("token:") else { return Secret(name: name, password: String(words[1])) }
        return Secret(name: name, tokenFile: path(String(words[1].dropFirst(6))))
    }

    static func rule(_ words: [Substring]) -> HostRule? {
        switch (words.first, words.count) {
        case ("never", 1): .never
        case ("may", 1): .ifOffered
        case ("encrypt", 1): .encrypt
        case ("verify", 1): .verify(name: nil)
        case ("verify", 2): .verify(name: String(words[1]))
        default: nil
        }
    }

    /// What to log in with at a host, by its own name or the one that was wanted; nil: nothing.
    func credentials(for names: [String]) throws -> ClientMechanism.Credentials? {
        guard let secret = secrets.value(for: names) else { return hasCredentials ? credentials : nil }
        var found = ClientMechanism.Credentials(
            name: secret.name, password: secret.password, externalIdentity: credentials.externalIdentity)
        if let file = secret.tokenFile {
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            found.token = text.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        return found
    }
}
