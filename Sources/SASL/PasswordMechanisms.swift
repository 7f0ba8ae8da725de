/// PLAIN (RFC 4616): authorization identity, NUL, authentication identity, NUL, password.
struct PlainMechanism: SASLMechanism {
    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        guard let response else { return .challenge([]) }
        let fields = response.split(separator: 0, omittingEmptySubsequences: false)
        guard fields.count == 3, let name = credential(fields[1]), let password = credential(fields[2]) else {
            return .failed(.malformed)
        }
        guard fields[0].isEmpty || fields[0] == fields[1] else { return .failed(.notAuthorized) }
        return .password(SASLPassword(name: name, password: password))
    }
}

/// LOGIN (draft-murchison-sasl-login, obsolete and in use everywhere): name and password, each asked for.
struct LoginMechanism: SASLMechanism {
    private static let prompts = (name: Array("Username:".utf8), password: Array("Password:".utf8))

    private var hasAsked = false
    private var name: String?

    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        guard let response else {
            hasAsked = true
            return .challenge(Self.prompts.name)
        }
        // A name in the command itself is the answer to the first question.
        guard let text = credential(response) else { return .failed(.malformed) }
        guard let name else {
            name = text
            return .challenge(Self.prompts.password)
        }
        return .password(SASLPassword(name: name, password: text))
    }
}
