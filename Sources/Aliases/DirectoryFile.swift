import InternetMessage
package import OptionSyntax

/// The directory as a text file: `base.directory = file:PATH` (default configuration, 5).
package struct DirectoryFile: Directory, Sendable {
    /// Domains by name in lower case.
    package private(set) var domains: [String: DirectoryDomain] = [:]
    /// Users and groups in the order of the file.
    package private(set) var entries: [DirectoryEntry] = []
    /// Index of the entry by address in lower case.
    private var byAddress: [String: Int] = [:]
    /// Index of the user by `uid@domain` in lower case.
    private var byLogin: [String: Int] = [:]

    package init() {}

    /// Reads the text of `file`. Paragraphs that are in order are taken; errors are in `diagnostics`.
    package init(parsing text: String, file: String, diagnostics: inout Diagnostics) {
        let paragraphs = DirectoryParagraph.paragraphs(of: text, file: file, &diagnostics)
        for paragraph in paragraphs where !paragraph.isUser && !paragraph.isGroup {
            addDomain(paragraph, &diagnostics)
        }
        for paragraph in paragraphs where paragraph.isUser || paragraph.isGroup {
            addEntry(paragraph, &diagnostics)
        }
    }

    package func isLocalDomain(_ name: String) -> Bool { domains[name.asciiLowercased] != nil }

    package func domain(_ name: String) -> DirectoryAnswer<DirectoryDomain> {
        domains[name.asciiLowercased].map { .found($0) } ?? .notFound
    }

    package func entry(forAddress address: String) -> DirectoryAnswer<DirectoryEntry> {
        let key = address.asciiLowercased
        guard let index = byAddress[key] else { return .notFound }
        return .found(entries[index])
    }

    package func user(forLogin login: String, defaultDomain: String) -> DirectoryAnswer<DirectoryEntry> {
        let full = (login.utf8.contains(UInt8(ascii: "@")) ? login : login + "@" + defaultDomain).asciiLowercased
        guard let index = byLogin[full] ?? byAddress[full], entries[index].kind == .user else { return .notFound }
        return .found(entries[index])
    }

    private mutating func addDomain(_ paragraph: DirectoryParagraph, _ diagnostics: inout Diagnostics) {
        guard let name = paragraph.attributes["domain"]?.first, let probe = Mailbox("x@" + name), !probe.domain.isEmpty
        else {
            diagnostics.error(
                "entry has no uid, no group and no usable domain", at: paragraph.location,
                advice: "begin a user with uid:, a group with group:, a domain with domain:")
            return
        }
        let key = name.asciiLowercased
        guard domains[key] == nil else {
            diagnostics.error("domain \(name) appears twice", at: paragraph.location)
            return
        }
        domains[key] = DirectoryDomain(name: key, attributes: paragraph.attributes)
    }

    private mutating func addEntry(_ paragraph: DirectoryParagraph, _ diagnostics: inout Diagnostics) {
        let attribute = paragraph.isUser ? "uid" : "group"
        let name = paragraph.attributes[attribute]?.first ?? ""
        guard Self.isUsableName(name) else {
            diagnostics.error(
                "\(attribute) \(name) has characters a mailbox name cannot have", at: paragraph.location,
                advice: "letters, digits, hyphen, underscore and dots that are not at the ends")
            return
        }
        let domain = (paragraph.attributes["domain"]?.first ?? "").asciiLowercased
        guard domains[domain] != nil else {
            diagnostics.error(
                "\(attribute) \(name) is in domain \(domain), which has no entry", at: paragraph.location,
                advice: "add a paragraph with the line domain: \(domain)")
            return
        }
        let login = (name + "@" + domain).asciiLowercased
        guard byLogin[login] == nil else {
            diagnostics.error("\(name) appears twice in domain \(domain)", at: paragraph.location)
            return
        }
        entries.append(
            DirectoryEntry(
                kind: paragraph.isUser ? .user : .group, name: name, domain: domain, attributes: paragraph.attributes))
        byLogin[login] = entries.count - 1
        addAddresses(paragraph, &diagnostics)
        if paragraph.attributes["mail"] == nil, byAddress[login] == nil { byAddress[login] = entries.count - 1 }
    }

    private mutating func addAddresses(_ paragraph: DirectoryParagraph, _ diagnostics: inout Diagnostics) {
        for attribute in ["mail", "mailalternateaddress", "mailequivalentaddress"] {
            for address in paragraph.attributes[attribute] ?? [] {
                // `@domain` is the catch-all of that domain.
                guard let mailbox = Mailbox(address.hasPrefix("@") ? "x" + address : address), !mailbox.domain.isEmpty
                else {
                    diagnostics.error("\(attribute) \(address) is no address", at: paragraph.location)
                    continue
                }
                let key = (address.hasPrefix("@") ? address : mailbox.address).asciiLowercased
                if let other = byAddress[key], other != entries.count - 1 {
                    diagnostics.error(
                        "address \(address) belongs to \(entries[other].name) already", at: paragraph.location)
                } else {
                    byAddress[key] = entries.count - 1
                }
            }
        }
    }

    /// The name becomes part of addresses and of a path in the store.
    static func isUsableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last, name.utf8.count <= 64 else { return false }
        guard first != UInt8(ascii: "."), last != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return name.utf8.allSatisfy {
            ($0 | 32) &- 97 < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
    }
}
