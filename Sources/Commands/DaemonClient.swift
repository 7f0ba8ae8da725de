import FoundationEssentials
import ProcessPool
import SystemCalls

/// Speaks to a running daemon over its command socket: a line of words, answered with one line of JSON.
struct DaemonClient {
    enum Daemon: String {
        case dispatcher = "dispatcher.sock"
        case jobController = "job_controller-admin.sock"

        var name: String { self == .dispatcher ? "dispatcher" : "job_controller" }
    }

    let path: String
    let daemon: Daemon
    /// How long an answer is waited for when nobody says otherwise.
    let timeoutSeconds: Int

    init(root: String, _ daemon: Daemon, timeoutSeconds: Int = 30) {
        path = "\(root)/run/\(daemon.rawValue)"
        self.daemon = daemon
        self.timeoutSeconds = timeoutSeconds
    }

    /// Sends a command with its arguments and gives the JSON answer. Throws what the daemon says when it refuses.
    /// Waits `timeoutSeconds` at most for the answer.
    func command(_ words: String..., timeoutSeconds: Int? = nil) throws -> String {
        try command(words, timeoutSeconds ?? self.timeoutSeconds)
    }

    private func command(_ words: [String], _ timeoutSeconds: Int) throws -> String {
        guard words.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) }) else {
            throw CommandFailure("a name has no blanks: \(words.dropFirst().joined(separator: " "))")
        }
        let answer: String
        do {
            answer = try CommandClient.ask(path, words.joined(separator: " "), timeoutSeconds: timeoutSeconds)
        } catch {
            throw CommandFailure("the \(daemon.name) does not answer (\(error)); is the instance running?")
        }
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(answer.utf8)) {
            throw CommandFailure("\(daemon.name): \(refusal.error)")
        }
        return answer
    }

    /// The answer as a value.
    func ask<Answer: Decodable>(_ type: Answer.Type, _ words: String...) throws -> Answer {
        let answer = try command(words, timeoutSeconds)
        do {
            return try JSONDecoder().decode(type, from: Data(answer.utf8))
        } catch {
            throw CommandFailure("the answer of the \(daemon.name) is not understood: \(error)")
        }
    }

    private struct Refusal: Decodable {
        var error: String
    }
}
