import Channels
import DNS
import InternetMessage
import SPF

/// The name of a client's address as a value (channels specification, 4.10): what the PTR record says, and with
/// `forwardchecktag` and `forwardcheckdelete` whether that name leads back to the address.
struct ReverseNameCheck: DNSDialogue {
    typealias Outcome = ReceivedField.ReverseName
    typealias Step = DNSDialogueStep<Outcome>

    private let address: SPFAddress
    private let forward: Channel.ForwardCheck
    private var name = ""
    private var due: Set<DNSQuestion> = []
    private var isConfirmed = false

    init(_ address: SPFAddress, forward: Channel.ForwardCheck) {
        self.address = address.client
        self.forward = forward
    }

    mutating func begin() -> Step {
        let question = DNSQuestion.reverse(addressBytes: address.octets)
        due = [question]
        return .ask([question])
    }

    mutating func receive(_ answer: DNSAnswer) -> Step {
        guard due.remove(answer.question) != nil else { return .ask([]) }
        guard answer.question.type != .ptr else { return receiveNames(answer) }
        isConfirmed = isConfirmed || answer.records.contains(where: leadsBack)
        guard due.isEmpty else { return .ask([]) }
        if isConfirmed { return .done(.name(name)) }
        return .done(forward == .tag ? .name(name + "*") : .unknown)
    }

    private mutating func receiveNames(_ answer: DNSAnswer) -> Step {
        let found = answer.records.lazy.compactMap { record in
            if case .name(let name) = record, Self.isHostName(name) { name } else { nil }
        }.first
        guard let found else { return .done(.unknown) }
        guard forward != .none else { return .done(.name(found)) }
        name = found
        let question = DNSQuestion(found, address.octets.count == 4 ? .a : .aaaa)
        due = [question]
        return .ask([question])
    }

    private func leadsBack(_ record: DNSRecord) -> Bool {
        guard case .address(let text) = record else { return false }
        return SPFAddress(text)?.client.octets == address.octets
    }

    /// Whether a name from a stranger's zone may be shown and rewritten: letters, digits, hyphens, underscores and dots.
    static func isHostName(_ name: String) -> Bool {
        DNSQuestion(name, .a).isAskable
            && name.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: (octet | 32) &- 97 < 26
                }
            }
    }
}
