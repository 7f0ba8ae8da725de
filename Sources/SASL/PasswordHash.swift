import CCrypt
import Glibc

/// Hashes of passwords as crypt(3) knows them.
package enum PasswordHash {
    /// Why no hash could be made.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The hash in the strongest scheme of the system (yescrypt, `$y$…`). Takes a noticeable time on purpose.
    package static func make(_ password: String) throws(Failure) -> String {
        guard let salt = crypt_gensalt_ra(nil, 0, nil, 0) else {
            throw Failure(description: "crypt_gensalt: \(String(cString: strerror(errno)))")
        }
        defer { free(salt) }
        guard let hash = hash(password, setting: salt) else {
            throw Failure(description: "crypt: \(String(cString: strerror(errno)))")
        }
        return String(decoding: hash, as: UTF8.self)
    }

    /// Whether `password` has this hash. Takes as long as making it.
    package static func verifies(_ password: String, _ hash: String) -> Bool {
        guard !hash.isEmpty, let made = self.hash(password, setting: hash) else { return false }
        return isEqualInConstantTime(made, Array(hash.utf8))
    }

    /// crypt_ra(3); nil for a setting it does not know.
    private static func hash(_ password: String, setting: UnsafePointer<CChar>) -> [UInt8]? {
        var data: UnsafeMutableRawPointer?
        var size: Int32 = 0
        defer { free(data) }
        guard let hash = crypt_ra(password, setting, &data, &size), hash.pointee != CChar(UInt8(ascii: "*")) else {
            return nil
        }
        return Array(UnsafeRawBufferPointer(start: hash, count: strlen(hash)))
    }
}
