/// Why a rule whose pattern matched does not apply (rewrite-rules specification, section 4.4).
package enum RuleFailure: Hashable, Sendable, CustomStringConvertible {
    case kind, direction, location, sourceChannel, destinationChannel
    case domainIsNotLocal(String)
    case domainIsLocal(String)
    case missingLabel(Int)
    case missingKey(String)
    case mapping(String)
    case directory(String)
    case routine(String)
    case form
    case nesting
    case tooLong

    package var description: String {
        switch self {
        case .kind: "not this kind of address ($E, $B)"
        case .direction: "not this direction ($F, $R)"
        case .location: "the host stands elsewhere in the address ($S, $A, $P, $X)"
        case .sourceChannel: "not this source channel ($M, $N)"
        case .destinationChannel: "not this destination channel ($Q, $C)"
        case .domainIsNotLocal(let domain): "the directory does not know '\(domain)' as local ($V)"
        case .domainIsLocal(let domain): "the directory knows '\(domain)' as local ($Z)"
        case .missingLabel(let number): "there is no label \(number)"
        case .missingKey(let key): "the general database has no '\(key)'"
        case .mapping(let table): "mapping \(table) did not set $Y"
        case .directory(let url): "the directory has no value for \(url)"
        case .routine(let name): "routine \(name) failed"
        case .form: "the result has none of the forms of a template, or an empty host"
        case .tooLong: "an argument is longer than 4096 octets"
        case .nesting: "$( inside a database value, or texts nested too deep"
        }
    }
}

/// What ends the evaluation of a template before its end.
enum RuleInterruption: Error {
    case fails(RuleFailure)
    /// `$1~` was not met.
    case endsSuccessfully
    /// The text of a database or mapping was `$?text` alone.
    case stops(RewriteError)
    /// The directory cannot be asked.
    case directoryUnavailable
}
