import Testing

/// What is built with us, and runs as root beside the keys of all hosts, is what was looked at:
/// each dependency has one version, and no later one is taken by itself.
struct DependencyTests {
    @Test func everyDependencyHasOneVersion() throws {
        let text = try Repository.text(of: "Package.swift")
        let urls = text.matches(of: /url:\s*"https:[^"]+",\s*([a-z]+|"[^"]*")/)
        #expect(urls.count >= 5)
        for url in urls { #expect(url.1 == "exact", "\(url.0): exact: and a version") }
        #expect(text.matches(of: /\.package\(/).count == urls.count)
    }
}
