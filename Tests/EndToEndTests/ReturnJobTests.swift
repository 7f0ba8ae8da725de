import SystemCalls
import Testing

/// The steps of `martlet return_job`: job-controller specification, section 11.3.
@Suite struct ReturnJobTests {
    /// "Then roll logs (see notifications-logging.md), run `<server-root>/bin/daily_cleanup` if present": it finds the logs
    /// rolled over, and ends with the process group of the return job.
    @Test func theCleanupComesWhenTheLogsAreRolledOver() throws {
        let instance = try TestInstance()
        let directory = "\(instance.root)/data/log"
        try Files.createDirectory("\(instance.root)/bin")
        try Files.replace(
            "\(instance.root)/bin/daily_cleanup",
            with: Array(
                """
                #!/bin/sh
                ls data/log > seen
                read -r process name state parent group rest < /proc/$$/stat
                test "$group" = "$parent" && echo "same group" >> seen
                """.utf8), mode: 0o755)
        try instance.start()
        // One that was in use a moment ago takes seconds.
        try Files.replace("\(directory)/connection.log_yesterday", with: Array("line\n".utf8))
        try instance.martlet("return_job")
        let seen = String(decoding: try Files.read("\(instance.root)/seen"), as: UTF8.self).split(separator: "\n")
        #expect(
            seen.contains("connection.log") && !seen.contains { $0.hasPrefix("connection.log_yesterday") }, "\(seen)")
        #expect(seen.last == "same group")
        // What fails does so by the exit status, and the rest is done.
        try Files.createDirectory("\(directory)/mail.log")
        try Files.replace("\(directory)/mail.log_yesterday", with: Array("line\n".utf8))
        try Files.replace("\(instance.root)/seen", with: [])
        let failed = try instance.attempt(["return_job"])
        #expect(failed.exit == .exited(1) && failed.output.contains("%RETURN-E-ROLLOVER"), "\(failed.output)")
        #expect(try !Files.read("\(instance.root)/seen").isEmpty)
        try instance.stop()
    }
}
