import Testing

@testable import Commands

/// Commands specification, 1.2: the command line of the family.
@Suite struct FamilySpellingTests {
    @Test(
        arguments: [
            (
                [
                    "test", "-rewrite", "-from=friendly@siroe.com", "-source_channel=tcp_local", "-dest=l",
                    "User@sesta.com",
                ],
                [
                    "test", "rewrite", "--from", "friendly@siroe.com", "--source-channel", "tcp_local",
                    "--destination-channel", "l", "--", "User@sesta.com",
                ]
            ),
            (
                ["test", "-rew", "-noimage", "-nochannel", "a@b"],
                ["test", "rewrite", "--noimage-file", "--no-channel-details", "--", "a@b"]
            ),
            (["test", "User@sesta.com", "-rewrite"], ["test", "rewrite", "--", "User@sesta.com"]),
            (
                ["test", "-mapping", "-table=PAGER", "-flags=A", "H|x"],
                ["test", "mapping", "--table", "PAGER", "--flags", "A", "--", "H|x"]
            ),
            (
                [
                    "test", "-rewrite", "-alias=a", "-configu=c", "-mapping_file=m", "-opt=o", "-in=i", "-out=u",
                    "-noreproc",
                ],
                [
                    "test", "rewrite", "--alias-file", "a", "--configuration-file", "c", "--mapping-file", "m",
                    "--option-file", "o", "--input", "i", "--output", "u", "--no-reprocess",
                ]
            ),
            (
                ["test", "-rewrite", "-sender=x@y", "-check", "-noreprocessing", "-nofilter", "-noread", "a,b"],
                ["test", "rewrite", "--sender", "x@y", "--check-expansions", "--no-reprocess", "--", "a,b"]
            ),
            (
                ["test", "-mapping", "-debug", "-nodebug", "-option_file=x", "-input=i", "-output=u", "-mapping_f=m"],
                ["test", "mapping", "--debug", "--input", "i", "--output", "u", "--file", "m"]
            ),
            (
                [
                    "test", "-rewrite", "-database=noreverse", "-filter", "-delivery_receipt", "-read_receipt",
                    "-restricted=1", "-local_alias=h", "a@b",
                ],
                [
                    "test", "rewrite", "--database", "noreverse", "--filter", "--delivery-receipt", "--read-receipt",
                    "--restricted", "1", "--local-alias", "h", "--", "a@b",
                ]
            ),
            (
                ["test", "-mapping", "-reload", "-context", "-source_channel=c", "-originator=a@b", "-nosources", "x"],
                ["test", "mapping", "--reload", "--", "x"]
            ),
            (["test", "-match"], ["test", "match"]),
            (["TEST", "-MATCH", "a*", "ab"], ["test", "match", "--", "a*", "ab"]),
            (["test", "--rewrite", "-from=<>"], ["test", "rewrite", "--from", "<>"]),
            (["cnb"], ["config", "build"]),
            (["cnbuild", "-noimage", "-max"], ["config", "build", "--check-only", "--sizes"]),
            (["qm", "dir", "-held"], ["qm", "dir", "-held"]), (["qtop", "-from"], ["queue", "top", "-from"]),
            (["qclean", "-delete", "tcp_local"], ["queue", "clean", "-delete", "tcp_local"]),
            (["run", "tcp_local"], ["queue", "run", "tcp_local"]), (["submit"], ["queue", "submit"]),
            (["return", "ZZ*"], ["queue", "return", "--facility=RETURN", "ZZ*"]),
            (["cache", "-sync"], ["cache", "-sync"]), (["recover-crash"], ["cache", "-sync"]),
            (["queue", "-recover_crash"], ["cache", "-sync"]),
            (
                ["queue", "-retry_delivery", "tcp_local"],
                ["queue", "release", "-all", "-noconfirm", "-held", "-channel=tcp_local"]
            ),
            (
                ["process_held", "-domain=a.example"],
                ["queue", "release", "-all", "-noconfirm", "-channel=hold", "-to=*@a.example"]
            ),
            (["counters", "-show", "-nohead"], ["counters", "--show", "--no-headers"]), (["refresh"], ["refresh"]),
            (["shutdown"], ["stop"]),
            (["version"], ["version"]), (["clbuild", "x.cld"], ["nothing", "CLBUILD", "x.cld"]),
            (["find", "IMTA_LOG:dispatcher.log", "-l=1"], ["find", "IMTA_LOG:dispatcher.log", "--last", "1"]),
            (["view", "-f=0", "x.log"], ["view", "--first", "0", "x.log"]),
            (["purge", "-num=3"], ["purge", "--num", "3"]), (["kill", "dispatcher"], ["kill", "dispatcher"]),
            (["dispatcher", "status", "smtp", "-json"], ["dispatcher", "status", "smtp", "--json"]),
            (["shutdown", "force"], ["stop", "--now"]), (["shutdown", "wait"], ["stop", "--wait"]),
            (["restart", "job_controller"], ["restart", "job_controller"]),
            ([], ["--help"]),
        ] as [([String], [String])])
    func translates(given: [String], expected: [String]) throws {
        #expect(try FamilySpelling.translate(given) == expected)
        #expect(try FamilySpelling.arguments(of: ["/opt/martlet/bin/imsimta"] + given) == expected)
        #expect(try FamilySpelling.arguments(of: ["martlet", "imsimta"] + given) == expected)
    }

    @Test(
        arguments: [
            (["s"], "%CLI-E-AMBIG, ambiguous switch or verb: s (could be shutdown, start, startup, stop, submit)"),
            (["test", "-rewrite", "-no"], "%CLI-E-AMBIG"), (["test", "-rewrite", "-from"], "%CLI-E-VALUE"),
            (["test", "a@b"], "%CLI-E-NOTEST"), (["test", "-match", "-table=X"], "%CLI-E-UNKNOWN"),
            (["crdb"], "%CLI-E-NOTSUPP"),
            (["test", "-rewrite", "-grey=1", "a@b"], "%CLI-E-NOTSUPP, -grey has no effect"),
            (["test", "-url", "ldap:///x"], "%CLI-E-NOTSUPP, there is no test -url: there is no LDAP"),
            (["test", "-exp", "-mm", "-block"], "%CLI-E-NOTSUPP, there is no test -expression: Sieve"),
            (["test", "-domain"], "%CLI-E-NOTSUPP, there is no test -domain"),
        ] as [([String], String)])
    func refuses(given: [String], beginning: String) throws {
        let refusal = #expect(throws: FamilySpelling.Refusal.self) { try FamilySpelling.translate(given) }
        #expect(refusal?.description.hasPrefix(beginning) == true)
    }

    @Test func ownSpellingIsLeftAlone() throws {
        #expect(try FamilySpelling.arguments(of: ["martlet", "test", "rewrite", "a@b"]) == ["test", "rewrite", "a@b"])
    }
}
