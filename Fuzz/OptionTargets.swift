import Enqueue
import InternetMessage
import TransactionLog

extension FuzzTarget {
    private static let messages = [
        "From: a@b\r\nReceived: x\r\nReceived: y\r\n z\r\nSubject: long words to fold at some place or other\r\n\r\nx",
        "Errors-To: e@f\r\n\r\n", "\u{e4}: b\nX-a:\n\n",
    ]

    /// Files of options for headers, and small forms that clients write.
    static let optionTargets = [
        FuzzTarget(
            "header-options",
            [
                "Defaults: MAXIMUM=5, MAXCHARS=40\nReceived: MAXIMUM=-1\nSubject: LINELENGTH=20, RELABEL=\"X-S\"\n"
                    + "X-New: ADD=\"a \\\" b\"\nTo: FILL=undisclosed\n! c\nOther: MAXLINES=1\n",
                "From: MAXCHARS=-1\r\nErrors-To: MAXLINES=-9, GROUP=1, NONE\r\n",
            ],
            words: [
                ":", "=", ",", "\"", "\\", "\n", "! ", "Defaults:", "Other:", "ADD=", "FILL=", "MAXIMUM=", "MAXLINES=",
                "MAXCHARS=", "LINELENGTH=", "RELABEL=", "Received: ", "0",
            ],
            run: { bytes in
                let options = HeaderOptions(text(bytes)) { _ in }
                for message in messages {
                    guard case .success(let scan) = HeaderBlock.scan(Array(message.utf8)) else { continue }
                    var header = scan.header
                    options.apply(to: &header)
                    var output: [UInt8] = []
                    header.write(to: &output)
                    for field in header.fields { _ = header.unfoldedValue(of: field) }
                }
            }),
        FuzzTarget(
            "log-headers",
            [
                "Defaults: MAXIMUM=-1\nSubject: MAXIMUM=1, X=2\nfrom: maximum=2\n",
                "! c\r\nReceived: MAXIMUM=0 MAXIMUM=3\r\n",
            ],
            words: [":", "=", ",", "\n", "!", "MAXIMUM=", "Defaults:", "Received:", "\t"],
            run: { bytes in
                for longest in [nil, 0, 5] {
                    let logged = LoggedHeader(options: text(bytes), longest: longest)
                    for message in messages { _ = logged.lines(of: Array(message.utf8)) }
                    _ = logged.lines(of: bytes)
                }
            }),
        FuzzTarget(
            "log-lines",
            [
                "<en ts=\"2026-11-22T02:59:44.64\" ac=\"EE\" so=\"&lt;a&#x41;&gt;\"/>",
                "{\"en\":{\"ts\":\"1\",\"sz\":4,\"so\":\"\\u0041\\\"\"}}", "{\"e\":\"co\",\"ts\":\"1\",\"ct\":-1}",
                "22-Nov-2026 02:59:44.64 tcp_local ims-ms EE 1 5:a@b.c \"a b\"@c \"x \\\" y\"",
            ],
            words: [
                "\"", "\\", "&", ";", "&#x", "/>", "{", "}", ":", ",", "\\u", " ", "12:", "\u{85}", "\u{2028}", "\n",
            ],
            run: { bytes in
                _ = LoggedElement(bytes)
                let given = text(bytes)
                for isCounted in [false, true] { _ = LoggedColumns.fields(of: given[...], isCounted: isCounted) }
                var entry = MessageLogEntry(.enqueued)
                entry.sender = given
                for format in 1...6 {
                    let options = LogOptions { $0 == "log_format" ? format : nil }
                    var line: [UInt8] = []
                    LogLayout(options: options, node: "n").append(entry, time: [], process: "1", to: &line)
                    // One event is one line, and formats 5 and 6 give every text back.
                    precondition(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1)
                    guard format > 4, given.utf8.count <= 4096 else { continue }
                    precondition(LoggedElement(line)?.fields["so"] == given)
                }
            }),
        FuzzTarget(
            "restricted-encoding",
            [
                "\"John Smith\"@x.example", "John_Smith#l#x#r#@x", "a#046##046#b@x", "\"..\"@x", "#256#@x", "#h@x",
                "é#233#@x",
            ],
            words: ["#", "_", "#u#", "#046#", "#000#", "#255#", "\"", "\\", "@", ".", " ", "#s#"],
            run: { bytes in
                let address = text(bytes)
                let encoded = RestrictedEncoding.encoded(address)
                _ = RestrictedEncoding.decoded(address)
                // Nothing stands for an empty local part but quotes.
                guard let mailbox = Mailbox(address), encoded != address, !mailbox.localPart.isEmpty else { return }
                precondition(!encoded.contains("\""), encoded)
                precondition(
                    Mailbox(RestrictedEncoding.decoded(encoded))?.localPart == mailbox.localPart, encoded)
            }),
        FuzzTarget(
            "message-date",
            [
                "Sun, 22 Nov 2026 08:00:00 +0100", "22 Nov 26 8:00 GMT", "Mon, 1 Jan 101 (a (b)) 00:00:60 -1259 (c)",
                "20261122080000Z", "20261122080000.5+0100", "29 Feb 2024 00:00:00 Z", "31 Dec 9999 23:59:60 -9959",
            ],
            words: [",", ":", " ", "(", ")", "\\", "+", "-", "Jan", "Feb", "0001", "9999", "60", "EST", "Z", "\r\n "],
            run: { bytes in
                _ = MessageDate.parseGeneralizedTime(text(bytes))
                guard let date = MessageDate.parse(bytes[...]) else { return }
                precondition(abs(date.offset) < 100 * 3600 && abs(date.seconds) < 1 << 40)
            }),
    ]
}
