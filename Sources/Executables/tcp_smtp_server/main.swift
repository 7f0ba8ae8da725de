import Glibc
import SMTPServer

guard let root = getenv("MARTLET_ROOT") else {
    fputs("tcp_smtp_server: MARTLET_ROOT is not set; this program is started by the dispatcher\n", stderr)
    exit(78)
}
exit(SMTPServerProcess.run(root: String(cString: root)))
