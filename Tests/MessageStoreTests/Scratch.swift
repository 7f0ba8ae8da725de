import Glibc
import SystemCalls

/// A directory that goes away with the last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    func names(_ directory: String) -> [String] { (try? Files.list("\(path)/\(directory)")) ?? [] }

    func text(_ file: String) -> String? {
        (try? Files.read("\(path)/\(file)")).map { String(decoding: $0, as: UTF8.self) }
    }
}
