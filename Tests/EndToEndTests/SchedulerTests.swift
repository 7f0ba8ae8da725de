import Envelope
import Glibc
import Spool
import Synchronization
import SystemCalls
import Testing

/// The Scheduler and the return job with real processes: job-controller specification, sections 11.3 and 12.
@Suite(.serialized) struct SchedulerTests {
    /// Puts a message into the queue of an instance that does not run, as if it had come in `days` ago.
    private func enqueue(_ instance: TestInstance, daysAgo days: Int64) throws {
        for name in ["segments/free", "large", "ledger", "quarantine"] {
            try Files.createDirectory("\(instance.root)/data/queue/\(name)")
        }
        let writer = try SpoolWriter(queue: "\(instance.root)/data/queue", name: SpoolWriter.uniqueName())
        let recipient = QueueRecipient(
            address: "friend@far.example", given: "friend@far.example", originalRecipient: "rfc822;friend@far.example")
        let message = QueuedMessage(
            id: MessageID(rawValue: 77), arrival: (SystemClock.wallSeconds - days * 86_400) * 1000,
            sourceChannel: "tcp_intranet", sender: "anna@\(TestInstance.domain)",
            entries: [QueueEntry(channel: "tcp_local", host: "far.example", recipients: [recipient])])
        let isDurable = Mutex(false)
        writer.append(message, content: .inline([Array("Subject: long ago\r\n\r\nbody\r\n".utf8)])) { result in
            isDurable.withLock { $0 = (try? result.get()) != nil }
        }
        writer.close()
        #expect(isDurable.withLock { $0 })
    }

    /// A return job that was missed while nothing ran is made up for at the start; what is too old by then goes back to its
    /// sender as timed out, and the site's program for the day runs after it.
    @Test func whatIsTooOldGoesBack() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(try TestInstance.freePort()))
        try instance.set("channel:tcp_local.notices", "1 2")
        try enqueue(instance, daysAgo: 3)
        let lately = SystemClock.wallSeconds - 2 * 86_400
        try Files.replace(
            "\(instance.root)/data/queue/tasks",
            with: Array("return_job 41\nrun \(lately) \(lately) \(lately) exit:0 return_job\n".utf8))
        try Files.createDirectory("\(instance.root)/bin")
        try Files.replace(
            "\(instance.root)/bin/daily_cleanup",
            with: Array("#!/bin/sh\necho \"$MARTLET_ROOT\" > \"$MARTLET_ROOT/cleaned\"\n".utf8), mode: 0o755)
        try instance.start()
        let notification = try #require(instance.arrivals("anna").first, "\(instance.log("job_controller.log"))")
        #expect(notification.contains("Subject: Delivery Notification: Delivery has timed out and failed"))
        #expect(notification.contains("friend@far.example") && notification.contains("long ago"))
        #expect(eventually { (try? instance.martlet("status"))?.contains("No messages in the queues.") == true })
        #expect(eventually { (try? instance.martlet("task", "--json"))?.contains("\"exit\":0") == true })
        #expect(instance.log("return_job.log").contains("return job 42: "), "\(instance.log("return_job.log"))")
        #expect(instance.log("job_controller.log").contains("task return_job: a missed run is made up for"))
        #expect(try Files.read("\(instance.root)/cleaned") == Array("\(instance.root)\n".utf8))
        let page = try instance.martlet("status")
        #expect(page.contains("TASK ") && page.contains("return_job") && page.contains("exit 0"), "\(page)")
    }

    /// Tasks come with `refresh sched`, run by hand, write a log, fail, and are ended after their time limit.
    @Test func tasksOfTheSite() throws {
        let instance = try TestInstance()
        try instance.start()
        try instance.set("schedule.task:hello.crontab", "0 0 1 1 * /bin/sh -c \"echo out; exit 3\"")
        try instance.set("schedule.task:slow.crontab", "0 0 1 1 * /bin/sleep 1000")
        try instance.set("schedule.task:slow.time_limit", "1")
        try instance.set("schedule.task:none.crontab", "0 0 1 1 * lib/none")
        #expect(try instance.martlet("imsimta", "refresh", "sched").contains("the scheduler has 5 tasks"))
        for name in ["hello", "slow", "none"] { try instance.martlet("task", "run", name) }
        let isDone = try eventually {
            let list = try instance.martlet("task")
            return ["exit 3", "ended after its time limit", "could not be started"].allSatisfy { list.contains($0) }
        }
        #expect(isDone, "\(instance.log("job_controller.log"))")
        #expect(instance.log("hello.log") == "out\n")
        #expect(try instance.attempt(["task", "run", "other"]).output.contains("there is no task other"))
        // The shipped one as it would be called from a crontab, and by the names of the family.
        #expect(try instance.martlet("task", "run", "purge").contains("task purge runs"))
        #expect(eventually { instance.log("job_controller.log").contains("task purge ended: exit 0") })
        #expect(try instance.martlet("return_job").contains("return job 1: 0 messages are returned"))
        for word in ["start", "stop"] {
            #expect(try instance.martlet(word, "sched").contains("is no process of its own"))
        }
        #expect(try instance.stop() == .exited(0))
        #expect(try instance.attempt(["return_job"]).exit == .exited(75))
    }
}
