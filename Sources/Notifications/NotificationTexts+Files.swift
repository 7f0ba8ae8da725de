import Enqueue
import SystemCalls

extension NotificationTexts {
    /// The files whose names begin with `place`, mostly a directory with its slash. Without `return_prefix.txt` there is
    /// no language there, and the answer is nil. A text that is missing besides is the built-in one; `report` is told.
    init?(place: String, report: (String) -> Void) {
        guard let prefix = Self.read(place, "return_prefix.txt") else { return nil }
        var kinds: [NotificationKind: [UInt8]] = [:]
        for kind in NotificationKind.allCases {
            let text = Self.read(place, "return_\(kind.rawValue).txt")
            if let text = text ?? (kind == .relayed ? Self.read(place, "return_forwarded.txt") : nil) {
                kinds[kind] = text
            } else {
                report("\(place)return_\(kind.rawValue).txt cannot be read; the built-in text is used; make the file")
                kinds[kind] = Self.builtIn.kinds[kind]
            }
        }
        self.init(prefix: prefix, suffix: Self.read(place, "return_suffix.txt") ?? [], kinds: kinds)
        if let file = Self.read(place, "return_option.opt") ?? Self.read(place, "return_option.dat") {
            options = NotificationOptions(file)
            for problem in options.problems { report("\(place)return_option.opt: \(problem)") }
        }
        if let file = Self.read(place, "return_header.opt") {
            header = HeaderOptions(String(decoding: file, as: UTF8.self)) { problem in
                report("\(place)return_header.opt:\(problem.line):\(problem.column): \(problem.message)")
            }
        }
    }

    private static func read(_ place: String, _ name: String) -> [UInt8]? { try? Files.read(place + name) }

    /// What a directory specification means: it is put before the names of files, so it mostly ends in a slash; one that
    /// names a directory without it gets it.
    static func place(_ specification: String) -> String {
        if specification.hasSuffix("/") { return specification }
        return Files.exists(specification + "/") ? specification + "/" : specification
    }
}
