package import OptionSyntax
import SystemCalls

/// The directories of an instance. Without a slash at the end.
///
/// Unified configuration specification, sections 1.2 and 1.3.
package struct InstancePaths: Hashable, Sendable {
    /// SERVERROOT; for an embedded instance the directory `martlet init` made.
    package var root: String
    /// CONFIGROOT: martlet.conf or imta.cnf and its companions.
    package var config: String
    /// DATAROOT.
    package var data: String
    /// Sockets and pid files.
    package var run: String
    /// Where the executables are (`IMTA_BIN:`).
    package var bin: String

    /// The spool.
    package var queue: String { data + "/queue" }
    package var log: String { data + "/log" }
    /// What the channels have counted.
    package var counters: String { run + "/counters" }
    /// The Maildir message store.
    package var store: String { data + "/store" }

    package init(root: String, config: String, data: String, run: String, bin: String) {
        self.root = root
        self.config = config
        self.data = data
        self.run = run
        self.bin = bin
    }

    /// An embedded instance: everything under one directory; executables beside the running one.
    package init(instanceRoot: String, bin: String? = nil) {
        let root = Self.withoutSlash(instanceRoot)
        self.init(
            root: root, config: root + "/config", data: root + "/data", run: root + "/run",
            bin: bin ?? Files.parent(of: Processes.executablePath))
    }

    /// A configuration directory alone: the instance around it when it is called `config`, else an instance whose
    /// other directories are below it.
    package init(configurationDirectory: String, bin: String? = nil) {
        let directory = Self.withoutSlash(configurationDirectory)
        if directory.hasSuffix("/config") {
            self.init(instanceRoot: Files.parent(of: directory), bin: bin)
        } else {
            self.init(instanceRoot: directory, bin: bin)
            config = directory
        }
    }

    private static func withoutSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// `martlet.conf` or another file of the configuration directory.
    package func configurationFile(_ name: String) -> String { "\(config)/\(name)" }

    /// The symbolic names, with the words that the configuration defines.
    package func symbols(hostname: String = "", defaultDomain: String = "") -> SymbolTable {
        SymbolTable([
            "IMTA_ROOT": root, "IMTA_LIB": bin, "IMTA_BIN": bin, "IMTA_TABLE": config,
            "IMTA_PROGRAM": data + "/site-programs", "IMTA_DL": data + "/dl", "IMTA_LOG": log, "IMTA_QUEUE": queue,
            "IMTA_HTTP": data + "/www", "IMTA_STORE": store, "IMTA_RUN": run, "IMTA_HOST": hostname,
            "IMTA_DEFAULTDOMAIN": defaultDomain, "IMTA_LIBUTIL": bin + "/libimtautil.so",
            "IMTA_LIBMAP": bin + "/libimtamap.so", "IMTA_TMP": "/tmp", "IMTA_LANG": config + "/locale/C",
        ])
    }

    /// A path with its symbolic name replaced; a relative path is taken from the configuration directory.
    package func expand(_ path: String) -> String {
        let expanded = symbols().expandingPath(path)
        return expanded.hasPrefix("/") ? expanded : configurationFile(expanded)
    }
}
