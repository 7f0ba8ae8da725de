import InternetMessage

extension FuzzTarget {
    /// What clients write about mail: paths, headers, addresses in headers.
    static let messageTargets = [
        FuzzTarget(
            "smtp-path",
            [
                "<ann@example.com> SIZE=5", "<@a,@b:\"x y\"@[192.0.2.1]>", "<>", "<postmaster>",
                "<é@[IPv6:2001:db8::1]>",
            ],
            words: ["<", ">", "@", ":", ",", "\"", "\\", "[", "]", "IPv6:", "::", "255.", "xn--", ".."],
            run: { bytes in
                for allowed in [false, true] {
                    _ = SMTPPath.parse(bytes[...], allowUTF8: allowed)
                    _ = SMTPPath.parsePrefix(bytes[...], allowUTF8: allowed, limits: .strict)
                }
                _ = Mailbox(text(bytes))
            }),
        FuzzTarget(
            "header",
            [
                "From: a@b\r\nTo: c@d,\r\n e@f\r\nSubject: =?utf-8?q?x?=\r\n\r\nbody\r\n",
                "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nReturn-path: <>\r\nX:\r\n\r\n", "no header\n",
            ],
            words: ["\r\n", "\r\n ", "\n", ":", "Date: ", "Resent-From: ", "Message-id: <", "Received: ", "\r\n\r\n"],
            run: { bytes in
                guard case .success(let scan) = HeaderBlock.scan(bytes) else { return }
                var header = scan.header
                header.complete(
                    HeaderBlock.Completion(date: [], envelopeID: "0SU00A1B2C3D4E5F", host: "h", sender: "a@b"))
                for field in header.fields { _ = header.unfoldedValue(of: field) }
                header.removeAll("Received")
                var output: [UInt8] = []
                header.write(to: &output)
            }),
        FuzzTarget(
            "header-eight-bit",
            [
                "From: J\u{f6}rg \"M\u{fc}ller\" <j\u{f6}@x> (\u{e4}), g\u{fc}: a@b;\r\nSubject: \u{f6} =?a?q?b?= \u{fc}\r\n\r\n",
                "Content-Type: text/plain; name=\"\u{f6}\"; x=\u{fc}\r\nTo: a@x, b@y, \"c, d\" <e@f>\r\n\r\n",
            ],
            words: ["\u{f6}", "<", ">", "(", ")", "\"", "\\", ";", ",", "@", "\r\n ", "=?x?q?y?=", "*=", "To: "],
            run: { bytes in
                guard case .success(let scan) = HeaderBlock.scan(bytes) else { return }
                for charset in [nil, "UTF-8", "x"] {
                    var header = scan.header
                    header.encodeEightBit(charset: charset)
                    // Names of fields are the only place left, and boundaries.
                    for field in header.fields
                    where !text(header.unfoldedValue(of: field)).asciiLowercased.contains("boundary") {
                        precondition(!header.bytes[field.value].hasEightBit)
                    }
                    header.apply(
                        HeaderLayout(labelAlignment: 12, lineLength: 30, mostAddresses: 2, mostCharacters: 40))
                    var output: [UInt8] = []
                    header.write(to: &output)
                }
            }),
        FuzzTarget(
            "content",
            [
                "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\u{f6}\r\n--b\r\n"
                    + "Content-Type: message/rfc822\r\n\r\nA: \u{f6}\r\n\r\nx\r\n--b--\r\n",
                "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ\u{f6}==\r\n",
                "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\u{f6}\r\n--s--\r\n",
            ],
            words: [
                "\r\n", "\r\n\r\n", "--b", "--b--", "\u{f6}", "Content-Type: multipart/mixed; boundary=b\r\n",
                "Content-Type: message/rfc822\r\n", "Content-Type: multipart/digest; boundary=c\r\n",
                "Content-Transfer-Encoding: 8bit\r\n", "quoted-printable", "\r", "\n", "\0",
            ], run: convertContent),
        FuzzTarget(
            "header-addresses",
            ["Ann <a@b>, \"B, C\" (d (e)) <@r:f@g>, team: x@y, z@[192.0.2.1];, undisclosed:;", "a . b @ c . d (x)"],
            words: ["<", ">", "(", ")", "\"", "\\", ":", ";", ",", "@", "\r\n ", "=?utf-8?q?", "[", "]"],
            run: { bytes in
                for allowed in [false, true] {
                    _ = HeaderAddressList.parse(bytes[...], allowUTF8: allowed)
                    _ = HeaderAddressList.parseMailbox(bytes[...], allowUTF8: allowed)
                }
            }),
    ]

    /// Whatever the pieces, the result is the same, and seven bits come out unless it says so.
    private static func convertContent(_ bytes: [UInt8]) {
        for wishes in [
            ContentConverter.Wishes(sevenBit: true),
            ContentConverter.Wishes(
                lineLength: 40, labels: CharacterSetLabels(sevenBit: "a", eightBit: "b", escape: "c")),
        ] {
            var converter = ContentConverter(wishes)
            var pieces: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: 7) {
                converter.convert(bytes[start..<min(start + 7, bytes.count)], into: &pieces)
            }
            converter.finish(into: &pieces)
            let (whole, findings) = ContentConverter.convert([bytes], wishes)
            guard wishes.sevenBit, !findings.hasEightBit else { continue }
            precondition(whole == pieces)
            precondition(!whole[...].hasEightBit)
        }
    }
}
