import AddressRewriting
import ArgumentParser
import OptionSyntax

/// `martlet test probes HOST`
struct TestProbesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probes", abstract: "Lists the patterns under which rules for a host are looked up, in order.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON array.")
    var json = false

    @Argument(help: "The host or domain literal.")
    var host: String

    func run() throws {
        let keys = probes(host)
        if json {
            Terminal.line(JSONValue.array(keys.map(JSONValue.string)).text)
        } else {
            keys.forEach(Terminal.line)
        }
    }
}
