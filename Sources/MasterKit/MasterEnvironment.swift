import Glibc

/// What the Job Controller tells a master program through its environment.
package struct MasterEnvironment: Sendable {
    /// The channel to dequeue.
    package var channel: String
    /// Root directory of the instance.
    package var root: String
    /// Path of the Job Controller's socket.
    package var jobControllerSocket: String
    /// Path of the queue directory.
    package var queue: String
    /// Threads that the channel may have in one process.
    package var threads: Int

    /// Nil when one of the variables is missing: the program was not started by a Job Controller.
    package init?() {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard let channel = value("IMTA_CHANNEL"), let root = value("MARTLET_ROOT"),
            let socket = value("IMTA_JOB_CONTROLLER_SOCKET"), let queue = value("IMTA_QUEUE")
        else { return nil }
        self.channel = channel
        self.root = root
        jobControllerSocket = socket
        self.queue = queue
        threads = min(max(value("IMTA_MAX_CLIENT_THREADS").flatMap { Int($0) } ?? 1, 1), 1000)
    }

    /// Options of a session with the Job Controller that started the process.
    package var sessionOptions: WorkSession.Options {
        WorkSession.Options(jobControllerSocket: jobControllerSocket, queue: queue)
    }
}
