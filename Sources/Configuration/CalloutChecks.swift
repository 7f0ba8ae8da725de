import Mappings
import OptionSyntax

/// Site routines in mapping templates, `$[image,routine,argument]`: an entry with one that is not there never applies,
/// and nothing else would say so (dispatcher specification, section 9.5).
struct CalloutChecks {
    private(set) var diagnostics = Diagnostics()
    private let options: OptionStore

    init(_ tables: [MappingTableSource], _ options: OptionStore) {
        self.options = options
        for table in tables {
            for entry in table.entries { check(entry, in: table.name) }
        }
    }

    private mutating func check(_ entry: MappingEntrySource, in table: String) {
        var rest = entry.template[...]
        while let dollar = rest.firstIndex(of: "$") {
            rest = rest[rest.index(after: dollar)...]
            guard rest.first == "[" else {
                rest = rest.dropFirst()
                continue
            }
            let words = rest.dropFirst().prefix { $0 != "]" }
                .split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            let image = MappingCallout(image: words.first ?? "", routine: "", argument: "").imageName
            if image.lowercased().hasPrefix("check_metermaid") {
                judgeMeter(Array(words.dropFirst()), entry, table)
            } else {
                judge(image, entry, table)
            }
        }
    }

    /// `throttle` and `greylisting` of tables that are defined here (access-and-filtering specification, 11).
    private mutating func judgeMeter(_ words: [String], _ entry: MappingEntrySource, _ table: String) {
        let (routine, name) = (words.first?.lowercased() ?? "", words.count > 1 ? words[1] : "")
        guard ["throttle", "greylisting"].contains(routine) else {
            diagnostics.warning(
                "mapping \(table) calls \(routine) of check_metermaid.so, which this release does not have: the call"
                    + " always fails", at: entry.location, advice: "use throttle or greylisting, or remove the call")
            return
        }
        let kind = ["local_table", "table"].compactMap {
            options.string("metermaid.\($0):\(name).table_type")?.lowercased()
        }.first
        guard kind != routine else { return }
        diagnostics.warning(
            "mapping \(table) calls check_metermaid.so with the table \(name), which is not defined as \(routine): the"
                + " call always fails", at: entry.location,
            advice: "set metermaid.local_table:\(name).table_type to \(routine)")
    }

    private mutating func judge(_ image: Substring, _ entry: MappingEntrySource, _ table: String) {
        guard image.lowercased() == "conn_throttle.so" || image.lowercased() == "conn_throttle" else {
            diagnostics.warning(
                "mapping \(table) calls \(image), which this release does not have: the call always fails, as for a"
                    + " client that is on no list and within every limit", at: entry.location,
                advice: image.hasPrefix("dns_verify")
                    ? "for PORT_ACCESS use dns_verify_domain of the service" : "remove the call")
            return
        }
        guard table.uppercased() != "PORT_ACCESS" else { return }
        diagnostics.warning(
            "mapping \(table) calls conn_throttle, which counts only in PORT_ACCESS and always fails here",
            at: entry.location, advice: "move the entry to PORT_ACCESS")
    }
}
