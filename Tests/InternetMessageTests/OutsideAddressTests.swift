import InternetMessage
import Testing

private let hasData = testData() != nil
private let whyNot: Comment = "MARTLET_TESTDATA is not set"

private struct IsEmailCase {
    var address: [UInt8]
    var category: String
    var diagnosis: String
}

private func isEmailCases() -> [IsEmailCase] {
    guard let text = testDataText("isemail/tests.xml") else { return [] }
    return text.split(separator: "<test id=").dropFirst().compactMap { part in
        guard let category = element("category", part), let diagnosis = element("diagnosis", part) else { return nil }
        return IsEmailCase(
            address: decoded(element("address", part) ?? ""), category: category, diagnosis: diagnosis)
    }
}

private func element(_ name: String, _ text: Substring) -> String? {
    guard let start = text.firstRange(of: "<\(name)>"),
        let end = text[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    return String(text[start.upperBound..<end.lowerBound])
}

/// XML entities, and control characters written as U+2400 + code.
private func decoded(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
        if scalar == "&", let end = rest.firstIndex(of: ";") {
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            let named: [String: UInt8] = ["lt": 60, "gt": 62, "amp": 38, "quot": 34, "apos": 39]
            if let octet = named[name] {
                output.append(octet)
            } else if name.hasPrefix("#x"), let code = UInt32(name.dropFirst(2), radix: 16) {
                appendScalar(code, to: &output)
            }
        } else {
            appendScalar(scalar.value, to: &output)
        }
    }
    return output
}

private func appendScalar(_ code: UInt32, to output: inout [UInt8]) {
    if code >= 0x2400, code < 0x2420 {
        output.append(UInt8(code - 0x2400))
    } else if code == 0x2421 {
        output.append(127)
    } else if let scalar = Unicode.Scalar(code) {
        output.append(contentsOf: String(Character(scalar)).utf8)
    }
}

private func mailboxLines(_ file: String) -> [String] {
    (testDataText("flanker/" + file) ?? "").split(separator: "\n").compactMap { line in
        let text: Substring = line.firstRange(of: "   ").map { line.prefix(upTo: $0.lowerBound) } ?? line
        return text.isEmpty || text.first == "#" || text.first == " " ? nil : String(text)
    }
}

@Suite(.enabled(if: hasData, whyNot)) struct OutsideAddressTests {
    /// A path of RFC 5321 takes what isemail calls valid or valid for RFC 5321, and nothing else, but for length.
    @Test func isEmailAsPath() {
        let cases = isEmailCases()
        #expect(cases.count == 164)
        for test in cases {
            // `::` for a single group is deprecated in RFC 5321 alone; RFC 4291 allows it, and so do we.
            let good =
                ["ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"].contains(test.category)
                || test.diagnosis == "ISEMAIL_RFC5321_IPV6DEPRECATED"
            let path = Array("<".utf8) + test.address + Array(">".utf8)
            let parsed = try? SMTPPath.parse(path[...], limits: .strict).get()
            let accepted = parsed?.mailbox?.domain.isEmpty == false
            #expect(accepted == good, "\(String(decoding: test.address, as: UTF8.self)) \(test.diagnosis)")
        }
    }

    /// A header mailbox takes everything isemail does not call an error; length is no question there. NUL, CR and LF
    /// are refused even behind a backslash, and 8-bit octets are a matter of the asterisk rule.
    @Test func isEmailAsHeaderMailbox() {
        for test in isEmailCases() {
            let escapesControl = test.diagnosis == "ISEMAIL_DEPREC_QP"
            if escapesControl || test.address.contains(where: { $0 >= 128 }) { continue }
            let accepted = (try? HeaderAddressList.parseMailbox(test.address[...]).get()) != nil
            #expect(
                accepted == (test.category != "ISEMAIL_ERR"),
                "\(String(decoding: test.address, as: UTF8.self)) \(test.diagnosis)")
        }
    }

    @Test func flankerValid() {
        let lines = mailboxLines("mailbox_valid.txt")
        #expect(lines.count > 100)
        for line in lines {
            let result = HeaderAddressList.parseMailbox(bytes(line), allowUTF8: true)
            #expect((try? result.get()) != nil, "\(line): \(result)")
        }
    }

    /// What flanker refuses though RFC 5322 section 4.4 has it (obsolete local parts and literals), `xn--` labels,
    /// which we leave to the DNS, and lengths, which are no question in a header.
    @Test func flankerInvalid() {
        let allowed: Set = [
            "test@xn--example.com", "partially.\"quoted\"@sld.com", "foo@[\\1.2.3.4]", "first.\"\".last@iana.org",
            "\"foo\"(yay)@(hoopla)[1.2.3.4]",
        ]
        let lines = mailboxLines("mailbox_invalid.txt").filter { !allowed.contains($0) && $0.utf8.count < 300 }
        #expect(lines.count > 60)
        for line in lines {
            let result = HeaderAddressList.parseMailbox(bytes(line), allowUTF8: true)
            #expect((try? result.get()) == nil, "\(line)")
        }
    }
}
