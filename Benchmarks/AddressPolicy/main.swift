import AddressRewriting
import Configuration
import Enqueue
import Glibc
import Mappings
import OptionSyntax

// What address policy costs: rewriting, mapping tables, loading. `make bench-addresses` runs it; an argument,
// `rewriting`, `mapping` or `loading`, asks for one of them only.

func fail(_ what: String) -> Never {
    writeLine("address_policy: \(what)", to: STDERR_FILENO)
    exit(1)
}

func mapping(_ text: String) -> MappingTables {
    var diagnostics = Diagnostics()
    let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
    let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
    if let first = diagnostics.all.first { fail(first.description) }
    return tables
}

/// A byte search over the probe: no table can be faster than one look at its input.
func memchrTime(_ texts: [String]) -> Double {
    let bytes = texts.map { Array($0.utf8) }
    return measure { index in
        bytes[index % bytes.count].withUnsafeBytes { probe in
            if let base = probe.baseAddress { keep(memchr(base, 0, probe.count)) }
        }
    }
}

func rewriting(rules: Int, asterisks: Bool = false) -> [Measurement] {
    guard let configuration = Samples.load(Samples.configuration(rules: rules, asterisks: asterisks)).configuration
    else { fail("the sample configuration is not good") }
    let engine = Router(configuration: configuration, report: { _ in }).engine
    let hosts = (0..<rules).map { $0.isMultiple(of: 2) ? Samples.host($0) : "relay.\(Samples.host($0))" }
    let addresses = hosts.enumerated().map { "user\($0.offset)@\($0.element)" }
    let queries = addresses.map { RewriteEngine.Query($0, sourceChannel: "tcp_local") }
    for query in queries {
        guard case .rewritten(let result) = engine.rewrite(query), result.channel == "tcp_intranet" else {
            fail("\(query.address) does not lead to tcp_intranet")
        }
    }
    let dictionary = Dictionary(uniqueKeysWithValues: hosts.map { ($0, 1) })
    let limit = measure { index in keep(dictionary[hosts[index % hosts.count]]) }
    let known = measure { index in keep(engine.rewrite(queries[index % queries.count])) }
    let others = addresses.map { RewriteEngine.Query($0 + ".elsewhere.example", sourceChannel: "tcp_local") }
    let unknown = measure { index in keep(engine.rewrite(others[index % others.count])) }
    let target = rules == 10_000 && !asterisks ? 500_000.0 : nil
    let name = "\(rules) rules\(asterisks ? " and asterisks" : "")"
    return [
        Measurement(
            name: "rewriting, \(name), a rule of its own", nanoseconds: known, limit: ("Dictionary lookup", limit),
            target: target),
        Measurement(
            name: "rewriting, \(name), only the rule .", nanoseconds: unknown, limit: ("Dictionary lookup", limit),
            target: target),
    ]
}

func probing(_ name: String, _ text: String, _ probes: [String], expects: Bool, target: Double? = nil) -> Measurement {
    let tables = mapping(text)
    for probe in probes where (tables.probe("SAMPLE", probe) != nil) != expects { fail("\(name): wrong for \(probe)") }
    let time = measure { index in keep(tables.probe("SAMPLE", probes[index % probes.count])) }
    return Measurement(
        name: "mapping, \(name)", nanoseconds: time, limit: ("memchr over the probe", memchrTime(probes)),
        target: target)
}

func mappingRows() -> [Measurement] {
    var rows: [Measurement] = []
    for count in [100, 1_000, 10_000] {
        let text = Samples.table(count, Samples.prefixPattern)
        let hits = (0..<count).map(Samples.prefixProbe)
        rows.append(
            probing("\(count) prefixes, match", text, hits, expects: true, target: count == 1_000 ? 200_000 : nil))
        rows.append(
            probing(
                "\(count) prefixes, no match", text, hits.map { "x" + $0 }, expects: false,
                target: count == 1_000 ? 200_000 : nil))
    }
    let wild = Samples.table(1_000) { "*|*|*|*|*\(Samples.twoLetters($0))*" }
    let probes = (0..<100).map { "T|1.9.2.1|2|1.0.3.\($0 % 10)|\($0 / 10).x" }
    rows.append(probing("1000 times *|*|*|*|*5z*, no match", wild, probes, expects: false))
    rows.append(probing("1000 times *|*|*|*|*5z*, match", wild, probes.map { $0 + "5z" }, expects: true))
    let networks = Samples.table(1_000) { "TCP|*|25|$(10.\($0 / 250).\($0 % 250).0/24)|*" }
    rows.append(probing("1000 networks, match at the end", networks, ["TCP|1.2.3.4|25|10.3.249.9|4000"], expects: true))
    return rows
}

func loading() -> Measurement {
    let text = Samples.configuration(rules: 10_000, aliases: 10_000, mappings: 1_000)
    var diagnostics: [Diagnostic] = []
    let time = measure(rounds: 3, milliseconds: 10) { _ in
        let load = Samples.load(text)
        if load.configuration == nil { diagnostics = load.diagnostics.all }
        keep(load)
    }
    if let first = diagnostics.first { fail(first.description) }
    return Measurement(
        name: "loading 10 000 rules, 10 000 aliases, 1 000 entries", nanoseconds: time,
        limit: ("memchr over the file", memchrTime([text])), target: 2)
}

let only = CommandLine.arguments.dropFirst().first
var rows: [Measurement] = []
if only ?? "rewriting" == "rewriting" {
    for count in [100, 1_000, 10_000] { rows += rewriting(rules: count) }
    rows += rewriting(rules: 10_000, asterisks: true)
}
if only ?? "mapping" == "mapping" { rows += mappingRows() }
if only ?? "loading" == "loading" { rows.append(loading()) }
table(rows)
