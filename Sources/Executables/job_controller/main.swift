import Glibc
import JobController

exit(JobControllerProcess.run(root: getenv("MARTLET_ROOT").map { String(cString: $0) }))
