import InternetMessage

/// What alias expansion asks of the world: text of list files and mapping tables. Both are functions so that the rest
/// stays free of files.
package struct AliasEnvironment: Sendable {
    /// The text of a list file, named as in the alias; nil when it cannot be read.
    package var readFile: @Sendable (_ file: String) -> String?
    /// Whether a mapping table says yes (`$Y` or `$T`) to a probe, and with which output; nil: no.
    package var probeMapping: @Sendable (_ table: String, _ probe: String) -> String?

    package init(
        readFile: @escaping @Sendable (_ file: String) -> String? = { _ in nil },
        probeMapping: @escaping @Sendable (_ table: String, _ probe: String) -> String? = { _, _ in nil }
    ) {
        self.readFile = readFile
        self.probeMapping = probeMapping
    }
}

/// Who may post to a list (aliases specification, 5.3).
struct ListAccess {
    enum Verdict: Equatable {
        case allowed
        /// The text says which condition, for the log.
        case refused(String)
        /// Goes to the moderator instead.
        case moderated(Mailbox)
        /// A list that decides cannot be read.
        case unavailable(String)
    }

    let parameters: ListParameters
    let poster: Poster
    let environment: AliasEnvironment

    func verdict() -> Verdict {
        var allowed: Bool?
        for clause in parameters.access {
            guard let matches = matches(clause.subject) else { return .unavailable("list of \(clause.subject)") }
            let good = matches == clause.mustMatch
            allowed = clause.isAlternative ? (allowed ?? false) || good : (allowed ?? true) && good
        }
        guard allowed ?? true else { return .refused("\(posterText) may not post") }
        guard let moderator = parameters.moderatorAddress else { return .allowed }
        for moderators in parameters.moderators {
            guard let matches = matches(moderators) else { return .unavailable("moderator list") }
            if matches { return .allowed }
        }
        return .moderated(moderator)
    }

    private var posterText: String { poster.envelopeFrom?.address ?? "<>" }

    private func matches(_ subject: ListParameters.AccessClause.Subject) -> Bool? {
        switch subject {
        case .list(let list): isMember(of: list)
        case .usernameList(let list): isUser(in: list)
        case .mapping(let table): environment.probeMapping(table, posterText) != nil
        case .channels(let patterns): patterns.contains { Wildcard.matches($0, poster.sourceChannel) }
        }
    }

    private func matches(_ moderators: ListParameters.Moderators) -> Bool? {
        switch moderators {
        case .list(let list): isMember(of: list)
        case .usernameList(let list): isUser(in: list)
        case .mapping(let table): environment.probeMapping(table, posterText) != nil
        }
    }

    /// nil when the list cannot be read.
    private func isMember(of list: ListLocation) -> Bool? {
        guard case .file(let file) = list, let content = MailingListFile(file, read: environment.readFile) else {
            return nil
        }
        guard let sender = poster.envelopeFrom else { return false }
        return content.members.contains { $0.address.isSameAddress(as: sender) }
    }

    private func isUser(in list: ListLocation) -> Bool? {
        guard case .file(let file) = list, let text = environment.readFile(file) else { return nil }
        guard !poster.user.isEmpty else { return false }
        return MailingListFile.patterns(text).contains { Wildcard.matches($0, poster.user) }
    }
}
