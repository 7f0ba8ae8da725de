package import InternetMessage

/// Why an address cannot be resolved: a reply without its address, and what the log should say besides.
package struct AliasFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// SMTP reply code.
    package var code: Int
    package var status: EnhancedStatus
    /// One of the `error_text_*` options; the server appends `: address`.
    package var text: String
    /// More for the log; empty when the reply says it all.
    package var detail: String

    package init(_ code: Int, _ status: EnhancedStatus, _ text: String, detail: String = "") {
        self.code = code
        self.status = status
        self.text = text
        self.detail = detail
    }

    package var isTemporary: Bool { code / 100 == 4 }

    /// `550 5.1.1 unknown or illegal alias`.
    package var description: String { "\(code) \(status) \(text)" }
}

/// The replies of alias expansion with the site's texts (smtp specification, 5).
package struct AliasErrorTexts: Hashable, Sendable {
    package var unknownAlias = "unknown or illegal alias"
    package var disabledUser = "user disabled; cannot receive new mail"
    package var disabledGroup = "group disabled; cannot receive new mail"
    package var inactiveUser = "mailbox temporarily disabled"
    package var inactiveGroup = "group temporarily disabled"
    package var deletedUser = "recipient no longer on server"
    package var deletedGroup = "group no longer on server"
    package var overQuota = "user over quota; cannot receive new mail"
    package var accessFailure = "you are not allowed to use this address"
    /// No option is known for it (rewrite-rules specification, 5.8).
    package var directoryFailure = "temporary directory failure"

    package init() {}

    package func unknown(detail: String = "") -> AliasFailure {
        AliasFailure(550, EnhancedStatus(5, 1, 1), unknownAlias, detail: detail)
    }

    package func directory(_ detail: String) -> AliasFailure {
        AliasFailure(450, EnhancedStatus(4, 4, 3), directoryFailure, detail: detail)
    }

    /// A mistake of the site's own, for example a delivery option nobody defined: the mail waits until it is mended.
    package func misconfigured(_ detail: String) -> AliasFailure {
        AliasFailure(450, EnhancedStatus(4, 3, 5), inactiveUser, detail: detail)
    }

    package func refusedPost(detail: String) -> AliasFailure {
        AliasFailure(550, EnhancedStatus(5, 7, 1), accessFailure, detail: detail)
    }
}
