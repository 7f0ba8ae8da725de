import MasterKit
import Spool

/// Ages of entries against `notices` (job-controller specification, 11.2 and 11.3).
extension DeliverySchedule {
    /// What a return job came to.
    package struct AgeJudgement: Equatable, Sendable {
        /// Entries that go back to their senders, and those whose senders are warned of a delay.
        package var returned = 0
        package var warned = 0
        /// Entries of `filter_discard`, which end without a word.
        package var deleted = 0
        /// Entries that a job has: they are judged when their attempt has ended.
        package var later = 0

        package init(returned: Int = 0, warned: Int = 0, deleted: Int = 0, later: Int = 0) {
            self.returned = returned
            self.warned = warned
            self.deleted = deleted
            self.later = later
        }
    }

    /// The channel whose entries are deleted when they are old.
    private static var discardChannel: String { "filter_discard" }

    /// The return job: judges the age of every entry that is not held. Those for whose sender there is news are ready at
    /// once, so that a job tells him. With `job_controller.notices_check = exact` every age has been judged already.
    @discardableResult
    package mutating func judgeAges(now: Int64) -> AgeJudgement {
        var sums = AgeJudgement()
        guard settings.noticesCheck == .task else { return sums }
        for slot in entries.slots.indices.map({ Int32($0) }) {
            switch entries[slot].state {
            case .ready, .delayed: takeUp(slot, now, &sums)
            case .active:
                entries[slot].isJudgedAfterAttempt = true
                sums.later += 1
            case .held, .unused: break
            }
        }
        for channel in channels.indices { evaluate(channel, now) }
        return sums
    }

    private mutating func takeUp(_ slot: Int32, _ now: Int64, _ sums: inout AgeJudgement) {
        let isDiscarded = channels[Int(entries[slot].channel)].name == Self.discardChannel
        judge(slot, now)
        switch entries[slot].notice {
        case .timedOut where isDiscarded:
            let key = entries[slot].key
            end(slot)
            actions.append(.record(key, .delete(by: "return_job"), from: nil))
            sums.deleted += 1
            return
        case .delayWarning where isDiscarded: return entries[slot].notice = .none
        case .timedOut: sums.returned += 1
        case .delayWarning: sums.warned += 1
        case .none, .returned: return
        }
        guard entries[slot].state == .delayed else { return }
        leave(slot)
        enter(slot, .ready)
    }

    /// Decides what is due for the sender of an entry (11.2).
    mutating func judge(_ slot: Int32, _ now: Int64) {
        let entry = entries[slot]
        if entry.notice == .returned { return }
        entries[slot].notice = channels[Int(entry.channel)].settings.notices.due(
            age: now - entry.arrival, warned: Int(entry.warned), entry.priority)
    }

    /// An entry with news for its sender is about to be handed out. Since it was judged its channel may have been stopped,
    /// `notices` raised, or a wrong clock set right: the verdict counts that holds now.
    mutating func judgeAgain(_ slot: Int32, _ now: Int64) {
        switch entries[slot].notice {
        case .timedOut, .delayWarning:
            judge(slot, now)
            judgeDeadline(slot, now)
        case .none, .returned: break
        }
    }

    /// An entry is about to be handed out: ages are judged now when they are judged to the minute, or when a return job
    /// found it with a job.
    mutating func judgeBeforeAttempt(_ slot: Int32, _ now: Int64) {
        if settings.noticesCheck == .exact || entries[slot].isJudgedAfterAttempt { judge(slot, now) }
        entries[slot].isJudgedAfterAttempt = false
    }

    /// True when an attempt has ended that a return job waited for, and there is something to tell the sender.
    mutating func isNoticeDueAfterAttempt(_ slot: Int32, _ now: Int64) -> Bool {
        guard entries[slot].isJudgedAfterAttempt else { return false }
        judgeBeforeAttempt(slot, now)
        return entries[slot].notice != .none
    }

    /// The time of the next attempt, or that of a deadline or an age of `notices` when it comes first.
    func wakeTime(_ slot: Int32, _ next: Int64, _ now: Int64) -> Int64 {
        let wake = beforeDeadline(slot, next, now)
        let entry = entries[slot]
        guard settings.noticesCheck == .exact, entry.notice == .none else { return wake }
        let age = channels[Int(entry.channel)].settings.notices.nextAge(warned: Int(entry.warned), entry.priority)
        return min(wake, max(entry.arrival + age, now))
    }
}
