/// `xtext` of RFC 3461 section 4, used by ENVID, ORCPT and AUTH=.
package enum XText {
    /// Appends `octets` in encoded form: anything but `!`…`~` without `+` and `=` as `+XX`.
    package static func encode(_ octets: some Sequence<UInt8>, to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        for octet in octets {
            if octet > 32, octet < 127, octet != Octet.plus, octet != UInt8(ascii: "=") {
                output.append(octet)
            } else {
                output.append(Octet.plus)
                output.append(digits[Int(octet >> 4)])
                output.append(digits[Int(octet & 15)])
            }
        }
    }

    /// `text` in encoded form.
    package static func encode(_ text: String) -> String {
        var output: [UInt8] = []
        encode(text.utf8, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The decoded text; nil when `octets` is no xtext (a lone `+`, lower-case digits, blanks, `=`), when the result
    /// has control characters, which would reach headers and logs, or when it is not valid UTF-8.
    package static func decode(_ octets: some Collection<UInt8>) -> String? {
        var output: [UInt8] = []
        output.reserveCapacity(octets.count)
        var iterator = octets.makeIterator()
        while let octet = iterator.next() {
            guard octet > 32, octet < 127, octet != UInt8(ascii: "=") else { return nil }
            guard octet == Octet.plus else {
                output.append(octet)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(), let upper = hexDigit(high),
                let lower = hexDigit(low)
            else { return nil }
            let value = upper << 4 | lower
            guard value >= 32, value != 127 else { return nil }
            output.append(value)
        }
        return String(validating: output, as: UTF8.self)
    }

    private static func hexDigit(_ octet: UInt8) -> UInt8? {
        octet >= UInt8(ascii: "a") ? nil : octet.hexValue
    }
}
