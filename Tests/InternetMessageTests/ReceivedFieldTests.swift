import InternetMessage
import Testing

@Suite struct ReceivedFieldTests {
    private func text(_ field: ReceivedField) -> String {
        var output: [UInt8] = []
        field.append(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private func lines(_ text: String) -> String { text.split(separator: "\n").joined(separator: "\r\n") + "\r\n" }

    /// S-21 of the smtp specification.
    @Test func withTLSAndReverseName() {
        let host = "ma-mailsvcp-mx-lapp01.apple.com"
        let field = ReceivedField(
            origin: .client(
                helo: "rn-mailsvcp-mta-lapp03.rno.apple.com",
                reverseName: .name("rn-mailsvcp-mta-lapp03.rno.apple.com"), address: "10.225.203.151"),
            host: host,
            product: "Oracle Communications Messaging Server 8.1.0.23.20230328 64bit (built Mar 28 2023)",
            transmission: .esmtps, envelopeID: "0RZ100D2FDBMHZ20", recipient: "usrp-users@lists.ettus.com",
            date: Array("Mon, 07 Aug 2023 12:40:37 -0700 (PDT)".utf8))
        #expect(
            text(field)
                == lines(
                    """
                    Received: from rn-mailsvcp-mta-lapp03.rno.apple.com
                     (rn-mailsvcp-mta-lapp03.rno.apple.com [10.225.203.151])
                     by ma-mailsvcp-mx-lapp01.apple.com
                     (Oracle Communications Messaging Server 8.1.0.23.20230328 64bit (built Mar 28
                     2023)) with ESMTPS id <0RZ100D2FDBMHZ20@ma-mailsvcp-mx-lapp01.apple.com> for
                     usrp-users@lists.ettus.com; Mon, 07 Aug 2023 12:40:37 -0700 (PDT)
                    """))
    }

    /// S-22.
    @Test func authenticatedWithoutReverseName() {
        let field = ReceivedField(
            origin: .client(helo: "odin.tremily.us", reverseName: .unknown, address: "72.68.85.198"),
            host: "vms173015.mailsrvcs.net",
            product: "Sun Java(tm) System Messaging Server 7u2-7.02 32bit (built Apr 16 2009)",
            transmission: .esmtpa, envelopeID: "0M1I00EVEAS1NM70", recipient: "git@vger.kernel.org",
            date: Array("Mon, 26 Mar 2012 14:14:36 -0500 (CDT)".utf8))
        #expect(
            text(field)
                == lines(
                    """
                    Received: from odin.tremily.us ([unknown] [72.68.85.198])
                     by vms173015.mailsrvcs.net
                     (Sun Java(tm) System Messaging Server 7u2-7.02 32bit (built Apr 16 2009))
                     with ESMTPA id <0M1I00EVEAS1NM70@vms173015.mailsrvcs.net> for
                     git@vger.kernel.org; Mon, 26 Mar 2012 14:14:36 -0500 (CDT)
                    """))
    }

    /// S-23.
    @Test func fromInternalChannel() {
        let field = ReceivedField(
            origin: .internalChannel("process_milters-daemon.nwk-mmpp-sz12.apple.com"),
            host: "nwk-mmpp-sz12.apple.com",
            product: "Oracle Communications Messaging Server 8.0.2.4.20190507 64bit (built May  7 2019)",
            transmission: nil, envelopeID: "0Q1L00J00E82QD00",
            date: Array("Tue, 26 Nov 2019 12:04:48 -0800 (PST)".utf8))
        #expect(
            text(field)
                == lines(
                    """
                    Received: from process_milters-daemon.nwk-mmpp-sz12.apple.com by
                     nwk-mmpp-sz12.apple.com
                     (Oracle Communications Messaging Server 8.0.2.4.20190507 64bit (built May  7
                     2019)) id <0Q1L00J00E82QD00@nwk-mmpp-sz12.apple.com>; Tue,
                     26 Nov 2019 12:04:48 -0800 (PST)
                    """))
    }

    @Test func hostileNamesStayInTheirPlace() {
        var field = ReceivedField(
            origin: .client(helo: "evil\r\nX-Bad: 1 (;)", reverseName: .notLookedUp, address: "192.0.2.1"),
            host: "h", product: "P", transmission: .esmtp, envelopeID: "0000000000000000",
            recipient: "dörte@example.com", originalRecipient: "rfc822;x@y", originalSender: "a@b",
            date: Array("Mon, 07 Aug 2023 12:40:37 +0000".utf8))
        #expect(
            text(field)
                == lines(
                    """
                    Received: from evil??X-Bad:?1???? ([192.0.2.1]) by h (P)
                     with ESMTP id <0000000000000000@h> for d**rte@example.com (ORCPT rfc822;x@y)
                     (original mail from <a@b>); Mon, 07 Aug 2023 12:40:37 +0000
                    """))
        field.allowUTF8 = true
        #expect(text(field).contains("for dörte@example.com"))
        var header = HeaderBlock()
        var output: [UInt8] = []
        field.append(to: &output)
        header.add(wholeField: output)
        #expect(header.fields.count == 1)
        #expect(header.receivedCount(by: "h") == 1)
    }

    @Test(arguments: [
        (true, false, false, false, "ESMTP"), (true, true, true, false, "ESMTPSA"),
        (false, false, false, false, "SMTP"),
        (true, true, false, true, "UTF8SMTPS"),
    ])
    func transmission(_ extended: Bool, _ tls: Bool, _ auth: Bool, _ utf8: Bool, _ expected: String) {
        #expect(
            TransmissionProtocol(extended: extended, tls: tls, authenticated: auth, utf8: utf8).rawValue == expected)
    }
}

extension ReceivedFieldTests {
    /// "write ` state VALUE` before the semicolon" (channels specification, 5, `receivedstate`).
    @Test func state() {
        var output: [UInt8] = []
        ReceivedField(
            origin: .internalChannel("defragment.h"), host: "h", product: "p", transmission: nil, envelopeID: "E",
            state: "convert/defragment", date: Array("Sun, 22 Nov 2026".utf8)
        ).append(to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "Received: from defragment.h by h (p)\r\n id <E@h> state convert/defragment; Sun, 22 Nov 2026\r\n")
    }
}
