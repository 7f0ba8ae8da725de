/// The channel checks that a template has asked for so far (rewrite-rules specification, section 5.6): of several `$M`
/// or `$Q` one has to hold, of several `$N` or `$C` all.
struct ChannelChecks {
    private var sources: [String] = []
    private var excludedSources: [String] = []
    private var destinations: [String] = []
    private var excludedDestinations: [String] = []
    /// `$1M` and `$1N`.
    var reprocessing: Set<Bool> = []

    mutating func addSource(_ channel: String, isNamed: Bool) {
        if isNamed { sources.append(folded(channel)) } else { excludedSources.append(folded(channel)) }
    }

    mutating func addDestination(_ channel: String, isNamed: Bool) {
        if isNamed { destinations.append(folded(channel)) } else { excludedDestinations.append(folded(channel)) }
    }

    /// The first kind of check that does not hold; channels with `norules` are not checked, nor is the destination
    /// while the envelope To address is rewritten, as it is not known yet.
    func failure(for query: RewriteEngine.Query, _ channels: any ChannelHosts) -> RuleFailure? {
        if asksSource, channels.checksRules(channel: query.sourceChannel), !sourceHolds(query.sourceChannel, channels) {
            return .sourceChannel
        }
        if query.kind == .envelope, query.direction == .forward { return nil }
        if let channel = query.destinationChannel, !channels.checksRules(channel: channel) { return nil }
        let channel = query.destinationChannel.map { folded($0) } ?? ""
        let holds = destinations.isEmpty || destinations.contains(channel)
        return holds && !excludedDestinations.contains(channel) ? nil : .destinationChannel
    }

    private var asksSource: Bool { !sources.isEmpty || !excludedSources.isEmpty || !reprocessing.isEmpty }

    private func sourceHolds(_ name: String, _ channels: any ChannelHosts) -> Bool {
        let channel = folded(name)
        let isReprocessing = reprocessing.isEmpty ? false : channels.isReprocessing(channel: name)
        return (sources.isEmpty || sources.contains(channel)) && !excludedSources.contains(channel)
            && reprocessing.allSatisfy { $0 == isReprocessing }
    }
}
