import Envelope
import ProcessPool
import Spool
import SystemCalls
import Testing

@testable import MasterKit

/// docs/master-programs.md is the contract for programs in other languages: what goes over the socket has to be on it.
@Suite struct ContractPageTests {
    private static let page: String = {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: (try? Files.read("/\(root)/docs/master-programs.md")) ?? [], as: UTF8.self)
    }()

    @Test(arguments: [
        MessageType.hello, .work, .item, .none, .exit, .outcome, .release, .durable, .keep, .notice, .upTo, .ping,
        .pong,
    ])
    func everyMessageIsNamed(type: MessageType) { #expect(Self.page.contains("`\(type)`")) }

    /// Every key that a full message of each kind has.
    @Test func everyKeyIsNamed() {
        let key = QueueEntryKey(message: MessageID(rawValue: 1), entry: 0)
        let report = OutcomeReport(
            key: key,
            results: [RecipientOutcome(recipient: 0, result: .delivered, status: "2.0.0", text: "ok", remote: "h")],
            isStressed: true, retryAfter: 1, unreadable: "x")
        let long = OutcomeReport(
            key: key,
            results: (0..<100).map {
                RecipientOutcome(recipient: $0, result: .delivered, text: String(repeating: "x", count: 99))
            })
        let item = ItemMessage(
            thread: 1, key: key, location: SpoolLocation(segment: "w-1", offset: 1, length: 1), host: "h",
            notice: .timedOut)
        let facts = CommittedMessageFacts(
            message: key.message, location: item.location, arrival: 1, size: 1,
            entries: [
                CommittedEntryFacts(number: 0, channel: "c", host: "h", priority: .normal, notBefore: 0, recipients: 1)
            ])
        let groups =
            report.groups + long.groups + item.groups
            + [NoticeMessages.fields(facts), NoticeMessages.upTo("w-1", 1)]
            .compactMap { $0 } + [WorkRequest(thread: 1, count: 2).fields]
        let keys = Set(groups.flatMap { $0.all.map(\.key) })
        #expect(keys.count > 15)
        for key in keys.sorted() {
            #expect(
                Self.page.contains("`\(key)`") || Self.page.contains("`\(key)=") || Self.page.contains("`\(key)` ("))
        }
    }

    @Test(arguments: [
        "IMTA_CHANNEL", "MARTLET_ROOT", "IMTA_QUEUE", "IMTA_JOB_CONTROLLER_SOCKET", "IMTA_MAX_CLIENT_THREADS",
    ])
    func everyVariableIsNamed(name: String) { #expect(Self.page.contains("| `\(name)` |")) }

    @Test(arguments: [
        ("4.3.1", RecipientOutcome.Result.failedTemporarily, true), ("4.3.2", .failedTemporarily, true),
        ("4.3.0", .failedTemporarily, false), ("5.3.2", .failedPermanently, false), ("", .failedTemporarily, false),
    ])
    func overload(status: String, result: RecipientOutcome.Result, isOverload: Bool) {
        #expect(RecipientOutcome(recipient: 0, result: result, status: status).isOverload == isOverload)
    }
}
