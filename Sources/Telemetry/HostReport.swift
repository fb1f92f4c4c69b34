package import ClusterModel

/// Everything that is known of one host when a cluster snapshot is made.
package struct HostReport: Hashable, Sendable {
    /// What the fleet file says: name, zone, address, link and reserve. The rest is filled in.
    package var settings: Host
    /// What was read now or, with a fault, what was read last; nil when it was never read.
    package var observation: HostObservation?
    /// Why it could not be read now.
    package var fault: String?

    package init(settings: Host, observation: HostObservation?, fault: String? = nil) {
        self.settings = settings
        self.observation = observation
        self.fault = fault
    }
}
