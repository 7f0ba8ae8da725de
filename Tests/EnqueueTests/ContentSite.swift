import Channels
import Enqueue
import Envelope
import InternetMessage

/// The way of one message through the header and content work of its channels.
struct ContentSite {
    let site: Site

    /// `source` and `destination`: keywords of the channels `from` and `to`; `other`: of a further destination.
    init(
        source: String = "", destination: String = "", other: String = "", added: String = "", options: String = "",
        files: [String: String] = [:]
    ) throws {
        site = try Site(
            "[channel:from]\n  official_host_name = from-daemon\n  smtp \(source)\n"
                + "[channel:to]\n  official_host_name = to-daemon\n  smtp \(destination)\n"
                + "[channel:other]\n  official_host_name = other-daemon\n  smtp \(other)\n\(added)",
            others: files, options: options)
    }

    struct Result {
        /// Without our Received field; 8-bit octets as `<F6>`.
        var content: String
        var received: String
        var facts: HeaderFacts
        var body: BodyType
    }

    func send(
        _ text: String, to destinations: [String] = ["to"], recipients: [String] = ["b@y.example"],
        sender: String = "a@x.example", rewrites: Bool = false,
        change: (inout MessageWork, Channel) throws -> Void = { _, _ in }
    ) throws -> Result {
        let channel = try site.channel("from")
        let routed = destinations.flatMap { destination in
            recipients.map {
                RoutedRecipient(channel: destination, host: "h", recipient: QueueRecipient(address: $0, given: $0))
            }
        }
        var work = site.router.messageWork(source: site.router.content.source("from"), recipients: routed)
        work.sender = sender
        try change(&work, channel)
        let content = raw(text)
        let prepared = try HeaderPreparation(site.configuration).prepare(
            content,
            received: ReceivedField(
                origin: .internalChannel("x"), host: "h", product: "p", transmission: nil, envelopeID: "e", date: []),
            completion: nil,
            rewriting: rewrites
                ? site.router.headerRewriting(source: channel, completion: HostCompletion(), recipients: routed) : nil,
            work: work
        ).get()
        let hasEightBit = content.contains { $0 > 127 }
        let (pieces, findings) = prepared.content(Array(content[prepared.bodyStart...]), hasEightBit: hasEightBit)
        let result = shown(pieces.joined())
        let isReceived = result.hasPrefix("Received:")
        let received = isReceived ? result.ranges(of: "\r\n").first { result[$0.upperBound...].first != " " } : nil
        let end = received?.upperBound ?? result.startIndex
        return Result(
            content: String(result[end...]), received: String(result[..<end]), facts: prepared.facts,
            body: BodyType(hasEightBit: hasEightBit, findings, prepared.wishes))
    }
}

/// Octets of a text in which `<F6>` stands for the octet F6.
func raw(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let octet = rest.first {
        let digits = rest.dropFirst().prefix(2)
        if octet == UInt8(ascii: "<"), rest.dropFirst(3).first == UInt8(ascii: ">"),
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        {
            output.append(value)
            rest = rest.dropFirst(4)
        } else {
            output.append(octet)
            rest = rest.dropFirst()
        }
    }
    return output
}

/// The reverse of ``raw(_:)``.
func shown(_ octets: some Sequence<UInt8>) -> String {
    octets.map { $0 < 128 ? String(Unicode.Scalar($0)) : "<" + String($0, radix: 16, uppercase: true) + ">" }.joined()
}
