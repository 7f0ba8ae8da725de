import Glibc
import SystemCalls
import WorkerKit

// A worker image that sends back what it receives: the smallest program that honours docs/worker-protocol.md.
// `quit` ends a session; the greeting names the process so that tests see who serves them.

func serve(_ connection: HandedConnection) {
    guard let socket = connection.takeDescriptor() else { return }
    _ = fcntl(socket.number, F_SETFL, 0)  // blocking: the thread has nothing else to do
    var received = 0
    let tls = connection.isImplicitTLS ? " tls implicit" : ""
    var buffer = Array("hello from \(getpid()) parameter \(connection.parameter)\(tls)\n".utf8)
    var count = buffer.count
    while count > 0, send(socket.number, buffer, count, Int32(MSG_NOSIGNAL)) == count {
        buffer = [UInt8](repeating: 0, count: 4096)
        count = recv(socket.number, &buffer, buffer.count, 0)
        received += max(0, count)
        if buffer.starts(with: "quit".utf8) { break }
    }
    shutdown(socket.number, Int32(SHUT_RDWR))
    connection.finish(bytesIn: received, bytesOut: received)
}

do {
    let worker = try WorkerProcess(imageVersion: "echo 1")
    exit(
        worker.run { connection in
            do { try SystemThread.tryStart("session") { serve(connection) } } catch {
                connection.finish(reason: "\(error)")  // this client goes without, the others stay
            }
        })
} catch {
    let text = Array("echo_worker: \(error)\n".utf8)
    _ = write(2, text, text.count)
    exit(78)
}
