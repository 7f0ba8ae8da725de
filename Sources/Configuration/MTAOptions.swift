package import Aliases
import OptionSyntax

/// The MTA options (`option.dat`, `mta.*`) that the engine uses, typed. Others are read by name from the option store.
package struct MTAOptions: Hashable, Sendable {
    package var enabled: Bool
    /// Bytes of an MTA block.
    package var blockSize: Int
    /// Largest message in blocks; 0 without limit.
    package var blockLimit: Int
    /// Most lines of a message; 0 without limit.
    package var lineLimit: Int
    package var deliveryOptions: DeliveryOptions
    /// Free bytes of the queue's file system below which MAIL FROM is refused.
    package var queueMinFree: Int
    /// `notices` count hours instead of days.
    package var noticesCountHours: Bool
    /// Address in From of notices; nil for postmaster at the local host.
    package var returnAddress: String?
    package var returnPersonal: String?
    package var returnEnvelope: UInt32
    package var returnDeliveryHistory: Bool
    package var historyToReturn: Int
    /// Blocks above which a notice returns the header only, when the client did not say.
    package var contentReturnBlockLimit: Int?
    /// Blocks above which a notice returns the header only, whatever the client said.
    package var bounceBlockLimit: Int?
    package var maxReceivedLines: Int
    package var maxLocalReceivedLines: Int
    package var maxTotalReceivedLines: Int
    package var maxMRReceivedLines: Int
    package var maxX400ReceivedLines: Int
    /// Negative: deeper messages are held.
    package var maxMIMELevels: Int
    package var maxMIMEParts: Int
    package var maxAliasLevels: Int
    package var addresses: Addresses
    package var access: Access
    package var senderPolicy: SenderPolicy
    /// Replaces a vertical bar inside a field of a probe; nil leaves it.
    package var mappingParanoia: Character?
    package var missingRecipientPolicy: Int
    package var usePermanentError: Int
    package var useTemporaryError: Int
    /// 1: discarded mail vanishes; 2: it goes to `filter_discard`.
    package var filterDiscard: Int
    package var filterJettison: Int
    /// Access failures say so instead of looking like an unknown host.
    package var showsAccessErrors: Bool
    /// `tcp_*` channels without protocol keyword take any line end (`crorlf`).
    package var lenientTerminatorByDefault: Bool
    package var receivedDomain: String?
    package var receivedVersion: String?
    package var idDomain: String?
    /// Texts of replies by name without `error_text_`, as given by the site.
    package var errorTexts: [String: String]

    /// Bytes of the largest message; nil without limit.
    package var byteLimit: Int? {
        blockLimit > 0 ? bytes(ofBlocks: blockLimit) : nil
    }

    /// Bytes of a number of blocks; the largest integer when there are more.
    package func bytes(ofBlocks blocks: Int) -> Int {
        let (product, overflow) = max(0, blocks).multipliedReportingOverflow(by: blockSize)
        return overflow ? .max : product
    }
}

extension MTAOptions {
    init(_ options: OptionStore, diagnostics: inout Diagnostics) {
        func integer(_ name: String) -> Int { options.integer("mta." + name) ?? 0 }
        func text(_ name: String) -> String? { options.string("mta." + name) }
        enabled = options.boolean("mta.enable")
        blockSize = max(1, integer("block_size"))
        blockLimit = integer("block_limit")
        lineLimit = integer("line_limit")
        deliveryOptions =
            options["mta.delivery_options"].map {
                DeliveryOptions(
                    parsing: $0.values.joined(separator: " "), at: $0.location, diagnostics: &diagnostics)
            } ?? .standard
        queueMinFree = integer("queue_min_free")
        noticesCountHours = integer("return_units") == 1
        returnAddress = text("return_address")
        returnPersonal = text("return_personal")
        returnEnvelope = options.mask("mta.return_envelope")
        returnDeliveryHistory = options.boolean("mta.return_delivery_history")
        historyToReturn = integer("history_to_return")
        contentReturnBlockLimit = options.integer("mta.content_return_block_limit")
        bounceBlockLimit = options.integer("mta.bounce_block_limit")
        maxReceivedLines = integer("max_received_lines")
        maxLocalReceivedLines = integer("max_local_received_lines")
        maxTotalReceivedLines = integer("max_total_received_lines")
        maxMRReceivedLines = integer("max_mr_received_lines")
        maxX400ReceivedLines = integer("max_x400_received_lines")
        maxMIMELevels = integer("max_mime_levels")
        maxMIMEParts = integer("max_mime_parts")
        maxAliasLevels = integer("max_alias_levels")
        addresses = Addresses(options)
        access = Access(options)
        senderPolicy = SenderPolicy(options)
        mappingParanoia = text("mapping_paranoia")?.first
        missingRecipientPolicy = integer("missing_recipient_policy")
        usePermanentError = integer("use_permanent_error")
        useTemporaryError = integer("use_temporary_error")
        filterDiscard = integer("filter_discard")
        filterJettison = integer("filter_jettison")
        showsAccessErrors = options.boolean("mta.access_errors")
        lenientTerminatorByDefault = text("default_smtp_terminator")?.lowercased() == "crorlf"
        receivedDomain = text("received_domain")
        receivedVersion = text("received_version")
        idDomain = text("id_domain")
        let prefix = "mta.error_text_"
        errorTexts = [:]
        for entry in options.all where entry.path.key.hasPrefix(prefix) {
            errorTexts[String(entry.path.key.dropFirst(prefix.count))] = entry.values.joined(separator: " ")
        }
    }
}
