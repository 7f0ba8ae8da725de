import Synchronization
import SystemCalls

/// Remembers every file that is read through it, with its content.
final class FileRecorder: Sendable {
    private let base: ConfigurationFiles
    private let list = Mutex<[String: CompiledConfiguration.File]>([:])

    init(_ base: ConfigurationFiles) { self.base = base }

    var seen: [String: CompiledConfiguration.File] { list.withLock { $0 } }

    var files: ConfigurationFiles {
        ConfigurationFiles(
            read: { path in
                let result = self.base.read(path)
                if case .success(let content) = result {
                    let permissions = self.base.permissions(path)
                    self.list.withLock { $0[path] = .init(content: content, permissions: permissions) }
                }
                return result
            }, replace: base.replace, permissions: base.permissions)
    }
}
