/// An entry with named fields being written, one element or object in a line (notifications-logging specification, 2.5).
struct LogElement {
    /// XML, JSON or flat JSON.
    let format: LogFormat

    private var isXML: Bool { format == .xml }

    /// Begins an element with its time. `name`: `en`, `co` or `he`.
    func begin(_ name: String, time: [UInt8], to line: inout [UInt8]) {
        switch format {
        case .json:
            line += "{\"".utf8
            line += name.utf8
            line += "\":{\"ts\":\"".utf8
        case .flatJSON:
            line += "{\"e\":\"".utf8
            line += name.utf8
            line += "\",\"ts\":\"".utf8
        default:
            line += "<".utf8
            line += name.utf8
            line += " ts=\"".utf8
        }
        line += time
        line.append(UInt8(ascii: "\""))
    }

    func text(_ key: String, _ value: String, to line: inout [UInt8]) {
        beginField(key, to: &line)
        line.append(UInt8(ascii: "\""))
        LogText.append(value, as: isXML ? .xml : .json, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    /// As `text`, when there is something to say.
    func textIfAny(_ key: String, _ value: String, to line: inout [UInt8]) {
        if !value.isEmpty { text(key, value, to: &line) }
    }

    /// A number in JSON, digits in XML.
    func number(_ key: String, _ value: Int, to line: inout [UInt8]) {
        beginField(key, to: &line)
        if isXML { line.append(UInt8(ascii: "\"")) }
        line += String(value).utf8
        if isXML { line.append(UInt8(ascii: "\"")) }
    }

    func end(to line: inout [UInt8]) {
        switch format {
        case .json: line += "}}\n".utf8
        case .flatJSON: line += "}\n".utf8
        default: line += "/>\n".utf8
        }
    }

    private func beginField(_ key: String, to line: inout [UInt8]) {
        if isXML {
            line.append(UInt8(ascii: " "))
            line += key.utf8
            line.append(UInt8(ascii: "="))
        } else {
            line += ",\"".utf8
            line += key.utf8
            line += "\":".utf8
        }
    }
}
