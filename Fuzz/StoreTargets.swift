import Glibc
import InternetMessage
import MessageStore

@testable import MeterMaid

extension FuzzTarget {
    /// A file without a name.
    private static let meters = tmpfile().map { fileno($0) } ?? -1

    /// A counters file with this content, from which some keys are counted.
    private static func count(_ content: [UInt8]) {
        guard meters >= 0, ftruncate(meters, 0) == 0 else { return }
        _ = content.withUnsafeBytes { pwrite(meters, $0.baseAddress, $0.count, 0) }
        let file = MeterFile(path: "/proc/self/fd/\(meters)", mostEntries: 8)
        let kinds: [MeterTable.Kind] = [
            .throttle(quota: 2, time: 60, penalizes: true),
            .greylisting(block: 300, resubmit: 14_400, inactivity: 86_400),
        ]
        for kind in kinds {
            let table = MeterTable(name: "t", kind: kind)
            for key in ["a", "192.0.2.1", text(content.prefix(9).map { $0 })] {
                _ = try? file.update(key) { table.hit(&$0, at: 1_795_000_000) }
            }
        }
    }

    /// What names a mailbox, and what is kept beside it.
    static let storeTargets = [
        FuzzTarget(
            "mailbox-name",
            ["anna@ims-ms-daemon", "bert%hosted.example+x%y@d", "\"a b\"@d", "+a@d", "..@d", "a/../b@d", "\"..\"%.@d"],
            words: ["%", "+", "@", ".", "..", "/", "\"", "\\", "\0", "%2e", "é"],
            run: { bytes in
                for name in [
                    MailboxName(recipient: text(bytes), defaultDomain: "example.test"),
                    MailboxName(localPart: text(bytes), defaultDomain: "example.test"),
                ] {
                    guard let path = name?.directory(below: "/store") else { continue }
                    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                    precondition(parts.count == 4 && parts[1].elementsEqual("store".utf8), path)
                    precondition(parts[2...].allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") }, path)
                    precondition(!path.utf8.contains(0), path)
                }
            }),
        FuzzTarget(
            "meter-file",
            bytes: [
                Self.words([0x4d41_5254_4d45_5431, 2, 7, 9] + Array(repeating: 0, count: 48)),
                Self.words([0x4d41_5254_4d45_5431, 2, 7, 9] + Array(repeating: Double.nan.bitPattern, count: 48)),
                Self.words([0x4d41_5254_4d45_5431, 2, 7, 9] + Array(repeating: Double.infinity.bitPattern, count: 48)),
                [],
            ],
            words: ["1TEMTRAM", "\0\0\0\0\0\0\0\0", "\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}"],
            run: { count($0) }),
    ]

    private static func words(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }
}
