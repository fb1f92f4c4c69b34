package import ClusterModel
package import HypervisorInterface

/// Guests whose memory libvirt saves on their host (managed save).
extension SimulatedWorld {
    /// Bytes a second that are written to a host's disk.
    private static let diskRate: Int64 = 200 << 20

    /// The guest stands still from now on, and libvirtd goes on with or without whoever asked.
    package mutating func beginSave(
        of domain: DomainID, on host: HostName
    ) throws(HypervisorError) {
        let what = "save memory"
        let copy = try idle(domain, on: host, operation: what)
        _ = try answering(domain, on: host, operation: what)
        guard copy.facts.isPersistent else {
            throw refusal(
                .failed, 55, what, domain, host, "cannot do managed save for transient domain")
        }
        guard copy.presence == .running || copy.presence == .paused, !copy.isIncoming else {
            throw refusal(.failed, 55, what, domain, host, "it is \(copy.presence.rawValue)")
        }
        guard !hasOtherJob(domain), !isBeingSaved(domain, on: host) else {
            throw refusal(
                .failed, 68, what, domain, host, "cannot acquire state change lock (held by a job)")
        }
        if let blocker = copy.facts.blockers.first(where: { !$0.reason.allowsSaving }) {
            throw refusal(.failed, 55, what, domain, host, "cannot save: \(blocker.detail)")
        }
        let milliseconds = copy.facts.copiedMemory.count * 1000 / Self.diskRate
        let until = now.advanced(byMilliseconds: span(500 + milliseconds))
        let now = now
        update(domain, on: host) { $0.become(.paused, at: now) }
        know { truth in
            truth.downs.removeAll { $0.domain == domain }
            truth.saves = (truth.saves ?? []) + [.init(domain: domain, until: until)]
        }
    }

    package func isBeingSaved(_ domain: DomainID, on host: HostName) -> Bool {
        truth?.saves?.contains { $0.domain == domain } == true
            && copy(of: domain, on: host)?.presence == .paused
    }

    mutating func endDueSaves() {
        let now = now
        let due = (truth?.saves ?? []).filter { $0.until.map { $0 <= now } ?? true }
        guard !due.isEmpty else { return }
        know { truth in truth.saves?.removeAll { due.contains($0) } }
        for save in due {
            let host = hosts.first {
                !$0.isLost && $0.domain(save.domain)?.presence == .paused
                    && $0.domain(save.domain)?.facts.isPersistent == true
            }
            guard let host else { continue }
            know { $0.asked.insert(save.domain) }
            endProcess(of: save.domain, on: host.name, keepingDefinition: true)
            update(save.domain, on: host.name) { $0.setSaved(true) }
        }
    }
}
