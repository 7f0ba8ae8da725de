import Glibc
import SystemCalls
import WorkerKit

// A worker image that ends every connection at once, so that Benchmarks/dispatcher measures the hand-off alone.

func end(_ connection: HandedConnection) {
    if let socket = connection.takeDescriptor() { shutdown(socket.number, Int32(SHUT_RDWR)) }
    connection.finish()
}

do {
    exit(try WorkerProcess(imageVersion: "null 1").run(end))
} catch {
    let text = Array("null_worker: \(error)\n".utf8)
    _ = write(2, text, text.count)
    exit(78)
}
