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
}
