import Configuration
import Glibc
import Mappings
import OptionSyntax
import Synchronization
import SystemCalls
import Testing

@testable import MeterMaid

/// Access-and-filtering specification, 11.
@Suite struct MeterMaidTests {
    private static let throttle = MeterTable(
        name: "t", kind: .throttle(quota: 10, time: 300, penalizes: false))

    /// quota 10, quota_time 300. Ten at the same moment pass, the 11th is over; from 30 s after that moment one more
    /// passes, then one every 30 s; refused tries in between change nothing.
    @Test func exampleA12() {
        var count: MeterCount?
        for _ in 1...10 { #expect(!Self.throttle.hit(&count, at: 1000)) }
        for moment in [1000.0, 1000, 1010, 1029] { #expect(Self.throttle.hit(&count, at: moment)) }
        for step in 1...20 {
            #expect(!Self.throttle.hit(&count, at: 1000 + 30 * Double(step)), "step \(step)")
            #expect(Self.throttle.hit(&count, at: 1000 + 30 * Double(step) + 29), "step \(step)")
        }
    }

    /// The guide's account: 1250 in an hour used up at once, 625 more after half an hour.
    @Test func halfOfItAfterHalfTheTime() {
        let table = MeterTable(name: "t", kind: .throttle(quota: 1250, time: 3600, penalizes: false))
        var count: MeterCount?
        for _ in 1...1250 { #expect(!table.hit(&count, at: 0)) }
        #expect(table.hit(&count, at: 0))
        var passed = 0
        while !table.hit(&count, at: 1800) { passed += 1 }
        #expect(passed == 625)
    }

    /// `penalize`: refused tries count, so that who never stops never gets through.
    @Test func penalizing() {
        let table = MeterTable(name: "t", kind: .throttle(quota: 2, time: 20, penalizes: true))
        var count: MeterCount?
        #expect(!table.hit(&count, at: 0) && !table.hit(&count, at: 0))
        for second in 1...50 { #expect(table.hit(&count, at: Double(second)), "\(second)") }
    }

    @Test func clockThatGoesBackForgivesNothing() {
        var count: MeterCount?
        for _ in 1...10 { _ = Self.throttle.hit(&count, at: 1000) }
        #expect(Self.throttle.hit(&count, at: 0))
    }

    /// First sight is put off, a retry passes when it comes neither too early nor too late, and then the triplet is known.
    @Test(
        arguments: [
            ([0], [true]), ([0, 100, 299], [true, true, true]), ([0, 300, 301], [true, false, false]),
            ([0, 14_401, 14_402], [true, true, true]), ([0, 14_400], [true, false]),
            ([0, 400, 2_592_400], [true, false, false]), ([0, 400, 2_678_801], [true, false, true]),
        ] as [([Double], [Bool])])
    func greylisting(_ moments: [Double], _ expected: [Bool]) {
        let table = MeterTable(
            name: "g", kind: .greylisting(block: 300, resubmit: 14_400, inactivity: 30 * 86_400))
        var count: MeterCount?
        #expect(moments.map { table.hit(&count, at: 5_000 + $0) } == expected)
    }

    /// The test vector of SipHash-2-4: key 00 01 … 0f, input 00 01 … 0e.
    @Test func sipHash() {
        let secret: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        #expect(SipHash.hash(Array(0..<15), secret: secret) == 0xa129_ca61_49be_45e5)
    }

    // MARK: Files

    private func scratch() throws -> String {
        var template = Array("/tmp/martlet-meter-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func manyKeysAndOtherProcesses() throws {
        let path = try scratch() + "/t"
        defer {
            unlink(path)
            rmdir(Files.parent(of: path))
        }
        let file = MeterFile(path: path, mostEntries: 1000)
        for key in 0..<1000 {
            #expect(
                try file.update("k\(key)") { count in
                    defer { count = MeterCount(value: Double(key), time: 1) }
                    return count == nil
                })
        }
        // A process that opens the file again finds nearly all of them.
        let again = MeterFile(path: path, mostEntries: 1000)
        var found = 0
        for key in 0..<1000 where try again.update("k\(key)", { $0?.value == Double(key) }) { found += 1 }
        #expect(found > 900, "\(found)")
        // Another size is another table.
        #expect(try MeterFile(path: path, mostEntries: 50).update("k1") { $0 == nil })
    }

    /// Of a full bucket the oldest is forgotten; damage is no trap.
    @Test func fullAndDamagedFiles() throws {
        let path = try scratch() + "/t"
        defer {
            unlink(path)
            rmdir(Files.parent(of: path))
        }
        let file = MeterFile(path: path, mostEntries: 4)
        for key in 0..<9 { try file.update("k\(key)") { $0 = MeterCount(value: 1, time: Double(key)) } }
        #expect(try file.update("k8") { $0?.value == 1 })
        #expect(try file.update("k0") { $0 == nil })
        try Files.replace(path, with: [UInt8](repeating: 0xFF, count: 77))
        #expect(try file.update("k8") { $0 == nil })
    }

    @Test func calloutCountsInSharedFiles() throws {
        let root = try scratch()
        defer {
            for name in ["t", "g"] { unlink("\(root)/run/metermaid/\(name)") }
            for name in ["/run/metermaid", "/run", ""] { rmdir(root + name) }
        }
        let text = """
            base.hostname = mail.example.com
            metermaid.local_table:T.table_type = throttle
            metermaid.local_table:T.quota = 2
            metermaid.local_table:T.quota_time = 60
            metermaid.local_table:g.table_type = greylisting
            [channel:l]
              official_host_name = &/IMTA_HOST/
            """
        let load = MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: root, bin: "/b"),
            files: .memory(["\(root)/config/martlet.conf": text + "\n"]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let time = Mutex(1000.0)
        let made = [0, 1].map { _ in
            MeterMaidCallout(configuration, report: { Issue.record("\($0)") }, clock: { time.withLock { $0 } })
        }
        func ask(_ number: Int, _ routine: String, _ argument: String) -> String? {
            made[number].answer(
                MappingCallout(image: "IMTA_LIB:check_metermaid.so", routine: routine, argument: argument))
        }
        #expect(ask(0, "throttle", "t,192.0.2.1") == nil && ask(1, "throttle", "t,192.0.2.1") == nil)
        #expect(ask(0, "throttle", "t,192.0.2.1") == "" && ask(1, "throttle", "t,192.0.2.1") == "")
        #expect(ask(0, "throttle", "t,192.0.2.2") == nil)
        #expect(ask(0, "greylisting", "g,192.0.2.2,a@b,c@d") == "")
        time.withLock { $0 += 400 }
        #expect(ask(1, "greylisting", "g,192.0.2.2,A@B,c@d") == nil)
        #expect(
            ask(0, "throttle", "unknown,x") == nil && ask(0, "fetch", "t,x") == nil && ask(0, "throttle", "t") == nil)
        #expect(ask(0, "throttle", "../t,x") == nil && ask(0, "throttle", "g,x") == nil)
    }
}
