package import SystemCalls

/// How configuration files are read and written: on the disk, or in memory in tests and before an edited text is
/// written.
package struct ConfigurationFiles: Sendable {
    /// The content of a file by full path; nil when there is none.
    package let read: @Sendable (String) -> Result<[UInt8]?, SystemCallError>
    /// Replaces a file; after a crash either the old or the new content is there.
    package let replace: @Sendable (String, [UInt8]) -> Result<Void, SystemCallError>

    package init(
        read: @escaping @Sendable (String) -> Result<[UInt8]?, SystemCallError>,
        replace: @escaping @Sendable (String, [UInt8]) -> Result<Void, SystemCallError>
    ) {
        self.read = read
        self.replace = replace
    }

    /// The files of the disk.
    package static let disk = ConfigurationFiles(
        read: { path in
            Result { () throws(SystemCallError) in Files.exists(path) ? try Files.read(path) : nil }
        },
        replace: { path, content in
            Result { () throws(SystemCallError) in try Files.replace(path, with: content, mode: 0o640) }
        })

    /// Files by full path, which nothing replaces.
    package static func memory(_ files: [String: String]) -> ConfigurationFiles {
        ConfigurationFiles(
            read: { path in .success(files[path].map { Array($0.utf8) }) }, replace: { _, _ in .success(()) })
    }

    /// The same files, where reading a path of `alternates` gives the content of the file there instead.
    package func reading(_ alternates: [String: String]) -> ConfigurationFiles {
        ConfigurationFiles(read: { [read] path in read(alternates[path] ?? path) }, replace: replace)
    }

    /// The same files with one of them replaced, for reading.
    package func replacing(_ path: String, with text: String) -> ConfigurationFiles {
        ConfigurationFiles(
            read: { [read] other in other == path ? .success(Array(text.utf8)) : read(other) }, replace: replace)
    }
}
