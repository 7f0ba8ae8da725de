import Channels
import Testing

@Suite struct ChannelSwitchingTests {
    private let table = ChannelTable([
        Channel("l", host: "mail.example.com"),
        Channel("tcp_local smtp switchchannel saslswitchchannel tcp_auth", host: "tcp-daemon"),
        Channel("tcp_intranet smtp allowswitchchannel saslswitchchannel tcp_auth", host: "tcp_intranet-daemon"),
        Channel("tcp_auth smtp noswitchchannel mustsaslserver", host: "tcp_auth-daemon"),
        Channel("tcp_tas smtp noswitchchannel", host: "tcp_tas-daemon"),
        Channel("tcp_names smtp switchchannel identnone userswitchchannel tlsswitchchannel tcp_tas", host: "n"),
        Channel("tcp_addresses smtp switchchannel identnonelimited", host: "a"),
    ])

    private func channel(_ name: String) throws -> Channel { try #require(table.channel(named: name)) }

    @Test(arguments: [
        // Examples 25 and 26: a client of ours; a stranger.
        ("tcp_local", "tcp_intranet", nil, "tcp_intranet"), ("tcp_local", "tcp_local", nil, "tcp_local"),
        // noswitchchannel on the target; on the initial channel.
        ("tcp_local", "tcp_auth", nil, "tcp_local"), ("tcp_auth", "tcp_intranet", nil, "tcp_auth"),
        // allowswitchchannel alone does not start switching.
        ("tcp_intranet", "tcp_local", nil, "tcp_intranet"),
        // The name counts only where the ident keyword allows it, and after the address.
        ("tcp_local", nil, "tcp_intranet", "tcp_local"), ("tcp_names", nil, "tcp_intranet", "tcp_intranet"),
        ("tcp_names", "tcp_local", "tcp_intranet", "tcp_local"),
        ("tcp_addresses", nil, "tcp_intranet", "tcp_addresses"), ("tcp_local", nil, nil, "tcp_local"),
    ])
    func atConnect(initial: String, address: String?, name: String?, expected: String) throws {
        let result = ChannelSwitching(table).atConnect(
            initial: try channel(initial), byAddress: address.flatMap(table.channel(named:)),
            byName: { name.flatMap(table.channel(named:)) })
        #expect(result.name == expected)
    }

    @Test func checkSourceOffStopsSwitching() throws {
        let result = ChannelSwitching(table).atConnect(
            initial: try channel("tcp_local"), checksSource: false, byAddress: try channel("tcp_intranet"))
        #expect(result.name == "tcp_local")
    }

    @Test func authenticationSwitchesWhateverNoswitchchannelSays() throws {
        let switching = ChannelSwitching(table)
        #expect(switching.afterAuthentication(try channel("tcp_local")).name == "tcp_auth")
        #expect(switching.afterAuthentication(try channel("tcp_intranet")).name == "tcp_auth")
        // Example 27.
        #expect(switching.afterAuthentication(try channel("tcp_local"), submitChannel: "tcp_tas").name == "tcp_tas")
        #expect(switching.afterAuthentication(try channel("tcp_local"), submitChannel: "none").name == "tcp_auth")
    }

    @Test func laterSteps() throws {
        let switching = ChannelSwitching(table)
        let names = try channel("tcp_names")
        #expect(switching.afterTLS(names).name == "tcp_tas")
        #expect(switching.afterTLS(try channel("tcp_local")).name == "tcp_local")
        #expect(switching.atMailFrom(names, initial: names, attribute: "tcp_intranet").name == "tcp_intranet")
        #expect(switching.atMailFrom(names, initial: names, attribute: "tcp_auth").name == "tcp_names")
        let local = try channel("tcp_local")
        #expect(switching.atMailFrom(local, initial: local, attribute: "tcp_intranet").name == "tcp_local")
        #expect(switching.initialChannel(parameter: nil)?.name == "tcp_local")
        #expect(switching.initialChannel(parameter: "tcp_auth")?.name == "tcp_auth")
        #expect(switching.initialChannel(parameter: "none") == nil)
    }
}
