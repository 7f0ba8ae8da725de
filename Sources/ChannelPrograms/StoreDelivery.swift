import Channels
import Configuration
import Envelope
import InternetMessage
import MessageStore
import OptionSyntax
import Spool
import SystemCalls

/// `ims_master`: the channel program of `ims-ms`, delivery into Maildir mailboxes (channel-programs specification, 5).
package enum StoreDelivery {
    /// DELIVER_THREADS.
    private static let defaultThreads = 15

    /// `lmtp`: the LMTP client, for a channel with option STORE=lmtp.
    package static func run(lmtp: @escaping ChannelProgram.Elsewhere) -> Int32 {
        ChannelProgram.run(
            "ims_master", threads: { $0.options["deliver_threads"].flatMap { Int($0) } ?? defaultThreads },
            isFinal: true, elsewhere: { $0.options["store"]?.lowercased() == "lmtp" ? lmtp : nil },
            deliver: { program in
                let root = program.channel.options["maildir_root"].map(program.configuration.symbols.expandingPath)
                let store = MailboxStore(
                    root: root ?? program.configuration.paths.store,
                    defaultDomain: program.configuration.defaultDomain, host: program.configuration.hostname,
                    addsReturnPath: program.channel.addsReturnPath)
                return { copy in copy.pending.map { store.deliver(copy, to: $0) } }
            })
    }
}

/// The tree of mailboxes.
struct MailboxStore: Sendable {
    let root: String
    let defaultDomain: String
    let host: String
    let addsReturnPath: Bool

    /// Delivers a copy to one of its recipients.
    func deliver(_ copy: ChannelProgram.Copy, to number: Int) -> RecipientOutcome {
        let recipient = copy.entry.recipients[number]
        guard let mailbox = MailboxName(recipient: recipient.address, defaultDomain: defaultDomain) else {
            return RecipientOutcome(
                recipient: number, result: .failedPermanently, status: "5.1.1", text: "no mailbox can have this name")
        }
        do {
            try write(copy, number, Maildir(mailbox.directory(below: root)))
            return RecipientOutcome(
                recipient: number, result: .delivered, status: "2.1.5", text: "delivered to the mailbox")
        } catch is BinaryContentStays {
            return RecipientOutcome(
                recipient: number, result: .failedPermanently, status: "5.6.3",
                text: "binary content that may not be converted cannot be kept in a mailbox")
        } catch {
            let failure = StoreFailure(error)
            return RecipientOutcome(
                recipient: number, result: .failedTemporarily, status: failure.status, text: failure.text)
        }
    }

    private func write(_ copy: ChannelProgram.Copy, _ number: Int, _ maildir: Maildir) throws {
        let message = copy.stored.message
        let name = "\(message.arrival / 1000).M\(message.id)E\(copy.number)R\(number).\(host)"
        var delivery = try maildir.deliver(name: name)
        var content = copy.stored.content
        content.rewind()
        do {
            if addsReturnPath { try delivery.append(Array("Return-path: <\(message.sender)>\r\n".utf8)) }
            if message.body == .binaryMIME {
                try Self.writeEncoded(&content, to: &delivery)
            } else {
                while case let chunk = try content.next(), !chunk.isEmpty { try delivery.append(Array(chunk)) }
            }
        } catch {
            delivery.abandon()
            throw error
        }
        try delivery.finish()
    }

    /// A mailbox file is lines: binary parts (RFC 3030) are encoded, or their line ends would not be what they were.
    private static func writeEncoded(_ content: inout StoredContent, to delivery: inout Maildir.Delivery) throws {
        var converter = ContentConverter(.forLines)
        var output: [UInt8] = []
        var last: UInt8 = 0
        var isComplete = false
        while !isComplete {
            let chunk = try content.next()
            isComplete = chunk.isEmpty
            if isComplete {
                converter.finish(into: &output)
            } else {
                converter.convert(Array(chunk)[...], into: &output)
            }
            for octet in output {
                guard (last == 13) == (octet == 10), octet != 0 else { throw BinaryContentStays() }
                last = octet
            }
            try delivery.append(output)
            output.removeAll(keepingCapacity: true)
        }
        // Without a line end at its end a file is no lines either.
        if last != 10 { try delivery.append([13, 10]) }
    }

    /// Binary content that may not be converted, because it is signed, encrypted or not understood.
    private struct BinaryContentStays: Error {}
}
