import Glibc

/// Limits that the system sets for this process.
package enum SystemLimits {
    /// The soft limit of open files now in force (RLIMIT_NOFILE).
    package static var openFiles: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// The deepest queue that listen(2) grants (net.core.somaxconn); nil when the kernel does not say.
    package static var listenBacklog: Int? {
        guard let bytes = try? Files.read("/proc/sys/net/core/somaxconn", limit: 64) else { return nil }
        return Int(String(decoding: bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }
}
