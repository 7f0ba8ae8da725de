import CCrypt
import Glibc

/// Hashes of passwords as crypt(3) makes them, in the strongest scheme of the system (yescrypt).
enum PasswordHash {
    /// The hash, `$y$…`. Takes a noticeable time on purpose.
    static func make(_ password: String) throws -> String {
        guard let salt = crypt_gensalt_ra(nil, 0, nil, 0) else {
            throw CommandFailure("crypt_gensalt: \(String(cString: strerror(errno)))")
        }
        defer { free(salt) }
        var data: UnsafeMutableRawPointer?
        var size: Int32 = 0
        defer { free(data) }
        guard let hash = crypt_ra(password, salt, &data, &size), hash.pointee != CChar(UInt8(ascii: "*")) else {
            throw CommandFailure("crypt: \(String(cString: strerror(errno)))")
        }
        return String(cString: hash)
    }
}
