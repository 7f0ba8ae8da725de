import Glibc
import SystemCalls

/// Postfix's smtp-sink on an ephemeral port: takes mail, and writes each message to a file when asked.
final class SMTPSink {
    let port: UInt16
    private let program: Program
    private let directory: String

    /// `options` as smtp-sink has them, for example `-f`, `RCPT` to refuse recipients for good.
    init(scratch: String, options: [String] = [], port: UInt16? = nil) throws {
        self.port = try port ?? TestInstance.freePort()
        directory = "\(scratch)/sink-\(self.port)"
        try Files.createDirectory(directory)
        // As root it insists on another user, who must be able to write the messages.
        let user = geteuid() == 0 ? ["-u", "nobody"] : []
        chmod(directory, 0o777)
        chmod(scratch, 0o755)
        program = try Program(
            "smtp-sink", user + ["-d", "\(directory)/%M."] + options + ["127.0.0.1:\(self.port)", "100"],
            scratch: scratch)
        let answers = eventually {
            guard let peer = try? SMTPPeer(port: self.port) else { return false }
            return (try? peer.reply()) != nil
        }
        guard answers else { throw Program.Failure(description: "smtp-sink: \(program.output)") }
    }

    /// The messages taken so far, with the envelope that smtp-sink writes before them.
    var messages: [String] {
        ((try? Files.list(directory)) ?? []).map {
            String(decoding: (try? Files.read("\(directory)/\($0)")) ?? [], as: UTF8.self)
        }
    }

    func arrivals(count: Int = 1) -> [String] {
        _ = eventually {
            messages.count >= count && messages.allSatisfy { $0.hasSuffix("\n\n") || $0.contains("\n\n") }
        }
        return messages
    }

    func stop() {
        program.signal(SIGTERM)
        _ = try? program.wait(seconds: 10)
    }
}
