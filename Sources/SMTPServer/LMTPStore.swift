import Channels
import Configuration
import Enqueue
import InternetMessage
import MessageStore
import OptionSyntax
import SystemCalls

/// The store that the LMTP server delivers into (channel-programs specification, 3): no rewriting, no aliases, no queue.
struct LMTPStore: Sendable {
    /// A message for the mailboxes of its recipients.
    struct Message: Sendable {
        enum Content: Sendable {
            case bytes([[UInt8]])
            case scratch(ScratchFile)
        }

        /// Envelope From, without angle brackets.
        var sender: String
        /// What makes the file's name unlike any other.
        var identity: MessageSubmitter.Identity
        var content: Content
    }

    private static let pieceSize = 128 << 10

    let mailboxes: LocalMailboxes
    private let root: String
    private let host: String
    private let addsReturnPath: Bool

    init(root: String, host: String, addsReturnPath: Bool, mailboxes: LocalMailboxes) {
        self.root = root
        self.host = host
        self.addsReturnPath = addsReturnPath
        self.mailboxes = mailboxes
    }

    /// The store of `ims-ms`; MAILDIR_ROOT of the LMTP channel itself comes before that of `ims-ms`.
    init(_ configuration: MTAConfiguration, _ channel: Channel) {
        let stores = configuration.channels.channels.filter { $0.name.hasPrefix("ims-ms") }
        let option = ([channel] + stores).lazy.compactMap { $0.options["maildir_root"] }.first
        let root = option.map(configuration.symbols.expandingPath) ?? configuration.paths.store
        let hosts = configuration.channels.channels.filter { $0.name.hasPrefix("ims-ms") || $0.proto == .lmtp }
        self.init(
            root: root, host: configuration.hostname, addsReturnPath: channel.addsReturnPath,
            mailboxes: LocalMailboxes(
                root: root, defaultDomain: configuration.defaultDomain, storeHosts: Set(hosts.map(\.officialHost))))
    }

    /// For content that is too large for memory.
    func scratch() throws(SystemCallError) -> ScratchFile { try ScratchFile(directory: root) }

    /// Puts the message into each mailbox, in order; nil where it is there for good. Blocks until the disk has it.
    func deliver(_ message: Message, to recipients: [MailboxName]) -> [StoreFailure?] {
        recipients.enumerated().map { number, name in
            do {
                try write(message, number, mailboxes.maildir(name))
                return nil
            } catch {
                return StoreFailure(error)
            }
        }
    }

    private func write(_ message: Message, _ number: Int, _ maildir: Maildir) throws {
        let identity = message.identity
        let name = "\(identity.arrival / 1000).M\(identity.id)E0R\(number).\(host)"
        var delivery = try maildir.deliver(name: name)
        do {
            if addsReturnPath { try delivery.append(Array("Return-path: <\(message.sender)>\r\n".utf8)) }
            switch message.content {
            case .bytes(let pieces): for piece in pieces { try delivery.append(piece) }
            case .scratch(let file):
                var offset = 0
                while case let piece = try file.read(offset, Self.pieceSize), !piece.isEmpty {
                    try delivery.append(piece)
                    offset += piece.count
                }
            }
        } catch {
            delivery.abandon()
            throw error
        }
        try delivery.finish()
    }
}
