import Glibc
import SystemCalls
import Testing

@testable import DNS

@Suite struct UnboundResolverTests {
    private static let zone = [
        "local-zone: \"example.\" static",
        "local-data: \"example. 300 IN MX 10 b.example.\"",
        "local-data: \"example. 300 IN MX 5 a.example.\"",
        "local-data: \"a.example. 60 IN A 192.0.2.1\"",
        "local-data: \"a.example. 60 IN AAAA 2001:db8::1\"",
        "local-data: \"b.example. 60 IN A 192.0.2.2\"",
        "local-data: \"closed.example. 60 IN MX 0 .\"",
        "local-data: \"plain.example. 60 IN A 192.0.2.3\"",
        "local-data: 'text.example. 60 IN TXT \"one \" \"two\"'",
        "local-zone: \"refused.example.\" always_refuse",
        "local-zone: \"test.\" static",
        "local-data: \"mail.test. 60 IN A 192.0.2.4\"",
        "local-zone: \"2.0.192.in-addr.arpa.\" static",
        "local-data-ptr: \"192.0.2.1 a.example\"",
    ]

    private func resolver(_ server: UnboundServer) throws -> UnboundResolver {
        try UnboundResolver(ResolverConfiguration(servers: [server.address], hostsFile: nil))
    }

    @Test(.enabled(if: UnboundServer.binary != nil, "the name server unbound is not installed"))
    func recordsAndTheirAbsence() async throws {
        let server = try UnboundServer(Self.zone)
        let resolver = try resolver(server)
        let mx = await resolver.answer(to: DNSQuestion("example", .mx))
        #expect(mx.status == .answered)
        #expect(
            Set(mx.records) == [
                .mailExchange(preference: 10, host: "b.example"), .mailExchange(preference: 5, host: "a.example"),
            ])
        #expect(mx.timeToLive > 0 && mx.timeToLive <= 300)
        #expect(await resolver.answer(to: DNSQuestion("a.example", .a)).records == [.address("192.0.2.1")])
        #expect(await resolver.answer(to: DNSQuestion("a.example", .aaaa)).records == [.address("2001:db8::1")])
        #expect(
            await resolver.answer(to: DNSQuestion("closed.example", .mx)).records
                == [.mailExchange(preference: 0, host: "")])
        #expect(await resolver.answer(to: DNSQuestion("text.example", .txt)).records == [.text(Array("one two".utf8))])
        #expect(await resolver.answer(to: DNSQuestion("plain.example", .mx)).status == .noData)
        // Zones that the library would answer by itself are the business of the configured resolver.
        #expect(await resolver.answer(to: DNSQuestion("mail.test", .a)).records == [.address("192.0.2.4")])
        #expect(
            await resolver.answer(to: .reverse(addressBytes: [192, 0, 2, 1])).records == [.name("a.example")])
        #expect(await resolver.answer(to: DNSQuestion("absent.example", .mx)).status == .noSuchName)
        #expect(await resolver.answer(to: DNSQuestion("x.refused.example", .a)).isTemporary)
        _ = server.port
    }

    @Test(.enabled(if: UnboundServer.binary != nil, "the name server unbound is not installed"))
    func destinationsEndToEnd() async throws {
        let server = try UnboundServer(Self.zone)
        let resolver = try resolver(server)
        func look(_ name: String, mx: Bool = true) async -> Result<[ConnectionTarget], RoutingFailure> {
            await withCheckedContinuation { continuation in
                resolver.lookUp(name, policy: .init(usesMX: mx, port: 2525), own: OwnHost()) {
                    continuation.resume(returning: $0)
                }
            }
        }
        #expect(
            await look("example")
                == .success([
                    ConnectionTarget(host: "a.example", address: "2001:db8::1", port: 2525),
                    ConnectionTarget(host: "a.example", address: "192.0.2.1", port: 2525),
                    ConnectionTarget(host: "b.example", address: "192.0.2.2", port: 2525),
                ]))
        #expect(
            await look("plain.example")
                == .success([ConnectionTarget(host: "plain.example", address: "192.0.2.3", port: 2525)]))
        #expect(
            await look("a.example", mx: false)
                == .success([
                    ConnectionTarget(host: "a.example", address: "2001:db8::1", port: 2525),
                    ConnectionTarget(host: "a.example", address: "192.0.2.1", port: 2525),
                ]))
        #expect(await look("closed.example") == .failure(.nullMX("closed.example")))
        #expect(await look("absent.example") == .failure(.noSuchDomain("absent.example")))
        _ = server.port
    }

    @Test func silenceIsATimeOut() async throws {
        // A socket that takes questions and never answers.
        let silent = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(silent) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(silent, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0)
        let port = Sockets.localAddress(silent).port
        let resolver = try UnboundResolver(
            ResolverConfiguration(servers: ["127.0.0.1@\(port)"], hostsFile: nil, timeout: 50))
        #expect(await resolver.answer(to: DNSQuestion("example", .mx)).status == .timedOut)
    }

    @Test func badSettingsAreNamed() {
        #expect {
            _ = try UnboundResolver(ResolverConfiguration(servers: ["not an address"]))
        } throws: { error in
            "\(error)".hasPrefix("resolver not an address: ")
        }
    }

    @Test func impossibleNamesAreNotAsked() async throws {
        let resolver = try UnboundResolver(ResolverConfiguration(servers: ["127.0.0.1@1"], hostsFile: nil))
        let names = ["", ".", "a..b", "a\u{0}b", "ü.example", "a b", String(repeating: "a", count: 64) + ".example"]
        for name in names {
            #expect(await resolver.answer(to: DNSQuestion(name, .a)).status == .noSuchName)
        }
    }
}
