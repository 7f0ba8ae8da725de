import Dispatcher
import Glibc

guard let root = getenv("MARTLET_ROOT") else {
    fputs("dispatcher: MARTLET_ROOT is not set; start the instance with martlet run\n", stderr)
    exit(78)
}
exit(DispatcherProcess.run(root: String(cString: root)))
