import ArgumentParser
import Configuration
import Glibc
import OptionSyntax

/// `--root DIR`: which instance a command is about.
struct InstanceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory of the instance; MARTLET_ROOT by default.", valueName: "dir"))
    var root: String?

    /// The absolute path of the instance; it need not exist.
    func path() throws -> String {
        let given = root ?? getenv("MARTLET_ROOT").map { String(cString: $0) } ?? ""
        guard !given.isEmpty else {
            throw CommandFailure("no instance: give --root DIR or set MARTLET_ROOT (martlet init makes one)")
        }
        return absolute(given)
    }

    /// The path of an instance that exists.
    func existing() throws -> String {
        let path = try path()
        guard access("\(path)/config", F_OK) == 0 else {
            throw CommandFailure("\(path) is not an instance: it has no config directory (martlet init makes one)")
        }
        return path
    }
}

/// `--root DIR` or `--config DIR`: an instance, or a bare directory of configuration files.
struct ConfigurationOptions: ParsableArguments {
    @OptionGroup var instance: InstanceOptions

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("A bare directory of configuration files, unified or legacy.", valueName: "dir"))
    var directory: String?

    @Flag(
        name: .customLong("noimage-file"),
        help: "Read the sources also when there is a compiled configuration (martlet config build).")
    var readsSources = false

    /// Where the configuration is.
    func paths() throws -> InstancePaths {
        if let directory { return InstancePaths(configurationDirectory: absolute(directory)) }
        return InstancePaths(instanceRoot: try instance.existing())
    }

    /// Loads the sources; findings are told to the caller.
    func load() throws -> ConfigurationLoad { MTAConfiguration.load(paths: try paths()) }

    /// Loads what processes load, which are the sources unless there is a compiled configuration.
    func loadInForce() throws -> ConfigurationLoad {
        try readsSources ? load() : MTAConfiguration.loadInForce(paths: try paths())
    }

    /// Shows findings with the lines they are about.
    func tell(_ diagnostics: Diagnostics) {
        guard let paths = try? paths() else { return }
        let report = DiagnosticReport(paths: paths, isColoured: Terminal.errorsAreColoured)
        for diagnostic in diagnostics.all { report.lines(diagnostic).forEach(Terminal.error) }
    }

    /// Loads a configuration that must be good; every finding goes to standard error. `sources`: those, whatever is in
    /// force.
    func loadGood(sources: Bool = false) throws -> MTAConfiguration {
        let load = try sources ? load() : loadInForce()
        guard let configuration = load.configuration else {
            tell(load.diagnostics)
            throw CommandFailure("the configuration has errors")
        }
        return configuration
    }
}

/// `path` from the root directory on.
func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    return "\(String(cString: directory))/\(path)"
}
