import MasterKit
import ProcessPool
import Spool

/// Who has entries in hand: a job of ours, or a process of a former Job Controller that has connected.
final class WorkParty {
    let job: JobID
    /// Nil for a process of a former Job Controller, which is spoken to as a peer.
    let process: SupervisedProcess?
    let peer: UInt32?
    let channel: String
    /// Entries that are pinned for it.
    var inHand: Set<QueueEntryKey> = []
    /// A part of an outcome that continues in the next group.
    var partial: OutcomeReport?
    /// What waits to be sent at the end of this round of the loop.
    var items: [ItemMessage] = []
    var idleThreads: [UInt32] = []
    var durable: [QueueEntryKey] = []
    var mustExit = false
    var isWatchedForWriting = false
    /// The socket is of no more use; the process will end, or is being ended.
    var isBroken = false
    /// Milliseconds since 1970.
    var brokenAt: Int64 = 0
    /// Entries that it has brought to an end, and those that go on after an attempt of its.
    private(set) var ended = 0
    private(set) var failed = 0

    init(job: JobID, process: SupervisedProcess, channel: String) {
        self.job = job
        self.process = process
        peer = nil
        self.channel = channel
    }

    init(job: JobID, peer: UInt32) {
        self.job = job
        process = nil
        self.peer = peer
        channel = ""
    }

    /// Counts what an attempt of its came to.
    func count(_ change: DeliverySchedule.LedgerChange) {
        switch change {
        case .done: ended += 1
        case .attempt: failed += 1
        case .hold, .release, .delete, .requeue: break
        }
    }

    /// Takes what waits as messages: acknowledgements first, so that the job's books are right before new work.
    func takeMessages() -> [ControlMessage] {
        var messages = EntryList.messages(.durable, durable)
        var packer = MessagePacker(.item)
        for item in items {
            for group in item.groups { packer.add(group) }
        }
        messages += packer.finish()
        var idle = MessagePacker(.none)
        for thread in idleThreads { idle.add(["thread": "\(thread)"]) }
        messages += idle.finish()
        if mustExit { messages.append(ControlMessage(.exit)) }
        durable.removeAll()
        items.removeAll()
        idleThreads.removeAll()
        mustExit = false
        return messages
    }
}

/// A connection on the Job Controller's socket: an enqueuing process, or a master program whose Job Controller is gone.
final class Peer {
    var control: ControlSocket
    /// Known to the schedule when it has said what it has in hand.
    var job: JobID?
    var hasWritten = false
    var isWatchedForWriting = false

    init(_ control: consuming ControlSocket) { self.control = control }
}
