import Glibc
import InternetMessage

/// The folder of outside test data, from MARTLET_TESTDATA; nil when it is not set.
func testData() -> String? {
    guard let value = getenv("MARTLET_TESTDATA") else { return nil }
    return String(cString: value)
}

/// The text of a file of the outside test data.
func testDataText(_ path: String) -> String? {
    guard let folder = testData(), let file = fopen(folder + "/" + path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
}

func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
