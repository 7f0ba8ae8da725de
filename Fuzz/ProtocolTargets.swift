import Envelope
import MasterKit
import ProcessPool
import SMTP

@testable import Spool

extension FuzzTarget {
    /// What comes over sockets and from the disk.
    static let protocolTargets = [
        FuzzTarget(
            "smtp-session",
            [
                "EHLO a\r\nMAIL FROM:<a@b> SIZE=5\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n..\r\n.\r\nQUIT\r\n",
                "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@d> NOTIFY=NEVER\r\nBDAT 5\r\nabcdeBDAT 3 LAST\r\nx\r\nRSET\r\n",
                "XCLIENT ADDR=IPV6:::1 HELO=x\r\nEHLO a\r\nMAIL FROM: BODY=BINARYMIME BY=60;RT\r\nBDAT 3 LAST\r\na\nb"
                    + "MAIL FROM: HOLDUNTIL=2026-01-01T00:00:00Z MT-PRIORITY=-3 SOLICIT=a,b\r\nETRN @x\r\nXADR a\r\n",
                "EHLO a\r\nSTARTTLS\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@b> AUTH=<>\r\n",
            ],
            words: [
                "STARTTLS\r\n", "AUTH LOGIN\r\n", "AUTH PLAIN =\r\n", "*\r\n",
                "\r\n", "\r\n.\r\n", "\n", "\r", ".", "BDAT 5 LAST\r\n", "DATA\r\n", "RSET\r\n", "VRFY x\r\n", "\0",
            ],
            run: runSession),
        FuzzTarget(
            "spool-record",
            bytes: [
                Array(MessageCodec.record(sampleMessage, ContentPlace(size: 0), pieces: []).head[RecordHeader.size...]),
                [1, 1], [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ],
            words: ["\0", "\u{1}", "\u{7F}"],
            run: { bytes in
                _ = MessageCodec.decode(payload: bytes[...])
                for kind in 0...11 { _ = LedgerCodec.decode(([1, UInt8(kind)] + bytes)[...]) }
                _ = LedgerCodec.decode(bytes[...])
            }),
        FuzzTarget(
            "control-message", bytes: sampleMessages,
            words: ["=", "\n", "\n\n", "\0", "work", "item", "id=", "end=", "recipients=0-5,7", "%0A", "\\"],
            run: { bytes in
                guard let message = try? ControlMessage(bytes: bytes) else { return }
                _ = EntryList.keys(in: message)
                _ = message.groups.first?["recipients"].flatMap { IndexList.indexes($0) }
                for group in message.groups {
                    _ = ItemMessage.read(group)
                    _ = NoticeMessages.read(group)
                    _ = NoticeMessages.readUpTo(group)
                }
                _ = try? message.encoded()
            }),
    ]

    private static let sampleMessages = [
        ControlMessage("status", ["id": "7", "pid": "12"]),
        ControlMessage("item", groups: [["id": "0SU00A1B", "recipients": "0-5,7"], ["segment": "s", "end": "99"]]),
    ].compactMap { try? $0.encoded() }

    private static let sampleMessage = QueuedMessage(
        id: MessageID(rawValue: 7), arrival: 1_738_324_800_123, sourceChannel: "tcp_local",
        submission: Submission(clientAddress: "203.0.113.9", helo: "client.example", user: "ann", usedTLS: true),
        sender: "joe@example.org", envelopeID: "0SU00A1B2C3D4E5F", clientEnvelopeID: "ENV 1", returnContent: .headers,
        body: .binaryMIME, needsSMTPUTF8: true, messageIDHeader: "<1@example.org>",
        entries: [
            QueueEntry(
                channel: "ims-ms", host: "ims-ms-daemon",
                recipients: [QueueRecipient(address: "ann@ims-ms-daemon", given: "ann@example.com", notify: .never)],
                priority: .urgent, notBefore: 1_738_400_000)
        ])

    /// The whole input at once, then in pieces of seven bytes; everything is accepted.
    private static func runSession(_ bytes: [UInt8]) {
        for size in [max(1, bytes.count), 7] {
            var options = ServerOptions(hostName: "h", clientAddress: "192.0.2.1", productVersion: "v", xloop: "x")
            options.offersTLS = true
            options.offersSMTPUTF8 = true
            options.offersRemoteQueueStart = true
            options.privateCommands = ["XADR", "XSTA"]
            options.extensions.offersBinaryMIME = true
            options.extensions.longestHold = 86_400
            options.extensions.shortestDeliverBy = 60
            options.extensions.priorities = -4...4
            options.authenticationMechanisms = ["PLAIN", "LOGIN"]
            var session = ServerSession(options)
            session.trust.takesXCLIENT = true
            session.trust.takesXFORWARD = true
            session.start()
            drive(&session)
            var rest = bytes[...]
            while !rest.isEmpty {
                Array(rest.prefix(size)).withUnsafeBytes { session.receive($0) }
                rest = rest.dropFirst(size)
                drive(&session)
            }
            session.inputEnded()
            drive(&session)
        }
    }

    private static func drive(_ session: inout ServerSession) {
        while let action = session.next() {
            switch action {
            case .mail(let argument):
                let parsed = MailParameters.parse(argument, options: session.options)
                session.hasBinaryBody = (try? parsed.get())?.body == .binaryMIME
                answer(parsed, &session)
            case .recipient(let argument): answer(RecipientParameters.parse(argument, allowsUTF8: true), &session)
            case .greeting, .beginData: session.answered(.accept(nil))
            case .endOfData, .verify, .expand, .remoteQueueStart, .privateCommand:
                session.answered(.accept(Reply(250, "2.0.0", "yes")))
            case .authenticate(_, let response): session.answered(response == nil ? .challenge("") : .accept(nil))
            case .authenticationResponse(let response):
                session.answered(response.count.isMultiple(of: 2) ? .challenge("YQ==") : .accept(nil))
            case .attributes: session.answered(.accept(nil))
            case .startTLS: session.tlsEstablished()
            case .reply, .badCommand, .content, .abort, .close: break
            }
        }
    }

    private static func answer<Parameters>(_ parsed: Result<Parameters, Reply>, _ session: inout ServerSession) {
        switch parsed {
        case .success: session.answered(.accept(Reply(250, "2.1.0", "yes")))
        case .failure: session.answered(.accept(Reply(250, "2.1.0", "taken all the same")))
        }
    }
}
