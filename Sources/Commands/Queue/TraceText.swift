import Envelope
import Glibc
import SystemCalls

/// What `martlet trace` prints for people.
extension MessageTrace {
    /// `now`: seconds since 1970.
    func lines(now: Int64) -> [String] {
        var lines = ["Message \(id)"] + summary(now: now).map { "  " + QueueText.shown($0) }
        lines += [""] + (envelope.map(Self.lines) ?? linesFromLog)
        if !events.isEmpty || !acts.isEmpty { lines += ["", "What happened"] + history }
        lines += ["", entries.isEmpty ? "Nothing of it is in the queue any more." : "What is in the queue now"]
        for entry in entries { lines += Self.lines(of: entry, now: now) }
        if !ways.isEmpty {
            lines += ["", "Which way it would go by the configuration now"]
            lines += ways.map { "  \($0.text)\($0.place.isEmpty ? "" : " (\($0.place))")" }.map(QueueText.shown)
        }
        return lines
    }

    // MARK: In a few words

    /// What has become of it, for who is in a hurry: one line for each entry in the queue, then what is over.
    /// `now`: seconds since 1970; 0 leaves spans of time out.
    func summary(now: Int64) -> [String] {
        var lines = entries.map { Self.summary($0, now: now) }
        let counts = [
            (addresses("D"), "delivered"), (addresses("R"), "returned to the sender"),
            (addresses("K"), "given up without a notice, as the sender wished"),
        ].filter { $0.0 > 0 }
        if !counts.isEmpty {
            lines.append(
                counts.map { "\($0) recipient\($0 == 1 ? "" : "s") \($1)" }.joined(separator: ", ")
                    + (entries.isEmpty ? "; nothing is left to be done" : ""))
        } else if let act = acts.last, entries.isEmpty {
            lines.append("it has left the queue: \(act.text)")
        } else if entries.isEmpty {
            lines.append("it has left the queue, and the log does not say how")
        }
        return lines
    }

    /// How many recipients the log has such a line for.
    private func addresses(_ action: Character) -> Int {
        Set(events.filter { $0.action.first == action }.map { "\($0.entryName?.entry ?? 0) \($0.recipient)" }).count
    }

    private static func summary(_ entry: Entry, now: Int64) -> String {
        let item = entry.row.item
        let to = item.host.isEmpty ? item.channel : "\(item.host) (\(item.channel))"
        let last = item.outcomes.first.map { outcome in
            ": " + [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " ")
        }
        switch item.state {
        case "held": return "is held, \(item.held ?? "nobody knows why")"
        case "active": return "is being sent to \(to) right now"
        case "delayed":
            let time = item.next.map { next in
                LocalTime.stamp(next) + (now > 0 && next > now ? ", in \(LocalTime.span(next - now))" : "")
            }
            return "waits for attempt \(item.attempts + 1) to \(to) at \(time ?? "?")" + (last ?? "")
        default: return "is ready for \(to) and waits for a job"
        }
    }

    // MARK: Where it came from

    private static func lines(_ envelope: QueuedMessage) -> [String] {
        let client = envelope.submission.clientAddress
        var facts = [client.isEmpty ? "made here" : "client [\(client)]"]
        if !envelope.submission.helo.isEmpty { facts.append("HELO \(envelope.submission.helo)") }
        if !envelope.submission.user.isEmpty { facts.append("user \(envelope.submission.user)") }
        if envelope.submission.usedTLS { facts.append("TLS") }
        return [
            "  arrived     \(LocalTime.stamp(envelope.arrival / 1000)) on channel \(envelope.sourceChannel), "
                + QueueText.shown(facts.joined(separator: ", ")),
            "  from        <\(QueueText.shown(envelope.sender))>",
            "  envelope id \(envelope.envelopeID)",
            "  message id  \(QueueText.shown(envelope.messageIDHeader))",
        ]
    }

    /// What the log still knows of a message that has left the queue.
    private var linesFromLog: [String] {
        guard let first = events.first(where: { "EH".contains($0.action.prefix(1)) }) ?? events.first else { return [] }
        var lines = [
            "  arrived     \(first.stamp) on channel \(first.source)",
            "  from        <\(QueueText.shown(first.sender))>",
        ]
        if let id = messageID { lines.append("  message id  \(QueueText.shown(id))") }
        return lines
    }

    /// The id of the header, as the lines of the log have it.
    private var messageID: String? {
        envelope?.messageIDHeader
            ?? events.lazy.compactMap { event in
                event.detail.split(separator: " ").first { $0.hasPrefix("<") && $0.contains("@") && $0.hasSuffix(">") }
            }.first.map(String.init)
    }

