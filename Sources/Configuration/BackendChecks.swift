import AddressRewriting
import Aliases
import Channels
import Mappings
import OptionSyntax

/// Warns of what is accepted and cannot work here: things for which there is no backend, files that do not exist.
struct BackendChecks {
    private(set) var diagnostics = Diagnostics()
    private let configuration: MTAConfiguration
    private let files: ConfigurationFiles

    init(_ configuration: MTAConfiguration, _ source: ConfigurationSource, _ files: ConfigurationFiles) {
        self.configuration = configuration
        self.files = files
        for rule in configuration.ruleSources { check(rule.template, "rewrite rule \(rule.pattern)", rule.location) }
        for table in source.mappings {
            for entry in table.entries { check(entry.template, "an entry of \(table.name)", entry.location) }
        }
        checkAliasMagic()
        checkReversal()
        checkReplies()
        for name in configuration.aliases.order {
            if let entry = configuration.aliases.entry(named: name) { check(entry) }
        }
    }

    // MARK: Templates

    /// Queries and routines in a template of a rule or an entry.
    private mutating func check(_ template: String, _ owner: String, _ place: SourceLocation) {
        for call in OutsideCalls(template).all {
            switch call {
            case .directory:
                diagnostics.warning(
                    "\(owner) asks a directory by LDAP, which this release cannot, so it never applies", at: place)
            case .routine(let image, let routine):
                let call = MappingCallout(image: image, routine: routine, argument: "")
                guard !["conn_throttle", "conn_throttle.so"].contains(call.imageName.lowercased()) else { continue }
                diagnostics.warning(
                    "\(owner) calls routine \(routine) of \(image), which is not built in, so it never applies",
                    at: place)
            }
        }
    }

    // MARK: Options

    private mutating func checkAliasMagic() {
        let option = configuration.options["mta.alias_magic"]
        if let value = option?.value.flatMap(IntegerValue.parse) {
            checkMagic(value, "alias_magic", option?.location)
        }
        for channel in configuration.channels.channels {
            guard let value = channel.integer("aliasmagic") else { continue }
            checkMagic(value, "aliasmagic of channel \(channel.name)", channel.settings["aliasmagic"]?.location)
        }
        for number in 0...3 {
            guard let url = configuration.options["mta.alias_url\(number)"] else { continue }
            diagnostics.warning(
                "alias_url\(number) is not asked: there is no LDAP in this release", at: url.location,
                advice: "put users into the directory file")
        }
    }

    /// Digits 4, 6 and 7 have a source, 8 belongs to the default value.
    private mutating func checkMagic(_ value: Int, _ name: String, _ place: SourceLocation?) {
        for digit in AliasProbes.sources(magic: value) where ![4, 6, 7, 8].contains(digit) {
            diagnostics.warning(
                "\(name): digit \(digit) names an alias source that this release does not have", at: place,
                advice: "4 is the alias file, 6 the directory, 7 its catch-all addresses")
        }
    }

    private mutating func checkReversal() {
        if let url = configuration.options["mta.reverse_url"] {
            diagnostics.warning("reverse_url is not asked: there is no LDAP in this release", at: url.location)
        }
        let reverse = configuration.options["mta.use_reverse_database"]
        let bits = configuration.mta.addresses.reverseBits
        for (bit, what) in [(2, "reversal before rewriting"), (64, "reversal of message ids")] where bits & bit != 0 {
            diagnostics.warning("use_reverse_database: \(what) is not supported", at: reverse?.location)
        }
        if bits >= 512 {
            diagnostics.warning("use_reverse_database: bits above 256 have no meaning here", at: reverse?.location)
        }
    }

    /// Texts that a reply of this release has, `error_text_` left out (smtp specification, 5).
    private static let replyTexts: Set<String> = [
        "access_failure", "deleted_group", "deleted_user", "disabled_group", "disabled_user", "inactive_group",
        "inactive_user", "over_quota", "recipient_over", "transaction_limit_exceeded", "unknown_alias", "unknown_host",
        "unknown_user", "unnegotiated_eightbit",
    ]

    /// "not supported, always 0, warn if set"; of `use_permanent_error` one bit is documented.
    private mutating func checkReplies() {
        if let option = configuration.options["mta.use_temporary_error"], configuration.mta.useTemporaryError != 0 {
            diagnostics.warning(
                "use_temporary_error has no effect: no document says what its bits mean", at: option.location,
                advice: "remove it")
        }
        if let option = configuration.options["mta.use_permanent_error"],
            configuration.mta.usePermanentError & ~16 != 0
        {
            diagnostics.warning(
                "use_permanent_error: only 16, too many recipients, has an effect", at: option.location,
                advice: "write 16 or 0")
        }
        let prefix = "mta.error_text_"
        for entry in configuration.options.all where entry.path.key.hasPrefix(prefix) {
            let name = String(entry.path.key.dropFirst(prefix.count))
            guard !Self.replyTexts.contains(name) else { continue }
            diagnostics.warning(
                "error_text_\(name) has no effect: no reply of this release has that text", at: entry.location,
                advice: Spelling.advice(for: name, among: Array(Self.replyTexts)))
        }
    }

    // MARK: Mailing lists

    private mutating func check(_ entry: AliasEntry) {
        if let list = entry.list { check(list, "members of alias \(entry.name)", entry.location) }
        guard let parameters = entry.parameters else { return }
        for list in parameters.locations { check(list, "a parameter of alias \(entry.name)", entry.location) }
        if parameters.hasOwnEnvelope, configuration.channels.channel(named: "reprocess") == nil {
            diagnostics.warning(
                "envelope From, header fields and limits of alias \(entry.name) need the channel reprocess, which does"
                    + " not exist", at: entry.location)
        }
    }

    private mutating func check(_ list: ListLocation, _ what: String, _ place: SourceLocation) {
        switch list {
        case .ldap(let url):
            diagnostics.warning(
                "\(what) are at \(url), and there is no LDAP in this release", at: place,
                advice: "mail to the alias waits until it names a file")
        case .file(let name):
            if case .success(.some) = files.read(configuration.paths.expand(name)) { return }
            diagnostics.warning(
                "\(what): the file \(name) cannot be read", at: place,
                advice: "mail to the alias waits until it can be")
        }
    }
}

/// What a template of a rewrite rule or a mapping entry calls outside the configuration: `$]url[` and
/// `$[image,routine,argument]`, the same in both.
struct OutsideCalls {
    enum Call: Hashable {
        case directory
        case routine(image: String, name: String)
    }

    private(set) var all: [Call] = []

    init(_ template: String) {
        var rest = template[...]
        while let dollar = rest.firstIndex(of: "$") {
            rest = rest[rest.index(after: dollar)...]
            guard let next = rest.popFirst() else { return }
            if next == "]" {
                all.append(.directory)
                rest = rest.drop { $0 != "[" }.dropFirst()
            } else if next == "[" {
                let parts = rest.prefix { $0 != "]" }.split(separator: ",", omittingEmptySubsequences: false)
                let image = parts.first.map(String.init) ?? ""
                all.append(.routine(image: image, name: parts.count > 1 ? String(parts[1]) : ""))
            }
        }
    }
}
