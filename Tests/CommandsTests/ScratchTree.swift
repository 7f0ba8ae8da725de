import Glibc
import SystemCalls

/// Removes what a test has made.
func removeTree(_ path: String) {
    for name in (try? Files.list(path)) ?? [] { removeTree("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
}
