import ArgumentParser
import Configuration
import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// `martlet run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the whole instance in the foreground until SIGTERM.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("Starts only this component at first.", visibility: .hidden))
    var component: String?

    func run() throws {
        let root = try instance.existing()
        let configuration = try Self.checkedConfiguration(root)
        let components = Self.components(configuration)
        let user = try MTAUser.toTakeOn(configuration.paths)
        for directory in ["data/queue", "data/log", "data/store", "run"] where !Files.exists("\(root)/\(directory)") {
            try Files.createDirectory("\(root)/\(directory)")
            if let user { try Files.give("\(root)/\(directory)", to: user.identity) }
        }
        let pidFile: PIDFile
        do {
            pidFile = try PIDFile.take("\(root)/run/pid.martlet")
        } catch {
            throw CommandFailure("instance \(root): \(error)")
        }
        // What the channels have counted is of one life of the instance (commands specification, section 3.2).
        unlink(configuration.paths.counters)
        let only = component.flatMap(Component.init(word:))
        for component in Component.allCases {
            if let only, component != only { try component.hold(root) } else { component.release(root) }
        }
        let binaries = Files.parent(of: Processes.executablePath)
        var supervisor = try InstanceSupervisor(
            root: root, components: components, binaries: binaries, environment: Self.environment(root)
        ) { Terminal.error("martlet: \($0)") }
        Self.greet(root, configuration)
        let orderly = try supervisor.run()
        _ = consume pidFile
        if !orderly { throw CommandFailure("processes did not stop in time and were killed") }
    }

    /// The components that are not switched off (dispatcher specification, section 3.2; `job_controller.enable`).
    static func components(_ configuration: MTAConfiguration) -> [Component] {
        Component.allCases.filter { component in
            component == .dispatcher ? configuration.dispatcher.enabled : configuration.jobController.enabled
        }
    }

    /// Loads the configuration that would run; with an error nothing is started.
    static func checkedConfiguration(_ root: String) throws -> MTAConfiguration {
        let load = MTAConfiguration.load(instanceRoot: root)
        for diagnostic in load.diagnostics.all where diagnostic.severity > .note {
            Terminal.error(diagnostic.description)
        }
        guard let configuration = load.configuration else {
            throw CommandFailure("the configuration has errors; nothing was started (martlet config check)")
        }
        return configuration
    }

    /// What the daemons start with; nothing else of this environment reaches them.
    static func environment(_ root: String) -> [String] {
        var environment = ["MARTLET_ROOT=\(root)", "MARTLET_SUPERVISED=1", "PATH=/usr/bin:/bin", "LANG=C"]
        if let zone = getenv("TZ") { environment.append("TZ=\(String(cString: zone))") }
        // glibc gives each thread an arena of its own, and they fragment in long-lived servers.
        environment.append("MALLOC_ARENA_MAX=2")
        return environment
    }

    private static func greet(_ root: String, _ configuration: MTAConfiguration) {
        for service in configuration.dispatcher.services where service.enabled {
            let host = service.interfaceAddress.isEmpty ? "127.0.0.1" : service.interfaceAddress
            for port in service.tcpPorts where service.name == "SMTP" {
                Terminal.line("martlet: send mail to \(host) port \(port), domain \(configuration.defaultDomain)")
            }
        }
        Terminal.line("martlet: log in \(root)/data/log/mail.log_current, end with Ctrl-C")
    }
}
