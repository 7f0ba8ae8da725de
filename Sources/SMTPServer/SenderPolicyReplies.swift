import Configuration
import SMTP
import SPF

/// How results of SPF are answered (access-and-filtering specification, 10).
enum SenderPolicyReplies {
    /// The refusal; nil accepts. Pass, none and neutral always accept.
    static func refusal(_ outcome: SPFOutcome, domain: String, options: MTAOptions.SenderPolicy) -> Reply? {
        let digit =
            switch outcome.result {
            case .none, .neutral, .pass: 2
            case .fail: outcome.isByAll ? options.failByAll : options.fail
            case .softfail: outcome.isByAll ? options.softFailByAll : options.softFail
            case .temperror: options.temporaryError
            case .permerror: options.permanentError
            }
        switch digit {
        case 4: return Reply(451, "4.7.24", "SPF temporary error")
        case 5:
            // RFC 7208 section 6.2: what the domain says of the reason, told apart from our own words.
            let reason = outcome.explanation.map { "; \(domain) explains: \($0)" } ?? ""
            return Reply(550, "5.7.23", "SPF validation failed" + reason)
        default: return nil
        }
    }
}
