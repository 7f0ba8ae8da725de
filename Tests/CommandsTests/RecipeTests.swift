import AddressRewriting
import Aliases
import Channels
import Configuration
import Glibc
import Mappings
import OptionSyntax
import SystemCalls
import Testing

@testable import Commands

/// The recipe language: unified configuration specification, sections 6 and 9.
@Suite struct RecipeTests {
    private static let paths = InstancePaths(
        root: "/opt/sun/comms/messaging64", config: "/opt/sun/comms/messaging64/config", data: "/var/opt/data",
        run: "/run", bin: "/opt/sun/comms/messaging64/lib")

    private static let unified = DefaultConfiguration(
        hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
    ).unified

    private final class Screen {
        var lines: [String] = []
        var answers: [String] = []
        var files: [String: String] = [:]
    }

    private func dialogue(_ screen: Screen) throws -> MSConfigDialogue {
        MSConfigDialogue(
            session: try ConfigurationSession(
                paths: Self.paths,
                files: .memory([Self.paths.configurationFile("martlet.conf"): Self.unified])),
            around: MSConfigDialogue.Surroundings(
                say: { screen.lines.append($0) },
                ask: { _ in screen.answers.isEmpty ? nil : screen.answers.removeFirst() },
                editText: { _, _ in nil },
                save: { _, _, _ throws(ConfigurationEditor.Refusal) in Diagnostics() },
                askSecret: { _ in screen.answers.isEmpty ? nil : screen.answers.removeFirst() },
                readFile: { screen.files[$0].map { Array($0.utf8) } }))
    }

    /// What `execute` prints for an expression.
    private func value(_ expression: String) throws -> [String] {
        let screen = Screen()
        var dialogue = try dialogue(screen)
        _ = dialogue.perform("execute \(expression)")
        return screen.lines
    }

    /// "`exec get_path "config"` with SERVERROOT=/opt/sun/comms/messaging64".
    @Test func example10() throws {
        #expect(try value("get_path \"config\"") == ["> \"/opt/sun/comms/messaging64/config\""])
        let screen = Screen()
        var dialogue = try dialogue(screen)
        #expect(dialogue.perform("exec get_path \"config\"") == .done)
        #expect(screen.lines == ["> \"/opt/sun/comms/messaging64/config\""])
        #expect(dialogue.session.prompt == "msconfig> ")
    }

