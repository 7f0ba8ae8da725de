import Testing

@testable import InternetMessage

@Suite struct InternationalDomainTests {
    @Test(arguments: [
        ("b\u{fc}cher.example", "xn--bcher-kva.example"), ("B\u{dc}CHER.example", "xn--bcher-kva.example"),
        ("m\u{fc}nchen.example", "xn--mnchen-3ya.example"),
        ("\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}", "xn--r8jz45g.xn--zckzah"),
        ("\u{fc}", "xn--tda"), ("stra\u{df}e.example", "xn--strae-oqa.example"),
        ("\u{438}\u{441}\u{43f}\u{44b}\u{442}\u{430}\u{43d}\u{438}\u{435}", "xn--80akhbyknj4f"),
        ("plain.example", "plain.example"), ("a\u{3002}b\u{fc}cher.example", "a.xn--bcher-kva.example"),
    ])
    func labels(domain: String, expected: String) {
        #expect(InternationalDomain.asciiForm(domain) == expected)
    }

    @Test(arguments: [
        "b\u{75}\u{308}cher.example", "\u{fc} x.example", "\u{fc}_.example", "-\u{fc}.example", "a..\u{fc}",
        "\u{1F600}.example",
        String(repeating: "\u{fc}", count: 200), "",
    ])
    func refused(domain: String) {
        #expect(InternationalDomain.asciiForm(domain) == nil)
    }
}
