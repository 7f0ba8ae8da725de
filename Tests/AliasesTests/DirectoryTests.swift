import Aliases
import InternetMessage
import OptionSyntax
import Testing

@Suite struct DirectoryTests {
    private let text = """
        ! our directory
        domain: example.com

        uid: anna
        domain: Example.com
        ! her addresses
        mail: anna@example.com
        mailAlternateAddress: anna.adams@example.com
        userPassword: {CRYPT}$y$j9T$abc

        uid: bert
        domain: example.com

        group: staff
        domain: example.com
        mail: staff@example.com
        mgrpRFC822MailMember: anna@example.com
        mgrpRFC822MailMember: x@y.example
        mgrpErrorsTo: owner@example.com

        """

    @Test func lookups() {
        let file = directory(text)
        #expect(file.isLocalDomain("EXAMPLE.com"))
        #expect(!file.isLocalDomain("other.example"))
        guard case .found(let anna) = file.entry(forAddress: "Anna.Adams@example.COM"),
            case .found(let bert) = file.user(forLogin: "bert", defaultDomain: "example.com"),
            case .found(let annaAgain) = file.user(forLogin: "anna@example.com", defaultDomain: "x")
        else {
            Issue.record("not found")
            return
        }
        #expect(anna.name == "anna")
        #expect(anna == annaAgain)
        #expect(anna.passwordHash == "$y$j9T$abc")
        #expect(bert.mail == "bert@example.com")
        #expect(file.entry(forAddress: "nobody@example.com") == .notFound)
        #expect(file.user(forLogin: "staff", defaultDomain: "example.com") == .notFound)
    }

    @Test(arguments: [
        ("uid: anna\ndomain: example.com\n", "has no entry"),
        ("domain: example.com\n\nuid: ../x\ndomain: example.com\n", "characters"),
        ("domain: example.com\n\nuid: a@b\ndomain: example.com\n", "characters"),
        ("domain: example.com\n\nuid: a\ndomain: example.com\n\nuid: A\ndomain: example.com\n", "twice"),
        (
            "domain: example.com\n\nuid: a\ndomain: example.com\nmail: b@example.com\n\n"
                + "uid: c\ndomain: example.com\nmail: b@example.com\n",
            "belongs to a"
        ),
        ("domain: example.com\n\ndomain: EXAMPLE.com\n", "twice"),
        ("domain: example.com\nrubbish\n", "no attribute"),
        ("mail: x@y\n", "no uid"),
        ("domain: example.com\n\nuid: a\ndomain: example.com\nmail: not an address\n", "no address"),
    ])
    func errors(_ text: String, _ message: String) throws {
        var diagnostics = Diagnostics()
        _ = DirectoryFile(parsing: text, file: "directory", diagnostics: &diagnostics)
        let error = try #require(diagnostics.all.first)
        #expect(error.message.contains(message), "\(error)")
        #expect(error.location?.file == "directory")
    }

