import Channels
import OptionSyntax
import Testing

@Suite struct ChannelTests {
    private func table(
        _ text: String, pools: [String] = []
    ) -> (table: ChannelTable, diagnostics: Diagnostics) {
        var diagnostics = Diagnostics()
        let lines = LineReader.lines(
            of: .init(name: "imta.cnf", content: Array(text.utf8)), syntax: .init(), diagnostics: &diagnostics)
        let blocks = ChannelBlockReader.blocks(lines, pools: pools, diagnostics: &diagnostics)
        let table = ChannelTableBuilder.table(blocks, symbols: SymbolTable(), diagnostics: &diagnostics)
        return (table, diagnostics)
    }

    @Test func theKeywordTableIsComplete() {
        // Channels specification, section 5, has 434 spellings: without the four host name and option entries and the
        // six rows of the numbered spam filter family, but with four second spellings of other sections.
        #expect(ChannelKeyword.spellings.count == 434 - 4 - 6 + 4)
        #expect(ChannelKeyword.named("MAXJOBS").first?.argument == .integer)
        #expect(ChannelKeyword.named("sourcespamfilter8optin").first?.argument == .word)
        #expect(ChannelKeyword.named("sourcespamfilter9").isEmpty)
    }

    @Test func example1() throws {
        let (table, diagnostics) = table(
            "l\nlocal-host\n\na_channel defragment charset7 usascii\na-daemon\n\n"
                + "b_channel noreverse notices 1 2 3\nb-daemon\n")
        #expect(diagnostics.all.isEmpty)
        #expect(table.channels.map(\.name) == ["l", "a_channel", "b_channel"])
        let a = try #require(table.channel(forHost: "A-DAEMON")?.channel)
        #expect(a.defragments && a.argument("charset7") == "usascii" && a.reversesAddresses)
        let b = try #require(table.channel(named: "B_CHANNEL"))
        #expect(!b.reversesAddresses && b.notices(.normal) == [1, 2, 3] && !b.defragments)
    }

    @Test func example2NodefaultsForgets() {
        let (table, _) = table("defaults logging\n\nl\nh\n\nnodefaults\n\nx\nx-daemon\n")
        #expect(table.channel(named: "l")?.isLogging == true)
        #expect(table.channel(named: "x")?.isLogging == false)
    }

    @Test(arguments: [(["smtp_pool", "SMTP_POOL"], "smtp_pool"), (["OTHER"], nil)])
    func example3BarePoolName(pools: [String], pool: String?) throws {
        let (table, diagnostics) = table(
            """
            l
            h

            tcp_intranet smtp mx single_sys subdirs 20 noreverse maxjobs 7 SMTP_POOL \\
            maytlsserver allowswitchchannel saslswitchchannel tcp_auth
            tcp_intranet-daemon
            """, pools: pools)
        #expect(diagnostics.all.map(\.severity) == [.warning])
        let channel = try #require(table.channel(named: "tcp_intranet"))
        #expect(channel.pool == pool)
        #expect(channel.maxJobs == 7 && channel.copies == .perSystem && channel.mailExchangers == .ordered)
        #expect(channel.serverTLS == .may && channel.switching == .allows && channel.saslSwitchChannel == "tcp_auth")
    }

    @Test(arguments: [
        ("tcp_firewall smtp mx daemon firewall.example.com", "TCP-DAEMON", "firewall.example.com"),
        ("tcp_firewall smtp mx daemon router", "firewall.example.com", "firewall.example.com"),
        ("tcp_x smtp daemon [192.0.2.1]", "x", "[192.0.2.1]"), ("tcp_x smtp", "x", "other.example"),
    ])
    func examples4And5Daemon(line: String, host: String, target: String) {
        #expect(Channel(line, host: host).target(for: "other.example") == target)
    }

    @Test(arguments: [
        ("x backoff PT5M PT10M PT30M PT1H PT2H PT4H", Channel.DeliveryPriority.normal, [5, 10, 30, 60, 120, 240, 240]),
        ("x", .normal, [60, 120, 120, 240, 240, 240, 480, 480]), ("x", .urgent, [30, 60, 60, 120, 120, 120, 240, 240]),
        (
            "x urgentbackoff \"pt30m\" \"pt1h\" \"pt2h\" \"pt3h\" \"pt4h\" \"pt5h\" \"pt8h\" \"pt16h\"", .urgent,
            [30, 60, 120, 180, 240, 300, 480, 960, 960]
        ),
        ("x urgentbackoff \"PT10M\" backoff \"PT1H\"", .urgent, [10, 10]),
        ("x urgentbackoff \"PT10M\" backoff \"PT1H\"", .normal, [60, 60]),
    ])
    func examples7To10And51Backoff(line: String, priority: Channel.DeliveryPriority, minutes: [Int]) {
        let channel = Channel(line, host: "x")
        #expect((1...minutes.count).map { channel.retryDelay(priority, afterAttempt: $0) / 60 } == minutes)
    }

