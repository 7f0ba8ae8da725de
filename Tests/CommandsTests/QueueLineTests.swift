import Testing

@testable import Commands

/// Commands specification, sections 1.2 and 6.1: the lines of `qm`.
@Suite struct QueueLineTests {
    private func line(_ text: String) throws -> QueueLine? { try QueueLine(QueueLine.words(text)) }

    @Test func switchesAreShortenedAndNegated() throws {
        let dir = try #require(try line("dir -env -held -nofile -from=A@b tcp_local"))
        #expect(dir.verb.name == "directory" && dir.parameters == ["tcp_local"])
        #expect(dir.on == ["envelope", "held"] && dir.off == ["file_info"] && dir.values == ["from": "A@b"])
        let clean = try #require(try line("clean /DELETE -subject=\"make \"\"money\"\" fast\" --min-length 5 -noconf"))
        #expect(clean.values == ["subject": "make \"money\" fast", "min_length": "5"])
        #expect(clean.on == ["delete"] && clean.off == ["confirm"])
        #expect(try line("DELETE -ALL -NOCONFIRM")?.on == ["all"])
        #expect(try line("top -sub=(START=1,LENGTH=4) -from")?.values == ["subject": "(START=1,LENGTH=4)"])
        // A path is no switch.
        #expect(try line("read /opt/x/queue/tcp_local/ZZf0r4i0Wdy51.00")?.parameters.count == 1)
        #expect(try line("hold -- -x")?.parameters == ["-x"])
        #expect(try line("") == nil && line("! comment") == nil)
    }

    @Test(
        arguments: [
            ("re", "%CLI-E-AMBIG"), ("nonsense", "%CLI-E-UNKNOWN"), ("directory -nonsense", "%CLI-E-UNKNOWN"),
            ("clean -sub=a -sub=b", "%CLI-E-TWICE"), ("messages", "%CLI-E-MISSING"), ("jobs now", "%CLI-E-TOOMANY"),
            ("directory -from", "%CLI-E-VALUE"), ("directory -held=1", "%CLI-E-NOVALUE"), ("read \"x", "%CLI-E-QUOTE"),
        ])
    func refuses(text: String, beginning: String) {
        let refusal = #expect(throws: FamilySpelling.Refusal.self) { try line(text) }
        #expect(refusal?.description.hasPrefix(beginning) == true, "\(refusal?.description ?? "")")
    }

    @Test(
        arguments: [
            ("1", [1]), ("1,3,7-9", [1, 3, 7, 8, 9]), ("0", nil), ("3-1", nil), ("ZZ", nil), ("1,", nil), ("-2", nil),
            ("1-9999999999", nil),
        ] as [(String, [Int]?)])
    func ids(text: String, numbers: [Int]?) { #expect(QueueManager.ids(text) == numbers) }

    @Test(arguments: [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("PT30M", 1800), ("2w", 1_209_600)])
    func ages(text: String, seconds: Int64) throws { #expect(try QueueFilter.seconds(text) == seconds) }

    @Test(arguments: ["", "d", "1", "-1d", "99999999d", "PX"])
    func badAges(text: String) { #expect(throws: QueueFailure.self) { try QueueFilter.seconds(text) } }

    /// Example 23: "a template takes only -master_job and -slave_job"; "`-global` together with `-channel=` -> error".
    @Test func example23Cache() throws {
        #expect(
            try CacheRequest(["-change", "-channel=tcp_local", "-job_limit=5"])
                == .change(channel: "tcp_local", settings: ["job_limit=5"]))
        #expect(
            try CacheRequest(["-change", "-channel=tcp_local", "job_limit=5"])
                == .change(channel: "tcp_local", settings: ["job_limit=5"]))
        for words in [
            ["-change", "-template=tcp_*", "-job_limit=5"], ["-change", "-global", "-channel=x", "-job_limit=5"],
            ["-change", "-job_limit=5"], ["-change", "-channel=x", "-job_limit=none"], ["-change", "-channel=x"], [],
            ["-sync", "-view"],
        ] {
            #expect(throws: QueueFailure.self) { try CacheRequest(words) }
        }
        #expect(
            try CacheRequest(["-change", "-channel_template=tcp_*", "master_job=/bin/x"])
                == .changeTemplate("tcp_*", settings: ["master_job=/bin/x"]))
        #expect(try CacheRequest(["-syn", "-norecipient", "-debug=1"]) == .synchronize)
        #expect(try CacheRequest(["-view", "tcp_local"]) == .view(channel: "tcp_local"))
        #expect(
            try CacheRequest(["-change", "-global", "-parallel_rebuild=3"])
                == .nothing("the index is never rebuilt from files"))
        #expect(try CacheRequest(["-change", "-global", "-max_messages=500"]) == .changeLimit(500))
        #expect(throws: QueueFailure.self) { try CacheRequest(["-change", "-global", "-max_messages=9"]) }
    }
}
