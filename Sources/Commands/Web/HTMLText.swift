/// HTML that is put together piece by piece. What is not markup goes through ``escaped(_:)``: names of hosts and channels
/// come from strangers.
struct HTMLText {
    private(set) var text = ""

    /// Markup, as it is.
    mutating func add(_ markup: String) { text += markup + "\n" }

    /// An element around words.
    mutating func element(_ name: String, class style: String = "", _ words: String) {
        add(Self.element(name, class: style, words))
    }

    static func element(_ name: String, class style: String = "", _ words: String) -> String {
        "<\(name)\(style.isEmpty ? "" : " class=\"\(escaped(style))\"")>\(escaped(words))</\(name)>"
    }

    /// Text between tags and in quoted attributes; control characters become question marks.
    static func escaped(_ words: String) -> String {
        var result = ""
        for scalar in QueueText.shown(words).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A bar of parts beside each other, each with the class that colours it; `most`: what fills the bar.
    static func bar(_ parts: [(style: String, count: Int)], of most: Int) -> String {
        var place = 0.0
        var rects = ""
        for part in parts where part.count > 0 {
            // What is there can be seen, however little it is.
            let width = max(0.4, Double(part.count) * 100 / Double(max(1, most)))
            rects += "<rect class=\"\(part.style)\" x=\"\(decimal(place))\" width=\"\(decimal(width))\" height=\"10\"/>"
            place += width
        }
        return "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">\(rects)</svg>"
    }

    /// Two digits behind the point.
    private static func decimal(_ value: Double) -> String {
        let hundredths = Int((min(100, max(0, value)) * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
