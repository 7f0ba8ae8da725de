import SystemCalls

/// Sets aside what cannot be read, with a report beside it: nothing is dropped in silence.
struct Quarantine: Sendable {
    let layout: QueueLayout
    let disk: any Disk

    private static let copySize = 1 << 20

    /// Copies the bytes of a range. The report is made even when the copy fails, and says so.
    func store(_ log: LogFile, _ range: Range<Int>, reason: String) -> QuarantineReport {
        var report = QuarantineReport(file: log.name, offset: range.lowerBound, length: range.count, reason: reason)
        let base = "\(layout.quarantine)/\(log.name)-\(range.lowerBound)"
        do throws(SystemCallError) {
            let target = try disk.open(base + ".bytes", .create)
            var copied = 0
            while copied < range.count {
                let count = min(Self.copySize, range.count - copied)
                let chunk = try log.file.read(count, at: range.lowerBound + copied)
                if chunk.isEmpty { break }
                try target.write([chunk], at: copied)
                copied += chunk.count
            }
            try target.synchronize()
            try write(report, to: base)
            report.isSetAside = true
        } catch {
            report.reason += " (not copied to quarantine: \(error))"
        }
        return report
    }

    /// Moves a whole file.
    func move(_ path: String, name: String, reason: String) -> QuarantineReport {
        var report = QuarantineReport(file: name, offset: 0, length: 0, reason: reason)
        let base = "\(layout.quarantine)/\(name)-0"
        do throws(SystemCallError) {
            try disk.rename(path, to: base + ".bytes")
            try write(report, to: base)
            report.isSetAside = true
        } catch {
            report.reason += " (not moved to quarantine: \(error))"
        }
        return report
    }

    /// A loss of which no bytes are left.
    func note(_ name: String, offset: Int, length: Int, reason: String) -> QuarantineReport {
        let report = QuarantineReport(file: name, offset: offset, length: length, reason: reason)
        try? write(report, to: "\(layout.quarantine)/\(name)-\(offset)")
        return report
    }

    private func write(_ report: QuarantineReport, to base: String) throws(SystemCallError) {
        let file = try disk.open(base + ".report", .create)
        try file.write([Array((report.description + "\n").utf8)], at: 0)
        try file.synchronize()
        try disk.synchronizeDirectory(layout.quarantine)
    }
}
