import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import NIOCore
import NIOPosix
import ProcessPool
import SMTP
import TransactionLog

/// VRFY, EXPN, ETRN and the private commands: what they tell, and what they set going.
extension SMTPConnection {
    // MARK: VRFY and EXPN (smtp specification, 10.1 and 10.2)

    /// The address of VRFY, EXPN or XADR. SMTPUTF8 may follow it where that is offered (RFC 6531 section 3.7.4).
    private func mailbox(_ argument: ArraySlice<UInt8>) -> Result<(Mailbox, given: String), Reply> {
        let shown = String(decoding: argument.prefix(256), as: UTF8.self)
        let offersUTF8 = session.options.offersSMTPUTF8
        for allowUTF8 in offersUTF8 ? [true, false] : [false] {
            guard case .success(let (path, rest)) = SMTPPath.parsePrefix(argument, allowUTF8: allowUTF8),
                let mailbox = path.mailbox
            else { continue }
            let parameters = rest.filter { $0 != 0x20 && $0 != 0x09 }
            let saysUTF8 = offersUTF8 && String(decoding: parameters, as: UTF8.self).uppercased() == "SMTPUTF8"
            guard parameters.isEmpty || saysUTF8 else {
                return .failure(Reply(553, "5.1.3", "text follows the address: \(shown)"))
            }
            if saysUTF8 || !allowUTF8 || !path.given.utf8.contains(where: { $0 > 127 }) {
                return .success((mailbox, path.given))
            }
        }
        return .failure(Reply(553, "5.1.3", "address cannot be read: \(shown)"))
    }

    private func isLocal(_ mailbox: Mailbox) -> Bool {
        mailbox.domain.isEmpty || context.router.isLocal(domain: mailbox.domain)
            || mailbox.domain.lowercased() == context.router.localHost.lowercased()
    }

    func verification(_ argument: ArraySlice<UInt8>) -> Reply {
        switch mailbox(argument) {
        case .failure(let reply): return reply
        case .success(let (mailbox, given)):
            guard isLocal(mailbox) else { return .possibleRemoteAddress }
            guard context.verifiesInDetail(channel) else { return .possibleLocalAddress(given) }
            let result = context.router.route(
                mailbox, recipient: QueueRecipientFacts(given: given), channel: channel, completion: completion,
                facts: facts(""), expandsNow: true)
            switch result {
            case .accepted: return .recipientAccepted(given, hasOptions: false)
            case .refused(let refusal):
                return .refused(refusal.code, refusal.status, refusal.text, address: given)
            }
        }
    }

    /// Most members of a list that are shown.
    private static let mostMembers = 1000

    func expansion(_ argument: ArraySlice<UInt8>) -> ServerAnswer {
        switch mailbox(argument) {
        case .failure(let reply): return .refuse(reply)
        case .success(let (mailbox, given)):
            guard isLocal(mailbox) else { return .accept(.possibleRemoteAddress) }
            switch context.router.expansion(of: mailbox, channel: channel, completion: completion, facts: facts("")) {
            case .closed: return .refuse(.refused(550, "5.7.2", "list may not be expanded", address: given))
            case .refused(let refusal):
                return .refuse(.refused(refusal.code, refusal.status, refusal.text, address: given))
            case .members(let members):
                guard !members.isEmpty else {
                    return .refuse(.refused(550, "5.7.2", "list may not be expanded", address: given))
                }
                let lines = members.prefix(Self.mostMembers).map { "<\($0)>" }
                return .accept(Reply(code: 250, enhancedStatus: "2.1.5", lines: lines))
            }
        }
    }

    // MARK: ETRN (smtp specification, 10.3)

    /// Asks the Job Controller, beside the loop, to run what the argument names.
    func startRemoteQueue(_ argument: ArraySlice<UInt8>) {
        let node = String(decoding: argument, as: UTF8.self)
        log(.remoteQueueStart, user: user?.identity ?? "", diagnostic: "ETRN \(node)")
        guard let asked = RemoteQueueStart(argument) else { return session.answered(.refuse(.nodeSyntax)) }
        switch run(asked, node: node) {
        case .failure(let reply): session.answered(.refuse(reply))
        case .success(let (channel, host)):
            let command = "run \(channel)" + (host.map { " \($0)" } ?? "")
            let echo = self.channel.remoteQueueStarts == .all(echo: true) ? channel : nil
            askJobController(command) { answer in
                answer == nil ? .queueNotStarted(node) : .queueStarted(node, channel: echo)
            }
        }
    }

