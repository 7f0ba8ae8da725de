import Configuration
import Glibc
import SystemCalls
import Testing

/// The import of a directory that holds these files.
func legacyImport(_ files: [String: String]) throws -> LegacyImport {
    var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for name in files.keys { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }
    for (name, text) in files { try Files.replace("\(directory)/\(name)", with: Array(text.utf8)) }
    return LegacyImport(directory: directory)
}
