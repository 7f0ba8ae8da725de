import Channels
package import Configuration
import SystemCalls

/// What tells this installation from all others.
package enum Installation {
    /// The argument of XLOOP: 32 upper-case hexadecimal digits, the same in all processes of the instance
    /// (smtp specification, 3.2 and 12.9). It keeps nothing secret: it only has to differ.
    package static func xloop(_ configuration: MTAConfiguration) -> String {
        let seed = "\(configuration.channels.localHost)|\(configuration.paths.root)"
        var digits = ""
        for part in 0..<4 {
            let checksum = Array("\(part)\(seed)".utf8).withUnsafeBytes {
                crc32c($0, continuing: UInt32(part) &* 0x9E37_79B9)
            }
            let text = String(checksum, radix: 16, uppercase: true)
            digits += String(repeating: "0", count: 8 - text.count) + text
        }
        return digits
    }
}
