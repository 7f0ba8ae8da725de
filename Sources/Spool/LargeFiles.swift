import Envelope
import SystemCalls

/// The files in `large/` at start-up.
struct LargeFiles {
    private let layout: QueueLayout
    private let disk: any Disk
    private var ids: Set<MessageID> = []

    init(layout: QueueLayout, disk: any Disk) throws(SystemCallError) {
        self.layout = layout
        self.disk = disk
        for name in try disk.list(layout.large) where name.hasSuffix(".msg") {
            if let id = MessageID(name.dropLast(4)) { ids.insert(id) }
        }
    }

    func path(_ id: MessageID) -> String { "\(layout.large)/\(id).msg" }

    func contains(_ id: MessageID) -> Bool { ids.contains(id) }

    /// Those of the files that no writer holds; they stay locked as long as the result lives.
    func lockThose(_ isWanted: (MessageID) -> Bool) -> [(id: MessageID, file: any DiskFile)] {
        ids.sorted().filter(isWanted).compactMap { id in
            // One that its writer has removed meanwhile may have been made anew.
            guard let file = try? disk.open(path(id), .reading), file.lock(), file.isStill(at: path(id)) else {
                return nil
            }
            return (id, file)
        }
    }
}
