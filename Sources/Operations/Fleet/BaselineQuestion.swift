import ClusterModel
import HypervisorInterface

/// Has libvirt work out the CPU that all hosts have.
struct BaselineQuestion {
    let inspectors: [any HostInspector]
    let progress: any ProgressObserver

    /// The answer of the host with the oldest libvirt, which knows no models that others do not;
    /// nil, and a warning, where one of them does not tell its CPU.
    func answer(
        for baseline: CPUBaseline, in snapshot: ClusterSnapshot
    ) async -> (cpu: BaselineCPU, host: HostName)? {
        let names = Set(baseline.hosts.map(\.name))
        let asked = inspectors.filter { names.contains($0.host) }
        var cpus: [String] = []
        for inspector in asked {
            do {
                let cpu = try await inspector.hostModelCPU(for: baseline.virtualization)
                guard let cpu else { return nil }
                cpus.append(cpu)
            } catch {
                await warn("\(inspector.host) does not tell the CPU of its guests: \(error)")
                return nil
            }
        }
        func version(_ host: HostName) -> (Int, Int) {
            let facts = snapshot.host(host)?.facts
            return (facts?.libvirtVersion ?? .max, facts?.hypervisorVersion ?? .max)
        }
        guard let oldest = asked.min(by: { version($0.host) < version($1.host) }) else {
            return nil
        }
        do {
            return try await oldest.baseline(of: cpus, for: baseline.virtualization).map {
                ($0, oldest.host)
            }
        } catch {
            await warn("libvirt of \(oldest.host) finds no common CPU: \(error)")
            return nil
        }
    }

    private func warn(_ text: String) async { await progress.observe(.warning(text)) }
}
