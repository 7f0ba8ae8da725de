import Envelope
import Testing

@testable import SMTPClient

/// Smtp specification, 7.4; RFC 6152 section 3: what becomes of 8-bit content where the server does not offer 8BITMIME.
@Suite(.timeLimit(.minutes(5))) struct DowngradeTests {
    private func stream(_ bytes: [UInt8]) -> OutgoingContent {
        .stream(size: bytes.count) { offset, maximum in
            Array(bytes[min(offset, bytes.count)..<min(offset + maximum, bytes.count)])
        }
    }

    private func text(_ content: OutgoingContent?, pieces: Int = 1000) throws -> String? {
        switch content {
        case nil: return nil
        case .bytes(let bytes)?: return String(decoding: bytes, as: UTF8.self)
        case .stream(let size, let read)?:
            var bytes: [UInt8] = []
            while case let piece = try read(bytes.count, pieces), !piece.isEmpty { bytes += piece }
            #expect(bytes.count == size)
            #expect(try read(0, 5) == Array(bytes.prefix(5)))
            #expect(try read(size, 5).isEmpty)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// All steps; nil: impossible.
    private static func sevenBit(_ content: OutgoingContent, isBinary: Bool = false) throws -> OutgoingContent? {
        var downgrade = Downgrade(content, isBinary: isBinary)
        while true {
            switch try downgrade.step() {
            case .unfinished: continue
            case .converted(let content): return content
            case .impossible: return nil
            }
        }
    }

    @Test(arguments: [false, true])
    func converts(_ isStream: Bool) throws {
        let body = String(repeating: "Viele Gr\u{fc}\u{df}e aus der Ferne\r\n", count: 30_000)
        let bytes = Array("Content-Type: text/plain; charset=utf-8\r\n\r\n\(body)".utf8)
        let given = isStream ? stream(bytes) : .bytes(bytes[...])
        let result = try #require(try text(Self.sevenBit(given)))
        #expect(!result.utf8.contains { $0 > 127 })
        #expect(result.hasSuffix("\r\nViele Gr=C3=BC=C3=9Fe aus der Ferne\r\n"))
        #expect(result.contains("\r\nContent-transfer-encoding: QUOTED-PRINTABLE\r\n"))
    }

    @Test(arguments: [false, true])
    func signedContentStays(_ isStream: Bool) throws {
        let bytes = Array(
            "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nGr\u{fc}n\r\n--s--\r\n".utf8)
        #expect(try Self.sevenBit(isStream ? stream(bytes) : .bytes(bytes[...])) == nil)
        let seven = Array("Subject: x\r\n\r\nplain \r\n".utf8)
        #expect(
            try text(Self.sevenBit(isStream ? stream(seven) : .bytes(seven[...])))
                == "Subject: x\r\n\r\nplain \r\n")
    }

    /// On the wire: converted content with its SIZE, or 5.6.3.
    @Test func sessions() async throws {
        let offer = "250-peer.example\r\n250-SIZE 0\r\n250 DSN"
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let settings = ClientSettings.direct(peer.port)
        var large = DeliveryJob.sample(2)
        large.content = stream(Array("A: b\r\n\r\n\(String(repeating: "\u{fc}\r\n", count: 200_000))".utf8))
        let jobs = [
            DeliveryJob.sample(1, content: "Content-Type: text/plain\r\n\r\nGr\u{fc}n\r\n"), large,
            .sample(3, content: "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\u{fc}\r\n--s--\r\n"),
        ]
        let run = await Bench(jobs).run(settings)
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
        #expect(words(run.outcomes[3]) == ["permanent 5.6.3"])
        let data = peer.record.messages.map(\.data)
        #expect(data.count == 2)
        #expect(!data.joined().utf8.contains { $0 > 127 })
        #expect(data.first?.contains("\r\n\r\nGr=C3=BCn\r\n") == true)
        #expect(!peer.record.commands.contains { $0.contains("BODY=") })
    }
}

extension DowngradeTests {
    /// Binary content leaves in lines, whatever it was made of.
    @Test func binaryContent() throws {
        let part = "Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\n\r"
        let converted = try #require(try Self.sevenBit(.bytes(Array(part.utf8)[...]), isBinary: true))
        guard case .bytes(let bytes) = converted else {
            Issue.record("not in memory")
            return
        }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "Content-Type: image/x\r\nContent-Transfer-Encoding: BASE64\r\n\r\nAAoN\r\n")
        let signed = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\na\nb\r\n--s--\r\n"
        #expect(try Self.sevenBit(.bytes(Array(signed.utf8)[...]), isBinary: true) == nil)
    }
}