    /// What is to be run, by the keywords of both channels and by ETRN_ACCESS.
    private func run(_ asked: RemoteQueueStart, node: String) -> Result<(channel: String, host: String?), Reply> {
        let refusal = Reply.nodeNotAllowed("ETRN not permitted")
        var name: String
        var host: String?
        switch asked {
        case .channel(let given):
            guard channel.remoteQueueStarts != .domains else { return .failure(refusal) }
            name = given.lowercased()
        case .host(let given):
            guard channel.remoteQueueStarts != .domains,
                let found = context.router.destination(ofHost: given, source: channel)
            else { return .failure(refusal) }
            (name, host) = (found.channel.name, found.host)
        case .channelOf(let given):
            guard let found = context.router.destination(ofHost: given, source: channel) else {
                return .failure(refusal)
            }
            name = found.channel.name
        }
        let probe = [transport, "SMTP/\(helo)", name, host ?? name, node].joined(separator: "|")
        switch context.router.judgeRemoteQueueStart(probe) {
        case .refused(let text): return .failure(text.isEmpty ? refusal : .nodeNotAllowed(text))
        case .allowed(let other):
            if let other { (name, host) = (other, nil) }
        }
        guard let destination = context.configuration.channels.channel(named: name),
            !destination.blocksRemoteQueueStarts
        else { return .failure(refusal) }
        return .success((destination.name, host))
    }

    private static let success = "{\"ok\":true"

    /// Answers the question with what `reply` makes of the Job Controller's answer, which follows `{"ok":true`; nil: it
    /// could not be reached, or it refused.
    private func askJobController(_ command: String, _ reply: @escaping @Sendable (Substring?) -> Reply) {
        guard let loop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let path = "\(context.configuration.paths.run)/job_controller-admin.sock"
        // Not on the threads that write content and compare passwords: the Job Controller may take its time.
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            guard let answer = try? CommandClient.ask(path, command, timeoutSeconds: 10),
                answer.hasPrefix(Self.success)
            else { return reply(nil) }
            return reply(answer.dropFirst(Self.success.count))
        }.whenComplete { result in
            bound.value.answer(.accept((try? result.get()) ?? reply(nil)))
        }
    }

    // MARK: XADR, XCIR, XGEN, XSTA (smtp specification, 9)

    func privateCommand(_ verb: String, _ argument: ArraySlice<UInt8>) {
        switch verb {
        case "XADR": session.answered(.accept(addressReport(argument)))
        case "XCIR": session.answered(.accept(circuitReport))
        case "XGEN": session.answered(.accept(generalReport))
        default: statusReport()
        }
    }

    private static func report(_ lines: [String]) -> Reply { Reply(code: 250, enhancedStatus: "2.5.0", lines: lines) }

    private func addressReport(_ argument: ArraySlice<UInt8>) -> Reply {
        switch mailbox(argument) {
        case .failure(let reply): return reply
        case .success(let (mailbox, given)):
            let result = context.router.route(
                mailbox, recipient: QueueRecipientFacts(given: given), channel: channel, completion: completion,
                facts: facts(""), expandsNow: true)
            switch result {
            case .refused(let refusal): return .refused(refusal.code, refusal.status, refusal.text, address: given)
            case .accepted(let routed):
                let lines = routed.prefix(Self.mostMembers).map { found in
                    "address \(found.recipient.address), channel \(found.channel), host \(found.host)"
                }
                return Self.report(["source channel \(channel.name)"] + lines)
            }
        }
    }

    private var circuitReport: Reply {
        let limits = context.header.loopLimits
        return Self.report([
            "installation \(context.xloop)", "local host \(context.router.localHost)",
            "a message is held above \(limits.received) Received lines, \(limits.local) of them of this host",
        ])
    }

    private var generalReport: Reply {
        Self.report([
            context.product, "configuration: text files, read at start and at reload; nothing is compiled",
            "character sets: UTF-8, ISO-8859-1, US-ASCII",
        ])
    }

    /// The Job Controller's `summary` is one text with a bar between its lines.
    private func statusReport() {
        askJobController("summary") { answer in
            guard let answer else { return Reply(451, "4.3.0", "The Job Controller does not answer") }
            let quoted = answer.split(separator: "\"", omittingEmptySubsequences: false)
            let lines = quoted.dropFirst(3).first?.split(separator: "|").map(String.init) ?? []
            return Self.report(lines.isEmpty ? ["nothing is queued"] : lines)
        }
    }
}
