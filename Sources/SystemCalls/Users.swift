import Glibc

/// Users of the system, as getpwnam(3) knows them.
package enum Users {
    package struct Identity: Hashable, Sendable {
        package var name: String
        package var user: UInt32
        /// The user's own group.
        package var group: UInt32
    }

    /// Nil when there is no such user.
    package static func named(_ name: String) -> Identity? { getpwnam(name).flatMap { identity($0.pointee) } }

    /// Nil when nobody has the number.
    package static func numbered(_ number: UInt32) -> Identity? {
        getpwuid(number).flatMap { identity($0.pointee) }
    }

    private static func identity(_ entry: passwd) -> Identity? {
        guard let name = entry.pw_name else { return nil }
        return Identity(name: String(cString: name), user: entry.pw_uid, group: entry.pw_gid)
    }

    /// Whether this process may do what only root may.
    package static var isRoot: Bool { geteuid() == 0 }
}

extension Files {
    /// chown(2), of a link itself when it is one.
    package static func give(_ path: String, to owner: Users.Identity) throws(SystemCallError) {
        try checked("chown", path) { lchown(path, owner.user, owner.group) }
    }

    /// Whose a file or directory is and what others may do with it; symbolic links are followed.
    package static func ownership(
        _ path: String
    ) throws(SystemCallError) -> (user: UInt32, group: UInt32, isRegular: Bool, othersMayWrite: Bool) {
        var information = stat()
        try checked("stat", path) { stat(path, &information) }
        return (
            information.st_uid, information.st_gid, information.st_mode & S_IFMT == S_IFREG,
            information.st_mode & 0o022 != 0
        )
    }
}
