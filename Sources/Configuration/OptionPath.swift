import Channels
import OptionSyntax

/// Where an option value is kept: the role holds what hosts share, the instance what differs per host and wins.
package enum OptionScope: String, Hashable, Sendable { case role, instance }

/// The name of an option or of a group of options: `dispatcher.service:SMTP.tcp_ports`.
///
/// Unified configuration specification, section 2.1.
package struct OptionPath: Hashable, Sendable, CustomStringConvertible {
    /// A step of the path: a name in lower case and, for a named group, the group's name.
    package struct Step: Hashable, Sendable {
        package var name: String
        package var group: String?

        package init(_ name: String, _ group: String? = nil) {
            self.name = name
            self.group = group
        }

        fileprivate var text: String { group.map { "\(name):\(OptionPath.escaped($0))" } ?? name }
    }

    package var steps: [Step]

    package init(_ steps: [Step]) { self.steps = steps }

    /// The full name, group names escaped.
    package var description: String { steps.map(\.text).joined(separator: ".") }

    /// The name for comparison: group names compare without case.
    package var key: String { description.lowercased() }

    /// The path without its last step.
    package var group: OptionPath { OptionPath(Array(steps.dropLast())) }

    /// The last step's name.
    package var option: String { steps.last?.name ?? "" }

    /// True when the last step names a group and no option, as `job_controller.channel_class:hold`.
    package var isGroup: Bool { steps.last?.group != nil }

    package func appending(_ name: String, _ group: String? = nil) -> OptionPath {
        OptionPath(steps + [Step(name, group)])
    }

    /// The value is a secret: `show` does not print it, and it is kept in passwords.conf (unified configuration
    /// specification, section 2.4).
    package var isPassword: Bool {
        if steps.count == 2, steps[0].name == "channel" {
            return ChannelKeyword.named(option).contains(where: \.isPassword)
        }
        return OptionDefinition.isPassword(option)
    }

    /// The path with group names left out, for look-up in the catalogue: `dispatcher.service.tcp_ports`.
    var shape: String { steps.map(\.name).joined(separator: ".") }

    fileprivate static func escaped(_ name: String) -> String {
        var result = ""
        for character in name {
            if [".", ":", "\\", " ", "="].contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }
}

extension OptionPath {
    /// A name that cannot be read: why, and where in the text (bytes from 0).
    package struct Malformed: Error, Hashable, Sendable {
        package var message: String
        package var offset: Int
    }

    /// Groups that may be named without the step before them.
    private static let shortForms = [
        "job_pool": "job_controller", "channel_class": "job_controller", "service": "dispatcher", "task": "schedule",
    ]

    /// Reads a name with or without scope; short forms are completed.
    package static func parse(
        _ text: String
    ) throws(Malformed) -> (scope: OptionScope?, path: OptionPath) {
        var bytes = Array(text.utf8)[...]
        var steps: [Step] = []
        while true {
            steps.append(try step(&bytes))
            guard let next = bytes.first else { break }
            guard next == UInt8(ascii: ".") else {
                throw Malformed(message: "expected a period after \(steps.last?.name ?? "")", offset: bytes.startIndex)
            }
            bytes.removeFirst()
        }
        var scope: OptionScope?
        if let first = steps.first, first.group == nil, let named = OptionScope(rawValue: first.name), steps.count > 1 {
            scope = named
            steps.removeFirst()
        }
        if let first = steps.first, first.group != nil, let parent = shortForms[first.name] {
            steps.insert(Step(parent), at: 0)
        }
        return (scope, OptionPath(steps))
    }

    private static func step(_ bytes: inout ArraySlice<UInt8>) throws(Malformed) -> Step {
        let name = bytes.prefix(while: \.isOptionNameByte)
        guard !name.isEmpty else {
            throw Malformed(message: "expected an option name", offset: bytes.startIndex)
        }
        bytes = bytes.dropFirst(name.count)
        let text = String(decoding: name, as: UTF8.self).lowercased()
        guard bytes.first == UInt8(ascii: ":") else { return Step(text) }
        bytes.removeFirst()
        var group: [UInt8] = []
        while let byte = bytes.first, byte != UInt8(ascii: ".") {
            bytes.removeFirst()
            if byte == UInt8(ascii: "\\"), let escaped = bytes.popFirst() {
                group.append(escaped)
            } else {
                group.append(byte)
            }
        }
        guard !group.isEmpty else {
            throw Malformed(message: "expected a group name after \(text):", offset: bytes.startIndex)
        }
        return Step(text, String(decoding: group, as: UTF8.self))
    }
}

extension UInt8 {
    /// A byte of a step's name: letter, digit or underscore.
    var isOptionNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
