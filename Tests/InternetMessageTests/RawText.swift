/// Octets of a text in which `<F6>` stands for the octet F6.
func raw(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let octet = rest.first {
        if octet == UInt8(ascii: "<"), rest.count > 3, rest[rest.startIndex + 3] == UInt8(ascii: ">"),
            let value = UInt8(
                String(decoding: rest[(rest.startIndex + 1)...(rest.startIndex + 2)], as: UTF8.self), radix: 16)
        {
            output.append(value)
            rest = rest.dropFirst(4)
        } else {
            output.append(octet)
            rest = rest.dropFirst()
        }
    }
    return output
}

/// The reverse of ``raw(_:)``.
func shown(_ octets: some Sequence<UInt8>) -> String {
    var output = ""
    for octet in octets {
        if octet < 128 {
            output.unicodeScalars.append(Unicode.Scalar(octet))
        } else {
            output += "<" + String(octet, radix: 16, uppercase: true) + ">"
        }
    }
    return output
}
