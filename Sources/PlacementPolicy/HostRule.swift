/// Domains and the hosts that they may run on (fence) or may never run on (ban).
package struct HostRule: Hashable, Sendable {
    package var domains: [NamePattern]
    package var hosts: [NamePattern]
    /// 1 to 1000 where it is preferred; nil where it is required.
    package var weight: Int?

    package init(domains: [NamePattern], hosts: [NamePattern]) {
        self.domains = domains
        self.hosts = hosts
    }
}
