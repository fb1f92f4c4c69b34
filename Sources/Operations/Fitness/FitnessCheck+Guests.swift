import ClusterModel
import HypervisorInterface

/// What could not be read of a host, and which of its guests other hosts cannot run.
extension FitnessCheck {
    /// A host whose networks or pools are not known takes no guest that needs one.
    func unreadFindings(_ inventory: HostInventory) -> [Finding] {
        (inventory.facts.unread ?? []).map { unread in
            let grade: Grade =
                switch unread.part {
                case .networks, .pools: .failure
                case .bridges: .warning
                }
            return Finding(
                item: unread.part.rawValue, grade: grade, detail: unread.detail(),
                remedy: unread.remedy())
        }
    }

    /// As the plan would say it of each pair: by what libvirt of the other host answered.
    func guestFindings(_ inventory: HostInventory) -> [Finding] {
        let guests = inventory.domains.filter(\.state.isActive)
        let targets = others.filter { $0.host != inventory.host }
        let found = targets.flatMap { other in
            cpus(guests, inventory.facts, other) + firmware(guests, inventory.facts, other)
        }
        guard found.isEmpty, !guests.isEmpty, !targets.isEmpty else { return found }
        let isAsked = targets.contains { $0.facts.cpuAnswers != nil }
        return [
            Finding(
                item: "guests' CPUs and firmware", grade: .ok,
                detail: isAsked
                    ? "libvirt of the other hosts can give them to the guests here"
                    : "nothing is known against them; libvirt was not asked about CPUs")
        ]
    }

    private func cpus(
        _ guests: [DomainFacts], _ here: HostFacts, _ other: HostInventory
    ) -> [Finding] {
        let refused = guests.filter { guest in
            other.facts.answer(about: guest.guest.cpu)?.isUsable == false
                && here.answer(about: guest.guest.cpu)?.isUsable != false
        }
        guard !refused.isEmpty else { return [] }
        let lacks = Set(
            refused.flatMap { other.facts.answer(about: $0.guest.cpu)?.lacks ?? [] }
        ).sorted()
        return [
            Finding(
                item: "CPU for \(other.host)", grade: .warning,
                detail: "\(other.host) cannot give \(list(refused)) the CPU that they have"
                    + (lacks.isEmpty ? "" : ": it lacks \(lacks.joined(separator: ", "))"),
                remedy: "give them a CPU model that all hosts have (virsh hypervisor-cpu-baseline) "
                    + "at their next start")
        ]
    }

    private func firmware(
        _ guests: [DomainFacts], _ here: HostFacts, _ other: HostInventory
    ) -> [Finding] {
        let without = guests.filter { guest in
            guard let loader = guest.guest.devices?.loader,
                let offered = Self.loaders(of: other.facts, for: guest.guest)
            else { return false }
            return !offered.contains(loader)
                && Self.loaders(of: here, for: guest.guest)?.contains(loader) != false
        }
        let files = Set(without.compactMap(\.guest.devices?.loader)).sorted()
        guard !files.isEmpty else { return [] }
        return [
            Finding(
                item: "firmware for \(other.host)", grade: .warning,
                detail: "\(other.host) lacks \(files.joined(separator: ", ")), which "
                    + "\(list(without)) booted from",
                remedy: "install the same firmware package there")
        ]
    }

    private static func loaders(of facts: HostFacts, for guest: GuestPlatform) -> [String]? {
        facts.guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }?.offer?.loaders
    }

    private func list(_ guests: [DomainFacts]) -> String {
        let names = guests.prefix(3).map(\.name).joined(separator: ", ")
        return guests.count > 3 ? "\(names) and \(guests.count - 3) more" : names
    }
}
