import DNS

@testable import SPF

/// A DNS of a few names, for evaluations without a network.
struct FakeZone: Sendable {
    /// Types and values by name in lower case; `TIMEOUT` alone: every other type times out.
    var names: [String: [[String]]]

    func answer(_ question: DNSQuestion, aliases: Int = 0) -> DNSAnswer {
        var name = question.name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        guard let rows = names[name] else { return DNSAnswer(question, .noSuchName) }
        let found = rows.compactMap { Self.record($0, question.type) }
        if !found.isEmpty { return DNSAnswer(question, .answered, records: found) }
        if let alias = rows.first(where: { $0[0] == "CNAME" }), aliases < 8 {
            let answer = answer(DNSQuestion(alias[1], question.type), aliases: aliases + 1)
            return DNSAnswer(question, answer.status, records: answer.records)
        }
        if rows.contains(["TIMEOUT"]) { return DNSAnswer(question, .timedOut) }
        return DNSAnswer(question, .noData)
    }

    private static func record(_ row: [String], _ type: DNSRecordType) -> DNSRecord? {
        switch (row[0], type) {
        case ("TXT", .txt):
            .text(row[1].unicodeScalars.flatMap { $0.value < 256 ? [UInt8($0.value)] : Array("\($0)".utf8) })
        case ("A", .a), ("AAAA", .aaaa): .address(row[1])
        case ("MX", .mx): .mailExchange(preference: UInt16(row[1]) ?? 0, host: row[2])
        case ("PTR", .ptr): .name(row[1])
        default: nil
        }
    }

    func check(_ subject: SPFSubject, limits: SPFLimits = SPFLimits()) -> SPFOutcome {
        var check = SPFCheck(subject, limits: limits)
        var questions: [DNSQuestion] = []
        var step = check.begin()
        while true {
            switch step {
            case .done(let outcome): return outcome
            case .ask(let asked): questions += asked
            }
            step = check.receive(answer(questions.removeFirst()))
        }
    }
}

extension SPFSubject {
    init?(client: String, sender: String, helo: String) {
        guard let address = SPFAddress(client) else { return nil }
        let at = sender.lastIndex(of: "@")
        self.init(
            client: address, localPart: at.map { String(sender[..<$0]) } ?? "",
            domain: at.map { String(sender[sender.index(after: $0)...]) } ?? sender, helo: helo,
            receiver: "mx.example.org", time: 1_700_000_000)
    }
}
