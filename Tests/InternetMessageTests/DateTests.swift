import InternetMessage
import Testing

@Suite struct DateTests {
    private let pacific = ZoneOffset(seconds: -7 * 3_600, abbreviation: "PDT")

    @Test(
        arguments: [
            (1_691_437_237, -25_200, "PDT", "Mon, 07 Aug 2023 12:40:37 -0700 (PDT)"),
            (0, 0, "", "Thu, 01 Jan 1970 00:00:00 +0000"),
            (-1, 0, "UTC", "Wed, 31 Dec 1969 23:59:59 +0000 (UTC)"),
            (951_782_400, 19_800, "IST", "Tue, 29 Feb 2000 05:30:00 +0530 (IST)"),
            (4_107_542_400, 0, "", "Mon, 01 Mar 2100 00:00:00 +0000"),
            (Int64.max, 0, "", "Fri, 31 Dec 9999 23:59:59 +0000"),
            (Int64.min, 0, "", "Mon, 01 Jan 0001 00:00:00 +0000"),
            (Int64.max, 3_600, "", "Fri, 31 Dec 9999 23:59:59 +0100"),
        ] as [(Int64, Int, String, String)])
    func formats(_ seconds: Int64, _ offset: Int, _ zone: String, _ expected: String) {
        #expect(MessageDate.text(seconds, zone: ZoneOffset(seconds: offset, abbreviation: zone)) == expected)
    }

    @Test(
        arguments: [
            ("Mon, 07 Aug 2023 12:40:37 -0700 (PDT)", 1_691_437_237), ("7 Aug 2023 19:40:37 GMT", 1_691_437_237),
            ("Mon,7 Aug 23 12:40:37 PDT", 1_691_437_237), ("01 Jan 1970 00:00 +0000", 0),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880_127_706),
            ("29 Feb 2000 05:30:00 +0530", 951_782_400),
            ("21 Nov 97 09:55:06 Z", 880_106_106),
        ] as [(String, Int64)])
    func parses(_ text: String, _ expected: Int64) {
        #expect(MessageDate.parse(text)?.seconds == expected)
    }

    @Test(arguments: [
        "", "garbage", "Mon, 32 Aug 2023 12:40:37 +0000", "29 Feb 2023 00:00:00 +0000", "7 Aug 2023 25:00:00 +0000",
        "7 Aug 2023 12:40:37", "7 Aug 20233 12:40:37 +0000", "7 Foo 2023 12:40:37 +0000", "7 Aug 2023 12:40:37 +07000",
        "Mon 7 Aug 2023 12:40:37 +0000", "7 Aug 2023 12:40:37 +0000 x", "7 Aug 2023 12:40:37 (", "((((((((\\",
    ])
    func refuses(_ text: String) { #expect(MessageDate.parse(text) == nil) }

    @Test func parsingUndoesFormatting() {
        for seconds in stride(from: Int64(-60_000_000_000), to: 250_000_000_000, by: 777_777_777) {
            #expect(MessageDate.parse(MessageDate.text(seconds, zone: pacific))?.seconds == seconds)
        }
    }

    @Test func cacheAndLogTime() {
        var cache = DateCache { _ in ZoneOffset(seconds: 3_600, abbreviation: "CET") }
        var log: [UInt8] = []
        cache.appendLogTime(nanoseconds: 1_401_698_750_299_999_999, to: &log)
        #expect(String(decoding: log, as: UTF8.self) == "02-Jun-2014 09:45:50.29")
        let first = cache.headerDate(1_401_698_750)
        let next = cache.headerDate(1_401_698_751)
        #expect(String(decoding: first, as: UTF8.self) == "Mon, 02 Jun 2014 09:45:50 +0100 (CET)")
        #expect(String(decoding: next, as: UTF8.self) == "Mon, 02 Jun 2014 09:45:51 +0100 (CET)")
        var iso: [UInt8] = []
        cache.appendISOTime(nanoseconds: 1_401_698_750_290_000_000, to: &iso)
        #expect(String(decoding: iso, as: UTF8.self) == "2014-06-02T09:45:50.29")
        iso = []
        MessageDate.appendISO8601(1_691_437_237, to: &iso)
        #expect(String(decoding: iso, as: UTF8.self) == "2023-08-07T19:40:37Z")
    }

    @Test func localZoneIsPlausible() {
        #expect(abs(ZoneOffset.local(at: 1_691_437_237).seconds) <= 15 * 3_600)
    }
}
