import Testing

@testable import ProcessPool

@Suite struct MetricsTextTests {
    @Test func families() {
        var text = MetricsText()
        text.family("martlet_up", .gauge, "1 while it runs.\nOr \\ not.")
        text.sample([], 1)
        text.sample([("service", "a\"b\\c\nd"), ("state", "ok")], -2)
        text.family("martlet_wait_seconds", .histogram, "Waits.")
        text.distribution(
            [("service", "SMTP")], buckets: [(64, 1), (1 << 20, 3)], count: 4, sumNanoseconds: 2_500_000_000)
        #expect(
            text.text == #"""
                # HELP martlet_up 1 while it runs.\nOr \\ not.
                # TYPE martlet_up gauge
                martlet_up 1
                martlet_up{service="a\"b\\c\nd",state="ok"} -2
                # HELP martlet_wait_seconds Waits.
                # TYPE martlet_wait_seconds histogram
                martlet_wait_seconds_bucket{service="SMTP",le="0.000064"} 1
                martlet_wait_seconds_bucket{service="SMTP",le="1.048576"} 3
                martlet_wait_seconds_bucket{service="SMTP",le="+Inf"} 4
                martlet_wait_seconds_sum{service="SMTP"} 2.5
                martlet_wait_seconds_count{service="SMTP"} 4

                """#)
    }

    @Test(arguments: [
        (Int64(0), "0"), (1, "0.000001"), (64, "0.000064"), (1_500_000, "1.5"), (2_000_000, "2"),
        (-1_250_000, "-1.25"), (.max, "9223372036854.775807"), (.min, "-9223372036854.775808"),
    ])
    func seconds(microseconds: Int64, text: String) {
        #expect(MetricsText.seconds(microseconds: microseconds) == text)
    }
}
