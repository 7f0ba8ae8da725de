import Glibc
import OptionSyntax
import SystemCalls
import Testing

@testable import ProcessPool

@Suite struct SupervisionTests {
    @Test(arguments: [
        ("exit 0", ProcessEnding.orderly), ("exit 75", .temporaryFailure), ("exit 78", .configurationError),
        ("exit 3", .failed(code: 3)), ("kill -9 $$", .signalled(9)),
    ])
    func endingsAreClassified(script: String, ending: ProcessEnding) throws {
        let launch = SupervisedProcess.Launch(
            path: "/bin/sh", arguments: ["-c", script], environment: ["PATH=/usr/bin:/bin"])
        let process = try SupervisedProcess.start(launch, log: nil)
        try waitForEnd(process)
        #expect(process.reap() == ending)
        #expect(process.reap() == ending)
    }

    @Test func childSpeaksOnDescriptor3() throws {
        let launch = SupervisedProcess.Launch(
            path: "/bin/sh", arguments: ["-c", "printf 'HELO\\npid=%s\\n' $$ >&3"], environment: ["PATH=/usr/bin:/bin"])
        let process = try SupervisedProcess.start(launch, log: nil)
        try waitForEnd(process)
        let message = try process.control.receive()?.message
        #expect(message == ControlMessage("HELO", ["pid": String(process.processID)]))
        #expect(throws: ControlSocket.Failure.closed) { _ = try process.control.receive() }
    }

    @Test func missingProgramIsNamed() throws {
        let launch = SupervisedProcess.Launch(path: "/nonexistent/program", environment: [])
        #expect(throws: SystemCallError(call: "posix_spawn", code: ENOENT, object: "/nonexistent/program")) {
            _ = try SupervisedProcess.start(launch, log: nil)
        }
    }

    private func waitForEnd(_ process: SupervisedProcess) throws {
        var poller = try Poller()
        try poller.add(process.exitDescriptor, token: 1)
        var hasEnded = false
        for _ in 0..<100 where !hasEnded {
            try poller.wait(milliseconds: 1000) { _ in hasEnded = true }
        }
    }
}

@Suite struct RestartBudgetTests {
    private func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }

    @Test func pausesDouble() {
        var budget = RestartBudget()
        var now = seconds(100)
        #expect(budget.allowsStart(at: now))
        let pauses = (0..<9).map { _ in
            let pause = budget.failed(at: now)
            #expect(!budget.allowsStart(at: now + pause - 1))
            now += pause
            #expect(budget.allowsStart(at: now))
            return pause / 1_000_000_000
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        budget.recovered()
        #expect(budget.failed(at: now) == seconds(1))
    }

    @Test func failuresTogetherCountOnce() {
        var budget = RestartBudget()
        for _ in 0..<5 { budget.failed(at: seconds(1)) }
        #expect(budget.failures == 1)
        #expect(budget.allowsStart(at: seconds(2)))
    }
}

@Suite struct LogFileTests {
    @Test func uniqueIDsSortByTime() {
        let times: [Int64] = [-5, 0, 1_000, 1_172_663_459_000_000_000, 1_900_000_000_000_000_000]
        let ids = times.map { VersionedLogFile.uniqueID(wallNanoseconds: $0, chance: UInt32.max) }
        #expect(ids == ids.sorted())
        #expect(Set(ids.map(\.count)) == [14])
        #expect(ids[1] == "00000000000vvv")
    }

    @Test(arguments: [
        ("a.log", "a.log"), ("a_%s.log", "a_node.log"), ("%s%s%", "nodenode%"), ("%d%s", "%dnode"), ("%", "%"),
    ])
    func hostNameIsFilledIn(name: String, expected: String) {
        #expect(VersionedLogFile.expand(name, hostName: "node.example.org") == expected)
    }
}

@Suite struct JSONTextTests {
    @Test func text() {
        let value: JSONValue = ["a": [1, true, .null], "b\"\\\n\u{1}": "grün"]
        #expect(value.text == "{\"a\":[1,true,null],\"b\\\"\\\\\\n\\u0001\":\"grün\"}")
    }
}
