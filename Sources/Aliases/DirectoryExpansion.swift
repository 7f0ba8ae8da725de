import InternetMessage

/// From an entry of the directory to addresses: status, mail host, delivery options (aliases specification, 6.1 steps
/// 5 to 9).
struct DirectoryExpansion {
    let entry: DirectoryEntry
    let domain: DirectoryDomain
    let query: AliasQuery
    let settings: DirectorySource.Settings
    let environment: AliasEnvironment
    private var addresses: [ExpandedAddress] = []

    init(
        entry: DirectoryEntry, domain: DirectoryDomain, query: AliasQuery, settings: DirectorySource.Settings,
        environment: AliasEnvironment
    ) {
        self.entry = entry
        self.domain = domain
        self.query = query
        self.settings = settings
        self.environment = environment
    }

    mutating func answer() -> AliasAnswer {
        switch EntryStatus.effective(of: entry, in: domain) {
        case .active: return deliver(chosenOptions)
        case .hold: return hold()
        case let status: return .failure(refusal(status))
        }
    }

    private func refusal(_ status: EntryStatus) -> AliasFailure {
        let texts = settings.texts
        let isUser = entry.kind == .user
        switch status {
        case .disabled:
            return AliasFailure(
                550, EnhancedStatus(5, 2, 1), isUser ? texts.disabledUser : texts.disabledGroup)
        case .deleted, .removed:
            return AliasFailure(550, EnhancedStatus(5, 1, 6), isUser ? texts.deletedUser : texts.deletedGroup)
        case .overquota:
            return AliasFailure(452, EnhancedStatus(4, 2, 2), texts.overQuota)
        case .active, .inactive, .hold:
            return AliasFailure(450, EnhancedStatus(4, 2, 1), isUser ? texts.inactiveUser : texts.inactiveGroup)
        }
    }

    /// To the hold channel, by the `hold` option whether or not the entry names it.
    private mutating func hold() -> AliasAnswer {
        guard let option = settings.deliveryOptions.option(named: "hold") else {
            return .failure(settings.texts.misconfigured("delivery_options has no hold, needed for \(entry.name)"))
        }
        return deliver([(option.name, option)], heldReason: "user or domain status hold")
    }

    private var chosenOptions: [(name: String, option: DeliveryOption?)] {
        var names = entry.values("mailDeliveryOption").filter { !$0.isEmpty }
        if names.isEmpty { names = [entry.kind == .user ? "mailbox" : "members"] }
        return names.map { ($0, settings.deliveryOptions.option(named: $0)) }
    }

    private mutating func deliver(
        _ chosen: [(name: String, option: DeliveryOption?)], heldReason: String? = nil
    ) -> AliasAnswer {
        var options: [DeliveryOption] = []
        for (name, option) in chosen {
            guard let option, entry.kind == .user ? option.appliesToUsers : option.appliesToGroups else {
                return .failure(
                    settings.texts.misconfigured("\(entry.mail): mailDeliveryOption \(name) is not in delivery_options")
                )
            }
            options.append(option)
        }
        if heldReason == nil, let detour = query.detourHost, !detour.isEmpty {
            let address = query.address
            return .addresses([
                ExpandedAddress(Mailbox(localPart: address.localPart, domain: address.domain, route: [detour]))
            ])
        }
        if let routed = otherHost(options) { return .addresses([ExpandedAddress(routed)]) }
        for option in options where isInForce(option) {
            if let failure = apply(option, heldReason) { return .failure(failure) }
        }
        guard !addresses.isEmpty else {
            return .failure(settings.texts.misconfigured("\(entry.mail): no delivery option gives an address now"))
        }
        return .addresses(addresses)
    }

    /// The address on its way to the entry's own host, when that is not ours.
    private func otherHost(_ options: [DeliveryOption]) -> Mailbox? {
        if options.allSatisfy(\.isHostIndependent) { return nil }
        if let routing = entry.value("mailRoutingAddress"), let mailbox = Mailbox(routing),
            !mailbox.isSameAddress(as: query.address)
        {
            return mailbox
        }
        guard let host = entry.value("mailHost"), !host.isEmpty,
            !settings.localHosts.contains(host.asciiLowercased), let probe = Mailbox("x@" + host)
        else { return nil }
        return Mailbox(localPart: query.address.localPart, domain: query.address.domain, route: [probe.domain])
    }

    private func isInForce(_ option: DeliveryOption) -> Bool {
        guard option.onlyDuringVacation || option.onlyOutsideVacation else { return true }
        let start = entry.value("vacationStartDate").flatMap(MessageDate.parseGeneralizedTime) ?? .min
        let end = entry.value("vacationEndDate").flatMap(MessageDate.parseGeneralizedTime) ?? .max
        let isAway = query.now >= start && query.now <= end
        return option.onlyDuringVacation ? isAway : !isAway
    }

    private mutating func apply(_ option: DeliveryOption, _ heldReason: String?) -> AliasFailure? {
        if option.isDeferred, !query.isReprocessing {
            addresses.append(ExpandedAddress(query.address, isDeferred: true))
            return nil
        }
        switch option.effect {
        case .members: return expandMembers(option)
        case .forwardingAddresses: return add(entry.values("mailForwardingAddress"), option)
        case .template(let template): return expandTemplate(template, option, heldReason)
        }
    }

    private mutating func expandTemplate(
        _ template: String, _ option: DeliveryOption, _ heldReason: String?
    ) -> AliasFailure? {
        let isHosted = !equalIgnoringCase(domain.name.utf8, settings.defaultDomain.utf8)
        var expansion = DeliveryTemplate(
            DeliveryTemplate.Values(
                address: query.address, entry: entry, hostedDomain: isHosted ? domain.name : nil,
                subaddress: SubaddressedName(query.address.localPart).subaddress),
            mapping: environment.probeMapping)
        guard let address = expansion.expand(template) else {
            return settings.texts.misconfigured("\(entry.mail): delivery option \(option.name) gives no address")
        }
        let reason = option.isHeld ? heldReason ?? "delivery option \(option.name)" : nil
        addresses.append(ExpandedAddress(address, heldReason: reason, isAutoreply: option.isAutoreply))
        return nil
    }

    private mutating func expandMembers(_ option: DeliveryOption) -> AliasFailure? {
        add(entry.values("mgrpRFC822MailMember") + entry.values("member"), option)
    }

    private mutating func add(_ values: [String], _ option: DeliveryOption) -> AliasFailure? {
        var list: ListParameters?
        if entry.kind == .group {
            var parameters = ListParameters()
            if let errorsTo = entry.value("mgrpErrorsTo") {
                _ = parameters.setPositional(1, errorsTo)
            }
            list = parameters
        }
        let mailboxes = values.compactMap { Mailbox($0) }
        guard !mailboxes.isEmpty else {
            return settings.texts.misconfigured("\(entry.mail): delivery option \(option.name) has no addresses")
        }
        addresses += mailboxes.map { ExpandedAddress($0, list: list) }
        return nil
    }
}
