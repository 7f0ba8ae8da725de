import ProcessPool

/// The families of the command `metrics`, one sample a service in each.
package enum ServiceMetrics {
    /// Upper bounds of the handoff histogram as powers of two of microseconds: 64 µs to 17 s.
    private static let handoffBounds = stride(from: 6, through: 24, by: 2)

    /// `began`: when the Dispatcher started, seconds since 1970.
    package static func text(_ services: [ServiceReport], began: Int64) -> String {
        var text = MetricsText()
        text.family("martlet_dispatcher_start_time_seconds", .gauge, "When the Dispatcher started, seconds since 1970.")
        text.sample([], Int(began))
        for gauge in gauges { write(gauge, .gauge, services, to: &text) }
        workers(services, to: &text)
        for counter in counters { write(counter, .counter, services, to: &text) }
        denials(services, to: &text)
        times(services, to: &text)
        distributions(services, to: &text)
        return text.text
    }

    private struct Family: Sendable {
        var name: String
        var help: String
        var value: @Sendable (ServiceReport) -> Int
    }

    private static let gauges = [
        Family(name: "up", help: "1 while the service runs.") { $0.state == "running" ? 1 : 0 },
        Family(name: "capacity", help: "MAX_PROCS * MAX_CONNS.") { $0.limits.capacity },
        Family(name: "connections", help: "Open connections.") { $0.current },
        Family(name: "connections_waiting", help: "Admitted connections without a worker.") { $0.waiting },
        Family(name: "connections_peak", help: "Most open connections at once.") { $0.statistics.peak },
        Family(name: "saturated", help: "1 while the service is at capacity.") {
            $0.statistics.saturation.since == nil ? 0 : 1
        },
    ]

    private static let counters = [
        Family(name: "connections_accepted_total", help: "Connections accepted.") { $0.statistics.accepted },
        Family(name: "connections_denied_total", help: "Connections that access control turned away.") {
            $0.statistics.denied
        },
        Family(name: "busy_replies_total", help: "Clients that were told that the service is at capacity.") {
            $0.statistics.turnedAway
        },
        Family(name: "accept_failures_total", help: "Times that a port rested because accept failed.") {
            $0.statistics.acceptFailures
        },
        Family(name: "connections_completed_total", help: "Connections that a worker finished.") {
            $0.statistics.completed
        },
        Family(name: "connections_moved_total", help: "Connections taken back from a worker before it confirmed.") {
            $0.statistics.moved
        },
        Family(name: "connections_lost_total", help: "Connections that ended with a worker that died.") {
            $0.statistics.lost
        },
        Family(name: "connections_dropped_total", help: "Connections closed because no worker took them.") {
            $0.statistics.dropped
        },
        Family(name: "workers_started_total", help: "Worker processes started.") { $0.statistics.workersStarted },
        Family(name: "worker_start_failures_total", help: "Starts of workers that failed.") {
            $0.statistics.failedStarts
        },
        Family(name: "worker_crashes_total", help: "Workers that ended unexpectedly.") { $0.statistics.crashes },
        Family(name: "saturations_total", help: "Times the service came to its capacity.") {
            $0.statistics.saturation.count
        },
        Family(name: "handoff_limits_total", help: "Times MAX_HANDOFFS stopped accepting.") {
            $0.statistics.handoffLimit.count
        },
    ]

    private static func write(
        _ family: Family, _ kind: MetricsText.Kind, _ services: [ServiceReport], to text: inout MetricsText
    ) {
        text.family("martlet_service_\(family.name)", kind, family.help)
        for service in services { text.sample([("service", service.name)], family.value(service)) }
    }

    private static func workers(_ services: [ServiceReport], to text: inout MetricsText) {
        text.family("martlet_service_workers", .gauge, "Worker processes by state.")
        for service in services {
            for state in PoolWorker.State.allCases {
                text.sample(
                    [("service", service.name), ("state", state.rawValue)], service.workers.count { $0.state == state })
            }
        }
    }

    private static func denials(_ services: [ServiceReport], to text: inout MetricsText) {
        text.family("martlet_service_denials_total", .counter, "Connections that access control turned away by cause.")
        for service in services {
            for cause in AdmissionRefusal.allCases {
                text.sample(
                    [("service", service.name), ("cause", cause.rawValue)], service.statistics[refusals: cause])
            }
        }
    }

    private static func times(_ services: [ServiceReport], to text: inout MetricsText) {
        text.family("martlet_service_saturated_seconds_total", .counter, "Time spent at capacity.")
        for service in services {
            text.sample(
                [("service", service.name)], nanoseconds: service.statistics.saturation.total(at: service.now))
        }
        text.family("martlet_service_handoff_limited_seconds_total", .counter, "Time MAX_HANDOFFS was the limit.")
        for service in services {
            text.sample(
                [("service", service.name)], nanoseconds: service.statistics.handoffLimit.total(at: service.now))
        }
    }

    private static func distributions(_ services: [ServiceReport], to text: inout MetricsText) {
        text.family("martlet_service_connection_seconds", .summary, "From accept to the end of a connection.")
        for service in services {
            let duration = service.statistics.duration
            text.distribution([("service", service.name)], count: duration.count, sumNanoseconds: duration.sum)
        }
        text.family("martlet_service_handoff_seconds", .histogram, "From the handoff to the worker's confirmation.")
        for service in services {
            let latency = service.statistics.handoffLatency
            text.distribution(
                [("service", service.name)],
                buckets: handoffBounds.map { (Int64(1) << Int64($0), latency.buckets.prefix($0 + 1).reduce(0, +)) },
                count: latency.count, sumNanoseconds: latency.sum)
        }
    }
}
