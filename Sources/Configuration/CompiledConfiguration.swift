import OptionSyntax
import SystemCalls

/// The compiled configuration: the sources as they stood at the last `cnbuild`, checked, in one file. While it is there
/// processes load it in place of the sources, so that an edit does not go live before the next `cnbuild`
/// (commands specification, section 4.1). Loading takes a fraction of a second, so what is kept are the texts, and every
/// process compiles them by itself.
package struct CompiledConfiguration: Sendable, Hashable {
    /// Why there is no image to be had.
    package struct Unusable: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// A file that loading looked at.
    package struct File: Sendable, Hashable {
        /// Nil: it was not there.
        package var content: [UInt8]?
        package var permissions: UInt32?

        package init(content: [UInt8]?, permissions: UInt32? = nil) {
            self.content = content
            self.permissions = permissions
        }
    }

    /// Version of the form below.
    private static let magic = "martlet compiled configuration 1"

    /// When it was built, ISO 8601.
    package var time: String
    /// The generation of martlet.conf that it holds.
    package var generation: Int
    package var files: [String: File]

    /// Where the image of a configuration is: `CONFIGROOT/advanced/config_data`.
    package static func path(_ paths: InstancePaths) -> String { paths.configurationFile("advanced/config_data") }

    /// The image at `path`; nil when there is none. One of another version, or damaged, is refused: there is nothing to
    /// fall back to, since nobody knows whether the sources are meant to be live.
    package init?(path: String, files: ConfigurationFiles = .disk) throws(Unusable) {
        let bytes: [UInt8]
        switch files.read(path) {
        case .success(nil): return nil
        case .success(let content?): bytes = content
        case .failure(let error):
            throw Unusable(description: "the compiled configuration \(path) cannot be read: \(error.reason)")
        }
        guard let image = Self(decoding: bytes) else {
            throw Unusable(
                description: "the compiled configuration \(path) is damaged or of another version: run cnbuild, or"
                    + " cnbuild -remove to use the sources")
        }
        self = image
    }

    /// Loads the sources and takes down every file that was looked at.
    package static func build(
        paths: InstancePaths, files: ConfigurationFiles = .disk, time: String
    ) -> (image: CompiledConfiguration, load: ConfigurationLoad) {
        let recorder = FileRecorder(files)
        let load = MTAConfiguration.load(paths: paths, files: recorder.files)
        let generation = ConfigurationHistory(paths: paths).current
        return (CompiledConfiguration(time: time, generation: generation, files: recorder.seen), load)
    }

    package init(time: String, generation: Int, files: [String: File]) {
        self.time = time
        self.generation = generation
        self.files = files
    }

    /// The files of the image; others are read from `base`.
    package func laid(over base: ConfigurationFiles) -> ConfigurationFiles {
        let files = self.files
        return ConfigurationFiles(
            read: { path in
                guard let file = files[path] else { return base.read(path) }
                return .success(file.content)
            }, replace: base.replace,
            permissions: { path in files[path].map(\.permissions) ?? base.permissions(path) })
    }

    /// Files that stand differently now, sorted: what the next `cnbuild` would bring into force.
    package func outdated(_ current: ConfigurationFiles = .disk) -> [String] {
        files.filter { path, file in
            guard case .success(let content) = current.read(path) else { return true }
            return content != file.content
        }.keys.sorted()
    }

    // MARK: Form

    /// Lines that say what follows and how many bytes it has; at the end a checksum over everything before.
    package var encoded: [UInt8] {
        var bytes = Array("\(Self.magic)\ntime \(time)\ngeneration \(generation)\n".utf8)
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            let mode = file.permissions.map { "\($0)" } ?? "-"
            bytes += Array("file \(path.utf8.count) \(file.content?.count ?? -1) \(mode)\n".utf8)
            bytes += Array(path.utf8)
            bytes += file.content ?? []
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes + Array("end \(Self.checksum(bytes[...]))\n".utf8)
    }

    private init?(decoding bytes: [UInt8]) {
        var reader = ImageReader(bytes)
        guard reader.line() == Self.magic, let time = reader.line(after: "time "),
            let generation = reader.line(after: "generation ").flatMap({ Int($0) })
        else { return nil }
        var files: [String: File] = [:]
        while true {
            let before = reader.position
            guard let line = reader.line() else { return nil }
            if line.hasPrefix("end ") {
                guard line == "end \(Self.checksum(bytes[..<before]))" else { return nil }
                break
            }
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "file", let nameLength = Int(words[1]), let length = Int(words[2]),
                let name = reader.take(nameLength), let content = reader.take(max(0, length)), reader.line() == ""
            else { return nil }
            files[String(decoding: name, as: UTF8.self)] = File(
                content: length < 0 ? nil : Array(content), permissions: UInt32(words[3]))
        }
        self.init(time: time, generation: generation, files: files)
    }

    /// FNV-1a: against damage, not against malice.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// Reads lines and runs of bytes.
private struct ImageReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func line() -> String? {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    mutating func line(after prefix: String) -> String? {
        guard let line = line(), line.hasPrefix(prefix) else { return nil }
        return String(line.dropFirst(prefix.count))
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
