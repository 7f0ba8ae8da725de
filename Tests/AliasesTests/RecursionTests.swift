import Aliases
import InternetMessage
import Testing

/// Aliases specification, 3.5.
@Suite struct RecursionTests {
    @Test(arguments: [
        "a@example.com: b@example.com\nb@example.com: a@example.com",
        "a@example.com: b@example.com\nb@example.com: c@example.com\nc@example.com: b@example.com",
    ])
    func loops(_ aliases: String) {
        let expansion = Site(aliases: aliasFile(aliases)).expand("a@example.com")
        #expect(expansion.reply?.description == "550 5.1.1 unknown or illegal alias")
        #expect(expansion.failures.first?.failure.detail.contains("alias loop: a@example.com ->") == true)
    }

    @Test func loopLeavesOtherMembersAlone() {
        let site = Site(aliases: aliasFile("a@example.com: b@example.com, x@y.example\nb@example.com: a@example.com"))
        let expansion = site.expand("a@example.com")
        #expect(expansion.routes == ["tcp_local x@y.example"])
        #expect(expansion.failures.count == 1)
        #expect(expansion.reply == nil)
    }

    @Test func ownAddressIsTheMailbox() {
        let site = Site(aliases: aliasFile("a@example.com: A@example.com, x@y.example"))
        #expect(Set(site.expand("a@example.com").routes) == ["l a@example.com", "tcp_local x@y.example"])
    }

    /// The user's own mailbox and somebody else's.
    @Test func ownAddressOfAUser() {
        let site = Site(
            aliases: aliasFile("anna@example.com: anna@example.com, x@y.example"),
            directory: directory("domain: example.com\n\nuid: anna\ndomain: example.com\n"))
        #expect(Set(site.expand("anna@example.com").routes) == ["ims-ms anna@ims-ms-daemon", "tcp_local x@y.example"])
    }

    @Test(arguments: [(9, true), (10, true), (11, false), (50, false)])
    func levels(_ depth: Int, _ isGood: Bool) {
        let aliases = (1...depth).map { level in
            "a\(level)@example.com: " + (level == depth ? "x@y.example" : "a\(level + 1)@example.com")
        }
        #expect(Site(aliases: aliasFile(aliases.joined(separator: "\n"))).expand("a1@example.com").isGood == isGood)
    }

    /// Each level names the next one a hundred times: without care 100¹⁰ addresses.
    @Test func aliasBomb() {
        let aliases = (1...9).map { level in
            "a\(level)@example.com: "
                + Array(repeating: "a\(level + 1)@example.com", count: 100).joined(separator: ",")
        }
        let site = Site(aliases: aliasFile((aliases + ["a10@example.com: x@y.example"]).joined(separator: "\n")))
        #expect(site.expand("a1@example.com").routes == ["tcp_local x@y.example"])
    }

    @Test func duplicatesAreOne() {
        let site = Site(
            aliases: aliasFile("a@example.com: x@y.example, X@Y.example, b@example.com\nb@example.com: x@y.example"))
        #expect(site.expand("a@example.com").routes == ["tcp_local x@y.example"])
    }

    @Test func oneLegalAddressIsEnough() {
        let site = Site(aliases: aliasFile("a@example.com: x@nowhere.bad, x@y.example\nb@example.com: x@nowhere.bad"))
        #expect(site.expand("a@example.com").isGood)
        #expect(site.expand("b@example.com").reply?.description == "550 5.1.2 unknown host or domain")
    }

    @Test func optionalAliases() {
        var site = Site()
        site.viaAliasRequired = false
        #expect(site.expand("anyone@example.com").routes == ["l anyone@example.com"])
    }

    @Test func forwarding() {
        let site = Site()
        let expander = RecipientExpander(resolver: site.resolver, now: 0)
        func run(_ forwarding: RecipientExpander.Forwarding) -> RecipientExpansion {
            expander.expand(
                mailbox("x@y.example"), rewrite: site.rewrite,
                forward: { address, _ in address.localPart == "x" ? forwarding : .unchanged })
        }
        #expect(
            run(.changed(mailbox("z@ims-ms-daemon"), rewritesAgain: true, forwardsAgain: true)).routes
                == ["ims-ms z@ims-ms-daemon"])
        #expect(
            run(.changed(mailbox("z@ims-ms-daemon"), rewritesAgain: false, forwardsAgain: true)).routes
                == ["tcp_local z@ims-ms-daemon"])
        #expect(run(.held("FORWARD")).recipients.first?.heldReason == "FORWARD")
        // A mapping that always changes the address ends at the level limit.
        var number = 0
        let endless = expander.expand(mailbox("x@y.example"), rewrite: site.rewrite) { _, _ in
            nil
        } forward: { _, _ in
            number += 1
            return .changed(mailbox("x\(number)@y.example"), rewritesAgain: true, forwardsAgain: true)
        }
        #expect(!endless.isGood)
        #expect(number == 11)
    }
}
