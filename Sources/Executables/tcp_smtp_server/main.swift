import Glibc
import SMTPServer

exit(SMTPServerProcess.run(root: getenv("MARTLET_ROOT").map { String(cString: $0) }))
