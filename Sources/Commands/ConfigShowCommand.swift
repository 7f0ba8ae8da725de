import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet config show [PATTERN]`
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows options as they are set, or with --effective every value that counts.",
        discussion:
            "PATTERN is a name with * for any text, or a group: 'dispatcher.*', channel:tcp_local, job_pool:DEFAULT."
            + " COLUMNS are patterns for the words of the value: rewrite '*' '*hold*'. Passwords are not shown.")

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "Which options; everything without it.")
    var pattern = "*"

    @Argument(help: "Patterns for the first, second … word of the value.")
    var columns: [String] = []

    @Flag(help: "Also inherited values and built-in defaults, each with the place it comes from.")
    var effective = false

    @Flag(help: "One JSON array of name, value and origin.")
    var json = false

    func run() throws {
        let rows = try options.loadGood(sources: true).show(pattern, columns: columns, effective: effective)
        if rows.isEmpty { throw CommandFailure("no option matches \(pattern)") }
        if json {
            Terminal.line(JSONValue.array(rows.map(Self.json)).text)
        } else if effective {
            Terminal.table(
                ["OPTION", "VALUE", "FROM"], rows.map { [$0.name, $0.value ?? "(novalue)", $0.origin.description] })
        } else {
            for row in rows { Terminal.line(row.line) }
        }
    }

    /// Names without their scope, so that a program finds them by the name it would set; plain integers as numbers.
    private static func json(_ row: ListedOption) -> JSONValue {
        var name = row.name
        for scope in ["role.", "instance."] where name.hasPrefix(scope) { name.removeFirst(scope.count) }
        let value = row.value.map { text in Int(text).map(JSONValue.integer) ?? .string(text) } ?? .null
        return ["name": .string(name), "value": value, "origin": .string(row.origin.description)]
    }
}
