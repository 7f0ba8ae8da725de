import DNS
import SPF

extension FuzzTarget {
    /// What the DNS of strangers says about who may send.
    static let senderPolicyTargets = [
        FuzzTarget(
            "spf",
            [
                "v=spf1 a mx/24 a:x.example//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:y.example -all",
                "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d2} ptr:%{h} redirect=%{o}.z.example exp=%{p}.why.example",
                "see http://%{d}/why?s=%{S}&i=%{I}&c=%{c}&r=%{r}&t=%{t}",
            ],
            words: [
                "%{", "}", "%%", "%_", "%-", "//", "/", ":", "=", "all", "include:", "redirect=", "exp=", "exists:",
                "99999999999999999999", "255.255.255.255", "::", " ", "-", "~", "r", "0",
            ],
            run: { bytes in
                guard let client = SPFAddress("192.0.2.3") else { return }
                let subject = SPFSubject(
                    client: client, localPart: "a", domain: "x.example", helo: "h.example", receiver: "r.example",
                    time: 0)
                var check = SPFCheck(subject)
                var step = check.begin()
                // Every name has the same records, so that a record includes itself and explains itself.
                while case .ask(let questions) = step {
                    for question in questions { step = check.receive(answer(question, bytes)) }
                }
                if case .done(let outcome) = step {
                    _ = ReceivedSPF.field(outcome, subject, identity: .mailFrom)
                }
            })
    ]

    private static func answer(_ question: DNSQuestion, _ bytes: [UInt8]) -> DNSAnswer {
        let records: [DNSRecord] =
            switch question.type {
            case .txt: [.text(bytes)]
            case .a: [.address("192.0.2.3"), .address(text(bytes))]
            case .mx:
                [.mailExchange(preference: 0, host: "m.example"), .mailExchange(preference: 1, host: text(bytes))]
            case .ptr: [.name("x.example"), .name(text(bytes))]
            default: []
            }
        return DNSAnswer(question, records.isEmpty ? .noData : .answered, records: records)
    }
}
