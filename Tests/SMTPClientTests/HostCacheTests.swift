import Testing

@testable import SMTPClient

@Suite struct HostCacheTests {
    private static let second: Int64 = 1_000_000_000

    @Test func penalties() {
        var cache = HostCache()
        cache.noteFailure("a", "refused", now: 0)
        #expect(cache.refusal("a", now: 299 * Self.second) == "refused")
        #expect(cache.refusal("a", now: 300 * Self.second) == nil)
        #expect(cache.refusal("b", now: 0) == nil)
        cache.noteSuccess("a")
        #expect(cache.refusal("a", now: 0) == nil)
        cache.noteFailure("a", "refused", now: 0)
        #expect(cache.refusal("a", now: 59 * Self.second) == "refused")
        #expect(cache.refusal("a", now: 60 * Self.second) == nil)
    }

    @Test func keywords() {
        var nothing = HostCache(.nothing)
        nothing.noteFailure("a", "refused", now: 0)
        #expect(nothing.refusal("a", now: 0) == nil)
        var failures = HostCache(.failures)
        failures.noteSuccess("a")
        failures.noteFailure("a", "refused", now: 0)
        #expect(failures.refusal("a", now: 299 * Self.second) == "refused")
    }
}
