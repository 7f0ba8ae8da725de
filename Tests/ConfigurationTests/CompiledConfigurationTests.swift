import Configuration
import OptionSyntax
import SystemCalls
import Testing

/// The compiled configuration: commands specification, section 4.1 and example 34; unified configuration specification,
/// examples 19 and 20.
@Suite struct CompiledConfigurationTests {
    private static let image = CompiledConfiguration.path(Samples.paths)

    private func files(_ martlet: String, _ others: [String: [UInt8]] = [:]) -> ConfigurationFiles {
        let all = others.merging(["/i/config/martlet.conf": Array(martlet.utf8)]) { first, _ in first }
        return ConfigurationFiles(read: { .success(all[$0]) }, permissions: { all[$0] == nil ? nil : 0o640 })
    }

    private func with(_ mapping: String) -> String {
        Samples.defaults.unified + "[mapping:PAGER]\n  x $Y\(mapping)\n"
    }

    private func answer(_ load: ConfigurationLoad) -> String? {
        load.configuration?.show("mapping:PAGER.rule").first?.value
    }

    /// "before `cnbuild` nothing changes; after cnbuild […] new processes the new one": what a process loads.
    @Test func example19ProcessesLoadTheImage() throws {
        let (image, load) = CompiledConfiguration.build(
            paths: Samples.paths, files: files(with("old")), time: "2024-04-18T10:05:14Z")
        #expect(load.configuration != nil)
        let edited = files(with("new"), [Self.image: image.encoded])
        #expect(answer(MTAConfiguration.loadInForce(paths: Samples.paths, files: edited)) == "x $Yold")
        #expect(answer(MTAConfiguration.load(paths: Samples.paths, files: edited)) == "x $Ynew")
        #expect(image.outdated(edited) == ["/i/config/martlet.conf"])
        let (again, _) = CompiledConfiguration.build(paths: Samples.paths, files: edited, time: "")
        let built = files(with("new"), [Self.image: again.encoded])
        #expect(answer(MTAConfiguration.loadInForce(paths: Samples.paths, files: built)) == "x $Ynew")
        #expect(again.outdated(built) == [])
    }

    @Test func withoutAnImageTheSourcesCount() {
        let load = MTAConfiguration.loadInForce(paths: Samples.paths, files: files(with("x")))
        #expect(answer(load) == "x $Yx")
    }

    /// A file that was not there when the image was made is not there for those who load it.
    @Test func absentFilesStayAbsent() throws {
        let (image, _) = CompiledConfiguration.build(paths: Samples.paths, files: files(with("x")), time: "")
        #expect(image.files["/i/config/passwords.conf"]?.content == nil)
        #expect(image.files.keys.contains("/i/config/passwords.conf"))
        let later = files(
            with("x"), [Self.image: image.encoded, "/i/config/passwords.conf": Array("nonsense".utf8)])
        #expect(MTAConfiguration.loadInForce(paths: Samples.paths, files: later).diagnostics.all.isEmpty)
        #expect(image.outdated(later) == ["/i/config/passwords.conf"])
    }

    @Test func itIsReadAsItWasWritten() throws {
        let image = CompiledConfiguration(
            time: "2024-04-18T10:05:14Z", generation: 57,
            files: [
                "/a b": .init(content: [0, 10, 255], permissions: 0o640), "/gone": .init(content: nil),
                "/empty": .init(content: []),
            ])
        let read = try CompiledConfiguration(
            path: "/x", files: ConfigurationFiles(read: { _ in .success(image.encoded) }))
        #expect(read == image)
    }

    /// "Components halt on a version mismatch […] refuse with a clear message and fall back to nothing."
    @Test(arguments: [0, 20, 60, 200, 1_000_000])
    func aDamagedOneIsRefused(place: Int) throws {
        let (image, _) = CompiledConfiguration.build(paths: Samples.paths, files: files(with("x")), time: "")
        var bytes = image.encoded
        if place < bytes.count { bytes[place] ^= 1 } else { bytes.removeLast(100) }
        let load = MTAConfiguration.loadInForce(paths: Samples.paths, files: files(with("x"), [Self.image: bytes]))
        #expect(load.configuration == nil)
        #expect(load.findings.count == 1)
        #expect(load.findings[0].contains("run cnbuild, or cnbuild -remove"), "\(load.findings)")
    }
}