    @Test func addingUser() throws {
        let added = try DirectoryFile.addingUser(
            to: text, uid: "carl", domain: "example.com", mail: "carl@example.com",
            DirectoryFile.Secrets(passwordHash: "$6$x$y")
        ).get()
        #expect(added.hasPrefix(text))
        #expect(
            added.dropFirst(text.count)
                == "\nuid: carl\ndomain: example.com\nmail: carl@example.com\nuserPassword: {CRYPT}$6$x$y\n")
        guard case .found(let carl) = directory(added).entry(forAddress: "carl@example.com") else {
            Issue.record("not found")
            return
        }
        #expect(carl.passwordHash == "$6$x$y")
        let fresh = try DirectoryFile.addingUser(
            to: "", uid: "carl", domain: "new.example", mail: "carl@new.example"
        ).get()
        #expect(fresh == "domain: new.example\n\nuid: carl\ndomain: new.example\nmail: carl@new.example\n")
    }

    @Test(arguments: [
        ("Anna", "x@example.com", DirectoryEditError.userExists("Anna@example.com")),
        ("carl", "anna@example.com", .addressTaken("anna@example.com", by: "anna")),
        ("c/d", "c@example.com", .badName("c/d")),
        ("carl", "nowhere", .badAddress("nowhere")),
    ])
    func addingUserFails(_ uid: String, _ mail: String, _ error: DirectoryEditError) {
        let result = DirectoryFile.addingUser(
            to: text, uid: uid, domain: "example.com", mail: mail)
        #expect(result == .failure(error))
    }

    @Test func settingPassword() throws {
        let changed = try DirectoryFile.settingPassword(
            in: text, uid: "anna", domain: "example.com", DirectoryFile.Secrets(passwordHash: "$6$n")
        ).get()
        #expect(changed == text.replacing("{CRYPT}$y$j9T$abc", with: "{CRYPT}$6$n"))
        let added = try DirectoryFile.settingPassword(
            in: text, uid: "bert", domain: "example.com", DirectoryFile.Secrets(passwordHash: "$6$n")
        ).get()
        #expect(added.contains("uid: bert\ndomain: example.com\nuserPassword: {CRYPT}$6$n\n"))
        let twice = try DirectoryFile.settingPassword(
            in: changed, uid: "anna", domain: "example.com",
            DirectoryFile.Secrets(passwordHash: "$6$o", verifiers: ["SCRAM-SHA-256$1"])
        ).get()
        #expect(twice.contains("userPassword: {CRYPT}$6$o\nauthPassword: SCRAM-SHA-256$1\n"))
        let again = DirectoryFile.settingPassword(
            in: twice, uid: "anna", domain: "example.com", DirectoryFile.Secrets(passwordHash: "$6$n"))
        #expect(try again.get() == changed)
        #expect(
            DirectoryFile.settingPassword(
                in: text, uid: "zoe", domain: "example.com", DirectoryFile.Secrets(passwordHash: "x"))
                == .failure(.noSuchUser("zoe@example.com")))
        #expect(
            DirectoryFile.settingPassword(
                in: text, uid: "anna", domain: "example.com", DirectoryFile.Secrets(passwordHash: "x\nuid: y"))
                == .failure(.badValue))
    }

    @Test func group() {
        let expansion = Site(directory: directory(text)).expand("staff@example.com")
        #expect(expansion.routes == ["ims-ms anna@ims-ms-daemon", "tcp_local x@y.example"])
        #expect(expansion.recipients.last?.list?.envelopeFrom == .address(mailbox("owner@example.com")))
    }

    /// Aliases specification, 10.4; columns: domain, domain mail, user, user mail.
    @Test(
        arguments: [
            ("active", "active", "active", "active", nil),
            ("", "", "", "", nil),
            ("active", "active", "active", "disabled", "550 5.2.1 user disabled; cannot receive new mail"),
            ("inactive", "active", "deleted", "active", "450 4.2.1 mailbox temporarily disabled"),
            ("active", "active", "active", "frozen", "450 4.2.1 mailbox temporarily disabled"),
            ("", "", "deleted", "hold", "550 5.1.6 recipient no longer on server"),
            ("", "disabled", "deleted", "", "550 5.2.1 user disabled; cannot receive new mail"),
            ("", "", "hold", "", "450 4.2.1 mailbox temporarily disabled"),
            ("", "", "", "OverQuota", "452 4.2.2 user over quota; cannot receive new mail"),
            ("overquota", "", "", "", "450 4.2.1 mailbox temporarily disabled"),
        ] as [(String, String, String, String, String?)])
    func status(_ domain: String, _ domainMail: String, _ user: String, _ userMail: String, _ reply: String?) {
        func line(_ name: String, _ value: String) -> String { value.isEmpty ? "" : "\(name): \(value)\n" }
        let text =
            "domain: example.com\n" + line("inetDomainStatus", domain) + line("mailDomainStatus", domainMail)
            + "\nuid: u\ndomain: example.com\n" + line("inetUserStatus", user) + line("mailUserStatus", userMail)
        #expect(Site(directory: directory(text)).expand("u@example.com").reply?.description == reply)
    }

    @Test func otherMailHost() {
        let text = "domain: example.com\n\nuid: u\ndomain: example.com\nmailHost: store2.example.com\n"
        #expect(
            Site(directory: directory(text)).expand("u@example.com").routes
                == ["tcp_local @store2.example.com:u@example.com"])
        let own = text.replacing("store2.", with: "MAIL.")
        #expect(Site(directory: directory(own)).expand("u@example.com").routes == ["ims-ms u@ims-ms-daemon"])
    }
}
