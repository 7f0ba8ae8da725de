package import Aliases
import Channels
package import Configuration
package import Envelope
package import InternetMessage
package import TransactionLog

/// What the header of a message says that the queue must know.
package struct HeaderFacts: Hashable, Sendable {
    /// The Message-ID field for the log; empty when there is none.
    package var messageID = ""
    package var priority = Priority.normal
    /// Why the message is to be held; nil: it is not.
    package var heldReason: String?
    /// `Deferred-delivery:`, seconds since 1970; nil without a date there that can be read.
    package var deferredUntil: Int64?
    /// The destination channels want different headers; the header is as it came.
    package var differsByDestination = false
    /// `Solicitation:` (RFC 3865), where it is asked for; nil without one.
    package var solicitation: String?
    /// Why the message is not taken.
    package var refusal: RoutingRefusal?
    /// Replaces the envelope From.
    package var newSender: String?
    /// The lines of the header that the log gets.
    package var loggedLines: [String] = []

    package init() {}
}

/// The header work that every enqueue does: trace field, missing fields, loop count (smtp specification, 8.1 to 8.3).
package struct HeaderPreparation: Sendable {
    /// Limits of the loop check; more than these and the message is held (job-controller specification, 10).
    package struct LoopLimits: Hashable, Sendable {
        /// `max_local_received_lines`: Received fields that name the local host.
        package var local = 10
        /// `max_received_lines`.
        package var received = 50
        /// `max_mr_received_lines`.
        package var mrReceived = 20
        /// `max_x400_received_lines`.
        package var x400Received = 50
        /// `max_total_received_lines`: the three kinds together.
        package var total = 100

        package init() {}

        package init(_ options: MTAOptions) {
            local = options.maxLocalReceivedLines
            received = options.maxReceivedLines
            mrReceived = options.maxMRReceivedLines
            x400Received = options.maxX400ReceivedLines
            total = options.maxTotalReceivedLines
        }
    }

    /// What the queue stores: the header, ended by its empty line, and where the body begins in the content.
    package struct Prepared: Sendable {
        package var header: [UInt8]
        package var bodyStart: Int
        package var facts: HeaderFacts
        /// What is still to be done to the whole of it, header and body; nil: nothing.
        package var wishes: ContentConverter.Wishes?
        package var embedded: ContentConverter.EmbeddedHeader?
        package var charsets: ContentConverter.CharsetChoice?
    }

    package var localHost: String
    package var loopLimits = LoopLimits()
    package var headerLimits = HeaderBlock.Limits(fields: 10_000, octets: 256 << 10)

    package init(localHost: String) { self.localHost = localHost }

    /// `received_domain`, else the official local host, and the limits as configured.
    package init(_ configuration: MTAConfiguration) {
        self.init(localHost: configuration.mta.receivedDomain ?? configuration.channels.localHost)
        loopLimits = LoopLimits(configuration.mta)
    }

    /// Prepares the header at the beginning of `content`, which holds at least the whole header or all of the message.
    /// `completion`: the fields to add where they are missing; nil leaves the header as it came. `list`: the mailing list
    /// whose copy it is. `rewriting`: of the addresses in the header. `work`: what the channels want. `additions`: fields
    /// of this message alone. `logged`: the lines for the log; nil for none.
    package func prepare(
        _ content: [UInt8], received: ReceivedField, completion: HeaderBlock.Completion?, list: ListParameters? = nil,
        rewriting: HeaderRewriting? = nil, work: MessageWork = MessageWork(),
        additions: HeaderAdditions = HeaderAdditions(), logged: LoggedHeader? = nil
    ) -> Result<Prepared, HeaderError> {
        HeaderBlock.scan(content, limits: headerLimits).map { scan in
            var header = scan.header
            var facts = HeaderFacts()
            facts.heldReason = loopReason(header)
            facts.priority = Self.priority(header)
            facts.deferredUntil = header.text(of: "Deferred-Delivery").flatMap { MessageDate.parse($0)?.seconds }
            if work.readsSolicitation { facts.solicitation = header.text(of: "Solicitation") }
            work.prepareSource(&header, &facts)
            if let rewriting { facts.differsByDestination = !rewriting.apply(to: &header) }
            if let completion { header.complete(completion) }
            if let list { Self.add(list, to: &header) }
            additions.apply(to: &header)
            work.finishSource(&header)
            facts.differsByDestination = facts.differsByDestination || work.choice.differs
            facts.messageID = header.messageID
            if let logged { facts.loggedLines = logged.lines(of: header) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(header.bytes.count + 512)
            for field in additions.traceFields { bytes += field }
            var received = received
            if facts.newSender != nil, !work.source.hidesOriginalSender, received.originalSender == nil {
                received.originalSender = work.sender
            }
            received.append(to: &bytes)
            if work.choice.destination.changesHeader, !facts.differsByDestination {
                header.add(wholeField: bytes)
                bytes = []
                work.prepareDestination(&header)
            }
            header.write(to: &bytes)
            bytes += [13, 10]
            return Prepared(
                header: bytes, bodyStart: scan.bodyStart, facts: facts, wishes: work.isBinary ? nil : work.wishes,
                embedded: facts.differsByDestination || work.isBinary ? nil : work.embedded(rewriting),
                charsets: facts.differsByDestination || work.isBinary ? nil : work.charsets)
        }
    }

    /// The fields of a list. One of which a header has only one is replaced (aliases specification, 5.3).
    private static func add(_ list: ListParameters, to header: inout HeaderBlock) {
        for (name, addition) in list.headerAdditions {
            if addition.onlyIfAbsent, header.contains(name) { continue }
            if name == "Reply-To" { header.removeAll(name) }
            header.add(name, addition.value)
        }
    }

    private func loopReason(_ header: HeaderBlock) -> String? {
        let all = header.count(of: "Received")
        if all > loopLimits.received { return "loop: \(all) Received lines" }
        let mr = header.count(of: "MR-Received")
        if mr > loopLimits.mrReceived { return "loop: \(mr) MR-Received lines" }
        let x400 = header.count(of: "X400-Received")
        if x400 > loopLimits.x400Received { return "loop: \(x400) X400-Received lines" }
        let total = all + mr + x400
        if total > loopLimits.total { return "loop: \(total) Received lines of all kinds" }
        // Cheap first: most messages have fewer fields than the limit on those of this host.
        if all > loopLimits.local {
            let local = header.receivedCount(by: localHost)
            if local > loopLimits.local { return "loop: \(local) Received lines of this host" }
        }
        return nil
    }

    /// The `Priority:` field; absent or unknown is normal (job-controller specification, 6.5).
    private static func priority(_ header: HeaderBlock) -> Priority {
        switch header.text(of: "Priority")?.lowercased() {
        case "urgent": .urgent
        case "non-urgent": .nonurgent
        default: .normal
        }
    }
}
