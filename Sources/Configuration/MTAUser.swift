package import SystemCalls

/// The user the processes of an instance run as when root starts them.
///
/// `restricted.cnf` names it; without that file it is whoever made the instance, which is the owner of the
/// configuration directory (unified configuration specification, section 1.2; default configuration, section 2).
package struct MTAUser: Hashable, Sendable {
    /// Why nothing can be started.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package var identity: Users.Identity

    /// The user to take on; nil when this process is not root's, or root itself is the user.
    package static func toTakeOn(_ paths: InstancePaths) throws(Failure) -> MTAUser? {
        guard Users.isRoot else { return nil }
        let user = try configured(paths)
        return user.identity.user == 0 ? nil : user
    }

    /// The user of the instance.
    static func configured(_ paths: InstancePaths) throws(Failure) -> MTAUser {
        let file = paths.configurationFile("restricted.cnf")
        guard Files.exists(file) else { return try owner(of: paths.config, insteadOf: file) }
        let name = try parse(try content(file), file: file)
        guard let identity = Users.named(name) else {
            throw Failure(description: "\(file): there is no user \(name) on this system; make it or name another")
        }
        return MTAUser(identity: identity)
    }

    private static func owner(of directory: String, insteadOf file: String) throws(Failure) -> MTAUser {
        guard let owner = try? Files.ownership(directory).user, let identity = Users.numbered(owner) else {
            throw Failure(description: "nobody knows whose \(directory) is; write user=NAME into \(file)")
        }
        return MTAUser(identity: identity)
    }

    private static func content(_ file: String) throws(Failure) -> [UInt8] {
        guard let ownership = try? Files.ownership(file), let content = try? Files.read(file, limit: 64 << 10) else {
            throw Failure(description: "\(file) cannot be read")
        }
        guard ownership.user == 0, ownership.isRegular, !ownership.othersMayWrite else {
            throw Failure(description: "\(file) must be a file of root that nobody else may write (mode 0644)")
        }
        return content
    }

    /// The value of `user`. One setting a line, `name=value`; `!` and `#` begin comments. The group is always the
    /// user's own.
    static func parse(_ content: [UInt8], file: String) throws(Failure) -> String {
        var user: String?
        let lines = String(decoding: content, as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let text = trimmed(line)
            if text.isEmpty || text.hasPrefix("!") || text.hasPrefix("#") { continue }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let place = "\(file):\(index + 1)"
            guard parts.count == 2, case let value = trimmed(parts[1]), !value.isEmpty else {
                throw Failure(description: "\(place): write user=NAME")
            }
            switch trimmed(parts[0]).lowercased() {
            case "user": user = value
            case "group", "noprivuser", "noprivgroup": continue
            case let name: throw Failure(description: "\(place): unknown setting \(name); user is the one that counts")
            }
        }
        guard let user else { throw Failure(description: "\(file): user is missing; write user=NAME") }
        return user
    }

    private static func trimmed(_ text: Substring) -> String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = text.firstIndex(where: { !blank($0) }),
            let last = text.lastIndex(where: { !blank($0) })
        else { return "" }
        return String(text[first...last])
    }
}
