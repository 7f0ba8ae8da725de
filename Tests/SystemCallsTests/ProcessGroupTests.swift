import Glibc
import SystemCalls
import Testing

@Suite struct ProcessGroupTests {
    /// A child leads a group of its own, unless it is to end with its parent's.
    @Test(arguments: [false, true])
    func groups(keepsGroup: Bool) throws {
        var request = Processes.Request(path: "/bin/sleep", arguments: ["100"], environment: [])
        request.keepsGroup = keepsGroup
        let process = try Processes.spawn(request)
        defer {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        #expect(getpgid(process) == (keepsGroup ? getpgrp() : process))
    }
}
