import Configuration
import OptionSyntax

@testable import Commands

extension FuzzTarget {
    private static let defaults = DefaultConfiguration(
        hostname: "mail.example.test", defaultDomain: "example.test", ownAddresses: ["192.0.2.1"])
    private static let paths = InstancePaths(instanceRoot: "/i", bin: "/bin")

    /// Runs a recipe with few steps and fewer edits: what takes long is no finding, what ends the process is.
    private static func runRecipe(_ recipe: String) {
        guard let statements = try? RecipeParser.statements(recipe) else { return }
        let workbench = RecipeWorkbench(
            "r", texts: ConfigurationTexts(main: Array(defaults.unified.utf8)), paths: paths, files: .memory([:]),
            around: RecipeWorkbench.Surroundings(say: { _ in }, ask: { prompt, _ in prompt.isEmpty ? nil : prompt }))
        var calls = 0
        var run = RecipeRun(mostSteps: 500) { (name, arguments, place) throws(RecipeError) in
            calls += 1
            if calls > 5 { throw RecipeError("enough", place) }
            return try workbench.call(name, arguments, place)
        }
        try? run.run(statements)
        _ = run.value?.literal
    }

    /// What administrators type or keep for commands.
    static let commandTargets = [
        FuzzTarget(
            "recipe",
            [
                "# c\nloop { exitif (x == 3); x = x + 1; }\nif (get_option(\"mta.block_limit\") > 1) { print(\"a\" . 1); }\n",
                "x = [1, \"a\\n\", :hex]; y = append(x, [2]); y[1:2]; join(split(\"a,b\", \",\"), \"\"); exit();\n",
                "set_option(\"mta.block_limit\", -1 << 64); a = \"x\"; loop { a = a . a; }\n",
                "add_group(\"channel\", \"x\", [[\"smtp\", \"\"]]); rewrites_list(); replace_alias(\"a\", [\"b@c\"]);\n",
                "l = []; loop { l = [l, l]; } encode(:url, decode(:base64, \"YQ==\")); find(\"a\", \"banana\", 1, 9);\n",
            ],
            words: [
                "loop {", "}", "if (", ")", "exitif (", "nextif (", "else ", "[", "]", ":", ".", "<<", "&&", "-", "\"",
                "= ",
                "set_option(", "unset_option(", "get_options(\"*\")", "append(", "join(", "split(", "find(", "decode(",
                "make_path(\"${HOME}$\")", "hostname()", ";\n", "#",
            ],
            run: { runRecipe(text($0)) }),
        FuzzTarget(
            "queue-line",
            [
                "directory -held -env -from=a@b \"x \"\"y\" tcp_local", "top -subject=1-20 -nofrom /held ims-ms",
                "clean -match=and --to a@b -delete x", "history -all -noconfirm 1 2 0SU00A1B2C3D4E5F", "run -- -file",
            ],
            words: [" ", "-", "--", "/", "=", "\"", "no", "-no", "-from=", "-older=1d", "directory", "!", "-all"],
            run: { bytes in
                guard let words = try? QueueLine.words(text(bytes)) else { return }
                guard let line = try? QueueLine(words) else { return }
                precondition(line.verb.parameters.contains(line.parameters.count))
                _ = try? FamilySpelling.translate(words)
            }),
        FuzzTarget(
            "configuration-image",
            bytes: [
                CompiledConfiguration(
                    time: "2026-11-22T08:00:00Z", generation: 3,
                    files: [
                        "/i/config/a": .init(content: Array("mta.x = 1\n".utf8), permissions: 0o644),
                        "/i/config/b": .init(content: nil),
                    ]
                ).encoded
            ],
            words: [
                "\n", "file ", "file 0 0 -\n", "file 9223372036854775807 9 -\n", "end ", "-1", "time ", "generation ",
            ],
            run: { bytes in
                for image in [bytes, resealed(bytes)] {
                    let files = ConfigurationFiles.of(image)
                    guard let read = try? CompiledConfiguration(path: "/image", files: files) else { continue }
                    precondition((try? CompiledConfiguration(path: "/image", files: .of(read.encoded))) == read)
                }
            }),
    ]

    /// With the checksum that it should have, so that the parser behind it is reached.
    private static func resealed(_ image: [UInt8]) -> [UInt8] {
        let lines = text(image).split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.prefix { !$0.hasPrefix("end ") }.joined(separator: "\n") + "\n"
        let sum = body.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Array("\(body)end \(sum)\n".utf8)
    }
}

extension ConfigurationFiles {
    fileprivate static func of(_ content: [UInt8]) -> ConfigurationFiles {
        ConfigurationFiles(read: { _ in .success(content) })
    }
}
