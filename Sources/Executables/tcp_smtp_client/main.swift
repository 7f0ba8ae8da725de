import Glibc
import SMTPClient

exit(SMTPClientProcess.run())
