package import Channels
package import InternetMessage
package import Mappings

/// Keyword `authrewrite`: what the authenticated address does to envelope From and header (access-and-filtering
/// specification, 13). Once for each message, before header addresses are rewritten.
package struct AuthenticatedAddress: Sendable {
    /// What came of it.
    package struct Outcome: Hashable, Sendable {
        /// Replaces the envelope From.
        package var sender: String?
        package var refusal: RoutingRefusal?
    }

    let use: Channel.AuthenticatedAddressUse
    let sourceChannel: String
    /// Empty without authentication.
    let address: String
    /// `authrewrite_extra_headers`.
    let extraFields: [String]
    let probe: @Sendable (String) -> MappingResult?

    package init(
        use: Channel.AuthenticatedAddressUse, sourceChannel: String, address: String, extraFields: [String] = [],
        probe: @escaping @Sendable (String) -> MappingResult?
    ) {
        self.use = use
        self.sourceChannel = sourceChannel
        self.address = address
        self.extraFields = extraFields
        self.probe = probe
    }

    /// `sender`: the envelope From, empty for `<>`.
    package func apply(to header: inout HeaderBlock, sender: String) -> Outcome {
        guard !address.isEmpty || use.probesAlways else { return Outcome() }
        let isResent = header.contains("Resent-From") || header.contains("Resent-Sender")
        switch use.action {
        case .nothing: break
        case .addSender: add("Sender", address, to: &header)
        case .addSenderOrResentSender: add(isResent ? "Resent-Sender" : "Sender", address, to: &header)
        case .addFrom: add("From", address, to: &header)
        case .addFromOrResentFrom: add(isResent ? "Resent-From" : "From", address, to: &header)
        case .probe: return ask(&header, sender, isResent: false)
        case .probeWithResent: return ask(&header, sender, isResent: isResent)
        }
        return Outcome()
    }

    /// What the client has written there is replaced: two of these would contradict each other (RFC 5322 section 3.6).
    private func add(_ name: String, _ address: String, to header: inout HeaderBlock) {
        guard Mailbox(address) != nil else { return }
        if !name.hasPrefix("Resent-") { header.removeAll(name) }
        header.add(name, address, at: name.hasPrefix("Resent-") ? .top : .bottom)
    }

    /// The probe of the mapping table AUTH_REWRITE.
    func probeText(_ header: HeaderBlock, _ sender: String, isResent: Bool) -> String {
        let prefix = isResent ? "Resent-" : ""
        var fields = use.prefixesChannel ? [sourceChannel] : []
        fields += [
            sender, Self.address(of: prefix + "Sender", header), Self.address(of: prefix + "From", header), address,
        ]
        fields += extraFields.map { header.text(of: $0) ?? "" }
        return fields.map(Self.field).joined(separator: "|")
    }

    private static func address(of name: String, _ header: HeaderBlock) -> String {
        guard let index = header.firstIndex(of: name) else { return "" }
        return HeaderAddressList.parse(header.bytes[header.fields[index].value], limit: 1).addresses.first?
            .mailbox.description ?? ""
    }

    /// What a client wrote never makes a further field.
    private static func field(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "|") || $0 < 32 || $0 == 127 }) else { return text }
        return String(
            decoding: text.utf8.map { $0 == UInt8(ascii: "|") || $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 },
            as: UTF8.self)
    }

    private func ask(_ header: inout HeaderBlock, _ sender: String, isResent: Bool) -> Outcome {
        guard let result = probe(probeText(header, sender, isResent: isResent)) else { return Outcome() }
        var outcome = Outcome()
        var rest = result.output[...]
        func argument() -> String {
            let piece = rest.prefix { $0 != "|" }
            rest = rest.dropFirst(piece.count + 1)
            return String(piece)
        }
        func has(_ letters: String...) -> Bool { letters.contains { result.flags.has(Character($0)) } }
        if has("J", "K") {
            let new = argument()
            if new.isEmpty || Mailbox(new) != nil { outcome.sender = new }
        }
        if has("Y", "T") { add(isResent ? "Resent-Sender" : "Sender", argument(), to: &header) }
        if has("N") {
            let text = argument()
            outcome.refusal = RoutingRefusal(
                code: 550, status: "5.7.1", text: text.isEmpty ? "invalid originator address used" : text)
        }
        if has("Z") { add(isResent ? "Resent-From" : "From", argument(), to: &header) }
        return outcome
    }
}
