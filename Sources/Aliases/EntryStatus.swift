import InternetMessage

/// Status of domains, users and groups (aliases specification, 6.2).
package enum EntryStatus: String, Hashable, Sendable, CaseIterable {
    case active, inactive, disabled, deleted, removed, hold, overquota

    /// Which attribute a value stands in decides which values are known.
    enum Attribute {
        /// inetDomainStatus, inetUserStatus and the group status.
        case general
        /// mailDomainStatus and mailUserStatus.
        case mail
        /// inetMailGroupStatus.
        case groupMail

        func knows(_ status: EntryStatus) -> Bool {
            switch status {
            case .active, .inactive, .deleted: true
            case .disabled, .removed, .hold: self != .general
            case .overquota: self == .mail
            }
        }
    }

    /// Missing is active; a value that is unknown there is inactive.
    static func read(_ value: String?, as attribute: Attribute) -> EntryStatus {
        guard let value else { return .active }
        guard let status = EntryStatus(rawValue: value.trimmed.asciiLowercased), attribute.knows(status) else {
            return .inactive
        }
        return status
    }

    /// The first status that is not active, in the order domain, domain mail, user or group, user or group mail.
    package static func effective(of entry: DirectoryEntry, in domain: DirectoryDomain?) -> EntryStatus {
        var statuses = [
            read(domain?.value("inetDomainStatus"), as: .general), read(domain?.value("mailDomainStatus"), as: .mail),
        ]
        switch entry.kind {
        case .user:
            statuses.append(read(entry.value("inetUserStatus"), as: .general))
            statuses.append(read(entry.value("mailUserStatus"), as: .mail))
        case .group:
            statuses.append(read(entry.value("inetMailGroupStatus"), as: .groupMail))
        }
        return statuses.first { $0 != .active } ?? .active
    }
}
