import OptionSyntax
import Testing
import TransactionLog

@testable import Commands

/// Commands specification, section 3.2; notifications-logging specification, section 3: the tables of both.
@Suite struct CountersReportTests {
    private func words(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }

    private func intranet() -> TrafficRow {
        var row = TrafficRow(channel: "tcp_intranet")
        (row[.receivedMessages], row[.receivedRecipients], row[.receivedVolume]) = (13_077, 13_859, 264_616)
        (row[.storedMessages], row[.storedRecipients], row[.storedVolume]) = (92, 91, -362)
        (row[.deliveredMessages], row[.deliveredRecipients], row[.deliveredVolume]) = (12_985, 13_768, 264_978)
        (row[.submittedMessages], row[.submittedRecipients], row[.submittedVolume]) = (2594, 2594, 3641)
        return row
    }

    /// Example 10: "`counters -show` -> table in 3.2 for tcp_intranet. `-noheaders` drops the first two lines."
    @Test func example10() {
        let lines = CountersReport(rows: [intranet()]).lines
        #expect(
            lines == [
                "Channel                Messages   Recipients Blocks",
                "---------------------- ---------- ---------- ----------",
                "tcp_intranet", "   Received                 13077      13859     264616",
                "   Stored                      92         91       -362",
                "   Delivered                12985      13768     264978",
                "   Submitted                 2594       2594       3641",
            ])
        #expect(CountersReport(rows: [intranet()], hasHeaders: false).lines == Array(lines.dropFirst(2)))
        #expect(CountersReport(rows: [intranet()], hasChannels: false, hasHeaders: false).lines.isEmpty)
    }

    /// The table of notifications-logging specification, section 3.
    @Test func laterRows() {
        var row = TrafficRow(channel: "tcp_local")
        (row[.receivedMessages], row[.receivedRecipients], row[.receivedVolume]) = (29_379, 79_714, 982_252)
        (row[.storedMessages], row[.storedRecipients], row[.storedVolume]) = (61, 113, -2004)
        (row[.deliveredMessages], row[.deliveredRecipients], row[.deliveredVolume]) = (29_369, 79_723, 983_903)
        row[.deliveredFirst] = 29_369
        (row[.submittedMessages], row[.submittedRecipients], row[.submittedVolume]) = (13_698, 13_699, 18_261)
        (row[.rejectedMessages], row[.rejectedRecipients]) = (1, 10)
        (row[.failedMessages], row[.failedRecipients], row[.failedVolume]) = (104, 104, 4681)
        (row[.queueMilliseconds], row[.queueCount]) = (16_425_000, 29_440)
        (row[.queueFirstMilliseconds], row[.queueFirstCount]) = (16_425_000, 29_440)
        (row[.totalInAssociations], row[.totalOutAssociations]) = (297_637, 28_306)
        #expect(
            CountersReport(rows: [row], hasHeaders: false).lines.map(words) == [
                "tcp_local", "Received 29379 79714 982252", "Stored 61 113 -2004",
                "Delivered 29369 79723 983903 (29369 first time)", "Submitted 13698 13699 18261", "Attempted 0 0 0",
                "Rejected 1 10 0", "Failed 104 104 4681", "Queue time/count 16425/29440 = 0.56",
                "Queue first time/count 16425/29440 = 0.56", "Total In Assocs 297637", "Total Out Assocs 28306",
            ])
        #expect(
            CountersReport(rows: [intranet(), row], hasChannels: false, hasHeaders: false).lines.map(words) == [
                "tcp_local", "Total In Assocs 297637", "Total Out Assocs 28306",
            ])
        let json = CountersReport(rows: [row]).json(today: nil).text
        for part in [
            #""name":"tcp_local","received_messages":29379"#, #""stored_volume":-2004"#,
            #""queue_milliseconds":16425000"#,
            #""total_in_associations":297637"#, #""today":null"#,
        ] {
            #expect(json.contains(part), "\(part): \(json)")
        }
    }

    /// What the keys are called (section 3.2: "use them as JSON keys in lower case").
    @Test func keys() {
        #expect(TrafficCounter.receivedVolume.key == "received_volume")
        #expect(TrafficCounter.rejectedOutAssociations.key == "rejected_out_associations")
        #expect(Set(TrafficCounter.allCases.map(\.key)).count == TrafficCounter.allCases.count)
    }
}
