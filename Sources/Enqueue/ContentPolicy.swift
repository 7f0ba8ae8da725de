package import Channels
package import Configuration
package import InternetMessage
import Mappings

/// What the keywords of channels want done to header and body of a message, read once for each configuration (channels
/// specification, 4.9, 4.14 and 8.2). Most channels want nothing.
package struct ContentPolicy: Sendable {
    /// Of the channel that a message comes from.
    package struct Source: Hashable, Sendable {
        /// Of the channel; empty where it does not count.
        package var name = ""
        /// Label of 8-bit octets in headers; nil: `UTF-8` for what is UTF-8, else `UNKNOWN`.
        package var headerCharset: String?
        package var labels: CharacterSetLabels?
        /// `headerread`: applied before anything else.
        package var readOptions: HeaderOptions?
        package var dropsBlankFields = false
        /// 2 to 6; 1 passes the message.
        package var missingRecipientPolicy: Int?
        /// `receivedstate` (RFC 6729).
        package var receivedState: String?
        /// `noreceivedfrom`.
        package var hidesOriginalSender = false
        /// `authrewrite`.
        package var authenticated: Channel.AuthenticatedAddressUse?

        package init() {}
    }

    /// Of the channel that a message goes to.
    package struct Destination: Hashable, Sendable {
        package var sevenBit = false
        /// `linelength`.
        package var lineLength: Int?
        package var missingRecipientPolicy: Int?
        /// `headertrim`.
        package var trimOptions: HeaderOptions?
        package var trimsHeader = false
        package var layout: HeaderLayout?
        package var hash: MessageHash?
        /// `keepmessagehash`: without it a Message-hash field of others is removed.
        package var keepsHash = false
        /// `inner`: headers of embedded messages are rewritten too.
        package var rewritesInner = false
        /// `innertrim`: they are trimmed too.
        package var trimsInner = false
        /// `x_env_to` on a channel with `single`: each copy names its recipient.
        package var namesRecipient = false
        /// CHARSET-CONVERSION looks into mail for this channel.
        package var charsets: CharsetConversions?

        package init() {}

        /// Whether the whole header, our Received included, is worked upon.
        var changesHeader: Bool { trimsHeader || layout != nil || hash != nil || namesRecipient }
    }

    /// Which mail for a channel CHARSET-CONVERSION looks into (access-and-filtering specification, 22).
    package struct CharsetConversions: Hashable, Sendable {
        package var destination: String
        package var sources: Set<String>
    }

    /// For the destinations of one message.
    package struct Choice: Hashable, Sendable {
        package var destination = Destination()
        /// The destinations want different things; each must get a message of its own.
        package var differs = false

        package init() {}
    }

    private let sources: [String: Source]
    private let destinations: [String: Destination]
    /// Of the MTA option: 1 to 6.
    let missingRecipientPolicy: Int
    /// `authrewrite_extra_headers`.
    let authenticatedFields: [String]
    private let levels: Int
    private let parts: Int

    /// Reads the header option files too; `report` is told of what cannot be read in them.
    package init(_ configuration: MTAConfiguration, report: (String) -> Void) {
        let mta = configuration.mta
        missingRecipientPolicy = Self.effective(mta.missingRecipientPolicy) ?? 1
        authenticatedFields =
            configuration.options.string("mta.authrewrite_extra_headers")?.split { $0 == "," || $0 == " " }.map(
                String.init) ?? []
        levels = abs(mta.maxMIMELevels)
        parts = abs(mta.maxMIMEParts)
        var sources: [String: Source] = [:]
        var destinations: [String: Destination] = [:]
        let charsets = Self.charsets(configuration)
        let hash = MessageHash(configuration.options, report: report)
        for channel in configuration.channels.channels {
            let source = Self.source(channel, configuration, report)
            if source != Source() { sources[channel.name] = source }
            var destination = Self.destination(channel, hash, configuration, report)
            destination.charsets = charsets?(channel.name)
            if destination != Destination() { destinations[channel.name] = destination }
        }
        self.sources = sources
        self.destinations = destinations
    }

    /// Probe 1 for each pair of channels, once for a configuration; nil without the table.
    private static func charsets(_ configuration: MTAConfiguration) -> ((String) -> CharsetConversions?)? {
        let tables = configuration.mappings
        guard tables.contains(CharsetConversions.table) else { return nil }
        let names = configuration.channels.channels.map(\.name)
        return { destination in
            let sources = names.filter { source in
                let probe = "IN-CHAN=\(source);OUT-CHAN=\(destination);CONVERT"
                let words = tables.probe(CharsetConversions.table, probe, context: MappingContext())?.output
                    .uppercased().split { $0 == "," || $0 == " " }
                return words.map { $0.contains("YES") || $0.contains("ALWAYS") } ?? false
            }
            return sources.isEmpty
                ? nil : CharsetConversions(destination: destination, sources: Set(sources))
        }
    }

    private static func source(
        _ channel: Channel, _ configuration: MTAConfiguration, _ report: (String) -> Void
    ) -> Source {
        var source = Source()
        let sets = channel.characterSets
        source.headerCharset = sets.eightBit
        let labels = CharacterSetLabels(sevenBit: sets.sevenBit, eightBit: sets.eightBit, escape: sets.escape)
        if labels != CharacterSetLabels() { source.labels = labels }
        source.dropsBlankFields = channel.dropsBlankFields
        source.missingRecipientPolicy = channel.missingRecipientPolicy.flatMap(effective)
        source.receivedState = channel.argument("receivedstate")
        source.hidesOriginalSender = !channel.showsReceivedFrom
        let use = channel.authenticatedAddressUse
        if use.action != .nothing { source.authenticated = use }
        if channel.readsHeaderOptions {
            source.readOptions = HeaderOptions(file: "\(channel.name)_read_headers.opt", configuration.paths, report)
        }
        return source
    }

    private static func destination(
        _ channel: Channel, _ hash: MessageHash, _ configuration: MTAConfiguration, _ report: (String) -> Void
    ) -> Destination {
        var destination = Destination()
        destination.sevenBit = channel.eightBit == .encode
        destination.lineLength = channel.bodyLineLength.flatMap { $0 > 0 ? $0 : nil }
        destination.missingRecipientPolicy = channel.missingRecipientPolicy.flatMap(effective)
        let layout = HeaderLayout(
            labelAlignment: channel.headerLabelAlignment, lineLength: channel.integer("headerlinelength"),
            mostAddresses: channel.headerAddressLimit, mostCharacters: channel.headerCharacterLimit)
        if layout != HeaderLayout() { destination.layout = layout }
        if channel.has("generatemessagehash") { destination.hash = hash }
        destination.keepsHash = channel.has("keepmessagehash")
        destination.rewritesInner = channel.rewritesInnerHeaders
        destination.namesRecipient = channel.has("x_env_to") && channel.copies == .single
        destination.trimsHeader = channel.trimsHeader
        destination.trimsInner = channel.has("innertrim")
        if destination.trimsHeader || destination.trimsInner {
            destination.trimOptions = HeaderOptions(file: "\(channel.name)_headers.opt", configuration.paths, report)
        }
        return destination
    }

    /// 0 is current best practice, since 6.2 the same as 1.
    private static func effective(_ policy: Int) -> Int? { policy == 0 ? 1 : policy }

    package func source(_ channel: String) -> Source {
        var source = sources[channel] ?? Source()
        source.name = channel
        return source
    }

    /// Whether channels differ in what they want.
    var dependsOnDestination: Bool { !destinations.isEmpty }

    func destination(_ channel: String) -> Destination { destinations[channel] ?? Destination() }

    /// What the channels want together, in the order of `channels`; where they differ, what the first wants.
    func choice(_ channels: some Sequence<String>) -> Choice {
        var choice = Choice()
        guard dependsOnDestination else { return choice }
        var isFirst = true
        for channel in channels {
            let wanted = destination(channel)
            if isFirst {
                choice.destination = wanted
            } else if choice.destination != wanted || wanted.namesRecipient {
                choice.differs = true
            }
            isFirst = false
        }
        return choice
    }

    /// What is done to the body; nil: nothing.
    package func conversion(
        _ source: Source, _ destination: Destination, convertsText: Bool = false
    ) -> ContentConverter.Wishes? {
        guard
            convertsText || source.labels != nil || destination.sevenBit || destination.lineLength != nil
                || destination.rewritesInner || destination.trimsInner
        else { return nil }
        var wishes = ContentConverter.Wishes(
            sevenBit: destination.sevenBit, lineLength: destination.lineLength, labels: source.labels)
        wishes.levels = levels
        wishes.parts = parts
        return wishes
    }
}
