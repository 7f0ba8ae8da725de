import Envelope
import Testing

@testable import SMTP
@testable import SMTPClient

/// DELIVERBY and MT-PRIORITY go on to servers that offer them.
@Suite struct RelayedRequestsTests {
    private static func offer(_ lines: String...) -> ServerExtensions {
        ServerExtensions(ReceivedReply(code: 250, lines: ["mx.example"] + lines))
    }

    @Test(
        arguments: [
            (DeliverBy(deadline: 1120, mode: .giveBack), 3, " BY=120;R MT-PRIORITY=3"),
            (DeliverBy(deadline: 900, mode: .notify), -4, " BY=-100;N MT-PRIORITY=-4"),
            (DeliverBy(deadline: 900, mode: .giveBack), nil, " BY=1;R"),
            (DeliverBy(deadline: 1 << 40, mode: .notify), nil, " BY=999999999;N"), (nil, 0, " MT-PRIORITY=0"),
            (nil, nil, ""),
        ] as [(DeliverBy?, Int8?, String)])
    func parameters(deliverBy: DeliverBy?, priority: Int8?, expected: String) {
        var message = QueuedMessage(
            id: MessageID(rawValue: 1), arrival: 0, sourceChannel: "tcp_local", sender: "a@b",
            entries: [
                QueueEntry(
                    channel: "tcp_local", host: "example.net",
                    recipients: [QueueRecipient(address: "c@d", given: "c@d")])
            ])
        message.transferPriority = priority
        message.entries[0].deliverBy = deliverBy
        let job = DeliveryJob(
            message: message, entryIndex: 0, entry: message.entries[0], attempt: 0, content: .bytes([]))
        var transaction = ClientTransaction(sender: "a@b", recipients: [], size: 5)
        transaction.requests = RelayedRequests(job, now: 1000)
        let both = Self.offer("DELIVERBY 60", "MT-PRIORITY MIXER")
        #expect(transaction.mailCommand(both) == "MAIL FROM:<a@b>\(expected)\r\n")
        #expect(transaction.mailCommand(Self.offer("PIPELINING")) == "MAIL FROM:<a@b>\r\n")
    }
}