    /// "`get_option("mta.no_such_option")` -> error; […] when unset -> `""`; […] when set -> `""`."
    @Test func example11() throws {
        #expect(try value("get_option(\"mta.no_such_option\")")[0].contains("there is no option mta.no_such_option"))
        #expect(try value("get_option(\"mta.block_size\")") == ["> \"\""])
        #expect(
            try value("set_option(\"channel:tcp_local.mx\"); get_option(\"channel:tcp_local.mx\")") == ["> \"\""])
        #expect(try value("get_option(\"mta.block_limit\")") == ["> \"51200\""])
    }

    @Test(
        arguments: [
            ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("-2 - -3", "1"), ("7 / 2", "3"), ("7 % 4", "3"), ("~0", "-1"),
            ("1 << 4 | 1", "17"), ("6 & 3 ^ 1", "3"), ("\"a\" . \"b\" . 3", "\"ab3\""), ("\"2\" + 3", "5"),
            ("1 < 2 && 2 <= 2", "1"), ("1 > 2 || 0", "0"), ("!\"\"", "1"), ("\"a\" == \"a\"", "1"), ("2 == \"2\"", "1"),
            ("\"a\" != \"b\"", "1"), ("\"abc\"[2]", "\"b\""), ("\"abc\"[2:3]", "\"bc\""), ("\"abc\"[2:9]", "\"bc\""),
            ("[1, \"x\", [2]]", "[1, \"x\", [2]]"), ("[10, 20, 30][2]", "20"), ("[10, 20, 30][2:3]", "[20, 30]"),
            ("[1] . [2]", "[1, 2]"), ("length(\"abc\")", "3"), ("length([1, 2])", "2"), ("upper(\"ab\")", "\"AB\""),
            ("find(\"c\", \"abc\")", "3"), ("find(\"x\", \"abc\")", "0"), ("find(\"b\", [\"a\", \"b\"])", "2"),
            ("find(\"a\", \"abca\", 2, 4)", "4"), ("split(\"a,b,,c\", \",\")", "[\"a\", \"b\", \"\", \"c\"]"),
            ("join([\"a\", 1], \"-\")", "\"a-1\""), ("append([1], 2, 3)", "[1, 2, 3]"), ("encode(\"Az\")", "\"417a\""),
            ("encode(:base64, \"Az\")", "\"QXo=\""), ("decode(:hex, \"417a\")", "\"Az\""),
            ("encode(:url, \"a b\")", "\"a%20b\""), ("decode(:url, \"a%20b\")", "\"a b\""), ("0x10", "16"),
            ("a = 3; a + 4", "7"), ("\"say \\\"x\\\"\\t\"", "\"say \\\"x\\\"\\t\""), ("/* a */ 5 # b", "5"),
            ("i = 0; loop { i = i + 1; exitif (i == 5); } i", "5"),
            ("s = \"\"; i = 0; loop { i = i + 1; exitif (i > 4); nextif (i == 2); s = s . i; } s", "\"134\""),
            ("if 0 { x = 1; } elsif 1 { x = 2; } else { x = 3; } x", "2"), ("if 0 { x = 1; } else { x = 3; } x", "3"),
            ("hostname()", "\"mail.example.com\""), ("instancename()", "\"ims\""), ("rolename()", "\"mta\""),
            ("get_path(\"data\")", "\"/var/opt/data\""),
            ("make_path(\"IMTA_LOG:x.log\")", "\"/var/opt/data/log/x.log\""),
            ("exists_option(\"mta.block_limit\")", "1"), ("exists_option(\"mta.block_size\")", "0"),
            ("option_exists_default(\"mta.block_size\")", "1"), ("exists_channel(\"tcp_local\")", "1"),
            ("exists_channel(\"tcp_none\")", "0"), ("exists_alias(\"root@&/IMTA_HOST/\")", "1"),
            ("exists_mapping(\"PORT_ACCESS\")", "1"), ("exists_file(\"/no/such/file\")", "0"),
        ] as [(String, String)])
    func expressions(expression: String, result: String) throws {
        let expected = result.replacing("\\t", with: "\t")
        #expect(try value(expression) == ["> \(expected)"])
    }

    @Test(
        arguments: [
            ("1 +", "execute:1:4: expected a value, found the end"), ("\"x", "the second quote is missing"),
            ("nosuch(1)", "there is no function nosuch"), ("x + 1", "nothing was assigned to x"),
            ("1 / 0", "a division by 0"), ("9223372036854775807 + 1", "too large"), ("\"a\" + 1", "\"a\" is no number"),
            ("exitif (1)", "exitif stands outside a loop"), ("loop { }", "more than 1000000 steps"),
            ("error(\"not here\")", "not here"), ("read(\"? \")", "the input ended"),
            ("[1][2]", "there is no element 2"),
            ("[1][-9223372036854775807 - 1]", "there is no element"), ("[1][0]", "there is no element 0"),
            ("get_option(\"rewrite.rule\")", "values; get_options"), ("if 1 { x = 2;", "expected }"),
            ("set_option(\"mta.block_limit\", \"many\")", "mta.block_limit"), ("@", "unexpected character @"),
            ("encode(:rot13, \"a\")", "encode does not know :rot13"),
            ("add_channel(\"tcp_local\", [])", "is there already"),
            (String(repeating: "(", count: 5000), "levels of nesting"),
            (String(repeating: "!", count: 5000) + "1", "levels of nesting"),
        ] as [(String, String)])
    func errors(expression: String, text: String) throws {
        let screen = Screen()
        var dialogue = try dialogue(screen)
        #expect(dialogue.perform("execute \(expression)") == .failed)
        #expect(screen.lines.contains { $0.contains(text) }, "\(screen.lines)")
        #expect(dialogue.session.prompt == "msconfig> ")
    }

    /// Whatever stands in a recipe, it is run or refused.
    @Test func brokenTextsAreRefused() {
        let text = Array(
            "a = [1, \"x\\n\", (2 + 3) * -4]; if a[1] == 2 { print(a); } else { loop { exitif (1); } } f(:hex, a[1:2]);"
                .utf8)
        var seed: UInt64 = 42
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for _ in 0..<3000 {
            var broken = text
            for _ in 0...next(4) { broken[next(broken.count)] = UInt8(next(256)) }
            broken.removeLast(next(20))
            guard let statements = try? RecipeParser.statements(String(decoding: broken, as: UTF8.self)) else {
                continue
            }
            var run = RecipeRun { _, _, _ in .nothing }
            try? run.run(statements)
        }
    }

    /// "All changes of one run are applied together; an error leaves the edited configuration as before the run."
    @Test func allOrNothing() throws {
        let screen = Screen()
        screen.files["Bad.rcp"] = """
            description("Two changes and a mistake");
            set_option("mta.block_limit", "7");
            print("halfway");
            set_option("mta.no_such", "1");
            """
        var dialogue = try dialogue(screen)
        #expect(dialogue.perform("run Bad") == .failed)
        #expect(screen.lines.first == "halfway")
        #expect(screen.lines.last?.contains("Bad.rcp:4:1: there is no option mta.no_such") == true, "\(screen.lines)")
        #expect(screen.lines.last?.contains("as it was before the run") == true)
        #expect(dialogue.session.prompt == "msconfig> ")
    }

    /// Steps that are not valid one by one: the channel needs a host that no other has, the rule needs the channel.
    @Test func aRecipeChangesManyParts() throws {
        let screen = Screen()
        screen.files["/opt/sun/comms/messaging64/config/recipes/Partner.rcp"] = """
            # A way to a partner.
            name = read("Partner domain? ", "partner.example");
            channel = "tcp_" . split(name, ".")[1];
            if exists_channel(channel) { error("there is " . channel . " already"); }
            prepend_rewrites([name . " $U%$D@" . channel . "-daemon"]);
            add_channel(channel, ["smtp", "mx", ["pool", "SMTP_POOL"], ["official_host_name", channel . "-daemon"]]);
            append_mapping("PAGER", ["x $Yy"]);
            add_alias("partner@&/IMTA_HOST/", ["postmaster@" . name]);
            loop { exitif (1); }
            foreach = get_option_modification_locations();
            print(length(foreach) . " changes, first " . foreach[1]);
            """
        var dialogue = try dialogue(screen)
        screen.answers = [""]
        #expect(dialogue.perform("run Partner") == .done, "\(screen.lines)")
        #expect(screen.lines.contains { $0.hasSuffix("changes, first rewrites at Partner.rcp:5") }, "\(screen.lines)")
        let configuration = try #require(dialogue.session.configuration)
        #expect(configuration.channels.channel(named: "tcp_partner")?.has("mx") == true)
        #expect(configuration.ruleSources.first?.pattern == "partner.example")
        #expect(configuration.mappings.contains("PAGER"))
        #expect(configuration.aliases.entry(named: "partner@mail.example.com") != nil)
        #expect(dialogue.session.prompt == "msconfig# ")
        #expect(dialogue.session.acts == ["run Partner.rcp"])
        screen.lines = []
        screen.answers = ["partner.example"]
        #expect(dialogue.perform("run Partner") == .failed)
        #expect(screen.lines.last?.contains("there is tcp_partner already") == true)
    }

    @Test func groupsChannelsAndAliasesComeBackAsTheyWentIn() throws {
        let text = """
            add_group("dispatcher.service:EXTRA", [["tcp_ports", "2626"], ["image", "IMTA_BIN:tcp_smtp_server"]]);
            replace_channel("tcp_local", ["smtp", ["official_host_name", "tcp-daemon"]]);
            replace_mapping("PORT_ACCESS", ["* $Y"]);
            add_alias("a@&/IMTA_HOST/", ["b@x.example", "c@x.example"]);
            replace_alias("root@&/IMTA_HOST/", ["d@x.example"]);
            delete_alias("abuse@&/IMTA_DEFAULTDOMAIN/");
            """
        for (expression, result) in [
            ("get_group(\"service:EXTRA\")", "[[\"tcp_ports\", \"2626\"], [\"image\", \"IMTA_BIN:tcp_smtp_server\"]]"),
            ("get_channel(\"tcp_local\")", "[\"smtp\", [\"official_host_name\", \"tcp-daemon\"]]"),
            ("get_mapping(\"PORT_ACCESS\")", "[\"* $Y\"]"),
            ("get_alias(\"a@&/IMTA_HOST/\")", "[\"b@x.example\", \"c@x.example\"]"),
            ("get_alias(\"root@&/IMTA_HOST/\")", "[\"d@x.example\"]"),
            ("exists_alias(\"abuse@&/IMTA_DEFAULTDOMAIN/\")", "0"),
            ("delete_group(\"service:EXTRA\"); exists_group(\"service:EXTRA\")", "0"),
            ("find(\"dispatcher.service:EXTRA\", get_groups(\"service:*\")) > 0", "1"),
        ] {
            #expect(try value("\(text) \(expression)").last == "> \(result)", "\(expression)")
        }
    }

    /// The recipes that come with Martlet.
    @Test(
        arguments: [
            ("AddDomain", ["new.example"], "show rewrite new.example *", "role.rewrite.rule = new.example"),
            (
                "SmartHost", ["relay.example"], "show channel:tcp_local.daemon",
                "role.channel:tcp_local.daemon = relay.example"
            ),
            ("EnableLogging", [], "show mta.log_connection", "role.mta.log_connection = 3"),
        ] as [(String, [String], String, String)])
    func shippedRecipes(name: String, answers: [String], command: String, line: String) throws {
        let directory = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/Examples/recipes"
        let screen = Screen()
        screen.files[name] = String(decoding: try Files.read("\(directory)/\(name).rcp"), as: UTF8.self)
        screen.answers = answers
        var dialogue = try dialogue(screen)
        #expect(dialogue.perform("run \(name)") == .done, "\(screen.lines)")
        screen.lines = []
        _ = dialogue.perform(command)
        #expect(screen.lines.contains { $0.hasPrefix(line) }, "\(screen.lines)")
    }
}
