import ArgumentParser
import Configuration
import Glibc
import InternetMessage
import OptionSyntax
import SystemCalls

/// `martlet config build`, the family's `cnbuild` (commands specification, section 4.1).
struct ConfigBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Checks the configuration and publishes it as the compiled one.",
        discussion: "As long as there is a compiled configuration, processes load it and not the files; an edit goes"
            + " live with the next build and a reload or restart. One with an error is not published.")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Writes there instead of advanced/config_data.", valueName: "file"))
    var imageFile: String?

    @Flag(help: "Only checks, writes nothing.")
    var checkOnly = false

    @Flag(help: "Removes the compiled configuration: from now on processes load the files.")
    var remove = false

    @Flag(help: "Says how many files it holds and how large they are.")
    var statistics = false

    @Flag(help: .hidden)
    var sizes = false

    @Flag(help: "One JSON object.")
    var json = false

    func run() throws {
        let paths = try options.paths()
        let path = imageFile.map(absolute) ?? CompiledConfiguration.path(paths)
        if sizes { Terminal.error("%CNBUILD-I-NOSIZES, tables have no limits; sizes are not needed") }
        if remove { return try removeImage(path) }
        var time: [UInt8] = []
        MessageDate.appendISO8601(SystemClock.wallSeconds, to: &time)
        let (image, load) = CompiledConfiguration.build(
            paths: paths, time: String(decoding: time, as: UTF8.self))
        options.tell(load.diagnostics)
        guard load.configuration != nil, !load.diagnostics.hasErrors else {
            Terminal.error("%CNBUILD-E-ERRORS, the configuration has errors; nothing was written")
            throw ExitCode(2)
        }
        if !checkOnly { try publish(image, at: path) }
        report(image, path)
    }

    /// All or nothing, and readable for the MTA's user alone: it holds the passwords.
    private func publish(_ image: CompiledConfiguration, at path: String) throws {
        let directory = Files.parent(of: path)
        if !Files.exists(directory) {
            try Files.createDirectory(directory, mode: 0o750)
            Files.handOver(directory)
        }
        try Files.replace(path, with: image.encoded, mode: 0o600)
        Files.handOver(path)
    }

    private func report(_ image: CompiledConfiguration, _ path: String) {
        let present = image.files.filter { $0.value.content != nil }
        let bytes = present.reduce(0) { $0 + ($1.value.content?.count ?? 0) }
        if json {
            let value: JSONValue = [
                "image": checkOnly ? .null : .string(path), "time": .string(image.time),
                "generation": .integer(image.generation), "files": .array(present.keys.sorted().map(JSONValue.string)),
                "bytes": .integer(bytes),
            ]
            return Terminal.line(value.text)
        }
        if statistics {
            for name in present.keys.sorted() {
                Terminal.line("\(name): \(present[name]?.content?.count ?? 0) bytes")
            }
        }
        if checkOnly { return Terminal.line("martlet: the configuration is good; nothing was written") }
        Terminal.line(
            "martlet: generation \(image.generation) is compiled into \(path);"
                + " it counts after martlet reload or restart")
    }

    private func removeImage(_ path: String) throws {
        guard Files.exists(path) else {
            Terminal.line("martlet: there is no compiled configuration; processes load the files")
            return
        }
        guard unlink(path) == 0 else { throw SystemCallError.current("unlink", path) }
        Terminal.line("martlet: the compiled configuration is removed; the files count after martlet reload or restart")
    }
}

extension CompiledConfiguration {
    /// For people: that edits do not count until the next build; nil without a compiled configuration.
    static func notice(_ paths: InstancePaths) -> String? {
        guard Files.exists(path(paths)) else { return nil }
        return "a compiled configuration is in use: martlet config build (cnbuild) first"
    }

    /// For a reload: which files were changed since the build; empty when none, or without a compiled configuration.
    static func changedSince(_ paths: InstancePaths) -> [String] {
        guard let image = try? CompiledConfiguration(path: path(paths)) else { return [] }
        let directory = paths.config + "/"
        return image.outdated().map { $0.hasPrefix(directory) ? String($0.dropFirst(directory.count)) : $0 }
    }
}
