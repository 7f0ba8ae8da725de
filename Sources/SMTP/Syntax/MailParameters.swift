/// The parameters of MAIL FROM: RFC 1870, 6152, 3030, 6531, 3461, 4954, 4865, 2852, 6710 and 3865.
package struct MailParameters: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
        case sevenBit, eightBitMIME, binaryMIME
    }

    /// RET: which part of the message a notification returns.
    package enum Return: Hashable, Sendable {
        case full, headers
    }

    /// SIZE in octets; nil when not given. Int64.max for anything larger.
    package var size: Int64?
    package var body: Body?
    package var needsSMTPUTF8 = false
    package var returnContent: Return?
    /// ENVID, decoded.
    package var envelopeID: String?
    /// AUTH, decoded: a mailbox, or `<>`.
    package var submitter: String?
    /// HOLDFOR or HOLDUNTIL: seconds since 1970 before which the message is not sent on.
    package var releaseTime: Int64?
    package var deliverBy: DeliverByRequest?
    /// MT-PRIORITY.
    package var priority: PriorityRequest?
    /// SOLICIT: what the message solicits, as given.
    package var solicitations: [String] = []

    package init() {}

    /// Whether any was given: the reply differs (smtp specification, 4).
    package var isEmpty: Bool { self == MailParameters() }

    /// Longest ENVID in encoded form (RFC 3461 section 4.4), and longest AUTH value (RFC 4954 section 5).
    private static let longestEnvelopeID = 100
    private static let longestSubmitter = 500

    /// Reads what stands after the path of MAIL FROM. The failure is the reply to send: 501, 555, or 552 when SIZE is
    /// more than the limit.
    package static func parse(_ rest: ArraySlice<UInt8>, options: ServerOptions) -> Result<MailParameters, Reply> {
        do throws(Reply) {
            var parameters = MailParameters()
            var list = try ParameterList(rest)
            while let parameter = try list.next() { try parameters.take(parameter, options) }
            if let size = parameters.size, let limit = options.sizeLimit, size > limit {
                throw .sizeLimitExceeded(limit)
            }
            return .success(parameters)
        } catch {
            return .failure(error)
        }
    }

    private mutating func take(_ parameter: ParameterList.Parameter, _ options: ServerOptions) throws(Reply) {
        if parameter.named("SIZE") {
            guard size == nil else { throw parameter.repeated }
            size = try Self.size(parameter)
        } else if parameter.named("BODY") {
            guard body == nil else { throw parameter.repeated }
            body = try Self.body(parameter, options)
        } else if parameter.named("RET") {
            guard returnContent == nil else { throw parameter.repeated }
            returnContent = try Self.returnContent(parameter)
        } else if parameter.named("ENVID") {
            guard envelopeID == nil else { throw parameter.repeated }
            envelopeID = try Self.text(parameter, longest: Self.longestEnvelopeID)
        } else if parameter.named("AUTH"), !options.authenticationMechanisms.isEmpty {
            guard submitter == nil else { throw parameter.repeated }
            submitter = try Self.text(parameter, longest: Self.longestSubmitter)
        } else if parameter.named("SMTPUTF8"), options.offersSMTPUTF8 {
            guard !needsSMTPUTF8 else { throw parameter.repeated }
            guard parameter.value == nil else { throw parameter.invalid }
            needsSMTPUTF8 = true
        } else {
            try takeExtension(parameter, options)
        }
    }

    /// At most 20 digits (RFC 1870 section 4).
    private static func size(_ parameter: ParameterList.Parameter) throws(Reply) -> Int64 {
        let value = try parameter.required()
        guard value.count <= 20, let size = Octet.number(value) else { throw parameter.invalid }
        return size
    }

    private static func body(
        _ parameter: ParameterList.Parameter, _ options: ServerOptions
    ) throws(Reply) -> Body {
        let value = try parameter.required()
        if Octet.matches(value, "7BIT") { return .sevenBit }
        if Octet.matches(value, "BINARYMIME"), options.extensions.offersBinaryMIME, options.offersChunking {
            return .binaryMIME
        }
        guard Octet.matches(value, "8BITMIME") else { throw parameter.invalid }
        return .eightBitMIME
    }

    private static func returnContent(_ parameter: ParameterList.Parameter) throws(Reply) -> Return {
        let value = try parameter.required()
        if Octet.matches(value, "FULL") { return .full }
        guard Octet.matches(value, "HDRS") else { throw parameter.invalid }
        return .headers
    }

    private static func text(_ parameter: ParameterList.Parameter, longest: Int) throws(Reply) -> String {
        let value = try parameter.required()
        guard value.count <= longest, let text = ExtendedText.decode(value) else { throw parameter.invalid }
        return text
    }
}
