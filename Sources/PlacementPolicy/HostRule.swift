/// Domains and the hosts that they may run on (fence) or may never run on (ban).
package struct HostRule: Hashable, Sendable {
    package var domains: [NamePattern]
    package var hosts: [NamePattern]

    package init(domains: [NamePattern], hosts: [NamePattern]) {
        self.domains = domains
        self.hosts = hosts
    }
}
