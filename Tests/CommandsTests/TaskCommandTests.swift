import Configuration
import FoundationEssentials
import OptionSyntax
import Testing

@testable import Commands

/// Tasks of the Scheduler as commands see them: job-controller specification, sections 11.3 and 12.
@Suite struct TaskCommandTests {
    @Test func page() throws {
        let answer = #"""
            {"ok":true,"tasks":[
            {"name":"purge","crontab":"0 0 * * * lib/purge","enabled":true,"running":true,"next":90000,"started":7200,
            "ended":null,"ending":null,"exit":null},
            {"name":"return_job","crontab":"30 0 * * * lib/return_job","enabled":true,"running":false,"next":10800,
            "started":3600,"ended":3605,"ending":"exit 1","exit":1},
            {"name":"site","crontab":"0 0 * * * x","enabled":false,"running":false,"next":null,"started":null,
            "ended":null,"ending":null,"exit":null}]}
            """#
        let tasks = try JSONDecoder().decode(TaskList.self, from: Data(answer.utf8)).tasks
        var page = StatusPage(isColoured: false)
        page.add(tasks, now: 7230)
        #expect(
            page.lines == [
                "TASK        STATE     LAST RUN   TOOK  END     NEXT IN",
                "purge       running   30s ago     30s           22h59m",
                "return_job  waiting   1h00m ago    5s  exit 1   59m30s",
                "site        disabled  never",
            ])
        var none = StatusPage(isColoured: false)
        none.add([], now: 0)
        #expect(none.lines.isEmpty)
    }

    /// `lib/return_job` and `lib/purge` are second names of the `martlet` command.
    @Test(arguments: [
        (["/srv/mail/lib/return_job"], ["return_job"]),
        (["return_job", "--root", "/i"], ["return_job", "--root", "/i"]),
        (["lib/purge", "-num=5"], ["purge", "--num", "5"]),
        (["purge", "-day=3", "x*"], ["purge", "--day", "3", "x*"]),
    ])
    func secondNames(commandLine: [String], arguments: [String]) throws {
        #expect(try FamilySpelling.arguments(of: commandLine) == arguments)
    }

    /// RETURN_SYNCH_PERIOD and its like: the step in every n-th run.
    @Test func stepsOfEveryNthRun() {
        let periods = ReturnPeriods(nil)
        #expect(periods.notices == 1 && periods.cleanup == 1 && periods.snapshot == 1)
        #expect([1, 2, 24, 25, 48].map { periods.isTurn(of: 24, $0) } == [false, false, true, false, true])
        #expect(periods.isTurn(of: 1, nil) && !periods.isTurn(of: 2, nil))
    }
}
