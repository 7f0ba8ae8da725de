import Configuration
import Envelope
import InternetMessage
import Mappings
import OptionSyntax
import Synchronization

/// The texts of an instance in all its languages, read when they are first used.
final class NotificationLibrary: Sendable {
    private let configuration: MTAConfiguration
    private let context: MappingContext
    private let report: @Sendable (String) -> Void
    private static let mostPlaces = 100
    /// By what is put before the names of the files; nil: there are none.
    private let known = Mutex<[String: NotificationTexts?]>([:])

    /// `report` gets lines about files that are missing or cannot be understood, once for each.
    init(_ configuration: MTAConfiguration, report: @escaping @Sendable (String) -> Void) {
        self.configuration = configuration
        self.report = report
        context = configuration.mappingContext(report: report)
    }

    /// The texts for a report, and the subject that the mapping wants. `header`: of the message it is about.
    func texts(for report: DeliveryReport, header: [UInt8]) -> (NotificationTexts, EncodedText?) {
        guard let selection = selection(report, header) else { return (usual, nil) }
        let texts = selection.place.isEmpty ? usual : chosen(selection.place)
        let subject = selection.subject.map { subject in
            EncodedText(
                octets: Array(subject.utf8), charset: selection.charset.isEmpty ? texts.charset : selection.charset)
        }
        return (texts, subject)
    }

    private func selection(_ report: DeliveryReport, _ header: [UInt8]) -> LanguageSelection? {
        let table = "NOTIFICATION_LANGUAGE"
        guard configuration.mappings.contains(table), case .success(let scan) = HeaderBlock.scan(header) else {
            return nil
        }
        let first = report.outcomes.first.flatMap { outcome in
            report.entry.recipients.indices.contains(outcome.recipient)
                ? report.entry.recipients[outcome.recipient].address : nil
        }
        let probe = LanguageProbe(
            notification: report.kind, channel: report.entry.channel,
            language: LanguageSelection.inPath(LanguageSelection.wanted(by: scan.header)),
            sender: report.message.sender,
            recipient: first ?? "", paranoia: configuration.mta.mappingParanoia)
        return LanguageSelection(
            notification: configuration.mappings.probe(table, probe.text, context: context))
    }

    /// `IMTA_LANG:`, or `LC_MESSAGES` in it; without files the built-in texts.
    private var usual: NotificationTexts {
        let directory = NotificationTexts.place(path("IMTA_LANG:"))
        return texts(at: directory) ?? texts(at: directory + "LC_MESSAGES/") ?? .builtIn
    }

    private func chosen(_ specification: String) -> NotificationTexts {
        let place = NotificationTexts.place(path(specification))
        let isNew = known.withLock { $0[place] == nil }
        if let texts = texts(at: place) { return texts }
        if isNew { report("\(place)return_prefix.txt cannot be read; the usual texts are used; make the file") }
        return usual
    }

    private func path(_ specification: String) -> String {
        let path = configuration.symbols.expandingPath(specification)
        return path.hasPrefix("/") ? path : configuration.paths.configurationFile(path)
    }

    private func texts(at place: String) -> NotificationTexts? {
        known.withLock { known in
            if let texts = known[place] { return texts }
            // The mapping may make places of what messages say.
            if known.count >= Self.mostPlaces { known.removeAll() }
            let texts = NotificationTexts(place: place, report: report)
            known[place] = .some(texts)
            return texts
        }
    }
}
