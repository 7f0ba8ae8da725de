import OptionSyntax
import SystemCalls
import Testing

@testable import Dispatcher

/// HISTORICAL_TIME: dispatcher specification, section 11.
@Suite struct HistoricalRecordsTests {
    @Test func zeroDropsAtOnce() {
        var records = HistoricalRecords<Int>(capacity: 10, lifetime: 0)
        records.add(1, at: 5)
        #expect(records.all(at: 5).isEmpty && records.overwritten == 0)
    }

    @Test func recordsLeaveAfterTheirTime() {
        var records = HistoricalRecords<Int>(capacity: 10, lifetime: 100)
        records.add(1, at: 0)
        records.add(2, at: 50)
        #expect(records.all(at: 99) == [1, 2])
        #expect(records.all(at: 100) == [2])
        records.expire(at: 100)
        records.add(3, at: 120)
        #expect(records.all(at: 120) == [2, 3])
        records.expire(at: 1000)
        #expect(records.all(at: 1000).isEmpty)
        records.add(4, at: 1001)
        #expect(records.all(at: 1001) == [4])
    }

    /// Against a list that keeps everything: the last `capacity` records within the lifetime, whatever the order of
    /// adding and expiring.
    @Test(arguments: [1, 2, 3, 7])
    func agreesWithAList(capacity: Int) {
        var records = HistoricalRecords<Int>(capacity: capacity, lifetime: 20)
        var list: [(value: Int, at: Int64)] = []
        var now: Int64 = 0
        for step in 0..<500 {
            now += step % 13 == 0 ? 50 : Int64(step % 3)
            if step % 5 == 0 { records.expire(at: now) }
            records.add(step, at: now)
            list.append((step, now))
            let expected = list.suffix(capacity).filter { now - $0.at < 20 }.map(\.value)
            #expect(records.all(at: now) == expected)
        }
        #expect(records.overwritten > 0)
    }
}

@Suite struct ConnectionJournalTests {
    private func record(_ id: Int, worker: Int? = 1, began: Int64 = 1000) -> ConnectionRecord {
        ConnectionRecord(
            id: ConnectionID(id), worker: worker.map { WorkerID($0) },
            local: SocketAddress(host: "10.0.0.1", port: 25), remote: SocketAddress(host: "2001:db8::7", port: 4001),
            began: began)
    }

    @Test func openAndClosedConnections() {
        var journal = ConnectionJournal(historicalTime: 60)
        journal.handedOff(record(1))
        journal.handedOff(record(2, began: 1001))
        journal.identified(ConnectionID(2), user: "fred")
        // The connection moves to worker 2; it began when it came.
        journal.handedOff(record(1, worker: 2, began: 1005))
        #expect(
            journal.connections(of: "SMTP", wall: 1010).text == """
                {"name":"SMTP","omitted":0,"connections":[\
                {"id":1,"worker":2,"local":"10.0.0.1:25","remote":"[2001:db8::7]:4001","ident":"",\
                "began":"1970-01-01T00:16:40Z","ended":null,"seconds":10,"in":0,"out":0,"reason":""},\
                {"id":2,"worker":1,"local":"10.0.0.1:25","remote":"[2001:db8::7]:4001","ident":"fred",\
                "began":"1970-01-01T00:16:41Z","ended":null,"seconds":9,"in":0,"out":0,"reason":""}]}
                """)
        journal.finished(ConnectionID(1), bytesIn: 100, bytesOut: 200, reason: "closed", at: 0, wall: 1020)
        journal.finished(ConnectionID(9), bytesIn: 1, bytesOut: 1, reason: "unknown", at: 0, wall: 1020)
        let worker = WorkerRecord(
            id: WorkerID(1), processID: 77, total: 2, peak: 1, began: 900, ended: 1030, ending: "exit code 0")
        journal.ended(worker, lost: [ConnectionID(2)], at: seconds(10))
        #expect(journal.open.isEmpty)
        let history = journal.history(of: "SMTP", at: seconds(59)).text
        #expect(history.hasPrefix(#"{"name":"SMTP","historical_time":60,"overwritten":0,"connections":[{"id":1,"#))
        #expect(history.contains(#""ended":"1970-01-01T00:17:00Z","seconds":20,"in":100,"out":200,"reason":"closed""#))
        #expect(history.contains(#""seconds":29,"in":0,"out":0,"reason":"the worker ended""#))
        #expect(
            history.hasSuffix(
                #""workers":[{"pid":77,"number":1,"total":2,"peak":1,"born":"1970-01-01T00:15:00Z","#
                    + #""ended":"1970-01-01T00:17:10Z","ending":"exit code 0"}],"omitted":0}"#))
        journal.expire(at: seconds(61), known: 0) { _ in false }
        #expect(journal.closed.all(at: seconds(61)).map(\.id) == [ConnectionID(2)])
    }

    @Test func memoryIsBounded() {
        // 100 000 records for all services together.
        var journal = ConnectionJournal(historicalTime: 86_400, services: 100)
        for id in 1...5000 {
            journal.handedOff(record(id))
            let text = String(repeating: "x", count: 10_000)
            journal.identified(ConnectionID(id), user: text)
            journal.finished(ConnectionID(id), bytesIn: 0, bytesOut: 0, reason: text, at: 0, wall: 1000)
        }
        let kept = journal.closed.all(at: 0)
        #expect(kept.count == 1000 && kept.last?.id == ConnectionID(5000))
        #expect(kept.allSatisfy { $0.reason.utf8.count <= 64 && $0.identUser.utf8.count <= 64 })
        #expect(journal.closed.overwritten == 4000)
        #expect(MemoryLayout<ConnectionRecord>.stride <= 256)
    }

    @Test func whatThePoolForgotIsForgotten() {
        var journal = ConnectionJournal(historicalTime: 0)
        for id in 1...3 { journal.handedOff(record(id)) }
        journal.expire(at: 0, known: 2) { $0.number != 2 }
        #expect(journal.open.keys.sorted() == [ConnectionID(1), ConnectionID(3)])
        journal.dropped(record(3), at: 0, wall: 1000)
        #expect(journal.open.keys.sorted() == [ConnectionID(1)])
    }
}
