/// Areas of debugging: the bits of DEBUG. Dispatcher specification, section 10. Bits without a name have no meaning.
package struct DebugAreas: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Orders and signals.
    package static let main = DebugAreas(rawValue: 1 << 0)
    /// Words on the command socket.
    package static let mainExtra = DebugAreas(rawValue: 1 << 1)
    /// The options in force.
    package static let configuration = DebugAreas(rawValue: 1 << 2)
    /// Command clients.
    package static let miscellaneous = DebugAreas(rawValue: 1 << 3)
    /// Connections: from whom, to which worker.
    package static let services = DebugAreas(rawValue: 1 << 4)
    /// The load of the service with each connection.
    package static let servicesExtra = DebugAreas(rawValue: 1 << 5)
    /// Signals to workers, what they are started with.
    package static let processes = DebugAreas(rawValue: 1 << 6)
    /// States that workers announce.
    package static let workers = DebugAreas(rawValue: 1 << 8)
    /// Types of all messages.
    package static let communicationExtra = DebugAreas(rawValue: 1 << 9)
    /// Messages in full.
    package static let packets = DebugAreas(rawValue: 1 << 10)
    /// In a worker: its start and end.
    package static let workerSide = DebugAreas(rawValue: 1 << 12)
    /// In a worker: the ends of its connections.
    package static let workerSideExtra = DebugAreas(rawValue: 1 << 13)
    /// In a worker: connections that are handed to it.
    package static let handoff = DebugAreas(rawValue: 1 << 14)
    /// In a worker: types of messages to and from the Dispatcher.
    package static let workerIO = DebugAreas(rawValue: 1 << 16)
    /// In a worker: these messages in full.
    package static let workerIOExtra = DebugAreas(rawValue: 1 << 17)
    /// Counts of each service, once a minute.
    package static let statistics = DebugAreas(rawValue: 1 << 20)
    /// Each connection and worker at its end.
    package static let statisticsExtra = DebugAreas(rawValue: 1 << 21)
    /// Clients that access control turned away.
    package static let denials = DebugAreas(rawValue: 1 << 24)

    /// The value of the environment variable: hexadecimal digits without prefix, `FFFFFFFF` for all.
    package init?(hexadecimal text: String) {
        guard !text.isEmpty, text.utf8.count <= 8, text.allSatisfy(\.isHexDigit), let mask = UInt32(text, radix: 16)
        else { return nil }
        rawValue = mask
    }

    /// The mask in force: an environment variable wins over the DEBUG option, `IMTA_DISPATCHER_DEBUG` over
    /// `PMDF_DISPATCHER_DEBUG`. One that is no hexadecimal number counts as not set.
    package static func effective(option: UInt32, variable: (String) -> String?) -> UInt32 {
        for name in ["IMTA_DISPATCHER_DEBUG", "PMDF_DISPATCHER_DEBUG"] {
            if let text = variable(name), let areas = DebugAreas(hexadecimal: text) { return areas.rawValue }
        }
        return option
    }
}
