import SMTP

extension FuzzTarget {
    /// What proxies and trusted clients say, and the parameters of the rare extensions.
    static let extensionTargets = [
        FuzzTarget(
            "proxy-header",
            bytes: [
                Array("PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\r\nEHLO a\r\n".utf8),
                Array("PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 40000 25\r\n".utf8), Array("PROXY UNKNOWN\r\n".utf8),
                [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 12]
                    + [203, 0, 113, 9, 192, 0, 2, 1, 0x9C, 0x40, 0, 25],
            ],
            words: ["\r\n", "PROXY ", "TCP4", "TCP6", "UNKNOWN", "::", ":", "255.255.255.255", "65535", " ", "\0"],
            run: { bytes in
                _ = ProxyHeader.read(bytes[...])
                // The decision may not change once it is there, however the octets come.
                var decided: ProxyHeader.Reading?
                for end in 0...min(bytes.count, 200) {
                    let reading = ProxyHeader.read(bytes[..<end])
                    if let decided, decided != reading { fatalError("another reading after \(end) octets") }
                    if reading != .incomplete { decided = reading }
                }
            }),
        FuzzTarget(
            "client-attributes",
            [
                "NAME=spike.example ADDR=IPV6:2001:db8::1 PORT=25 PROTO=ESMTP HELO=x LOGIN=ann DESTADDR=192.0.2.1",
                "ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL] IDENT=x+3D SOURCE=LOCAL",
            ],
            words: ["ADDR=", "PORT=", "=", " ", "+3D", "[UNAVAILABLE]", "IPV6:", "::", "PROTO=", "\t"],
            run: { bytes in
                _ = ClientAttributes.parse(bytes[...], for: .xclient)
                _ = ClientAttributes.parse(bytes[...], for: .xforward)
                _ = AddressList(text(bytes)).contains("192.0.2.1")
                _ = RemoteQueueStart(bytes[...])
                _ = Solicitation.words(bytes)
                if let address = NetworkAddress(bytes[...]), NetworkAddress(address.description) != address {
                    fatalError("\(address) does not read as itself")
                }
            }),
        FuzzTarget(
            "mail-parameters",
            [
                " SIZE=1 BODY=BINARYMIME SMTPUTF8 BY=+60;RT HOLDFOR=60 MT-PRIORITY=-3 SOLICIT=net.example:ADV,org.x",
                " HOLDUNTIL=2026-11-22T08:00:28.5+01:00 BY=-5;N RET=HDRS ENVID=a+2Bb",
            ],
            words: [" ", "=", ";", "BY=", "HOLDFOR=", "HOLDUNTIL=", "MT-PRIORITY=", "SOLICIT=", "9999", "Z", "-", "+"],
            run: { bytes in
                var options = ServerOptions(hostName: "h", clientAddress: "192.0.2.1", productVersion: "v", xloop: "x")
                options.offersSMTPUTF8 = true
                options.extensions.offersBinaryMIME = true
                options.extensions.longestHold = 86_400
                options.extensions.shortestDeliverBy = 1
                options.extensions.priorities = -9...9
                options.now = 1_795_000_000
                _ = MailParameters.parse(bytes[...], options: options)
                _ = RecipientParameters.parse(bytes[...], allowsUTF8: true)
            }),
    ]
}
