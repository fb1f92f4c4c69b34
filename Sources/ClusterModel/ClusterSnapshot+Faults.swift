/// What a cluster snapshot from outside must be looked through for. Whoever made it, and wherever
/// it comes from, planning relies on what is asked here.
extension ClusterSnapshot {
    /// Sentences without a full stop; empty for a snapshot that can be planned for.
    package var faults: [String] {
        guard version == ClusterSnapshot.currentVersion else {
            return [
                "its version is \(version), and this kvmbalance reads only "
                    + "\(ClusterSnapshot.currentVersion)"
            ]
        }
        var faults = [Plausible.fault("demandSlots", demandSlots, Plausible.slots)]
            .compactMap(\.self)
        var names: Set<HostName> = []
        for host in hosts {
            if !names.insert(host.name).inserted {
                faults.append("host \(host.name) is listed twice")
            }
            faults += host.faults.map { "host \(host.name): \($0)" }
        }
        for domain in domains {
            if !names.contains(domain.host) {
                faults.append(
                    "domain '\(domain.name)' is on \(domain.host), which is not in the snapshot")
            }
            faults += domain.faults.map { "domain '\(domain.name)': \($0)" }
        }
        let memory = Plausible.sum(hosts.compactMap(\.facts?.memory))
        faults += [
            Plausible.fault(
                "the memory of its hosts together", memory, upTo: Plausible.memoryOfAll)
        ].compactMap(\.self)
        return faults + domains.map(\.facts).faultsOfAll + (calibration?.faults ?? [])
    }
}

extension Host {
    fileprivate var faults: [String] {
        let most = Plausible.memory.count
        let own: [String?] = [
            Plausible.fault("linkMbps", linkMbps, Plausible.link),
            Plausible.fault("its reserve of memory", reserve?.memory),
            Plausible.fault("its reserve of CPU, in thousandths,", reserve?.cpu),
            Plausible.fault("its CPU load, in thousandths,", load?.cpu),
            Plausible.fault("the CPU load of others, in thousandths,", load?.cpuOfOthers),
            Plausible.fault("memory that others use", usedByOthers?.memory),
            Plausible.fault("CPU that others use, in thousandths,", usedByOthers?.cpu),
            // Less than nothing where more was promised than there is.
            Plausible.fault("its available memory", load?.memoryAvailable?.count, -most...most),
        ]
        return own.compactMap(\.self) + (facts?.faults ?? [])
    }
}

extension Domain {
    fileprivate var faults: [String] {
        var faults: [String?] = [
            Plausible.fault("its dirty rate", dirtyRate),
            Plausible.fault("its resident memory", resident),
            Plausible.fault("its hot set", dirtyRates?.hotSet),
            Plausible.fault("its cold rate", dirtyRates?.coldRate),
            Plausible.fault(
                "hotMilliseconds", dirtyRates?.hotMilliseconds, Plausible.measurement),
        ]
        faults += (demand.cpu ?? []).map { Plausible.fault("its demand, in thousandths,", $0) }
        return facts.faults + faults.compactMap(\.self)
    }
}

extension TransferCalibration {
    fileprivate var faults: [String] {
        let fits =
            [(fleet, "all links")] + (cold.map { [($0, "cold moves")] } ?? [])
            + pairs.map { ($0.fit, "\($0.source) to \($0.target)") }
        return fits.flatMap { fit, name in
            fit.faults.map { "calibration of \(name): \($0)" }
        }
            + contents.compactMap {
                Plausible.fault("calibration: the content of \($0.domain)", $0.memory)
            }
    }
}

extension TransferFit {
    fileprivate var faults: [String] {
        let month = 31 * Plausible.measurement.upperBound
        let faults: [String?] = [
            Plausible.fault("fixedMilliseconds", fixedMilliseconds, 0...month),
            Plausible.fault("efficiencyPermille", efficiencyPermille, 1...1_000_000),
            Plausible.fault("dirtyingPermille", dirtyingPermille, 0...1_000_000),
            Plausible.fault("switchoverMilliseconds", switchoverMilliseconds, 0...month),
            Plausible.fault("errorPermille", errorPermille, 0...1_000_000_000),
        ]
        return faults.compactMap(\.self)
    }
}
