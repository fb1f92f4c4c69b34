import ArgumentParser
import History

/// What is changed in a world before it runs.
struct WhatIfOptions: ParsableArguments {
    @Option(help: "HOST@TIME: it is lost then; TIME is 90m after the start, or a date.")
    var hostLost: [String] = []
    @Option(help: "NAME:CPUS,MEMORY[@TIME]: one host more, such as host9:32,256GiB@2h.")
    var hostAdded: [String] = []
    @Option(help: "NAME:CPUS,MEMORY: a host of another size.") var hostResized: [String] = []
    @Option(help: "HOST@TIME: the operator drains it then.") var drain: [String] = []
    @Option(help: "COUNT:like=DOMAIN: so many more that use what this one does.")
    var domainsAdded: [String] = []
    @Option(help: "PERCENT: every domain uses so much more, such as 20.") var grow: Int64?
    @Option(help: "Mbit/s of every host's migration network.") var linkMbps: Int?

    func validate() throws {
        if let grow, !(-100...10_000).contains(grow) {
            throw ValidationError("--grow takes a percentage from -100 to 10000")
        }
        if let linkMbps, !(1...1_000_000).contains(linkMbps) {
            throw ValidationError("--link-mbps takes 1 to 1000000")
        }
    }

    var whatIf: WhatIf {
        WhatIf(
            hostLost: hostLost, hostAdded: hostAdded, hostResized: hostResized, drain: drain,
            domainsAdded: domainsAdded, grow: grow, linkMbps: linkMbps)
    }
}
