import Glibc
import SystemCalls

/// Lets a person edit a text in the program that `EDITOR` names, `vi` without it (unified configuration specification,
/// section 3.4). No shell is in between: the value is a program and its arguments, separated by blanks.
enum ExternalEditor {
    /// The text as it was left; nil when the editor could not be run or failed.
    static func edit(_ text: String, name: String, editor: String? = nil) -> String? {
        let given = editor ?? getenv("EDITOR").map { String(cString: $0) } ?? ""
        let words = given.split(separator: " ").map(String.init)
        guard let file = temporaryFile(text, name) else { return nil }
        defer { unlink(file) }
        guard run((words.isEmpty ? ["vi"] : words) + [file]) else { return nil }
        return (try? Files.read(file)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A file that nobody else can read.
    private static func temporaryFile(_ text: String, _ name: String) -> String? {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(directory)/msconfig-\(name)-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isWritten = Array(text.utf8).withUnsafeBytes { bytes in
            (try? Files.writeAll(descriptor, bytes, path)) != nil
        }
        if !isWritten { unlink(path) }
        return isWritten ? path : nil
    }

    /// Waits for the end of the program; true when it succeeded.
    private static func run(_ words: [String]) -> Bool {
        let arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawnp(&pid, words[0], nil, nil, arguments, environ) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return false } }
        return status == 0
    }
}
