/// The path of MAIL FROM or RCPT TO.
package struct SMTPPath: Hashable, Sendable {
    /// nil for the null path `<>`.
    package var mailbox: Mailbox?
    /// What the client wrote, without angle brackets; 8-bit octets replaced by the asterisk rule. Replies echo it.
    package var given: String

    package init(mailbox: Mailbox?, given: String) {
        self.mailbox = mailbox
        self.given = given
    }

    /// How long the parts may be, in octets as written, quotes included.
    package struct Limits: Hashable, Sendable {
        package var localPart: Int
        package var domain: Int
        /// The whole path, angle brackets and source route included.
        package var path: Int

        package init(localPart: Int, domain: Int, path: Int) {
            self.localPart = localPart
            self.domain = domain
            self.path = path
        }

        /// RFC 5321 section 4.5.3.1 to the letter.
        package static let strict = Limits(localPart: 64, domain: 255, path: 256)
        /// What we take from clients: local parts above 64 octets are common in bounce addresses of lists, so only
        /// the path limits them.
        package static let accepted = Limits(localPart: 256, domain: 255, path: 256)
    }

    /// Parses a whole path: `<a@b>`, `a@b`, `<@r:a@b>`, `<>`, `<postmaster>`; blanks around it are allowed.
    package static func parse(
        _ bytes: ArraySlice<UInt8>, allowUTF8: Bool = false, limits: Limits = .accepted
    ) -> Result<SMTPPath, AddressError> {
        parsePrefix(bytes, allowUTF8: allowUTF8, limits: limits).flatMap { path, rest in
            guard let extra = rest.firstIndex(where: { !$0.isBlank }) else { return .success(path) }
            return .failure(AddressError(.trailingText, at: extra - bytes.startIndex))
        }
    }

    /// Parses the path at the beginning of `bytes`, which follow `FROM:` or `TO:`, and gives what is left: nothing, or
    /// a blank and the parameters. A blank before the path and a path without angle brackets are taken (smtp
    /// specification, 4). Without SMTPUTF8 each 8-bit octet of the local part becomes `*` (channels specification,
    /// 8.1).
    package static func parsePrefix(
        _ bytes: ArraySlice<UInt8>, allowUTF8: Bool = false, limits: Limits = .accepted
    ) -> Result<(path: SMTPPath, rest: ArraySlice<UInt8>), AddressError> {
        var parser = SMTPPathParser(bytes, allowUTF8: allowUTF8, limits: limits)
        do throws(AddressError) {
            let path = try parser.path()
            return .success((path, bytes[parser.position...]))
        } catch {
            return .failure(error)
        }
    }
}

extension Mailbox {
    /// Parses address text as it stands in configuration and between our own parts: `anna@example.com`,
    /// `@hold-daemon:dora@example.com`, `"Fred Bloggs"@example.com`, `root`; UTF-8 is allowed.
    package static func parse(_ text: String) -> Result<Mailbox, AddressError> {
        let bytes = Array(text.utf8)
        return SMTPPath.parse(bytes[...], allowUTF8: true).flatMap { path in
            guard let mailbox = path.mailbox else { return .failure(AddressError(.empty, at: 0)) }
            return .success(mailbox)
        }
    }

    /// As `parse`, nil for anything that is no address.
    package init?(_ text: String) {
        guard case .success(let mailbox) = Mailbox.parse(text) else { return nil }
        self = mailbox
    }
}
