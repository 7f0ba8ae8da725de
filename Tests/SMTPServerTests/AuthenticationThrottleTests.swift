import Testing

@testable import SMTPServer

@Suite struct AuthenticationThrottleTests {
    private static let second: Int64 = 1_000_000_000

    @Test func authenticationThrottle() {
        var throttle = AuthenticationThrottle()
        let delays = (0..<8).map { throttle.failed("192.0.2.1", at: $0 * Self.second) / Self.second }
        #expect(delays == [0, 1, 2, 4, 8, 16, 16, 16])
        #expect(throttle.failed("192.0.2.2", at: 0) == 0)
        throttle.succeeded("192.0.2.1")
        #expect(throttle.failed("192.0.2.1", at: 9 * Self.second) == 0)
    }

    @Test func tenQuietMinutesAreForgiven() {
        var throttle = AuthenticationThrottle()
        _ = throttle.failed("a", at: 0)
        #expect(throttle.failed("a", at: 600 * Self.second) == Self.second)
        #expect(throttle.failed("a", at: 1_201 * Self.second) == 0)
    }

    /// Whoever comes from everywhere fills no memory.
    @Test func addressesAreBounded() {
        var throttle = AuthenticationThrottle()
        for number in 0..<50_000 { _ = throttle.failed("\(number)", at: Int64(number)) }
        #expect(throttle.count <= 10_000)
    }
}
