import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import Testing

/// Loading and editing of an instance on the disk.
@Suite struct DiskTests {
    private func instance(_ files: [String: String]) throws -> String {
        let root = "/tmp/martlet-configuration-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try Files.createDirectory(root + "/config")
        for (name, text) in files { try Files.replace("\(root)/config/\(name)", with: Array(text.utf8)) }
        return root
    }

    private func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        if unlink(path) != 0 { rmdir(path) }
    }

    @Test func anInstanceIsLoadedAndEdited() throws {
        let root = try instance(["martlet.conf": Samples.defaults.unified])
        defer { remove(root) }
        let load = MTAConfiguration.load(instanceRoot: root)
        #expect(load.configuration?.paths.queue == root + "/data/queue")
        #expect(load.configuration?.paths.bin == Files.parent(of: Processes.executablePath))
        let paths = InstancePaths(instanceRoot: root)
        _ = try ConfigurationEditor.edit([.set(name: "mta.block_limit", value: "1024")], paths: paths)
        let edited = MTAConfiguration.load(configurationDirectory: root + "/config/")
        #expect(edited.configuration?.mta.blockLimit == 1024)
        #expect(edited.configuration?.paths == paths)
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.edit([.set(name: "mta.block_limit", value: "x")], paths: paths)
        }
        #expect(MTAConfiguration.load(instanceRoot: root).configuration?.mta.blockLimit == 1024)
    }

    @Test func aBareLegacyDirectory() throws {
        let root = try instance(Samples.defaults.legacy)
        defer { remove(root) }
        #expect(rename(root + "/config", root + "/site") == 0)
        let load = MTAConfiguration.load(configurationDirectory: root + "/site")
        #expect(load.configuration?.form == .legacy)
        #expect(load.configuration?.paths.config == root + "/site")
        #expect(load.configuration?.paths.queue == root + "/site/data/queue")
    }
}
