/// What an administrator does so that a changed option counts (unified configuration specification, sections 2.4 and 7).
package enum ActivationClass: String, Sendable, CaseIterable {
    /// `martlet reload`.
    case reload
    /// The Dispatcher looks at it when it starts: `martlet restart`, or its unit alone.
    case dispatcher
    /// Every process looks at it when it starts: `martlet restart`.
    case instance

    /// What to do, as the end of a sentence.
    package var advice: String {
        switch self {
        case .reload: "it counts after martlet reload"
        case .dispatcher: "it counts after martlet restart: the Dispatcher reads it when it starts"
        case .instance: "it counts after martlet restart: every process reads it when it starts"
        }
    }
}

extension OptionCatalogue {
    /// The class of an option. Rewrite rules, mapping tables, aliases and channels are taken by a reload.
    package static func activation(_ path: OptionPath) -> ActivationClass { definition(path)?.activation ?? .reload }
}

extension OptionStore {
    /// Full names of the options that differ from `former` and that a reload does not bring into force, sorted, each with
    /// its class.
    package func needingRestart(since former: OptionStore) -> [(name: String, activation: ActivationClass)] {
        let paths = Dictionary(
            (all + former.all).map { ($0.path.key, $0.path) }, uniquingKeysWith: { first, _ in first })
        let changed = paths.filter { self[$0.key]?.values != former[$0.key]?.values }
        return changed.values.map { (name: $0.description, activation: OptionCatalogue.activation($0)) }
            .filter { $0.activation != .reload }.sorted { $0.name < $1.name }
    }
}
