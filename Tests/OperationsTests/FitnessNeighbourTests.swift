import ClusterModel
import HypervisorInterface
import PlacementPolicy
import TestSupport
import Testing

@testable import Operations

/// What `hosts check` says of networks, managers, definitions and memory: the same as a plan would.
struct FitnessNeighbourTests {
    /// Findings of host1, of two hosts that are alike but for what a test changes.
    private func findings(
        _ change: (inout HostInventory, inout HostInventory) -> Void
    ) -> [FitnessCheck.Finding] {
        var hosts = ["host1", "host2"].map { name in
            HostInventory(
                host: HostName(name), at: Timestamp(seconds: 1),
                facts: ClusterBuilder.facts(name, memory: .gibibytes(64), cpus: 16), domains: [])
        }
        var other = hosts[1]
        change(&hosts[0], &other)
        hosts[1] = other
        let fleet = Fleet(
            hosts: hosts.map { FleetHost(name: $0.host, uri: "qemu+ssh://\($0.host)/system") })
        let check = FitnessCheck(
            fleet: fleet,
            looks: hosts.map { HostReading(host: $0.host, result: .success($0)) }, probes: nil)
        return check.results[0].findings.filter { $0.grade != .ok }
    }

    private func guest(
        _ name: String, _ state: DomainState = .running, _ cards: [NetworkInterface] = []
    ) -> DomainFacts {
        DomainFacts(
            id: DomainID("id-of-\(name)"), name: name, state: state, memory: .gibibytes(4),
            interfaces: cards)
    }

    @Test func aNetworkOfEachHostsOwnIsTold() {
        let nat = LibvirtNetwork(name: "default", forward: "nat", bridge: "virbr0")
        let found = findings { one, other in
            (one.facts.networkDetails, other.facts.networkDetails) = ([nat], [nat])
            one.domains = [guest("web1", .running, [.network("default")])]
        }
        #expect(found.contains { $0.item == "networks" && $0.detail.contains("'default' is NAT") })
    }

    @Test func portgroupsAndFiltersOfOtherHostsGuestsMustBeHere() {
        let lan = LibvirtNetwork(
            name: "lan", forward: "bridge", bridge: "br0",
            portgroups: [LibvirtNetwork.Portgroup(name: "prod")])
        let found = findings { one, other in
            one.facts.networkDetails = [lan]
            one.facts.networkFilters = []
            other.domains = [
                guest(
                    "web1", .running,
                    [NetworkInterface(.network("lan"), portgroup: "dmz", filter: "clean-traffic")])
            ]
        }
        #expect(found.contains { $0.item == "portgroups" && $0.detail.contains("'dmz'") })
        #expect(found.contains { $0.item == "network filters" })
    }

    @Test func aNetworkOnABridgeThatIsNotThereIsFound() {
        let found = findings { one, _ in
            one.facts.networkDetails = [
                LibvirtNetwork(name: "lan", forward: "bridge", bridge: "ovsbr0")
            ]
            one.facts.networkDevices = ["eno1", "lo"]
        }
        #expect(found.contains { $0.detail.contains("'ovsbr0', which does not exist") })
    }

    @Test func guestsOfOtherManagersAndDefinitionsThatWereLeftAreListed() {
        let found = findings { one, other in
            var nova = guest("instance-00000001")
            nova.manager = GuestManager(name: "OpenStack Nova", sign: "its name")
            one.domains = [nova, guest("web1", .shutOff)]
            other.domains = [guest("web1")]
        }
        #expect(
            found.contains { $0.item == "other managers" && $0.detail.contains("OpenStack Nova") })
        let left = found.first { $0.item == "definitions" }
        #expect(left?.detail.contains("web1 runs on host2 and is defined here too") == true)
        #expect(left?.remedy == "if host2 has the right one: virsh undefine id-of-web1 here")
    }

    @Test func memoryThatOthersHoldBecomesAReserve() {
        let found = findings { one, _ in
            one.facts.memoryAvailable = .gibibytes(6)
            one.domains = [guest("web1")]
        }
        let memory = found.first { $0.item == "memory of others" }
        #expect(memory?.remedy?.contains("reserve: {memory: 54GiB}") == true, "\(found)")
        let quiet = findings { one, _ in one.facts.memoryAvailable = .gibibytes(63) }
        #expect(!quiet.contains { $0.item == "memory of others" })
    }
}
