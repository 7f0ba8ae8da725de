import Mappings
import OptionSyntax

/// Site routines in mapping templates, `$[image,routine,argument]`: an entry with one that is not there never applies,
/// and nothing else would say so (dispatcher specification, section 9.5).
struct CalloutChecks {
    private(set) var diagnostics = Diagnostics()

    init(_ tables: [MappingTableSource]) {
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
            let image = rest.dropFirst().prefix { $0 != "," && $0 != "]" }
            judge(MappingCallout(image: String(image), routine: "", argument: "").imageName, entry, table)
        }
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
