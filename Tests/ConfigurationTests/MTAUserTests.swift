import Glibc
import SystemCalls
import Testing

@testable import Configuration

@Suite struct MTAUserTests {
    @Test(arguments: [
        ("user=mailsrv\n", "mailsrv"),
        ("! who runs it\n# all of it\n\n  User = mailsrv  \r\ngroup = mail\nnoprivuser=nobody\n", "mailsrv"),
        ("user=a\nuser=b", "b"),
    ])
    func namesTheUser(text: String, user: String) throws {
        #expect(try MTAUser.parse(Array(text.utf8), file: "restricted.cnf") == user)
    }

    @Test(arguments: [
        ("", "restricted.cnf: user is missing; write user=NAME"),
        ("user\n", "restricted.cnf:1: write user=NAME"),
        ("\nuser=\n", "restricted.cnf:2: write user=NAME"),
        ("usr=mailsrv\n", "restricted.cnf:1: unknown setting usr; user is the one that counts"),
    ])
    func refuses(text: String, reason: String) {
        #expect(throws: MTAUser.Failure.self) { try MTAUser.parse(Array(text.utf8), file: "restricted.cnf") }
        do {
            _ = try MTAUser.parse(Array(text.utf8), file: "restricted.cnf")
        } catch { #expect(error.description == reason) }
    }

    @Test func fileThatOthersMayWriteDoesNotCount() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        let paths = InstancePaths(configurationDirectory: directory)
        let file = paths.configurationFile("restricted.cnf")
        defer {
            unlink(file)
            rmdir(directory)
        }
        // Without the file it is the owner of the directory.
        #expect(try MTAUser.configured(paths).identity.user == geteuid())
        try Files.replace(file, with: Array("user=root\n".utf8), mode: 0o666)
        chmod(file, 0o666)
        #expect(throws: MTAUser.Failure.self) { try MTAUser.configured(paths) }
        chmod(file, 0o644)
        if Users.isRoot {
            #expect(try MTAUser.configured(paths).identity.user == 0)
            #expect(try MTAUser.toTakeOn(paths) == nil)
            chown(file, 65534, 65534)
        }
        #expect(throws: MTAUser.Failure.self) { try MTAUser.configured(paths) }
    }
}
