package import Envelope
package import Spool

/// What the Job Controller needs of the queue on disk: ``QueueStore``, or a list in memory for tests.
package protocol DeliveryStore: AnyObject {
    func known(_ committed: CommittedMessageFacts) -> [RecoveredEntry]
    func readUpTo(_ segment: String, _ end: Int) -> [RecoveredEntry]
    func adoptDeadWriters() -> [RecoveredEntry]
    func record(_ record: LedgerRecord, completion: @escaping @Sendable (Result<Void, SpoolError>) -> Void)
    func entry(_ key: QueueEntryKey) -> RecoveredEntry?
    func contentSize(_ key: QueueEntryKey) -> Int?
    func history(_ key: QueueEntryKey) -> [EarlierAttempts]
    func pin(_ key: QueueEntryKey) -> SpoolLocation?
    func unpin(_ key: QueueEntryKey)
    func pending(_ key: QueueEntryKey) -> [Int]?
    func quarantine(_ key: QueueEntryKey, reason: String)
    func snapshotIfDue(now: Int64, force: Bool)
    func freeSpaceWork(now: Int64)
    func takeReports() -> [QuarantineReport]
    var trouble: SpoolError? { get }
    var summary: QueueSummary { get }
    func keepAnswers(upTo entries: Int)
    func close()
}

extension DeliveryStore {
    /// A store that keeps none.
    package func history(_ key: QueueEntryKey) -> [EarlierAttempts] { [] }

    /// Bytes of the content of a live entry's message.
    package func contentSize(_ key: QueueEntryKey) -> Int? { entry(key)?.size }

    /// Recipients of a live entry that are not settled.
    package func pending(_ key: QueueEntryKey) -> [Int]? { entry(key)?.pending }
}

extension QueueStore: DeliveryStore {}
