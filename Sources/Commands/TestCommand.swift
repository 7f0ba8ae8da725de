import ArgumentParser

/// `martlet test …`
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Tries pieces of the configuration without sending anything.",
        subcommands: [
            TestRewriteCommand.self, TestMappingCommand.self, TestMatchCommand.self, TestExtractCommand.self,
            TestProbesCommand.self, TestAliasCommand.self, TestSwitchCommand.self,
        ])
}
