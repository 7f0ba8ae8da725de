import Testing

@testable import SMTP

@Suite struct ParameterTests {
    private static func text(_ result: Result<MailParameters, Reply>) -> String {
        switch result {
        case .failure(let reply): return reply.text
        case .success(let parameters):
            var words: [String] = []
            if let size = parameters.size { words.append("size \(size)") }
            if let body = parameters.body { words.append("\(body)") }
            if parameters.needsSMTPUTF8 { words.append("utf8") }
            if let returned = parameters.returnContent { words.append("\(returned)") }
            if let id = parameters.envelopeID { words.append("id \(id)") }
            if let submitter = parameters.submitter { words.append("auth \(submitter)") }
            return words.joined(separator: ", ")
        }
    }

    private static let syntax = "501 5.5.4 Syntax error in parameters"

    private static func invalid(_ keyword: String) -> String { "501 5.5.4 Invalid value for parameter \(keyword)" }

    static let mailRows: [(String, String)] = [
        ("", ""),
        ("  ", ""),
        (" SIZE=1024", "size 1024"),
        (" size=0 body=8bitmime", "size 0, eightBitMIME"),
        (" BODY=7BIT\tRET=HDRS ENVID=QQ314159", "sevenBit, headers, id QQ314159"),
        (" RET=FULL ENVID=a+2Bb+3D", "full, id a+b="),
        (" SMTPUTF8", "utf8"),
        (" AUTH=<>", "auth <>"),
        (" AUTH=e+3Dmc2@example.com", "auth e=mc2@example.com"),
        ("SIZE=1", syntax),
        (" =1", syntax),
        (" -A=1", syntax),
        (" A_B=1", syntax),
        (" \u{e9}=1", syntax),
        (" FOO", "555 5.5.4 Unsupported parameter FOO"),
        (" foo=1", "555 5.5.4 Unsupported parameter foo"),
        (" HOLDFOR=10", "555 5.5.4 Unsupported parameter HOLDFOR"),
        (" NOTIFY=NEVER", "555 5.5.4 Unsupported parameter NOTIFY"),
        (" SIZE", invalid("SIZE")),
        (" size=", invalid("SIZE")),
        (" SIZE=-1", invalid("SIZE")),
        (" SIZE=1k", invalid("SIZE")),
        (" SIZE=123456789012345678901", invalid("SIZE")),
        (" SIZE=20971520", "size 20971520"),
        (" SIZE=20971521", "552 5.3.4 channel limit of 20480 kilobytes on message size exceeded"),
        (" SIZE=9223372036854775808", "552 5.3.4 channel limit of 20480 kilobytes on message size exceeded"),
        (" SIZE=99999999999999999999", "552 5.3.4 channel limit of 20480 kilobytes on message size exceeded"),
        (" SIZE=1 SIZE=1", "501 5.5.4 Parameter SIZE given more than once"),
        (" BODY=7BIT body=7BIT", "501 5.5.4 Parameter BODY given more than once"),
        (" BODY=BINARYMIME", invalid("BODY")),
        (" RET=BODY", invalid("RET")),
        (" SMTPUTF8=1", invalid("SMTPUTF8")),
        (" ENVID=a+", invalid("ENVID")),
        (" ENVID=a+2b", invalid("ENVID")),
        (" ENVID=+00", invalid("ENVID")),
        (" ENVID=a+0Ab", invalid("ENVID")),
        (" ENVID=+09", invalid("ENVID")),
        (" ENVID=+C3+A9", invalid("ENVID")),
        (" ENVID=a=b", invalid("ENVID")),
        (" ENVID=" + String(repeating: "x", count: 101), invalid("ENVID")),
        (" AUTH=", invalid("AUTH")),
        (" AUTH=a+0Db", invalid("AUTH")),
        (" AUTH=" + String(repeating: "x", count: 501), invalid("AUTH")),
    ]

    @Test(arguments: mailRows)
    func mail(rest: String, expected: String) {
        var options = ServerOptions(hostName: "h", clientAddress: "c", productVersion: "v", xloop: "X")
        options.sizeLimit = 20_971_520
        options.offersSMTPUTF8 = true
        options.authenticationMechanisms = ["PLAIN"]
        #expect(Self.text(MailParameters.parse(Array(rest.utf8)[...], options: options)) == expected)
    }

    /// What EHLO did not offer is not taken.
    @Test(arguments: ["SMTPUTF8", "AUTH"])
    func notOffered(keyword: String) {
        let options = ServerOptions(hostName: "h", clientAddress: "c", productVersion: "v", xloop: "X")
        let result = MailParameters.parse(Array(" \(keyword)=<>".utf8)[...], options: options)
        #expect(Self.text(result) == "555 5.5.4 Unsupported parameter \(keyword)")
    }

    private static func text(_ result: Result<RecipientParameters, Reply>) -> String {
        switch result {
        case .failure(let reply): reply.text
        case .success(let parameters): "\(parameters.notify.rawValue) \(parameters.originalRecipient ?? "-")"
        }
    }

    static let recipientRows: [(String, String)] = [
        ("", "0 -"),
        (" NOTIFY=NEVER", "1 -"),
        (" notify=success,Failure,DELAY", "14 -"),
        (" NOTIFY=FAILURE ORCPT=rfc822;Bob@Ent.com", "4 rfc822;Bob@Ent.com"),
        (" ORCPT=rfc822;a+2Bb@c", "0 rfc822;a+b@c"),
        (" NOTIFY=", invalid("NOTIFY")),
        (" NOTIFY=ALWAYS", invalid("NOTIFY")),
        (" NOTIFY=SUCCESS,", invalid("NOTIFY")),
        (" NOTIFY=NEVER,SUCCESS", invalid("NOTIFY")),
        (" NOTIFY=NEVER NOTIFY=NEVER", "501 5.5.4 Parameter NOTIFY given more than once"),
        (" ORCPT=rfc822", invalid("ORCPT")),
        (" ORCPT=;a", invalid("ORCPT")),
        (" ORCPT=rfc822;", invalid("ORCPT")),
        (" ORCPT=rfc822;a+0Ab", invalid("ORCPT")),
        (" ORCPT=rfc822;+", invalid("ORCPT")),
        (" ORCPT=rfc822;" + String(repeating: "x", count: 500), invalid("ORCPT")),
        (" SIZE=1", "555 5.5.4 Unsupported parameter SIZE"),
    ]

    @Test(arguments: recipientRows)
    func recipient(rest: String, expected: String) {
        #expect(Self.text(RecipientParameters.parse(Array(rest.utf8)[...])) == expected)
    }
}
