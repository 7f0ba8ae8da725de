import CUnbound
import Synchronization
import SystemCalls

/// The resolver of the system: libunbound, with its cache and (given trust anchors) DNSSEC validation. One thread owns
/// the library's context; questions reach it through an inbox, completions run on it and must be short.
package final class UnboundResolver: DNSResolver {
    private let inbox: Inbox

    /// Sets the library up and starts the thread, which ends when this object goes away.
    package init(_ configuration: ResolverConfiguration = ResolverConfiguration()) throws(ResolverSetupError) {
        do throws(SystemCallError) {
            inbox = Inbox(wakeup: try Wakeup())
        } catch {
            throw ResolverSetupError(setting: "resolver", reason: error.description)
        }
        let context = try UnboundContext.create(configuration)
        // A pointer has no place in a sendable closure; its bits have, and from here on only the thread uses them.
        let bits = UInt(bitPattern: context)
        let inbox = inbox
        let timeout = Int64(configuration.timeout) * 1_000_000
        SystemThread.start("resolver") {
            guard let context = OpaquePointer(bitPattern: bits) else { return }
            UnboundEngine(context: context, inbox: inbox, timeout: timeout).run()
        }
    }

    package func resolve(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void) {
        guard question.isAskable else { return completion(DNSAnswer(question, .noSuchName)) }
        inbox.put(question, completion)
    }

    deinit {
        inbox.close()
    }
}

/// Questions on their way to the thread of the resolver.
final class Inbox: Sendable {
    struct Letter: Sendable {
        var question: DNSQuestion
        var completion: @Sendable (DNSAnswer) -> Void
    }

    struct Content: Sendable {
        var letters: [Letter] = []
        var isClosed = false
    }

    let wakeup: Wakeup
    private let content = Mutex(Content())

    init(wakeup: Wakeup) { self.wakeup = wakeup }

    func put(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void) {
        content.withLock { $0.letters.append(Letter(question: question, completion: completion)) }
        wakeup.ring()
    }

    func close() {
        content.withLock { $0.isClosed = true }
        wakeup.ring()
    }

    func take() -> Content {
        content.withLock { content in
            defer { content.letters = [] }
            return content
        }
    }
}
