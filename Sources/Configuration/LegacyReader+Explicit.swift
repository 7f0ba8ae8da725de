import Channels
import Mappings
import OptionSyntax

extension LegacyReader {
    /// Rules, mappings, channels and aliases under their unified names.
    func explicitRest() -> [OptionSetting] {
        var result: [OptionSetting] = source.rules.map {
            OptionSetting(OptionPath([.init("rewrite"), .init("rule")]), $0.text.collapsingBlanks, at: $0.location)
        }
        for table in source.mappings {
            let path = OptionPath([.init("mapping", table.name), .init("rule")])
            result += table.entries.map {
                OptionSetting(path, "\($0.pattern) \($0.template)".trimmingBlanks, at: $0.location)
            }
        }
        for block in source.channels where block.kind != .nodefaults { result += LegacyText.settings(block) }
        for line in aliasListing { result += AliasOptions.settings(of: line) }
        return result
    }
}

extension String {
    /// The white space between pattern and template as one blank.
    var collapsingBlanks: String {
        guard let end = firstIndex(where: { $0 == " " || $0 == "\t" }) else { return self }
        return "\(self[..<end]) \(self[end...].trimmingBlanks)"
    }
}
