package import OptionSyntax

/// A config.xml as one martlet.conf. The tree is walked generically, as element names of the family's own files are not
/// documented; what has no name here is listed with its path (unified configuration specification, section 4).
package struct XMLImport: Sendable {
    /// The text; nil when the document cannot be read or has errors.
    package var text: String?
    package var diagnostics = Diagnostics()
    /// What could not be carried over, and why; one line each.
    package var losses: [String] = []

    /// The passwords among it, for passwords.conf; nil without any.
    package var passwords: [UInt8]?
    /// Whether the text means something else than the document.
    package var isDifferent = false

    private var options: [String] = []
    private var secrets: [String] = []
    private var conversions: [String] = []

    /// `name`: for findings. `paths`: of the instance that the configuration is for. `heading`: comment lines.
    package init(_ content: [UInt8], name: String, paths: InstancePaths, heading: [String] = []) {
        var reader = XMLReader(content)
        do throws(XMLReader.Fault) {
            let root = try reader.document()
            // The role's channels come first: their order counts.
            let parts = Self.ordered(root.children)
            for child in parts.filter({ $0.name != "instance" }) + parts.filter({ $0.name == "instance" }) {
                walk(child, OptionPath([]), .role, "/\(root.name)")
            }
        } catch {
            diagnostics.error(error.message, at: SourceLocation(file: name, line: error.line))
            return
        }
        prove(paths, heading)
    }

    /// Written as single options it is loaded, so that it can be written in sections; those are loaded again and have
    /// to mean the same.
    private mutating func prove(_ paths: InstancePaths, _ heading: [String]) {
        var plain = options.joined(separator: "\n") + "\n"
        if !conversions.isEmpty { plain += "[conversions]\n" + conversions.map { "  \($0)\n" }.joined(separator: "\n") }
        let empty = ConfigurationFiles(read: { _ in .success(nil) })
        func load(_ main: String, _ passwords: [UInt8]?) -> ConfigurationLoad {
            let texts = ConfigurationTexts(main: Array(main.utf8), passwords: passwords)
            return MTAConfiguration.load(paths: paths, files: texts.laid(over: empty, paths: paths))
        }
        let first = load(plain, secrets.isEmpty ? nil : Array(secrets.map { $0 + "\n" }.joined().utf8))
        diagnostics = first.diagnostics
        guard let configuration = first.configuration else { return }
        for form in [UnifiedWriter.ChannelForm.asGiven, .complete] {
            let text = UnifiedWriter.text(of: configuration, heading: heading, form: form)
            let passwords = UnifiedWriter.passwords(of: configuration, form: form)
            let differences = ConfigurationComparison.differences(configuration, load(text, passwords))
            self.text = text
            self.passwords = passwords
            if differences.isEmpty { return }
            guard form == .complete else { continue }
            losses += differences
            isDifferent = true
        }
    }

    private mutating func walk(_ element: XMLElement, _ path: OptionPath, _ scope: OptionScope, _ place: String) {
        let name = element.attributes["name"]
        let place = "\(place)/\(element.name)" + (name.map { "[\($0)]" } ?? "")
        func walkChildren(_ me: inout XMLImport, _ path: OptionPath, _ scope: OptionScope) {
            for child in Self.ordered(element.children) { me.walk(child, path, scope, place) }
        }
        switch (element.name, name) {
        case ("instance", _): walkChildren(&self, path, .instance)
        case ("role", _): walkChildren(&self, path, .role)
        case ("group", _):
            guard let type = element.attributes["type"] else { return lose(element, place) }
            let group = path.appending(type.lowercased(), name)
            if element.children.isEmpty, name != nil { add(group, nil, scope) }
            walkChildren(&self, group, scope)
        case ("option", let name?) where element.children.isEmpty: option(element, path.appending(name), scope, place)
        case ("rewrites", _): rules(element, OptionPath([.init("rewrite"), .init("rule")]), scope, place)
        case ("mapping", let name?): rules(element, OptionPath([.init("mapping", name), .init("rule")]), scope, place)
        case ("alias", let name?):
            for child in element.children {
                guard child.name == "entry" else {
                    walk(child, OptionPath([.init("alias", name)]), scope, place)
                    continue
                }
                add(OptionPath([.init("alias", name), .init("alias_entry")]), child.text.trimmingBlanks, scope)
            }
        case ("conversions", _): conversions += element.children.map { Self.oneLine($0.text) }
        default: lose(element, place)
        }
    }

    private mutating func option(_ element: XMLElement, _ path: OptionPath, _ scope: OptionScope, _ place: String) {
        let text = element.text.trimmingBlanks
        let isPassword = element.attributes["type"] == "password" || path.isPassword
        if element.attributes["ref"] != nil || isPassword && text.isEmpty {
            losses.append("line \(element.line): \(place): a password, which an export does not hold; set it by hand")
        } else if path.steps.count < 2 {
            lose(element, place)
        } else {
            add(path, element.attributes["type"] == "flag" ? nil : text, scope, isPassword: isPassword)
        }
    }

    private mutating func rules(_ element: XMLElement, _ path: OptionPath, _ scope: OptionScope, _ place: String) {
        for child in element.children {
            guard child.name == "rule", let pattern = child.attributes["pattern"] else {
                lose(child, "\(place)/\(child.name)")
                continue
            }
            add(path, "\(pattern) \(child.attributes["template"] ?? "")".trimmingBlanks, scope)
        }
    }

    private mutating func add(
        _ path: OptionPath, _ value: String?, _ scope: OptionScope, isPassword: Bool = false
    ) {
        let name = "\(scope.rawValue).\(path)"
        var line = "\(name) (novalue)"
        if let value {
            let text = Quoting.quotedWhenNeeded(Self.oneLine(value))
            line = "\(name) = \(text)" + (text.hasSuffix("\\") ? "\\" : "")
        }
        if isPassword { secrets.append(line) } else { options.append(line) }
    }

    private mutating func lose(_ element: XMLElement, _ place: String) {
        losses.append("line \(element.line): \(place): no option is known for it")
    }

    /// Channels by their `order`, everything else as it stands.
    private static func ordered(_ elements: [XMLElement]) -> [XMLElement] {
        elements.enumerated()
            .map {
                (order: $0.element.attributes["order"].flatMap(Int.init) ?? 0, index: $0.offset, element: $0.element)
            }
            .sorted { ($0.order, $0.index) < ($1.order, $1.index) }
            .map(\.element)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { String($0).trimmingBlanks }.filter { !$0.isEmpty }
            .joined(separator: " ")
    }
}
