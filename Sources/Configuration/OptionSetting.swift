package import OptionSyntax

/// One option as it was set, in either form of the configuration, under its unified name.
package struct OptionSetting: Hashable, Sendable {
    package var scope: OptionScope
    package var path: OptionPath
    /// As written, symbols not replaced; nil for a no-value option.
    package var value: String?
    /// Where the name stands.
    package var location: SourceLocation
    /// Where the value stands.
    package var valueLocation: SourceLocation

    /// The value for the eyes of people and programs: of a password nothing but that it is set.
    package var shownValue: String? { path.isPassword ? value.map { _ in Self.suppressed } : value }

    /// What stands in the place of a password.
    package static let suppressed = "(suppressed)"

    package init(
        _ path: OptionPath, _ value: String?, scope: OptionScope = .role, at location: SourceLocation,
        valueAt valueLocation: SourceLocation? = nil
    ) {
        self.scope = scope
        self.path = path
        self.value = value
        self.location = location
        self.valueLocation = valueLocation ?? location
    }
}
