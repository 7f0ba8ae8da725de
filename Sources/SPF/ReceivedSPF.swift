/// The trace field of a check (RFC 7208 section 9.1).
package enum ReceivedSPF {
    package enum Identity: String, Sendable {
        case mailFrom = "mailfrom"
        case helo
    }

    /// The whole field, folded and ended by CRLF. What a client said stands in quoted strings only.
    package static func field(_ outcome: SPFOutcome, _ subject: SPFSubject, identity: Identity) -> [UInt8] {
        var pairs: [(String, String)] = [
            ("client-ip", subject.client.text), ("envelope-from", quoted(subject.sender)),
            ("helo", quoted(subject.helo)), ("receiver", subject.receiver), ("identity", identity.rawValue),
        ]
        if let mechanism = outcome.mechanism { pairs.append(("mechanism", quoted(mechanism))) }
        if let problem = outcome.problem { pairs.append(("problem", quoted(problem))) }
        let lines = pairs.map { "\($0.0)=\($0.1)" }.joined(separator: ";\r\n ")
        return Array("Received-SPF: \(outcome.result.rawValue)\r\n \(lines)\r\n".utf8)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars.prefix(256) {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            default: quoted += "?"
            }
        }
        return quoted + "\""
    }
}
