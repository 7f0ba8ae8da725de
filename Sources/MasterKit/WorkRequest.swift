package import ProcessPool

/// A thread of a job asks for work (`WORK`).
package struct WorkRequest: Hashable, Sendable {
    package var thread: UInt32
    /// Most entries, all of one host, that it takes at once; 1 to 64.
    package var count: Int

    package init(thread: UInt32, count: Int = 1) {
        self.thread = thread
        self.count = min(max(count, 1), 64)
    }

    package var fields: Fields {
        count == 1 ? ["thread": "\(thread)"] : ["thread": "\(thread)", "count": "\(count)"]
    }

    package init?(_ fields: Fields) {
        guard let thread = fields["thread"].flatMap({ UInt32($0) }) else { return nil }
        guard let count = fields["count"] else {
            self.init(thread: thread)
            return
        }
        guard let number = Int(count) else { return nil }
        self.init(thread: thread, count: number)
    }
}