    @Test(arguments: [
        ("x notices 1 7 14 21 28", [1, 7, 14, 21, 28]), ("x urgentnotices 1 2 notices 3 6", [3, 6]),
        ("x notices 3 6 urgentnotices 1,2", [1, 2]), ("x urgentnotices 5 notices 1 2", [1, 2]),
    ])
    func examples11To13And53Notices(line: String, ages: [Int]) {
        #expect(Channel(line, host: "x").notices(.urgent) == ages)
    }

    @Test func noticesComeFromTheLocalChannelThenFromTheFamily() throws {
        let (table, _) = table("l notices 4 5\nh\n\nx\ny\n")
        #expect(table.notices(try #require(table.channel(named: "x")), .normal) == [4, 5])
        #expect(ChannelTable().notices(Channel("x", host: "x"), .normal) == [3, 6, 9, 12])
    }

    @Test(arguments: [
        ("tcp_local smtp single_sys", Channel.Copies.perSystem), ("tcp_local smtp single", .single),
        ("tcp_local smtp multiple", .multiple), ("tcp_local smtp", .perSystem),
        ("tcp_local smtp daemon router", .multiple), ("ims-ms", .multiple), ("tcp_x lmtp", .perSystem),
    ])
    func examples14To16Copies(line: String, copies: Channel.Copies) {
        #expect(Channel(line, host: "x").copies == copies)
    }

    @Test func example17AddressesPerEntry() {
        #expect(Channel("x multiple addrsperfile 2", host: "x").addressesPerEntry == 2)
        #expect(Channel("tcp_x smtp", host: "x").addressesPerEntry == 99)
        #expect(Channel("x", host: "x").addressesPerEntry == nil)
    }

    @Test func example24SPFConflict() {
        let (table, diagnostics) = table("l spfhelo spfmailfrom spfrcptto\nh\n")
        #expect(diagnostics.all.map(\.severity) == [.warning])
        #expect(diagnostics.all[0].message.contains("spfmailfrom and spfrcptto conflict"))
        #expect(table.local?.has("spfhelo") == true && table.local?.has("spfrcptto") == true)
        #expect(table.local?.has("spfmailfrom") == false)
    }

    @Test(arguments: [
        ("tcp_x smtp", Channel.LineTerminator.crlf), ("tcp_x", .crlf), ("tcp_x smtp_crorlf", .crOrLF),
        ("tcp_x smtp_lf", .lf), ("tcp_x lmtp_cr", .cr),
    ])
    func lineTerminators(line: String, terminator: Channel.LineTerminator) {
        #expect(Channel(line, host: "x").lineTerminator == terminator)
    }

    @Test func combinedKeywordsSetBothHalvesAtTheirPosition() {
        let channel = Channel("tcp_x smtp musttls notlsclient maysaslserver", host: "x")
        #expect(channel.serverTLS == .must && channel.clientTLS == .no && channel.serverSASL == .may)
    }

    @Test func defaultsOfChannelsWithoutKeywords() {
        let channel = Channel("x", host: "x")
        #expect(channel.switching == .allows && channel.eightBit == .negotiate && channel.subaddress == .relaxed)
        #expect(channel.isCHUNKINGServer && channel.reversesAddresses && channel.appliesRules && !channel.isLogging)
        #expect(channel.failureCopy == .never && channel.warningCopy == .never && channel.maxJobs == 100)
        #expect(channel.identification.looksUpName == false && channel.ehloPolicy == nil)
        #expect(channel.longLines == .truncate && !channel.addsReturnPath)
        #expect(Channel("ims-ms", host: "x").addsReturnPath)
    }

    @Test func hostLines() throws {
        let (table, diagnostics) = table("l\nmail.example.com alias.example\nother.example\nold.example new.example\n")
        #expect(diagnostics.all.isEmpty)
        #expect(table.localHost == "mail.example.com")
        #expect(table.local?.localHostAlias == "alias.example")
        #expect(table.channel(forHost: "OTHER.example")?.properName == nil)
        #expect(table.channel(forHost: "old.example")?.properName == "new.example")
        #expect(table.channel(forHost: "none.example") == nil)
    }

    @Test func everyErrorIsReportedWithItsPlace() {
        let (_, diagnostics) = table(
            "x maxjobs many\nx-daemon\n\nl\n\nx\nX-DAEMON\n\ny backoff soon notices 3 2\nX-daemon\n\nz=\nz\n")
        let found = diagnostics.all.map { "\($0.location.map(String.init(describing:)) ?? "-") \($0.message)" }
        #expect(found.contains { $0.hasPrefix("imta.cnf:1:11 maxjobs needs an integer, found many") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:1:1 the first channel must be the local channel l") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:4:1 no official host name for channel l") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:6:1 duplicate channel name") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:9:3 backoff needs 1 to 8 durations") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:9:16 notices needs 1 to 5 ascending") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:9:1 duplicate host in channel table") })
        #expect(found.contains { $0.hasPrefix("imta.cnf:12:1 bad channel name z=") })
    }

    @Test func unknownWordsWarnWithTheNearestName() {
        let (_, diagnostics) = table("l maxjob\nh\n")
        #expect(diagnostics.all.map(\.advice) == ["did you mean maxjobs?"])
        #expect(!diagnostics.hasErrors)
    }
}
