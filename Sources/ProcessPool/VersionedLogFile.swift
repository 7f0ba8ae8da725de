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

    /// Removes all versions of `name` but the newest `count`, and but those in `sparing` (full paths). 0: removes
    /// nothing. What cannot be removed stays.
    package static func purge(
        _ name: String, hostName: String = "", keeping count: Int, sparing: Set<String> = []
    ) {
        let expanded = expand(name, hostName: hostName)
        guard count > 0, let slash = expanded.lastIndex(of: "/") else { return }
        let directory = expanded[...slash]
        let base = expanded[expanded.index(after: slash)...] + "-"
        let names = ((try? Files.list(String(directory))) ?? []).filter { name in
            name.hasPrefix(base) && wallMicroseconds(ofID: name.dropFirst(base.count)) != nil
        }
        for version in names.sorted().dropLast(count) where !sparing.contains(directory + version) {
            unlink(directory + version)
        }
    }

    /// When a version was begun, microseconds since 1970, from its id; nil for text that is no id.
    package static func wallMicroseconds(ofID id: some StringProtocol) -> UInt64? {
        guard id.utf8.count == 14 else { return nil }
        var value: UInt64 = 0
        for (index, byte) in id.utf8.enumerated() {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "v"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if index < 11 { value = value << 5 | UInt64(digit) }
        }
        return value
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
