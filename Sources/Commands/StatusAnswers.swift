/// What the dispatcher answers to `status`. Members that later versions added may be missing.
struct DispatcherStatus: Decodable {
    struct Worker: Decodable {
        var pid: Int?
        var state: String
        var active: Int
        var total: Int
        var born: String?
        var pending: Int?
        var peak: Int?
        /// Which configuration it has.
        var generation: Int?
    }

    struct Listener: Decodable {
        var address: String
        var state: String
        var handoffs: Int
    }

    /// Minimum, average, maximum.
    struct Range: Decodable {
        var minimum: Int
        var average: Int
        var maximum: Int
    }

    struct Connections: Decodable {
        var current: Int
        var waiting: Int
        var peak: Int
        var capacity: Int
        var accepted: Int
        var completed: Int
        var lost: Int
        var dropped: Int
        var concurrent: Range?
        var perHour: Range?
        var milliseconds: Range?

        enum CodingKeys: String, CodingKey {
            case current, waiting, peak, capacity, accepted, completed, lost, dropped, concurrent, milliseconds
            case perHour = "per_hour"
        }
    }

    /// How often and how long.
    struct Occupancy: Decodable {
        var now: Bool
        var count: Int
        var milliseconds: Int
    }

    struct Handoff: Decodable {
        var count: Int
        var median: Int
        var p99: Int
        var limited: Occupancy?

        enum CodingKeys: String, CodingKey {
            case count, limited
            case median = "median_below"
            case p99 = "p99_below"
        }
    }

    struct Limits: Decodable {
        var maxProcs: Int
        var maxHandoffs: Int

        enum CodingKeys: String, CodingKey {
            case maxProcs = "max_procs"
            case maxHandoffs = "max_handoffs"
        }
    }

    struct Service: Decodable {
        var name: String
        var ports: [Int]
        var state: String?
        var reason: String?
        var workers: [Worker]
        var connections: Connections?
        var denied: Int?
        var handoff: Handoff?
        var listeners: [Listener]?
        var saturation: Occupancy?
        var limits: Limits?
    }

    var services: [Service]
}

/// What the dispatcher answers to `connections SERVICE` and `history SERVICE`.
struct ConnectionList: Decodable {
    struct Connection: Decodable {
        var id: Int
        var worker: Int?
        var local: String
        var remote: String
        var ident: String
        var began: String
        var seconds: Int
        var bytesIn: Int
        var bytesOut: Int
        var reason: String

        enum CodingKeys: String, CodingKey {
            case id, worker, local, remote, ident, began, seconds, reason
            case bytesIn = "in"
            case bytesOut = "out"
        }
    }

    struct Worker: Decodable {
        var pid: Int
        var total: Int
        var peak: Int
        var born: String
        var ended: String
        var ending: String
    }

    var connections: [Connection]
    /// Open ones that the answer leaves out.
    var omitted: Int?
    /// Ended workers; only in a history.
    var workers: [Worker]?
    /// HISTORICAL_TIME; only in a history.
    var historicalTime: Int?

    enum CodingKeys: String, CodingKey {
        case connections, omitted, workers
        case historicalTime = "historical_time"
    }
}

/// What the dispatcher answers to `metrics`.
struct MetricsAnswer: Decodable {
    var metrics: String
}

/// What the job controller answers to `status`.
struct QueueStatus: Decodable {
    struct Channel: Decodable {
        var name: String
        var pool: String
        var jobs: Int
        var ready: Int
        var delayed: Int
        var active: Int
        var held: Int
        var stopped: Bool?
        /// Seconds since 1970.
        var oldest: Int?
    }

    struct Pool: Decodable {
        var name: String
        var limit: Int
        var jobs: Int

        enum CodingKeys: String, CodingKey {
            case name, jobs
            case limit = "job_limit"
        }
    }

    struct Queue: Decodable {
        var messages: Int
        var entries: Int
        var segments: Int
        var liveBytes: Int
        var usedBytes: Int

        enum CodingKeys: String, CodingKey {
            case messages, entries, segments
            case liveBytes = "live_bytes"
            case usedBytes = "used_bytes"
        }
    }

    /// A task of the scheduler. Times in seconds since 1970.
    struct Task: Decodable {
        var name: String
        var crontab: String
        var enabled: Bool
        var running: Bool
        var next: Int?
        var started: Int?
        var ended: Int?
        /// How the latest run ended.
        var ending: String?
        var exit: Int?
    }

    var channels: [Channel]
    var pools: [Pool]?
    var queue: Queue?
    var tasks: [Task]?
}
