/// EXTERNAL (RFC 4422 appendix A): who the client is, its TLS certificate says; the response may name who it wants to be.
struct ExternalMechanism: SASLMechanism {
    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        guard let response else { return .challenge([]) }
        guard !response.isEmpty else { return .external(name: nil) }
        guard let name = credential(response) else { return .failed(.malformed) }
        return .external(name: name)
    }
}