    // MARK: What happened

    /// Lines of the log and acts of administrators, by time.
    private var history: [String] {
        let told = events.map { (stamp: $0.stamp, time: $0.time, lines: lines(of: $0)) }
        let acts = acts.map { act in
            (
                stamp: act.stamp, time: LocalTime.seconds(act.stamp) ?? 0,
                lines: ["  \(act.stamp)     an administrator: \(QueueText.shown(act.text))"]
            )
        }
        return (told + acts).enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .flatMap(\.element.lines)
    }

    /// Recipients that were refused, for people.
    static func lines(refused: [QueueLogLine]) -> [String] {
        guard !refused.isEmpty else { return [] }
        return ["Refused, so that nothing of it is in the queue"]
            + refused.flatMap { event in
                var lines = ["  \(event.stamp)  \(QueueText.padded(event.action, 5)) \(event.meaning), \(event.source)"]
                let sender = event.sender.isEmpty ? "<>" : event.sender
                lines.append("      to \(QueueText.shown(event.recipient)), from \(QueueText.shown(sender))")
                let said = event.detail.split(separator: " ").joined(separator: " ")
                if !said.isEmpty { lines.append("      \(QueueText.shown(said))") }
                return lines
            }
    }

    private func lines(of event: QueueLogLine) -> [String] {
        let way = event.destination.isEmpty ? event.source : "\(event.source) to \(event.destination)"
        let attempts = event.entryName?.attempts ?? 0
        let attempt = "QZRKD".contains(event.action.prefix(1)) ? ", attempt \(max(1, attempts + 1))" : ""
        var lines = ["  \(event.stamp)  \(QueueText.padded(event.action, 5)) \(event.meaning), \(way)\(attempt)"]
        let given = event.given
        lines.append(
            "      to \(QueueText.shown(event.recipient))"
                + (given.isEmpty || given == event.recipient ? "" : ", given as \(QueueText.shown(given))"))
        let said = said(event)
        if !said.isEmpty { lines.append("      \(QueueText.shown(said))") }
        return lines
    }

    /// What stands behind, without what stands above already.
    private func said(_ event: QueueLogLine) -> String {
        let known = Set([messageID, envelope?.envelopeID].compactMap { $0 })
        return event.detail.split(separator: " ").filter { !known.contains(String($0)) }.joined(separator: " ")
    }

    // MARK: What is in the queue

    private static func lines(of entry: Entry, now: Int64) -> [String] {
        let item = entry.row.item
        var state = item.state
        if let next = item.next { state += ", next attempt \(LocalTime.stamp(next)), in \(LocalTime.span(next - now))" }
        var lines = ["  \(item.fullName)  \(state), \(item.attempts) failed attempt\(item.attempts == 1 ? "" : "s")"]
        lines += entry.row.recipients.map { "    to \(QueueText.shown($0.address))" }
        if !item.host.isEmpty { lines.append("    host \(QueueText.shown(item.host))") }
        lines += answers(item)
        for decision in entry.decisions {
            lines.append(
                "    \(QueueText.padded(decision.about, 8))\(QueueText.shown(decision.text))"
                    + (decision.place.isEmpty ? "" : " (\(decision.place))"))
        }
        return lines
    }

    /// What the last attempt came to; the same answer for many recipients stands there once.
    private static func answers(_ item: QueueItem) -> [String] {
        var seen: [String] = []
        for outcome in item.outcomes {
            let words = [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " ")
            let remote = outcome.remote.isEmpty ? "" : " by \(outcome.remote)"
            let line = "    last answer \(LocalTime.stamp(item.lastAttempt))\(QueueText.shown("\(remote): \(words)"))"
            if !seen.contains(line) { seen.append(line) }
        }
        return seen
    }
}

extension QueueLogLine {
    /// The recipient as it was given, without the type of its address.
    var given: String {
        originalRecipient.contains(";") ? String(originalRecipient.drop { $0 != ";" }.dropFirst()) : originalRecipient
    }
}

extension QueueLog {
    /// Acts of administrators on messages (notifications-logging specification, section 2.1), oldest first.
    func acts(on ids: [MessageID]) -> [(id: MessageID, act: MessageTrace.Act)] {
        guard !ids.isEmpty, let content = try? Files.read("\(directory)/admin.log") else { return [] }
        return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count == 4, let name = EntryName(words[3].split(separator: " ").first.map(String.init) ?? ""),
                let id = ids.first(where: { $0 == name.message })
            else { return nil }
            return (id, MessageTrace.Act(stamp: "\(words[0]) \(words[1])", text: "\(words[2]) \(words[3])"))
        }
    }
}
