import SystemCalls

/// A segment, log or snapshot that is open for reading.
struct LogFile: Sendable {
    let file: any DiskFile
    let name: String
    let identity: UInt64
    /// Nil when the header is damaged and the identity was taken from the first record.
    let header: LogHeader?

    /// Nil when neither the header nor the first record say which file this is.
    static func open(_ path: String, name: String, disk: any Disk) throws(SystemCallError) -> LogFile? {
        let file = try disk.open(path, .reading)
        let front = try file.read(LogHeader.size + RecordHeader.size, at: 0)
        if let header = LogHeader(front) {
            // A recycled file whose new name was lost in a crash: it holds nothing of this segment.
            guard header.name == name else { return nil }
            return LogFile(file: file, name: name, identity: header.identity, header: header)
        }
        guard front.count == LogHeader.size + RecordHeader.size else { return nil }
        let record = front[LogHeader.size...]
        let identity = record.littleEndian(UInt64.self, at: LogHeader.size + 8)
        guard RecordHeader(record, offset: LogHeader.size, identity: identity) != nil else { return nil }
        return LogFile(file: file, name: name, identity: identity, header: nil)
    }
}
