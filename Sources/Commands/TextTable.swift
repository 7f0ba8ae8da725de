import ProcessPool

/// Columns that align, for people: numbers to the right, the rest to the left. Control characters in cells, which may
/// come from clients, are escaped.
struct TextTable {
    enum Style {
        case plain, heading, good, warning, bad, faint

        var code: String? {
            switch self {
            case .plain: nil
            case .heading: "1"
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            case .faint: "2"
            }
        }

        func apply(_ text: String) -> String {
            guard let code, !text.isEmpty else { return text }
            return "\u{1B}[\(code)m\(text)\u{1B}[0m"
        }
    }

    struct Cell: ExpressibleByStringLiteral {
        let text: String
        let style: Style

        init(_ text: String, _ style: Style = .plain) {
            self.text = LogRecordFormat.escaped(text)
            self.style = style
        }

        init(_ number: Int, _ style: Style = .plain) { self.init(String(number), style) }

        init(stringLiteral value: String) { self.init(value) }
    }

    struct Column: ExpressibleByStringLiteral {
        let title: String
        let isRight: Bool

        init(stringLiteral value: String) { self.init(value, isRight: false) }

        init(_ title: String, isRight: Bool) {
            self.title = title
            self.isRight = isRight
        }

        static func number(_ title: String) -> Column { Column(title, isRight: true) }
    }

    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Missing cells are empty.
    mutating func add(_ cells: [Cell]) { rows.append(Array(cells.prefix(columns.count))) }

    /// The header and the rows, without blanks at the ends.
    func lines(isColoured: Bool) -> [String] {
        var widths = columns.map(\.title.count)
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.count) }
        }
        let header = columns.map { Cell($0.title, .heading) }
        return ([header] + rows).map { row in
            var line = ""
            var gap = 0
            for (index, cell) in row.enumerated() {
                let padding = widths[index] - cell.text.count
                if columns[index].isRight { gap += padding }
                if !cell.text.isEmpty {
                    line += String(repeating: " ", count: gap) + (isColoured ? cell.style.apply(cell.text) : cell.text)
                    gap = 0
                }
                if !columns[index].isRight { gap += padding }
                gap += 2
            }
            return line
        }
    }
}
