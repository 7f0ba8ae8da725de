/// How entries are laid out: the values of LOG_FORMAT (notifications-logging specification, 2.2 and 2.5).
package enum LogFormat: Int, Sendable {
    /// Fields in columns, separated by a blank.
    case columns = 1
    /// As `columns`, an empty address is `<>`.
    case marked = 2
    /// As `columns`, fields of variable length are `N:text`.
    case counted = 3
    /// One XML element in a line.
    case xml = 4
    /// `{"en":{…}}`
    case json = 5
    /// `{"e":"en",…}`
    case flatJSON = 6

    /// XML and JSON: fields have names, and most are on unless they are turned off.
    package var isStructured: Bool { rawValue > 3 }
}
