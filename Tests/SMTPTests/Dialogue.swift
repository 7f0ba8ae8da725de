import Testing

@testable import SMTP

/// A conversation as a reader would write it down. Lines that begin with `C ` go to the server, consecutive ones in one
/// packet; `c ` is the same without a line end and with `|` for CRLF. `S ` is a reply line that must come next, `M ` a
/// message that must have been taken (`|` for CRLF), `A ` a transaction given up. `! ` is an event: shutdown, stop,
/// timeout, eof, lost, tls, refusedata, refusemessages. `X` means closed. Nothing else may be said in between.
struct Dialogue: CustomTestStringConvertible, Sendable {
    var name: String
    var options: ServerOptions
    var script: String
    var trust = PeerTrust()

    init(_ name: String, _ script: String, _ change: (inout ServerOptions) -> Void = { _ in }) {
        self.name = name
        self.script = script
        options = ServerDriver.options(change)
    }

    var testDescription: String { name }

    /// What differs from the script; empty when nothing does.
    func differences(pieces: @escaping ([UInt8]) -> [[UInt8]], answering: ServerDriver.Answering) -> [String] {
        var run = Run(driver: ServerDriver(options, answering: answering), pieces: pieces)
        run.driver.session.trust = trust
        run.driver.start()
        run.driver.replies = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) { run.take(String(line)) }
        run.flush()
        run.expectNothingMore("the end")
        return run.problems
    }

    private struct Run {
        var driver: ServerDriver
        let pieces: ([UInt8]) -> [[UInt8]]
        var packet = ""
        var problems: [String] = []
        private var wasClosedSeen = false

        init(driver: ServerDriver, pieces: @escaping ([UInt8]) -> [[UInt8]]) {
            self.driver = driver
            self.pieces = pieces
        }

        /// `\r`, `\n` and `\0` in a script are the octets.
        private static func unescaped(_ text: String) -> String {
            text.replacing("\\r", with: "\r").replacing("\\n", with: "\n").replacing("\\0", with: "\0")
        }

        mutating func flush() {
            guard !packet.isEmpty else { return }
            driver.send(pieces(Array(packet.utf8)))
            packet = ""
        }

        mutating func take(_ line: String) {
            let text = String(line.dropFirst(2))
            switch line.first {
            case "C":
                if packet.isEmpty { expectNothingMore(line) }
                packet += Self.unescaped(text) + "\r\n"
            case "c":
                packet += Self.unescaped(text.replacing("|", with: "\r\n"))
            case "!":
                flush()
                event(text)
            case "S":
                flush()
                compare(text, driver.replies.isEmpty ? "nothing" : driver.replies.removeFirst())
            case "M":
                flush()
                let message = driver.messages.isEmpty ? "no message" : driver.messages.removeFirst()
                compare(Self.unescaped(text), message.replacing("\r\n", with: "|"))
            case "A":
                flush()
                compare(text, driver.aborts.isEmpty ? "no abort" : driver.aborts.removeFirst())
            case "X":
                flush()
                wasClosedSeen = true
                if !driver.isClosed { problems.append("not closed") }
            default: break
            }
        }

        private mutating func event(_ name: String) {
            switch name {
            case "shutdown": driver.session.shutDown()
            case "stop": driver.session.shutDownNow()
            case "timeout": driver.session.timedOut()
            case "eof": driver.session.inputEnded()
            case "lost": driver.session.connectionLost()
            case "tls": driver.session.tlsEstablished()
            case "refusedata": driver.refusesData = true
            case "refusemessages": driver.refusesMessages = true
            default: problems.append("unknown event \(name)")
            }
            driver.pump()
        }

        private mutating func compare(_ expected: String, _ actual: String) {
            guard expected != actual else { return }
            problems.append("expected \(expected.debugDescription), got \(actual.debugDescription)")
        }

        mutating func expectNothingMore(_ place: String) {
            if !driver.replies.isEmpty { problems.append("unexpected before \(place): \(driver.replies)") }
            if !driver.messages.isEmpty { problems.append("unexpected message before \(place): \(driver.messages)") }
            if !driver.aborts.isEmpty { problems.append("unexpected abort before \(place): \(driver.aborts)") }
            if driver.isClosed, !wasClosedSeen { problems.append("closed before \(place)") }
            driver.replies = []
            driver.messages = []
            driver.aborts = []
        }
    }
}
