import SMTP

/// Holds what the server says first until the banner is complete, because the banner decides between EHLO and HELO
/// (SMTP specification, 12.5).
struct BannerGate {
    private static let mostBytes = 64 << 10

    /// For the session: how it greets.
    private(set) var options: ClientSession.Options
    /// All bytes so far.
    private(set) var early: [UInt8] = []
    /// First line of the banner without the code.
    private(set) var banner = ""
    /// The banner is not complete yet.
    private(set) var isShut = true
    private let greeting: ClientSettings.Greeting
    private var reader = ReplyReader()

    init(_ settings: ClientSettings, _ manner: ConnectionPlan.Manner, _ policy: TLSPolicy) {
        greeting = manner.usesHELO ? .neverEHLO : settings.greeting
        options = ClientSession.Options(
            hostName: settings.heloName, usesHELO: manner.usesHELO, isLMTP: settings.isLMTP,
            tls: manner.avoidsTLS ? .never : policy.use, xloop: settings.loopValue ?? "")
        options.authentication = settings.security.authentication
        options.initialCommand = settings.initialCommand
        options.remoteQueueStart = settings.remoteQueueStart
    }

    /// The options for the session once the banner, or what is none, is there; then ``early`` is for the session.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) -> ClientSession.Options? {
        early.append(contentsOf: bytes)
        var first: ReplyReader.Event?
        reader.receive(bytes) { event in
            if first == nil { first = event }
        }
        guard let first else { return early.count < Self.mostBytes ? nil : options }
        if case .reply(let reply) = first {
            banner = reply.lines.first ?? ""
            options.usesHELO = usesHELO(reply.lines)
        }
        return options
    }

    mutating func open() {
        isShut = false
        early = []
    }

    private func usesHELO(_ lines: [String]) -> Bool {
        switch greeting {
        case .alwaysEHLO: false
        case .neverEHLO: true
        case .byBanner: lines.contains { $0.lowercased().contains("fire away") }
        case .whenAdvertised: !lines.contains { $0.contains("ESMTP") }
        }
    }
}
