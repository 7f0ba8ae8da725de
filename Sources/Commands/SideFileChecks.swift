import Channels
import Configuration
import Enqueue
import OptionSyntax
import SASL
import SMTP
import SwiftASN1
import SystemCalls
import X509

/// What `config check` says of things that programs read by themselves: option files of headers, certificates and keys,
/// names of mechanisms and cipher suites. Nothing here keeps a configuration from being loaded.
struct SideFileChecks {
    private(set) var diagnostics = Diagnostics()
    private let configuration: MTAConfiguration
    /// The content of a file; throws why it cannot be read.
    private let read: (String) throws -> [UInt8]

    init(_ configuration: MTAConfiguration, read: @escaping (String) throws -> [UInt8] = { try Files.read($0) }) {
        self.configuration = configuration
        self.read = read
        checkNames()
        checkCertificates()
        checkKeySet()
        for channel in configuration.channels.channels {
            checkHeaderOptions(channel)
            checkProgramOptions(channel)
        }
        if let octets = try? read(configuration.paths.configurationFile("log_headers.opt")) {
            checkHeaderFile("log_headers.opt", octets)
        }
    }

    /// Where an option was set, by its name in lower case.
    private func place(_ name: String) -> SourceLocation? {
        configuration.options[name]?.location
            ?? configuration.explicit.last { $0.path.description.lowercased() == name }?.location
    }

    // MARK: Names

    private mutating func checkNames() {
        for name in configuration.security.mechanisms where SASLMechanismName(name: name) == nil {
            diagnostics.warning(
                "base.sasl_mechanisms: \(name) is no mechanism of this release", at: place("base.sasl_mechanisms"),
                advice: "there are " + SASLMechanismName.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let suites = Set(TLSServerHello.names.values)
        for adjustment in configuration.security.cipherAdjustments {
            let isSigned = adjustment.hasPrefix("+") || adjustment.hasPrefix("-")
            guard !isSigned || !suites.contains(adjustment.dropFirst().uppercased()) else { continue }
            diagnostics.error(
                "base.ssladjustciphersuites: \(adjustment) is not +NAME or -NAME of a suite, so there is no TLS",
                at: place("base.ssladjustciphersuites"),
                advice: "there are " + suites.sorted().joined(separator: ", "))
        }
    }

    // MARK: Certificates and keys

    private mutating func checkCertificates() {
        let (certificate, key) = (configuration.tlsCertificate, configuration.tlsKey)
        if let certificate, let key, isMissing(certificate), isMissing(key) {
            diagnostics.note(
                "there is no certificate \(certificate), so TLS is not offered", at: place("base.tls_certificate"))
        } else {
            checkPEM(certificate, "base.tls_certificate")
            checkPEM(key, "base.tls_key", isKey: true)
        }
        for files in configuration.security.namedCertificates {
            checkPEM(files.certificate, "base.sslnicknames")
            checkPEM(files.key, "base.sslnicknames", isKey: true)
        }
        checkPEM(configuration.security.clientRoots, "base.tls_client_ca")
        checkPEM(configuration.tlsCA, "base.tls_ca")
    }

    private func isMissing(_ path: String) -> Bool {
        do { _ = try read(path) } catch let error as SystemCallError { return error.isNotFound } catch {}
        return false
    }

    /// A file of certificates, or of one key, that a program needs.
    private mutating func checkPEM(_ path: String?, _ option: String, isKey: Bool = false) {
        guard let path, let octets = content(path, option) else { return }
        let text = String(decoding: octets, as: UTF8.self)
        do {
            if isKey {
                _ = try Certificate.PrivateKey(pemEncoded: text)
            } else if let begin = text.firstRange(of: "-----BEGIN CERTIFICATE-----"),
                let end = text[begin.upperBound...].firstRange(of: "-----END CERTIFICATE-----")
            {
                _ = try Certificate(pemEncoded: String(text[begin.lowerBound..<end.upperBound]))
            } else {
                diagnostics.warning("\(option): \(path) holds no certificate in PEM", at: place(option))
            }
        } catch {
            diagnostics.warning(
                "\(option): \(path) is no \(isKey ? "private key" : "certificate") in PEM that can be used: \(error)",
                at: place(option))
        }
    }

    private mutating func checkKeySet() {
        guard let path = configuration.security.tokens?.keyFile, let octets = content(path, "base.oauth_jwks") else {
            return
        }
        do {
            _ = try WebKeySet(octets)
        } catch {
            diagnostics.warning(
                "base.oauth_jwks: \(path): \(error), so no token is taken", at: place("base.oauth_jwks"))
        }
    }

    private mutating func content(_ path: String, _ option: String) -> [UInt8]? {
        do {
            return try read(path)
        } catch {
            diagnostics.warning(
                "\(option): \(path) cannot be read: \(error)", at: place(option),
                advice: "make the file, or let the users of the MTA read it")
            return nil
        }
    }

    // MARK: Channels

    private mutating func checkProgramOptions(_ channel: Channel) {
        let stem = "channel:\(channel.name).options."
        if let store = channel.options["store"], channel.name.hasPrefix("ims-ms"),
            !["maildir", "lmtp"].contains(store.lowercased())
        {
            diagnostics.warning(
                "STORE of channel \(channel.name): \(store) is unknown and counts as maildir",
                at: place(stem + "store"),
                advice: "write maildir or lmtp (channel-programs specification, 5)")
        }
        for name in ["auth_file", "tls_policy_file"] {
            if let path = channel.options[name] { _ = content(configuration.symbols.expandingPath(path), stem + name) }
        }
        let files = [("tls_certificate", false), ("tls_key", true)]
        for (name, isKey) in files {
            checkPEM(channel.options[name].map(configuration.symbols.expandingPath), stem + name, isKey: isKey)
        }
    }

    /// The files of `headerread` and `headertrim`; `innertrim` has that of `headertrim`.
    private mutating func checkHeaderOptions(_ channel: Channel) {
        if channel.readsHeaderOptions { checkHeaderFile(channel, "headerread", "_read_headers.opt") }
        if channel.trimsHeader || channel.has("innertrim") {
            checkHeaderFile(channel, channel.trimsHeader ? "headertrim" : "innertrim", "_headers.opt")
        }
    }

    private mutating func checkHeaderFile(_ channel: Channel, _ keyword: String, _ ending: String) {
        let file = channel.name + ending
        do {
            checkHeaderFile(file, try read(configuration.paths.configurationFile(file)))
        } catch {
            diagnostics.warning(
                "\(keyword) of channel \(channel.name): \(file) cannot be read, so no field is changed",
                at: channel.settings[keyword]?.location ?? channel.location, advice: "make the file: \(error)")
        }
    }

    private mutating func checkHeaderFile(_ file: String, _ octets: [UInt8]) {
        var problems: [HeaderOptions.Problem] = []
        _ = HeaderOptions(String(decoding: octets, as: UTF8.self)) { problems.append($0) }
        for problem in problems {
            diagnostics.warning(
                problem.message, at: SourceLocation(file: file, line: problem.line, column: problem.column))
        }
    }
}
