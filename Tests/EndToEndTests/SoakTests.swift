import Glibc
import SystemCalls
import Testing

/// Short runs of `scripts/soak`, which lets system calls of the processes fail and fills their disk while mail flows:
/// nothing that was answered 250 may be lost. Where a part is not possible (no root, no mount) it says SKIPPED.
@Suite(.serialized) struct SoakTests {
    @Test(arguments: [
        ["--no-kills", "--faults", "6", "--sessions", "10"],
        ["--no-kills", "--full", "--sessions", "10"],
    ]) func nothingIsLost(options: [String]) async throws {
        let script = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/scripts/soak"
        let program = try Program(
            script, ["--binaries", TestInstance.binaries, "--seed", "1", "--patience", "60"] + options, scratch: "/tmp")
        defer { unlink(program.outputPath) }
        let finished = try await program.finished(seconds: 300)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.contains("answered 250") || finished.output.contains("SKIPPED"), "\(finished.output)")
        if finished.output.contains("SKIPPED") { print(finished.output) }
    }
}
