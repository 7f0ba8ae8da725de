import Aliases
import InternetMessage
import OptionSyntax
import Testing

@Suite struct DeliveryOptionsTests {
    /// The 6.3 default of the aliases specification, 6.3, with the backslashes its lines end in.
    private static let classic = """
        *mailbox=$M%$\\$2I$_+$2S@ims-ms-daemon,\\
           &members=*,\\
           *native=$M@native-daemon,\\
           /hold=@hold-daemon:$A,\\
           *unix=$M@native-daemon,\\
           &file=+$F@native-daemon,\\
           &@members_offline=*,\\
           program=$M%$P@pipe-daemon,\\
           #forward=**,\\
           *^!autoreply=$M+$D@bitbucket
        """

    private func site(_ user: String, options: String = classic) -> Site {
        var diagnostics = Diagnostics()
        var site = Site(
            host: "mail.siroe.com", defaultDomain: "siroe.com",
            directory: directory("domain: siroe.com\n\ndomain: Sesta.com\n\n" + user))
        site.options = DeliveryOptions(parsing: options, at: nil, diagnostics: &diagnostics)
        #expect(diagnostics.all == [])
        return site
    }

    @Test func parsing() throws {
        var diagnostics = Diagnostics()
        let options = DeliveryOptions(parsing: Self.classic, at: nil, diagnostics: &diagnostics)
        #expect(diagnostics.all == [])
        #expect(options.options.count == 10)
        let autoreply = try #require(options.option(named: "AutoReply"))
        #expect(autoreply.isAutoreply && autoreply.onlyDuringVacation && !autoreply.appliesToGroups)
        #expect(options.option(named: "members_offline")?.isDeferred == true)
        #expect(options.option(named: "forward")?.effect == .forwardingAddresses)
        #expect(options.option(named: "forward")?.isHostIndependent == true)
        #expect(options.option(named: "hold")?.isHeld == true)
        #expect(options.option(named: "program")?.appliesToGroups == true)
        #expect(DeliveryOptions.standard.options.count == 6)
    }

    @Test(arguments: [
        "mailbox", "=x", "*=x", "mailbox=", "a=b@c,a=d@e", (1...21).map { "o\($0)=x" }.joined(separator: ","),
    ])
    func errors(_ value: String) {
        var diagnostics = Diagnostics()
        _ = DeliveryOptions(parsing: value, at: SourceLocation(file: "option.dat", line: 1), diagnostics: &diagnostics)
        #expect(diagnostics.hasErrors)
    }

    /// D1 to D4 of the aliases specification, 10.5.
    @Test(arguments: [
        ("uid: jdoe\ndomain: siroe.com\n", "jdoe@siroe.com", ["ims-ms jdoe@ims-ms-daemon"]),
        ("uid: jdoe\ndomain: Sesta.com\n", "jdoe@Sesta.com", ["ims-ms jdoe%sesta.com@ims-ms-daemon"]),
        ("uid: jdoe\ndomain: Sesta.com\n", "JDoe+x@sesta.com", ["ims-ms jdoe%sesta.com+x@ims-ms-daemon"]),
        ("uid: jdoe\ndomain: siroe.com\nmailDeliveryOption: native\n", "jdoe@siroe.com", ["native jdoe@native-daemon"]),
        (
            "uid: u\ndomain: siroe.com\nmailDeliveryOption: hold\n", "u@siroe.com", ["hold @hold-daemon:u@siroe.com"]
        ),
        (
            "uid: u\ndomain: siroe.com\nmailDeliveryOption: forward\nmailDeliveryOption: mailbox\n"
                + "mailForwardingAddress: x@y.example\nmailForwardingAddress: z@y.example\n", "u@siroe.com",
            ["tcp_local x@y.example", "tcp_local z@y.example", "ims-ms u@ims-ms-daemon"]
        ),
        (
            "uid: u\ndomain: siroe.com\nmailDeliveryOption: program\nmailProgramDeliveryInfo: prog1\n", "u@siroe.com",
            ["pipe u%prog1@pipe-daemon"]
        ),
    ])
    func delivery(_ user: String, _ address: String, _ routes: [String]) {
        #expect(site(user).expand(address).routes == routes)
    }

    @Test func holdOptionHolds() {
        let held = site("uid: u\ndomain: siroe.com\nmailDeliveryOption: hold\n").expand("u@siroe.com")
        #expect(held.recipients.first?.heldReason == "delivery option hold")
    }

    @Test func deferredMembers() {
        let group = site(
            "group: g\ndomain: siroe.com\nmailDeliveryOption: members_offline\nmgrpRFC822MailMember: x@y.example\n")
        let first = group.expand("g@siroe.com")
        #expect(first.recipients.map(\.isDeferred) == [true])
        #expect(first.routes == ["l g@siroe.com"])
        #expect(group.expand("g@siroe.com", reprocessing: true).routes == ["tcp_local x@y.example"])
    }

    /// Each template for jdoe+sub@siroe.com of the default domain; nil: it fails.
    @Test(
        arguments: [
            ("$M@x-daemon", "jdoe@x-daemon"), ("$0M$2M@x-daemon", "jo@x-daemon"), ("$9Ma@x-daemon", "a@x-daemon"),
            ("$L=$S@x-daemon", "jdoe=sub@x-daemon"), ("$^$M$_y@x-daemon", "JDOEy@x-daemon"),
            ("$D@x-daemon", "siroe.com@x-daemon"),
            ("$0H.$1H@x-daemon", "siroe.com@x-daemon"), ("a$1Ib@x-daemon", "ab@x-daemon"),
            ("a%$2Ib@x-daemon", "ab@x-daemon"),
            ("a$3I%b@x-daemon", "ab@x-daemon"), ("$M$$@x-daemon", "jdoe$@x-daemon"), ("$I@x-daemon", nil),
            ("$0O@x", nil),
            ("$7H@x", nil), ("$P@x", nil), ("$F@x", nil), ("$Z@x", nil), ("$", nil), ("$M", nil), ("@", nil),
            ("$2I$2I$2I", nil),
            ("$|/UPPER/a|@x-daemon", "A@x-daemon"), ("$|UPPER;b|@x-daemon", "B@x-daemon"), ("$|/NONE/a|@x", nil),
            ("$|a", nil),
        ] as [(String, String?)])
    func templates(_ template: String, _ expected: String?) {
        var site = site("uid: jdoe\ndomain: siroe.com\n", options: "*mailbox=" + template)
        site.environment.probeMapping = { table, argument in table == "UPPER" ? argument.uppercased() : nil }
        let expansion = site.expand("jdoe+sub@siroe.com")
        if let expected {
            #expect(expansion.recipients.first?.address.description == expected)
        } else {
            #expect(expansion.reply?.isTemporary == true)
        }
    }
}
