import Glibc
package import SystemCalls

/// A log file `name-uniqueid`: each process writes a new version, nothing is overwritten.
/// Dispatcher specification, section 5.3.
package struct VersionedLogFile: ~Copyable, Sendable {
    package let path: String
    private let file: OwnedDescriptor

    /// Open for appending; owned by this value.
    package var descriptor: Int32 { file.number }

    /// Creates the next version of `name`, mode 0640. `%s` in `name` is the name of the host without its domain.
    package init(next name: String, hostName: String = "") throws(SystemCallError) {
        let expanded = Self.expand(name, hostName: hostName)
        while true {
            let id = Self.uniqueID(wallNanoseconds: SystemClock.wallNanoseconds, chance: .random(in: 0...UInt32.max))
            let version = "\(expanded)-\(id)"
            let number = open(version, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
            if number >= 0 {
                path = version
                file = OwnedDescriptor(owning: number)
                return
            }
            guard errno == EEXIST || errno == EINTR else { throw .current("open", version) }
        }
    }

    /// Fixed-width base 32 that sorts by time: 11 digits for microseconds since 1970, 3 digits of chance.
    /// Dates before 1970 count as 1970.
    package static func uniqueID(wallNanoseconds: Int64, chance: UInt32) -> String {
        func digits(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { index in
                let digit = UInt8(truncatingIfNeeded: value >> UInt64((count - 1 - index) * 5) & 31)
                return digit < 10 ? 0x30 + digit : 0x61 + digit - 10
            }
        }
        let microseconds = UInt64(max(0, wallNanoseconds / 1000))
        return String(decoding: digits(microseconds, 11) + digits(UInt64(chance), 3), as: UTF8.self)
    }

    /// `name` with `%s` replaced.
    package static func expand(_ name: String, hostName: String) -> String {
        let node = hostName.prefix { $0 != "." }
        var result = ""
        var rest = Substring(name)
        while let percent = rest.firstIndex(of: "%") {
            let next = rest.index(after: percent)
            result += rest[..<percent]
            if next < rest.endIndex, rest[next] == "s" {
                result += node
                rest = rest[rest.index(after: next)...]
            } else {
                result += "%"
                rest = rest[next...]
            }
        }
        return result + rest
    }
}
