import ArgumentParser
import History

/// What is changed in a world before it runs.
struct WhatIfOptions: ParsableArguments {
    @Option(help: "HOST@TIME: simulate losing HOST at TIME (90m after the start, or a date).")
    var hostLost: [String] = []
    @Option(help: "NAME:CPUS,MEMORY[@TIME]: add a host, such as host9:32,256GiB@2h.")
    var hostAdded: [String] = []
    @Option(help: "NAME:CPUS,MEMORY: change the size of a host.") var hostResized: [String] = []
    @Option(help: "HOST@TIME: drain HOST at TIME.") var drain: [String] = []
    @Option(help: "COUNT:like=DOMAIN: add COUNT domains with the load of DOMAIN.")
    var domainsAdded: [String] = []
    @Option(help: "PERCENT: raise every domain's load by PERCENT, such as 20.") var grow: Int64?
    @Option(help: "Speed of every host's migration network, Mbit/s.") var linkMbps: Int?

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
