import Glibc
import Spool
import SystemCalls

// The parts of Benchmarks/queue that need the queue's own code:
//
//     queue_load append QUEUE PRODUCERS BYTES SECONDS   appends as sessions do, each waiting for its message
//     queue_load fill QUEUE MESSAGES HOSTS BYTES        a queue of that many messages for tcp_local
//     queue_load schedule MESSAGES HOSTS                the cost of events with that many messages waiting
//
// Each prints one line of JSON.

func fail(_ what: String) -> Never {
    let line = Array("queue_load: \(what)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}

func number(_ index: Int) -> Int {
    guard CommandLine.arguments.count > index, let number = Int(CommandLine.arguments[index]), number > 0 else {
        fail("argument \(index) must be a number above 0")
    }
    return number
}

guard CommandLine.arguments.count > 2 else { fail("append, fill or schedule, and its arguments") }
let queue = CommandLine.arguments[2]
do {
    switch CommandLine.arguments[1] {
    case "append":
        try QueueStore.prepare(queue: queue)
        try appending(to: queue, producers: number(3), bytes: number(4), seconds: number(5))
    case "fill":
        try QueueStore.prepare(queue: queue)
        try filling(queue, messages: number(3), hosts: number(4), bytes: number(5))
    case "schedule":
        scheduling(messages: number(2), hosts: number(3))
    default:
        fail("append, fill or schedule, not \(CommandLine.arguments[1])")
    }
} catch {
    fail("\(error)")
}
