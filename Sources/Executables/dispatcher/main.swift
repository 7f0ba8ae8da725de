import Dispatcher
import Glibc

exit(DispatcherProcess.run(root: getenv("MARTLET_ROOT").map { String(cString: $0) }))
