import Glibc
package import SystemCalls

/// How configuration files are read and written: on the disk, or in memory in tests and before an edited text is
/// written.
package struct ConfigurationFiles: Sendable {
    /// The content of a file by full path; nil when there is none.
    package let read: @Sendable (String) -> Result<[UInt8]?, SystemCallError>
    /// Replaces a file, with the permissions given; after a crash either the old or the new content is there.
    package let replace: @Sendable (String, [UInt8], UInt32) -> Result<Void, SystemCallError>
    /// The permission bits of a file; nil when they are not known.
    package let permissions: @Sendable (String) -> UInt32?

    package init(
        read: @escaping @Sendable (String) -> Result<[UInt8]?, SystemCallError>,
        replace: @escaping @Sendable (String, [UInt8], UInt32) -> Result<Void, SystemCallError> = { _, _, _ in
            .success(())
        },
        permissions: @escaping @Sendable (String) -> UInt32? = { _ in nil }
    ) {
        self.read = read
        self.replace = replace
        self.permissions = permissions
    }

    /// The files of the disk.
    package static let disk = ConfigurationFiles(
        read: { path in
            Result { () throws(SystemCallError) in Files.exists(path) ? try Files.read(path) : nil }
        },
        replace: { path, content, mode in
            Result { () throws(SystemCallError) in
                let isNew = !Files.exists(path)
                try Files.replace(path, with: content, mode: mode)
                if isNew { Files.handOver(path) }
            }
        },
        permissions: { path in
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
        })

    /// Files by full path, which nothing replaces.
    package static func memory(_ files: [String: String]) -> ConfigurationFiles {
        ConfigurationFiles(read: { path in .success(files[path].map { Array($0.utf8) }) })
    }

    /// The same files, where reading a path of `alternates` gives the content of the file there instead.
    package func reading(_ alternates: [String: String]) -> ConfigurationFiles {
        ConfigurationFiles(read: { [read] path in read(alternates[path] ?? path) }, replace: replace)
    }

    /// The same files with one of them replaced, for reading.
    package func replacing(_ path: String, with content: [UInt8]) -> ConfigurationFiles {
        ConfigurationFiles(
            read: { [read] other in other == path ? .success(content) : read(other) }, replace: replace,
            permissions: permissions)
    }

    /// The same files without one of them, for reading.
    func without(_ path: String) -> ConfigurationFiles {
        ConfigurationFiles(
            read: { [read] other in other == path ? .success(nil) : read(other) }, replace: replace,
            permissions: permissions)
    }
}

extension Files {
    /// What root made in a directory of the MTA's user becomes that user's (commands specification, section 1.1).
    package static func handOver(_ path: String) {
        guard Users.isRoot, let owner = try? ownership(parent(of: path)) else { return }
        _ = lchown(path, owner.user, owner.group)
    }
}
