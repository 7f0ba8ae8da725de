import Configuration
import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Commands

/// `find`, `view` and `purge`: dispatcher specification, section 5.3.
@Suite final class LogVersionsTests {
    private let paths: InstancePaths
    private var made: [String] = []

    init() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let root = try #require(mkdtemp(&template).map { String(cString: $0) })
        paths = InstancePaths(instanceRoot: root)
        try Files.createDirectory(paths.data)
        try Files.createDirectory(paths.log)
    }

    deinit {
        for path in made { unlink(path) }
        for path in [paths.log, paths.data, paths.root] { rmdir(path) }
    }

    /// A version begun so many hours after 2001-09-09T01:46:40Z.
    @discardableResult
    private func make(_ name: String, hour: Int64) throws -> String {
        let nanoseconds = (1_000_000_000 + hour * 3600) * 1_000_000_000
        let path = "\(paths.log)/\(name)-\(VersionedLogFile.uniqueID(wallNanoseconds: nanoseconds, chance: 7))"
        try Files.replace(path, with: [])
        made.append(path)
        return path
    }

    /// L3 of section 15: `imsimta find IMTA_LOG:dispatcher.log` with three versions gives the name of the newest.
    @Test func newestOfThreeVersionsIsFound() throws {
        // Age is judged from the id, not from the time of the file.
        let newest = try make("dispatcher.log", hour: 3)
        let oldest = try make("dispatcher.log", hour: 1)
        let middle = try make("dispatcher.log", hour: 2)
        try make("dispatcher.log2", hour: 9)
        let versions = try LogVersions("IMTA_LOG:dispatcher.log", paths)
        #expect(versions.version(first: nil, last: nil) == newest)
        #expect(versions.version(first: 0, last: nil) == oldest)
        #expect(versions.version(first: nil, last: 1) == middle)
        #expect(versions.version(first: 3, last: nil) == nil)
        #expect(try LogVersions("dispat%her.*", paths).logs.map(\.versions.count) == [3, 1])
    }

    @Test func purgeKeepsFiveOfEachAndTheCumulativeLogs() throws {
        let old = try (0..<7).map { try make("a.log", hour: $0) }
        let few = try (0..<2).map { try make("b.log", hour: $0) }
        made.append("\(paths.log)/mail.log_current")
        try Files.replace("\(paths.log)/mail.log_current", with: [])
        let versions = try LogVersions("*", paths)
        #expect(versions.purgeable(keeping: nil, olderThan: nil) == Array(old.prefix(2)))
        #expect(versions.purgeable(keeping: 1, olderThan: nil) == old.dropLast() + few.dropLast())
        let limit = UInt64(1_000_000_000 + 3 * 3600) * 1_000_000
        #expect(versions.purgeable(keeping: nil, olderThan: limit) == old.prefix(3) + few.dropLast())
        #expect(versions.others == ["\(paths.log)/mail.log_current"])
    }

    /// IMTA_VERSION_LIMIT: what a new version pushes out. Logs of live processes stay.
    @Test func aNewVersionPushesOutTheOldest() throws {
        let versions = try (0..<8).map { try make("worker.log", hour: $0) }
        VersionedLogFile.purge("\(paths.log)/worker.log", keeping: 0)
        #expect(versions.allSatisfy { Files.exists($0) })
        VersionedLogFile.purge("\(paths.log)/worker.log", keeping: 5, sparing: [versions[1]])
        #expect(versions.map { Files.exists($0) } == [false, true, false, true, true, true, true, true])
    }
}

/// `process`: dispatcher specification, section 8.
@Suite struct InstanceProcessTests {
    @Test func lineOfTheStatFileIsRead() throws {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 6100 200 13 14 15 16 17 18 4200 21880832 2262"
        let process = try #require(
            InstanceProcess(
                15334, statistics: "15334 (a) b) \(fields) 25 26", command: "/i/bin/dispatcher", user: "mailsrv",
                boot: 1_000_000_000))
        #expect(process.state == "S")
        #expect(process.virtualKilobytes == 21368)
        #expect(process.residentKilobytes == 9048)
        #expect(process.timeText == "1:03")
        #expect(process.started == 1_000_000_042)
        #expect(process.startText(today: 0).hasPrefix("Sep_0"))
        #expect(process.startText(today: InstanceProcess.day(process.started)).split(separator: ":").count == 3)
        #expect(InstanceProcess(1, statistics: "1 (x", command: "", user: "", boot: 0) == nil)
    }
}
