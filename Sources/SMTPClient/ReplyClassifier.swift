import Envelope
import SMTP

/// 552 in reply to RCPT or to the data: temporary, unless the administrator knows the text (SMTP specification, 12.7;
/// channel option 522_PERMANENT_ERROR_STRING).
package struct ReplyClassifier: Sendable, Hashable {
    /// Beginnings of 552 replies, after the code, in lower case.
    private let permanentTexts: [String]

    package init(permanentTexts: [String] = []) {
        self.permanentTexts = permanentTexts.map { $0.lowercased() }.filter { !$0.isEmpty }
    }

    /// The channel option, texts separated by `|`, under either of its spellings; names in lower case.
    package init(options: [String: String]) {
        let text = options["522_permanent_error_string"] ?? options["552_permanent_error_string"] ?? ""
        self.init(permanentTexts: text.split(separator: "|").map { String($0.drop { $0 == " " }) })
    }

    /// The outcome of a recipient, by its index in the entry.
    /// `offersDSN`: the server reports further itself; otherwise a success may have to be reported by us.
    func outcome(_ result: RecipientResult, recipient: Int, offersDSN: Bool, remote: String) -> RecipientOutcome {
        var outcome = RecipientOutcome(
            recipient: recipient, result: .failedTemporarily, status: result.status, text: result.text, remote: remote)
        switch result.result {
        case .delivered: outcome.result = offersDSN ? .delivered : .relayed
        case .failedPermanently: outcome.result = .failedPermanently
        case .failedTemporarily:
            if isPermanent552(result.text) { outcome.result = .failedPermanently }
        }
        outcome.status = Self.fitted(result.status, outcome.result)
        return outcome
    }

    /// The status with the class that belongs to the result: a 552 says 5.2.2 and means 4.2.2.
    private static func fitted(_ status: String, _ result: RecipientOutcome.Result) -> String {
        let statusClass =
            switch result {
            case .delivered, .relayed: "2"
            case .failedTemporarily: "4"
            case .failedPermanently: "5"
            }
        return statusClass + status.dropFirst()
    }

    private func isPermanent552(_ reply: String) -> Bool {
        guard !permanentTexts.isEmpty, reply.hasPrefix("552 ") else { return false }
        let text = reply.dropFirst(4).lowercased()
        return permanentTexts.contains { text.hasPrefix($0) }
    }
}
