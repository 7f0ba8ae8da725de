import Envelope
package import ProcessPool
package import Spool

/// What an enqueuing process tells the Job Controller of one message it has committed (`NOTE`), and how far a segment
/// is committed (`UPTO`). Both are hints: what they do not say is read from the segment.
package enum NoticeMessages {
    /// A notice as one group; nil when it would not fit a datagram with ease, so that `UPTO` has to tell of it.
    package static func fields(_ facts: CommittedMessageFacts) -> Fields? {
        guard facts.entries.count <= 20 else { return nil }
        var fields = Fields()
        fields.append("id", facts.message.description)
        fields.append("place", facts.location.text)
        fields.append("arrival", "\(facts.arrival)")
        fields.append("size", "\(facts.size)")
        for entry in facts.entries {
            guard isWord(entry.channel), isWord(entry.host) || entry.host.isEmpty else { return nil }
            fields.append(
                "entry",
                "\(entry.number) \(entry.priority.rawValue) \(entry.recipients) \(entry.notBefore) "
                    + "\(entry.channel) \(entry.host)")
            if let deliverBy = entry.deliverBy { fields.append("by", "\(deliverBy.rawValue)") }
            if let reason = entry.heldReason { fields.append("held", singleLine(reason, limit: 200)) }
        }
        return fields
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    package static func read(_ group: Fields) -> CommittedMessageFacts? {
        guard let message = group["id"].flatMap({ MessageID($0) }),
            let location = group["place"].flatMap({ SpoolLocation(text: $0) }),
            let arrival = group["arrival"].flatMap({ Int64($0) }), let size = group.integer("size"), size >= 0
        else { return nil }
        var entries: [CommittedEntryFacts] = []
        for field in group.all {
            if field.key == "entry" {
                guard let entry = readEntry(field.value) else { return nil }
                entries.append(entry)
            } else if field.key == "by", !entries.isEmpty {
                guard let value = Int64(field.value) else { return nil }
                entries[entries.count - 1].deliverBy = DeliverBy(rawValue: value)
            } else if field.key == "held", !entries.isEmpty {
                entries[entries.count - 1].heldReason = field.value
            }
        }
        guard !entries.isEmpty else { return nil }
        return CommittedMessageFacts(
            message: message, location: location, arrival: arrival, size: size, entries: entries)
    }

    private static func readEntry(_ text: String) -> CommittedEntryFacts? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, let number = UInt32(parts[0]),
            let priority = UInt8(parts[1]).flatMap({ Priority(rawValue: $0) }),
            let recipients = Int(parts[2]), recipients >= 0, recipients < Int(Int32.max),
            let notBefore = Int64(parts[3]), notBefore >= 0, notBefore < 1 << 40, !parts[4].isEmpty
        else { return nil }
        return CommittedEntryFacts(
            number: number, channel: String(parts[4]), host: String(parts[5]), priority: priority,
            notBefore: notBefore, recipients: recipients)
    }

    /// `UPTO`: the segment is committed up to `end`, in bytes from its start.
    package static func upTo(_ segment: String, _ end: Int) -> Fields {
        ["segment": segment, "end": "\(end)"]
    }

    package static func readUpTo(_ group: Fields) -> (segment: String, end: Int)? {
        guard let segment = group["segment"], SpoolLocation.isSegmentName(segment), let end = group.integer("end"),
            end >= 0, end < 1 << 48
        else { return nil }
        return (segment, end)
    }
}
