import OptionSyntax

/// TLS and SASL of the instance (smtp specification, 14 and 15): options of `base`.
package struct SecurityOptions: Sendable, Hashable {
    /// A version of TLS that can be asked for.
    package enum TLSVersion: String, Sendable, Hashable, CaseIterable, Comparable {
        case tls12 = "1.2"
        case tls13 = "1.3"

        package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left == .tls12 && right == .tls13 }

        /// `TLS1.2`, `TLSv1.2`, `1.2`, in any case.
        init?(option: String) {
            let text = option.lowercased()
            self.init(rawValue: String(text.drop { !$0.isNumber }))
            guard ["tlsv", "tls", ""].contains(String(text.prefix { !$0.isNumber })) else { return nil }
        }
    }

    /// A certificate chain and its key in PEM.
    package struct CertificateFiles: Sendable, Hashable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Tokens of an authorization server that are taken (RFC 7628).
    package struct Tokens: Sendable, Hashable {
        /// File with its public keys, a JWK Set.
        package var keyFile: String
        package var issuer: String
        package var audiences: [String]
        /// The claim that names the user.
        package var nameClaim: String
    }

    /// `sslnicknames`: certificates for further names, as `tls/NAME.pem` and `tls/NAME.key` in the table directory.
    package var namedCertificates: [CertificateFiles] = []
    /// `tlsminversion`, `tlsmaxversion`.
    package var leastVersion = TLSVersion.tls12
    package var mostVersion: TLSVersion?
    /// `ssladjustciphersuites`: `+NAME` and `-NAME`, for TLS 1.2.
    package var cipherAdjustments: [String] = []
    /// `tls_client_ca`: file with the roots of clients' certificates; nil: clients are not asked for one.
    package var clientRoots: String?
    /// `plaintextmincipher` is 0: AUTH is offered without TLS.
    package var allowsAuthenticationWithoutTLS = false
    /// `sasl_mechanisms`, in upper case; empty: the usual ones.
    package var mechanisms: [String] = []
    /// `has_plain_passwords`: the directory has passwords in the clear, for CRAM-MD5.
    package var hasPlainPasswords = false
    /// `auth_socket`: path of the socket of Dovecot's authentication service, which has the users.
    package var authenticationSocket: String?
    package var tokens: Tokens?

    package init() {}

    init(_ options: OptionStore, symbols: SymbolTable, diagnostics: inout Diagnostics) {
        func path(_ name: String) -> String? { options.string("base.\(name)").map(symbols.expandingPath) }
        func words(_ name: String) -> [String] { Self.words(name, options) }
        namedCertificates = words("sslnicknames").compactMap { name in
            guard !name.hasPrefix("."), !name.contains("/") else {
                diagnostics.error(
                    "base.sslnicknames: \(name) is no name of a certificate",
                    at: options["base.sslnicknames"]?.location,
                    advice: "NAME stands for tls/NAME.pem and tls/NAME.key in the configuration directory")
                return nil
            }
            let stem = symbols.expandingPath("IMTA_TABLE:tls/\(name)")
            return CertificateFiles(certificate: stem + ".pem", key: stem + ".key")
        }
        leastVersion = Self.version("tlsminversion", options, &diagnostics) ?? .tls12
        mostVersion = Self.version("tlsmaxversion", options, &diagnostics)
        if let mostVersion, mostVersion < leastVersion {
            diagnostics.error(
                "base.tlsmaxversion is less than base.tlsminversion", at: options["base.tlsmaxversion"]?.location)
        }
        cipherAdjustments = words("ssladjustciphersuites")
        clientRoots = path("tls_client_ca")
        allowsAuthenticationWithoutTLS = options.integer("base.plaintextmincipher") == 0
        mechanisms = words("sasl_mechanisms").map { $0.uppercased() }
        hasPlainPasswords = options.boolean("base.has_plain_passwords")
        authenticationSocket = path("auth_socket")
        tokens = Self.tokens(options, path("oauth_jwks"), &diagnostics)
    }

    /// The value of an option that has several, between blanks or commas.
    private static func words(_ name: String, _ options: OptionStore) -> [String] {
        (options.string("base.\(name)") ?? "").split { $0 == " " || $0 == "," }.map(String.init)
    }

    private static func version(
        _ name: String, _ options: OptionStore, _ diagnostics: inout Diagnostics
    ) -> TLSVersion? {
        guard let text = options.string("base.\(name)") else { return nil }
        if let version = TLSVersion(option: text) { return version }
        diagnostics.error(
            "base.\(name): \(text) is not a version of TLS that is used", at: options["base.\(name)"]?.location,
            advice: "write TLS1.2 or TLS1.3; older versions are not safe (RFC 8996)")
        return nil
    }

    private static func tokens(
        _ options: OptionStore, _ keyFile: String?, _ diagnostics: inout Diagnostics
    ) -> Tokens? {
        guard let keyFile else { return nil }
        let audiences = words("oauth_audience", options)
        guard let issuer = options.string("base.oauth_issuer"), !audiences.isEmpty else {
            diagnostics.error(
                "base.oauth_jwks without base.oauth_issuer and base.oauth_audience",
                at: options["base.oauth_jwks"]?.location,
                advice:
                    "say whose tokens are taken and for whom they have to be made; any token would be good otherwise")
            return nil
        }
        return Tokens(
            keyFile: keyFile, issuer: issuer, audiences: audiences,
            nameClaim: options.string("base.oauth_name_claim") ?? "email")
    }
}
