import Glibc
import SystemCalls

/// unbound on an ephemeral loopback port, authoritative for the records a test gives it.
final class NameServer {
    let port: UInt16
    private let program: Program

    init(scratch: String, records: [String]) throws {
        port = try TestInstance.freePort()
        let configuration = "\(scratch)/unbound-\(port).conf"
        var text = """
            server:
              interface: 127.0.0.1@\(port)
              port: \(port)
              do-daemonize: no
              username: ""
              chroot: ""
              directory: "\(scratch)"
              pidfile: "\(scratch)/unbound-\(port).pid"
              use-syslog: no
              module-config: "iterator"
              access-control: 127.0.0.0/8 allow
              local-zone: "." static
              local-zone: "127.in-addr.arpa." nodefault

            """
        for record in records {
            // Strings of a TXT record stand in quotes themselves.
            let quote = record.contains("\"") ? "'" : "\""
            text += "  local-data: \(quote)\(record)\(quote)\n"
        }
        text += "remote-control:\n  control-enable: no\n"
        try Files.replace(configuration, with: Array(text.utf8))
        program = try Program("unbound", ["-d", "-c", configuration], scratch: scratch)
        let port = port
        let answers = eventually {
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(probe) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            return withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
        guard answers else { throw Program.Failure(description: "unbound: \(program.output)") }
    }
}
