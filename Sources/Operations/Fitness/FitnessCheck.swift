package import ClusterModel
package import HypervisorInterface
import Persistence
package import PlacementPolicy

/// Is each host fit to send domains and to receive them? Judged from one look at all of them, and
/// from what was tried out between them.
package struct FitnessCheck {
    /// What came of one thing that was looked at.
    package enum Grade: String, Encodable { case ok, warning, failure }

    /// One thing that was looked at.
    package struct Finding: Encodable {
        package var item: String
        package var grade: Grade
        package var detail: String
        package var remedy: String?
    }

    /// All that was found of one host.
    package struct Result: Encodable {
        package var host: HostName
        package var findings: [Finding]
        package var isFit: Bool { failures.isEmpty }
        var failures: [Finding] { findings.filter { $0.grade == .failure } }
    }

    let fleet: Fleet
    let looks: [HostReading]
    /// nil when nothing was tried out.
    var probes: FitnessProbes?
    /// Of this check and of earlier ones.
    var proofs = StorageProofs()
    var policy = Policy.default

    /// The fleet as it was looked at now, all of it; `isTried` also tries the way from host to
    /// host, unless a run is under way, which must not be disturbed.
    package static func of(
        _ observer: FleetObserver, isTried: Bool, allPairs: Bool, policy: Policy? = nil
    ) async -> FitnessCheck {
        let check = await seen(by: observer, policy)
        guard isTried, case .free(let lock) = await permit(observer) else { return check }
        defer { lock?.release() }
        let pairs = FitnessPairs(observer.hosts.names, all: allPairs)
        if pairs.isPart {
            await observer.progress.observe(
                .warning(
                    "tries \(pairs.tried) of \(pairs.all) ways from host to host: each host with "
                        + "three others. All of them: kvmbalance hosts check --all-pairs"))
        }
        return await check.tried(by: observer, check.looks, allPairs: allPairs)
    }

    /// The same about one host, with a few others, for whoever holds the fleet. What looking alone
    /// finds wrong is not tried.
    static func of(
        _ host: HostName, by observer: FleetObserver, policy: Policy
    ) async -> FitnessCheck {
        let check = await seen(by: observer, policy)
        guard check.results.contains(where: { $0.host == host && $0.isFit }) else { return check }
        let others = FitnessPairs(observer.hosts.names, all: false).targets(of: host).prefix(3)
        let looks = check.looks.filter { $0.host == host || others.contains($0.host) }
        return await check.tried(by: observer, looks, allPairs: true)
    }

    private static func seen(by observer: FleetObserver, _ policy: Policy?) async -> FitnessCheck {
        let known = try? await observer.stores.metrics().observations()
        let looks = await CPUQuestions.asked(
            await observer.look(), of: observer.hosts.inspectors, known: known ?? [])
        let fleet = observer.hosts.fleet
        var check = FitnessCheck(fleet: fleet, looks: looks, probes: nil)
        if let journal = try? observer.stores.journal() {
            check.proofs = await StorageProofs.stored(in: journal)
        }
        check.policy = policy ?? .default.adding(sharedStorage: fleet.sharedStorage)
        return check
    }

    private enum Permit {
        /// nil where nobody knows whether a run is under way.
        case free(FleetLock?)
        case busy
    }

    private static func permit(_ observer: FleetObserver) async -> Permit {
        do {
            switch try FleetLock.acquire(
                directory: observer.stores.directory, purpose: "hosts check")
            {
            case .acquired(let own): return .free(own)
            case .held(let holder):
                await observer.progress.observe(
                    .warning(
                        "the way from host to host is not tried, because \(holder.description) "
                            + "holds the fleet: check again when it has ended"))
                return .busy
            }
        } catch {
            await observer.progress.observe(
                .warning("whether a run is under way is not known: \(error)"))
            return .free(nil)
        }
    }

    private func tried(
        by observer: FleetObserver, _ looks: [HostReading], allPairs: Bool
    ) async -> FitnessCheck {
        let journal = try? observer.stores.journal()
        let probes = await FitnessProbes.run(
            observer.hosts, looks, observer.clock, allPairs: allPairs, marks: ProbeMarks(journal))
        var check = self
        check.probes = probes
        let uuids = check.others.map { ($0.host, $0.facts.uuid) }
        check.proofs.add(probes, Dictionary(firstOf: uuids), at: observer.now())
        do {
            try await check.proofs.store(in: journal)
        } catch {
            await observer.progress.observe(
                .warning("the proofs about storage are not kept for plans: \(error)"))
        }
        return check
    }

    package var results: [Result] {
        looks.map { look in
            switch look.result {
            case .failure(let error):
                return Result(
                    host: look.host,
                    findings: [
                        Finding(
                            item: "connection", grade: .failure, detail: error.message,
                            remedy: error.remedy ?? "try: virsh -c \(uri(of: look.host)) list")
                    ])
            case .success(let inventory):
                return Result(host: look.host, findings: findings(inventory))
            }
        }
    }

    package var others: [HostInventory] {
        looks.compactMap { try? $0.result.get() }
    }

    private func findings(_ inventory: HostInventory) -> [Finding] {
        let facts = inventory.facts
        let version = HostFacts.text(ofVersion:)
        var findings = [
            Finding(
                item: "connection", grade: .ok,
                detail: "libvirt \(version(facts.libvirtVersion)), QEMU "
                    + (facts.hypervisorVersion.map(version) ?? "unknown")),
            uniqueness(inventory), virtualization(facts), compatibility(inventory),
        ]
        // Of what could not be read there is nothing else to say.
        if facts.unread(.pools) == nil { findings += storageFindings(inventory) }
        if facts.unread(.networks) == nil { findings.append(networks(inventory)) }
        findings += ownFindings(inventory) + guestFindings(inventory) + pairFindings(inventory)
        findings += neighbourFindings(inventory) + unreadFindings(inventory)
        findings += inventory.warnings.map {
            Finding(item: "reading", grade: .warning, detail: $0)
        }
        return findings
    }

    private func uniqueness(_ inventory: HostInventory) -> Finding {
        let twins = others.filter {
            $0.host != inventory.host && $0.facts.uuid == inventory.facts.uuid
        }
        guard twins.isEmpty else {
            return Finding(
                item: "host UUID", grade: .failure,
                detail:
                    "\(inventory.facts.uuid), the same as \(names(twins)): libvirt takes them for "
                    + "one host and refuses to migrate between them",
                remedy:
                    "set a different host_uuid in /etc/libvirt/libvirtd.conf and restart libvirtd"
            )
        }
        return Finding(item: "host UUID", grade: .ok, detail: inventory.facts.uuid)
    }

    private func virtualization(_ facts: HostFacts) -> Finding {
        let kinds = facts.guestSupport.map { "\($0.virtualization)/\($0.architecture)" }
        guard facts.guestSupport.contains(where: { $0.virtualization == "kvm" }) else {
            return Finding(
                item: "virtualisation", grade: .warning,
                detail:
                    "no KVM here: guests run under emulation (\(kinds.joined(separator: ", ")))",
                remedy: "switch on vmx/svm in the firmware and load kvm_intel or kvm_amd")
        }
        return Finding(
            item: "virtualisation", grade: .ok,
            detail: "\(facts.cpu.model ?? "unknown CPU"), \(facts.cpu.logicalCPUs) CPUs, "
                + kinds.joined(separator: ", "))
    }

    private func networks(_ inventory: HostInventory) -> Finding {
        let have = Set(inventory.facts.networks + (inventory.facts.bridges ?? []))
        let missing = others.flatMap { $0.facts.networks }.filter { !have.contains($0) }
        guard missing.isEmpty else {
            return Finding(
                item: "networks", grade: .warning,
                detail: "lacks networks that other hosts have: "
                    + Set(missing).sorted().joined(separator: ", "),
                remedy: "define and start them here (virsh net-define, net-start, net-autostart)")
        }
        return Finding(
            item: "networks", grade: .ok, detail: inventory.facts.networks.joined(separator: ", "))
    }

    private func compatibility(_ inventory: HostInventory) -> Finding {
        let different = others.filter {
            $0.host != inventory.host && $0.facts.cpu.model != inventory.facts.cpu.model
        }
        guard different.isEmpty else {
            return Finding(
                item: "CPU", grade: .warning,
                detail: "\(inventory.facts.cpu.model ?? "unknown") here, another on "
                    + "\(names(different)): host-passthrough guests cannot move between them",
                remedy:
                    "give guests a CPU model that all hosts have (virsh hypervisor-cpu-baseline)"
            )
        }
        return Finding(
            item: "CPU", grade: .ok,
            detail: inventory.facts.cpu.model ?? "unknown, as on the others")
    }

    func names(_ inventories: [HostInventory]) -> String {
        inventories.map(\.host.rawValue).joined(separator: ", ")
    }

    private func uri(of host: HostName) -> String {
        fleet.hosts.first { $0.name == host }?.uri ?? ""
    }
}
