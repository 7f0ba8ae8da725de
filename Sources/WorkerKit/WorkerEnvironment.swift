import Glibc

/// What the Dispatcher says to a worker in environment variables. Dispatcher specification, section 7.2 item 4.
public struct WorkerEnvironment: Hashable, Sendable {
    /// `IMTA_SERVICE`.
    public var service = ""
    /// `IMTA_SERVICE_PARAMETER`.
    public var parameter = ""
    /// `IMTA_MAX_CONNS`: most connections at a time, at least 1.
    public var maxConnections = 1
    /// `IMTA_STACKSIZE`: bytes for the stack of a thread.
    public var stackSize = 2_048_000
    /// `IMTA_DISPATCHER_DEBUG`: bit mask of the Dispatcher specification, section 10.
    public var debugMask: UInt32 = 0
    /// `IMTA_WORKER_ID`: number of the worker within its service.
    public var workerID = 0

    public init() {}

    /// Reads the variables of this process. A value that is not understood leaves the default.
    public static var current: WorkerEnvironment {
        WorkerEnvironment { name in getenv(name).map { String(cString: $0) } }
    }

    init(_ value: (String) -> String?) {
        service = value("IMTA_SERVICE") ?? service
        parameter = value("IMTA_SERVICE_PARAMETER") ?? parameter
        maxConnections = max(1, value("IMTA_MAX_CONNS").flatMap { Int($0) } ?? maxConnections)
        // A stack that does not fit into the address space would be no stack at all.
        stackSize = min(max(65_536, value("IMTA_STACKSIZE").flatMap { Int($0) } ?? stackSize), 1 << 30)
        debugMask = value("IMTA_DISPATCHER_DEBUG").flatMap { UInt32($0, radix: 16) } ?? debugMask
        workerID = value("IMTA_WORKER_ID").flatMap { Int($0) } ?? workerID
    }
}
