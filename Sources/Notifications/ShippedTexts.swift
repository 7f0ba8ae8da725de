/// The English texts of notifications: what is used without files, and what `martlet init` writes (notifications-logging
/// specification, 1.3). Programs that read notifications look at the first lines: they do not change.
package enum ShippedTexts {
    static let prefix = """
        Content-type: text/plain; charset=us-ascii
        Content-language: en-US

        This report relates to a message you sent with the following header fields: %H

        """
    static let suffix = ""

    static func text(_ kind: NotificationKind) -> String {
        let text =
            switch kind {
            case .failed: "Your message cannot be delivered to the following recipients:"
            case .timedOut:
                "Your message could not be delivered to the following recipients\nwithin %F %us and is returned:"
            case .bounced: "Your message is returned because the postmaster has ended its delivery to:"
            case .delayed, .deferred:
                "Your message has not yet been delivered to the following recipients\n"
                    + "after %C %us; it will be tried for %L more:"
            case .delivered: "Your message has been delivered to the following recipients:"
            case .relayed:
                "Your message has been handed to a system that does not report delivery,\n"
                    + "for the following recipients:"
            case .expanded: "Your message has been expanded to the members of the following lists:"
            }
        return text + "%R\n"
    }

    /// Name and content of each file of a directory of texts. Those of kinds that are not generated are there because
    /// sites that bring their own set have them.
    package static let files: [(name: String, text: String)] =
        NotificationKind.allCases.map { ("return_\($0.rawValue).txt", text($0)) } + [
            ("return_prefix.txt", prefix), ("return_suffix.txt", suffix),
            ("return_forwarded.txt", text(.relayed)),
            ("return_error.txt", "An error occurred while handling your message for the following recipients:%R\n"),
            ("return_read.txt", "Your message has been read by the following recipients:%R\n"),
            ("return_capture.txt", "This is a copy of a message that has been captured.\n"),
            ("return_journal.txt", "This is a copy of a message for the journal.\n"),
            ("return_header.opt", "! Options for the header of notifications, such as\n! Precedence: ADD=\"bulk\"\n"),
            ("return_option.opt", options),
        ]

    private static let options = """
        ! Words that stand outside the texts, in the charset of return_prefix.txt.
        ! DAY=day
        ! HOUR=hour
        ! RECIPIENT_ADDRESS=Recipient address:
        ! ORIGINAL_ADDRESS=Original address:
        ! REASON=Reason:
        ! DIAGNOSTIC_CODE=Diagnostic code:
        ! REMOTE_SYSTEM=Remote system:
        ! HISTORY=Attempts so far:
        ! 5.1.1=There is no such mailbox; is the address spelled right?
        ! SUBJECT=Delivery Notification: Delivery has failed
        ! RETURN_PERSONAL=Internet Mail Delivery

        """
}
