import ArgumentParser
import Configuration
import SystemCalls

/// `imsimta refresh`: cnbuild and restart (commands specification, section 4.5).
struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Compiles the configuration where that is in use, and restarts.",
        shouldDisplay: false)

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "job_controller, dispatcher or sched.")
    var component: String?

    func run() throws {
        // `refresh sched`: the Scheduler is a part of the Job Controller, and nothing has to stop for it.
        if component?.lowercased() == "sched" {
            var reload = try TaskCommand.Reload.parse([])
            reload.instance = instance
            return try reload.run()
        }
        Terminal.error("%REFRESH-W-DEPRECATED, refresh stops services: cnbuild and reload or restart do less harm")
        let paths = InstancePaths(instanceRoot: try instance.existing())
        if Files.exists(CompiledConfiguration.path(paths)) {
            var build = try ConfigBuildCommand.parse([])
            build.options.instance = instance
            try build.run()
        }
        var restart = try RestartCommand.parse(component.map { [$0] } ?? [])
        restart.instance = instance
        try restart.run()
    }
}
