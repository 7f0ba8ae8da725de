import Configuration
import Glibc
import OptionSyntax
import SystemCalls

/// What the functions of a recipe look at and change: the edited texts of a session. Nothing is checked as a whole
/// before the recipe has ended, since its steps need not be valid one by one (unified configuration specification,
/// section 6: "All changes of one run are applied together").
final class RecipeWorkbench {
    /// What a recipe says and asks.
    struct Surroundings {
        var say: (String) -> Void
        var ask: (_ prompt: String, _ isSecret: Bool) -> String?
    }

    let recipe: String
    let paths: InstancePaths
    let files: ConfigurationFiles
    let around: Surroundings
    private(set) var texts: ConfigurationTexts
    private(set) var findings = Diagnostics()
    /// What was changed, each with the place in the recipe.
    private(set) var changes: [String] = []

    init(
        _ recipe: String, texts: ConfigurationTexts, paths: InstancePaths, files: ConfigurationFiles,
        around: Surroundings
    ) {
        self.recipe = recipe
        self.texts = texts
        self.paths = paths
        self.files = files
        self.around = around
    }

    /// One function; nil when there is none of that name.
    func call(
        _ name: String, _ values: [RecipeValue], _ place: RecipePlace
    ) throws(RecipeError) -> RecipeValue? {
        let arguments = RecipeArguments(name, values)
        do throws(ConfigurationEditor.Refusal) {
            if let result = try callOption(name, arguments, place) { return result }
            if let result = try callGroup(name, arguments, place) { return result }
            if let result = try callPart(name, arguments, place) { return result }
        } catch {
            throw RecipeError(error.description, place)
        }
        return try callSystem(name, arguments)
    }

    func edit(_ edit: ConfigurationEditor.Edit, _ place: RecipePlace) throws(ConfigurationEditor.Refusal) {
        texts = try ConfigurationEditor.apply(edit, to: texts, findings: &findings)
        let name =
            switch edit {
            case .set(let name, _), .unset(let name, _, _): name
            }
        changes.append("\(name) at \(recipe):\(place.line)")
    }

    func replace(
        _ part: ConfigurationPart, with text: String, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) {
        texts = try texts.replacing(part, with: text)
        changes.append("\(part.rawValue) at \(recipe):\(place.line)")
    }

    // MARK: Options

    private func callOption(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        switch name {
        case "description", "keywords": return RecipeValue.nothing
        case "get_option": return .string(try option(try arguments.text(0)))
        case "get_options":
            return .list(
                texts.settings(matching: try arguments.text(0), paths: paths, files: files).map { setting in
                    .list([
                        .string("\(setting.scope.rawValue).\(setting.path)"), .string(setting.shownValue ?? ""),
                    ])
                })
        case "exists_option":
            return .integer(
                try texts.settings(of: try arguments.text(0), paths: paths, files: files).isEmpty ? 0 : 1)
        case "option_exists_default": return .integer(try ConfigurationTexts.hasDefault(try arguments.text(0)) ? 1 : 0)
        case "set_option":
            try edit(.set(name: try arguments.text(0), value: arguments.optionalText(1)), place)
        case "unset_option": try edit(.unset(name: try arguments.text(0), all: true), place)
        case "get_option_modification_locations": return .list(changes.map(RecipeValue.string))
        default: return nil
        }
        return RecipeValue.nothing
    }

    /// "error when the name is invalid or matches several; `""` when set as no-value or when valid but unset".
    private func option(_ name: String) throws(ConfigurationEditor.Refusal) -> String {
        let found = try texts.settings(of: name, paths: paths, files: files)
        guard found.count < 2 || !ConfigurationTexts.isMultiValued(found[0].path) else {
            throw ConfigurationEditor.Refusal(
                description: "\(name) has \(found.count) values; get_options gives all of them")
        }
        return found.last?.shownValue ?? ""
    }

    // MARK: The world

    private func callSystem(_ name: String, _ arguments: RecipeArguments) throws(RecipeError) -> RecipeValue? {
        do throws(ConfigurationEditor.Refusal) {
            switch name {
            case "print": around.say(arguments.all.map(\.text).joined())
            case "warn": around.say("warning: " + arguments.all.map(\.text).joined())
            case "error": throw ConfigurationEditor.Refusal(description: arguments.all.map(\.text).joined())
            case "read", "read_noecho":
                let fallback = arguments.optionalText(1)
                let answer = around.ask(try arguments.text(0), name == "read_noecho")
                guard let given = answer.flatMap({ $0.isEmpty ? nil : $0 }) ?? fallback ?? answer else {
                    throw ConfigurationEditor.Refusal(description: "the input ended before an answer came")
                }
                return .string(given)
            case "exists_file": return .integer(Files.exists(path(try arguments.text(0))) ? 1 : 0)
            case "get_env": return .string(getenv(try arguments.text(0)).map { String(cString: $0) } ?? "")
            case "hostname": return .string(try option("base.hostname"))
            case "instancename": return .string(try named("base.instancename", "ims"))
            case "rolename": return .string(try named("base.rolename", "mta"))
            case "get_path": return .string(try directory(try arguments.text(0)))
            case "make_path": return .string(path(try arguments.text(0)))
            default: return nil
            }
            return RecipeValue.nothing
        } catch {
            throw RecipeError(error.description)
        }
    }

    private func named(_ option: String, _ usual: String) throws(ConfigurationEditor.Refusal) -> String {
        let value = try self.option(option)
        return value.isEmpty ? usual : value
    }

    private func directory(_ name: String) throws(ConfigurationEditor.Refusal) -> String {
        switch name.lowercased() {
        case "server": return paths.root
        case "data": return paths.data
        case "config": return paths.config
        default:
            throw ConfigurationEditor.Refusal(description: "get_path knows server, data and config, not \(name)")
        }
    }

    /// With `$NAME`, `${NAME}` and symbolic names replaced.
    private func path(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.first == "{"
            if isBraced { rest.removeFirst() }
            let name = rest.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
            rest = rest.dropFirst(name.count)
            if isBraced, rest.first == "}" { rest.removeFirst() }
            result += getenv(String(name)).map { String(cString: $0) } ?? ""
        }
        return paths.symbols().expandingPath(result + rest)
    }
}

/// The arguments of a call.
struct RecipeArguments {
    let function: String
    let all: [RecipeValue]

    init(_ function: String, _ all: [RecipeValue]) {
        self.function = function
        self.all = all
    }

    func text(_ index: Int) throws(ConfigurationEditor.Refusal) -> String {
        guard all.indices.contains(index) else {
            throw ConfigurationEditor.Refusal(description: "\(function) needs more arguments")
        }
        if case .list = all[index] {
            throw ConfigurationEditor.Refusal(description: "argument \(index + 1) of \(function) cannot be a list")
        }
        return all[index].text
    }

    func optionalText(_ index: Int) -> String? { all.indices.contains(index) ? all[index].text : nil }

    func list(_ index: Int) throws(ConfigurationEditor.Refusal) -> [RecipeValue] {
        guard all.indices.contains(index), case .list(let items) = all[index] else {
            throw ConfigurationEditor.Refusal(description: "argument \(index + 1) of \(function) must be a list")
        }
        return items
    }
}
