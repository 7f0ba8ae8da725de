import Envelope
import Testing
import TransactionLog

private func message(_ notify: NotifyConditions = []) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: 0x1234_5678_9ABC_DEF0), arrival: 1_700_000_000_000, sourceChannel: "tcp_intranet",
        submission: Submission(user: "anna"), sender: "adam@sesta.com", envelopeID: "0JDJ00D02IBWDX00",
        messageIDHeader: "<0JDJ00D02IBWDX00@sesta.com>",
        entries: [
            QueueEntry(channel: "hold", host: "hold-daemon", recipients: []),
            QueueEntry(
                channel: "tcp_local", host: "siroe.com",
                recipients: [
                    QueueRecipient(address: "marlowe@siroe.com", given: "marlowe@siroe.com", notify: notify),
                    QueueRecipient(address: "x@siroe.com", given: "y@siroe.com", originalRecipient: "x400;/C=de/"),
                ], priority: .urgent),
        ])
}

private func dequeue(
    _ outcome: RecipientOutcome, notify: NotifyConditions = [], attempts: Int = 0, othersSettled: Bool = false,
    banner: String = ""
) -> MessageLogEntry? {
    MessageLogEntry.dequeue(
        message(notify), entry: 1, attempts: attempts, outcome: outcome, othersSettled: othersSettled, size: 1025,
        now: 1_700_000_061_400, banner: banner, modifiers: .esmtp)
}

private let remote = "thor.siroe.com (TCP|206.184.139.12|2788|192.160.253.66|25)"

/// Notifications-logging specification, 2.2, 2.3 and 6.1.
@Suite struct DequeueEntryTests {
    @Test(
        arguments: [
            (.delivered, [], false, "D"), (.relayed, [], false, "D"), (.failedTemporarily, [], false, "Q"),
            (.failedTemporarily, [], true, "Z"), (.failedPermanently, [], false, "R"),
            (.failedPermanently, [], true, "R"), (.failedPermanently, .success, false, "R"),
            (.failedPermanently, .never, false, "K"), (.failedPermanently, [.never, .failure], false, "R"),
            (.failedTemporarily, .never, false, "Q"),
        ] as [(RecipientOutcome.Result, NotifyConditions, Bool, String)])
    func action(
        _ result: RecipientOutcome.Result, _ notify: NotifyConditions, _ othersSettled: Bool, _ code: String
    ) throws {
        let outcome = RecipientOutcome(recipient: 0, result: result, text: "x")
        let entry = try #require(dequeue(outcome, notify: notify, othersSettled: othersSettled))
        #expect(entry.action.rawValue == code)
        #expect(entry.destinationChannel.isEmpty)
        #expect(entry.sourceChannel == "tcp_local")
    }

    /// Examples 3 and 12: settings LOG_FILENAME, LOG_MESSAGE_ID and LOG_CONNECTION bit 0.
    @Test func deliveredToARemoteHost() throws {
        let outcome = RecipientOutcome(
            recipient: 0, result: .delivered, status: "2.1.5",
            text: "250 2.1.5 <marlowe@siroe.com>... Recipient ok", remote: remote)
        let given = try #require(dequeue(outcome, attempts: 1, banner: "thor.siroe.com ESMTP Sendmail ready"))
        let values = ["log_filename": 1, "log_message_id": 1, "log_connection": 1, "log_queue_time": 1]
        let name = EntryName(message: message().id, entry: 1, attempts: 1)
        #expect(name.description.hasPrefix("ZY"))
        var output: [UInt8] = []
        LogLayout(options: LogOptions { values[$0] }, node: "").append(
            given, time: Array("16-Feb-2007 15:41:34.73".utf8), process: "", to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "16-Feb-2007 15:41:34.73 tcp_local                 DE 2 adam@sesta.com rfc822;marlowe@siroe.com "
                + "marlowe@siroe.com tcp_local/\(name) <0JDJ00D02IBWDX00@sesta.com> thor.siroe.com "
                + "dns;\(remote) (thor.siroe.com ESMTP Sendmail ready) "
                + "smtp;250 2.1.5 <marlowe@siroe.com>... Recipient ok 61\n")
    }

    @Test func rejectedByARemoteHost() throws {
        let outcome = RecipientOutcome(
            recipient: 1, result: .failedPermanently, status: "5.1.1", text: "550 5.1.1 no such user", remote: remote)
        let entry = try #require(dequeue(outcome))
        #expect(entry.reason == "550 5.1.1 no such user")
        #expect(entry.diagnostic == "smtp;550 5.1.1 no such user")
        #expect(entry.remoteMTA == remote)
        #expect(entry.originalRecipient == "x400;/C=de/")
        #expect(entry.currentRecipient == "x@siroe.com")
        #expect(entry.username == "*anna")
        #expect(entry.priority == .urgent)
        #expect(entry.envelopeID == "0JDJ00D02IBWDX00")
    }

    @Test func failureOfOurOwn() throws {
        let outcome = RecipientOutcome(recipient: 0, result: .failedTemporarily, text: "no space")
        let deferred = try #require(dequeue(outcome))
        #expect(deferred.diagnostic == "no space")
        #expect(deferred.reason.isEmpty)
        #expect(deferred.remoteMTA.isEmpty)
        #expect(deferred.sourceSystem.isEmpty)
        let delivered = try #require(
            dequeue(RecipientOutcome(recipient: 0, result: .delivered, text: "in the mailbox")))
        #expect(delivered.diagnostic.isEmpty)
    }

    @Test func clockSetBack() throws {
        let outcome = RecipientOutcome(recipient: 0, result: .delivered)
        let entry = MessageLogEntry.dequeue(
            message(), entry: 1, attempts: 0, outcome: outcome, othersSettled: false, size: 0, now: 5)
        #expect(entry?.queueSeconds == 0)
    }

    @Test(arguments: [(0, 0), (1, 2), (1, -1), (2, 0), (-1, 0)])
    func whatIsNotThere(_ number: Int, _ recipient: Int) {
        let outcome = RecipientOutcome(recipient: recipient, result: .delivered)
        #expect(
            MessageLogEntry.dequeue(
                message(), entry: number, attempts: 0, outcome: outcome, othersSettled: false, size: 0, now: 0) == nil)
    }
}
