import DNS
import SystemCalls

/// What the access control of all services shares: DNS lists, IDENT, the system log, and the number of connections
/// that wait. Confined to the Dispatcher's thread.
final class AdmissionDesk {
    /// Nil when no service has a list, or when the resolver could not be set up.
    let lists: DNSLists?
    let idents: IdentQueries
    private let systemLog: SystemLog
    private let log: DispatcherLog
    private let most: Int
    /// Connections that wait for their admission.
    var waiting = 0

    /// Starts the resolver when it is needed.
    init(_ settings: DispatcherSettings, _ reactor: Reactor, _ log: DispatcherLog) throws(SystemCallError) {
        idents = IdentQueries(reactor, port: settings.identPort)
        systemLog = try SystemLog(settings.systemLog, program: "dispatcher")
        most = max(1, settings.mostInAdmission)
        self.log = log
        lists = try Self.lists(settings, log)
        if let lists { try reactor.watch(lists.descriptor, .lists) }
    }

    private static func lists(
        _ settings: DispatcherSettings, _ log: DispatcherLog
    ) throws(SystemCallError) -> DNSLists? {
        guard settings.services.contains(where: { !$0.dnsVerifyDomains.isEmpty }) else { return nil }
        do {
            return try DNSLists(try UnboundResolver(settings.resolver), log: log)
        } catch let error as ResolverSetupError {
            // A list that cannot be asked lists nobody.
            log.error("DNS lists are not asked: \(error); correct mta.dns_resolver, then restart the dispatcher")
            return nil
        } catch let error as SystemCallError {
            throw error
        } catch {
            return nil
        }
    }

    /// True when no other connection may wait, so that none is accepted that may have to.
    var isFull: Bool { waiting >= most }

    /// The texts of `$<` and `$>`; dispatcher.log has them when there is no system log.
    func note(_ texts: [String]) {
        for text in texts where !systemLog.say(text) { log.notice("syslog: \(text)") }
    }

    /// A notice for the administrator.
    func announce(_ text: String, severity: Int) {
        if !systemLog.say(text, severity: severity) { log.notice("syslog: \(text)") }
    }
}
