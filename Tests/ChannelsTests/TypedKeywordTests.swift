import OptionSyntax
import Testing

@testable import Channels

/// Keywords as typed values, with the worked examples of the channels specification, section 9, as far as they are about
/// the channel table. What a message looks like afterwards is for the issues that make these keywords work.
@Suite struct TypedKeywordTests {
    private func channel(_ line: String) -> Channel { Channel(line, host: "x") }

    @Test func forwardCheckAndSenderDomain() {
        #expect(channel("tcp_x").forwardCheck == .none)
        #expect(channel("tcp_x forwardchecktag").forwardCheck == .tag)
        #expect(channel("tcp_x forwardchecktag forwardcheckdelete").forwardCheck == .delete)
        #expect(channel("tcp_x mailfromdnsverify").verifiesSenderDomain)
        #expect(!channel("tcp_x mailfromdnsverify nomailfromdnsverify").verifiesSenderDomain)
    }

    /// Examples 23 and 24: `spfhelo` goes with one of the others, the last of which counts.
    @Test(arguments: [
        ("spfmailfrom", false, Channel.SenderPolicyCheck.Sender.atMailFrom), ("spfhelo", true, .never),
        ("spfhelo spfmailfrom spfrcptto", true, .atRecipient), ("spfrcptto spfmailfrom", false, .atMailFrom),
        ("spfmailfrom spfnone", false, .never),
    ])
    func senderPolicy(keywords: String, helo: Bool, sender: Channel.SenderPolicyCheck.Sender) {
        #expect(
            channel("tcp_x \(keywords)").senderPolicyCheck == .init(checksHELO: helo, sender: sender))
    }

    @Test func answersOfTheServer() {
        #expect(channel("tcp_x").verifyDetail == .byOption && channel("tcp_x").expandDetail == .byOption)
        #expect(channel("tcp_x vrfyallow expndisable").verifyDetail == .detailed)
        #expect(channel("tcp_x vrfyallow expndisable").expandDetail == .nothing)
        #expect(channel("tcp_x vrfyallow vrfyhide").verifyDetail == .nothing)
        #expect(channel("tcp_x accepttemporaryfailures").acceptsTemporaryFailures)
        #expect(!channel("tcp_x accepttemporaryfailures defertemporaryfailures").acceptsTemporaryFailures)
        #expect(channel("tcp_x acceptalladdresses").acceptsAllAddresses)
        #expect(!channel("tcp_x").acceptsAllAddresses)
    }

    /// Example 46: `authrewrite 35` is 3 + 32, so probes begin with the channel.
    @Test(arguments: [
        (0, Channel.AuthenticatedAddressUse.Action.nothing, false, false), (35, .probeWithResent, false, true),
        (2, .addSender, false, false), (20, .probe, true, false), (15, .nothing, false, false),
    ])
    func example46AuthRewrite(
        bits: Int, action: Channel.AuthenticatedAddressUse.Action, always: Bool, prefixes: Bool
    ) {
        #expect(
            channel("tcp_auth authrewrite \(bits)").authenticatedAddressUse
                == .init(action: action, probesAlways: always, prefixesChannel: prefixes))
    }

    @Test func credentials() {
        #expect(channel("tcp_x authusername Anna").clientCredentials == nil)
        #expect(
            channel("tcp_x authusername Anna authpassword \"S e\"").clientCredentials
                == .init(user: "Anna", password: "S e"))
        var legacy = channel("tcp_x")
        legacy.options = ["auth_username": "u", "auth_password": "p"]
        #expect(legacy.clientCredentials == .init(user: "u", password: "p"))
    }

    @Test func alternate() {
        #expect(channel("tcp_x alternateblocklimit 3").alternate == nil)
        #expect(
            channel("tcp_x alternatechannel TCP_slow alternateblocklimit 3 alternaterecipientlimit 9").alternate
                == .init(channel: "tcp_slow", blocks: 3, lines: nil, recipients: 9))
    }

    /// Examples 1 and 38 to 42: labels, `sevenbit`, `eightstrict`.
    @Test func contentKeywords() {
        #expect(channel("x charset7 usascii").characterSets == .init(sevenBit: "usascii"))
        #expect(channel("x charset7 US-ASCII charset8 \"ISO-8859-1\"").characterSets.eightBit == "ISO-8859-1")
        #expect(channel("x sevenbit").eightBit == .encode && channel("x eightstrict").eightBit == .strict)
        #expect(channel("x sevenbit eightstrict").eightBit == .strict)
        #expect(channel("x linelength 998").bodyLineLength == 998)
    }

    /// Examples 31 to 34: alignment, splitting, `missingrecipientpolicy 4`, `dropblank`.
    @Test func headerKeywords() {
        #expect(channel("x headerlabelalign 10").headerLabelAlignment == 10)
        #expect(channel("x maxheaderaddrs 2 maxheaderchars 100").headerAddressLimit == 2)
        #expect(channel("x maxheaderaddrs 2 maxheaderchars 100").headerCharacterLimit == 100)
        #expect(channel("x missingrecipientpolicy 4").missingRecipientPolicy == 4)
        #expect(channel("x").headerLineLength == 80 && channel("x headerlinelength 60").headerLineLength == 60)
        for (keyword, read) in [
            ("dropblank", \Channel.dropsBlankFields), ("inner", \.rewritesInnerHeaders), ("headertrim", \.trimsHeader),
            ("headerread", \.readsHeaderOptions),
        ] {
            #expect(channel("x \(keyword)")[keyPath: read] && !channel("x \(keyword) no\(keyword)")[keyPath: read])
        }
    }

    @Test func noticesAndFilters() {
        #expect(channel("x").noticeForms == .originalAndFinal)
        #expect(channel("x suppressfinal").noticeForms == .original)
        #expect(channel("x suppressfinal includefinal").noticeForms == .originalAndFinal)
        #expect(channel("x useintermediate").noticeForms == .intermediate)
        #expect(channel("x sourcefilter file:a nosourcefilter channelfilter file:b").sourceFilter == nil)
        #expect(channel("x channelfilter file:b").destinationFilter == "file:b")
        #expect(channel("x filter data:,x").userFilter == "data:,x")
        #expect(
            channel("x sourcespamfilter2 sourcespamfilter1optin a,b destinationspamfilter8").sourceSpamFilters
                == [.init(number: 1, optIn: ["a", "b"]), .init(number: 2, optIn: [])])
        #expect(channel("x sourcebrightmail disablesourcespamfilter1").sourceSpamFilters.isEmpty)
        #expect(channel("x destinationspamfilter8").destinationSpamFilters == [.init(number: 8, optIn: [])])
        #expect(channel("tcp_x aliasdetourhost tcp_scanner-daemon").aliasDetourHost == "tcp_scanner-daemon")
    }

    /// Example 45: `expandlimit 0` moves all recipients; it does not count where the moved ones are handled.
    @Test func example45ExpandLimit() {
        #expect(channel("tcp_local expandlimit 0").expandLimit == 0)
        #expect(channel("reprocess expandlimit 0").expandLimit == nil)
        #expect(channel("l expandlimit 0").expandLimit == nil)
        #expect(channel("tcp_local expandlimit 0").expandChannel == "reprocess")
    }

    /// Example 47: an urgent message of 101 blocks is over it.
    @Test func example47UrgentBlockLimit() {
        #expect(channel("x urgentblocklimit 100").priorityBlockLimit(.urgent) == 100)
        #expect(channel("x urgentblocklimit 100").priorityBlockLimit(.normal) == nil)
    }

    /// Examples 48 and 52: what belongs to the channel a session started on stays with that channel's value.
    @Test func channelsKeepTheirOwnLongLinesAndOptions() {
        #expect(channel("tcp_local smtp").longLines == .truncate)
        #expect(channel("tcp_intranet rejectsmtplonglines").longLines == .reject)
        #expect(channel("tcp_x").checksSource)
        for (value, checks) in [("0", false), ("1", true), ("yes", true)] {
            var off = channel("tcp_local switchchannel")
            off.options = ["check_source": value]
            #expect(off.checksSource == checks)
        }
    }

    /// The name of this host as seen through a channel leads to that channel, behind every host name.
    @Test func localHostAliases() {
        var found = Diagnostics()
        var table = ChannelTable()
        var first = Channel("tcp_local smtp", host: "tcp-daemon")
        first.localHostAlias = "Public.example.com"
        var second = Channel("tcp_x smtp", host: "public2.example.com")
        second.localHostAlias = "public.example.com"
        for channel in [Channel("l", host: "mail.example.com"), first, second] {
            table.add(channel, diagnostics: &found)
        }
        #expect(found.all.isEmpty)
        #expect(table.channel(forHost: "PUBLIC.example.com")?.channel.name == "tcp_local")
        #expect(table.channelName(forHost: "Public.Example.com") == "tcp_local")
        #expect(table.hostNames.contains("public.example.com"))
        var third = Channel("tcp_y smtp", host: "public.example.com")
        third.localHostAlias = "mail.example.com"
        table.add(third, diagnostics: &found)
        #expect(found.all.isEmpty)
        #expect(table.channel(forHost: "public.example.com")?.channel.name == "tcp_y")
        #expect(table.channelName(forHost: "mail.example.com") == "l")
    }
}
