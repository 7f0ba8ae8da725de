import Synchronization

/// What a ``DNSDialogue`` wants next.
package enum DNSDialogueStep<Outcome: Sendable>: Sendable {
    /// Questions to put; each answer goes to ``DNSDialogue/receive(_:)``. Empty: answers are still due.
    case ask([DNSQuestion])
    case done(Outcome)
}

extension DNSDialogueStep: Equatable where Outcome: Equatable {}
extension DNSDialogueStep: Hashable where Outcome: Hashable {}

/// A check that asks the DNS, as a value: it says what to ask, is given the answers, and comes to an outcome.
package protocol DNSDialogue: Sendable {
    associatedtype Outcome: Sendable

    mutating func begin() -> DNSDialogueStep<Outcome>
    mutating func receive(_ answer: DNSAnswer) -> DNSDialogueStep<Outcome>
}

extension DNSResolver {
    /// Runs a dialogue to its end; `completion` is called once, on any thread.
    package func run<Dialogue: DNSDialogue>(
        _ dialogue: Dialogue, _ completion: @escaping @Sendable (Dialogue.Outcome) -> Void
    ) {
        RunningDialogue(dialogue, self, completion).begin()
    }
}

/// One dialogue in progress; answers may come on any thread.
private final class RunningDialogue<Dialogue: DNSDialogue>: Sendable {
    private let dialogue: Mutex<Dialogue>
    private let resolver: any DNSResolver
    private let completion: @Sendable (Dialogue.Outcome) -> Void

    init(
        _ dialogue: Dialogue, _ resolver: any DNSResolver,
        _ completion: @escaping @Sendable (Dialogue.Outcome) -> Void
    ) {
        self.dialogue = Mutex(dialogue)
        self.resolver = resolver
        self.completion = completion
    }

    func begin() { take(dialogue.withLock { $0.begin() }) }

    private func take(_ step: DNSDialogueStep<Dialogue.Outcome>) {
        switch step {
        case .done(let outcome): completion(outcome)
        case .ask(let questions):
            for question in questions {
                resolver.resolve(question) { answer in
                    self.take(self.dialogue.withLock { $0.receive(answer) })
                }
            }
        }
    }
}
