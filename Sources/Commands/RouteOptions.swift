import ArgumentParser
import Channels
import Configuration
import Enqueue
import InternetMessage

/// Who sends, for commands that follow an address.
struct RouteOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The channel that would enqueue.", valueName: "name"))
    var sourceChannel: String?

    @Option(help: ArgumentHelp("The envelope From; <> is the empty one.", valueName: "address"))
    var from: String?

    @Option(help: ArgumentHelp("The authenticated sender, for access tables.", valueName: "address"))
    var sender: String?

    func channel(in configuration: MTAConfiguration, otherwise names: [String] = ["l"]) throws -> Channel {
        let wanted = sourceChannel.map { [$0] } ?? names
        for name in wanted {
            if let channel = configuration.channels.channel(named: name) { return channel }
        }
        throw CommandFailure("there is no channel \(wanted.last ?? "")")
    }

    /// The envelope From of access tables: as given, else the local postmaster (rewrite-rules specification, 10.1).
    func sender(in configuration: MTAConfiguration) -> String {
        guard let from else { return "postmaster@\(configuration.channels.localHost)" }
        return from == "<>" ? "" : from
    }

    /// What access tables are told about a message from `channel`.
    func facts(in configuration: MTAConfiguration, channel: Channel) -> AccessFacts {
        AccessFacts(
            sourceChannel: channel.name, sender: sender(in: configuration), isAuthenticated: sender != nil)
    }
}

extension Mailbox {
    /// An address of a command line.
    init(argument: String) throws {
        switch Mailbox.parse(argument) {
        case .success(let mailbox): self = mailbox
        case .failure(let error): throw CommandFailure("\(argument) is no address: \(error.reason)")
        }
    }
}
