import ClusterModel
import HypervisorInterface
import Simulation
import Testing

/// Looked at once more right before a step, and refused by the host where nobody looked.
struct NeighbourStepTests {
    private static let port = ConsolePort(port: 5901, address: "127.0.0.1")

    /// vm001 on host1 with these facts, and on host2 a guest with that console port.
    private func world(
        _ change: (inout DomainFacts) -> Void
    ) -> SimulatedWorld {
        var world = SimulatedWorldTests.world(change)
        var facts = DomainFacts(id: "other", name: "web9", memory: .gibibytes(1))
        facts.consolePorts = [Self.port]
        world.place(SimulatedDomain(facts: facts), on: "host2")
        return world
    }

    @Test func `a console port that is taken there holds the step back`() throws {
        var world = world { $0.consolePorts = [Self.port] }
        let needs = try world.needs(of: SimulatedWorldTests.id, on: "host1")
        #expect(needs.consolePorts == [Self.port])
        #expect(
            try world.lacks(needs, on: "host2")
                == ["console port 5901 is taken on host2 by 'web9'"])
        #expect(try world.lacks(needs, on: "host3") == [])
        // One that libvirt chose is chosen again.
        var chosen = self.world {
            $0.consolePorts = [
                ConsolePort(port: 5901, address: "127.0.0.1", isAutomatic: true)
            ]
        }
        let free = try chosen.needs(of: SimulatedWorldTests.id, on: "host1")
        #expect(try chosen.lacks(free, on: "host2") == [])
    }

    @Test func `a portgroup that is missing there holds the step back`() throws {
        let card = NetworkInterface(.network("default"), portgroup: "dmz")
        var world = world { $0.interfaces = [card] }
        let needs = try world.needs(of: SimulatedWorldTests.id, on: "host1")
        #expect(needs.portgroups == ["default": ["dmz"]])
        #expect(
            try world.lacks(needs, on: "host2")
                == ["network default on host2 has no portgroup 'dmz'"])
        world.changeHost("host2") {
            $0.facts.networkDetails = [
                LibvirtNetwork(
                    name: "default", forward: "bridge",
                    portgroups: [LibvirtNetwork.Portgroup(name: "dmz")])
            ]
        }
        #expect(try world.lacks(needs, on: "host2") == [])
    }

    @Test func `a host refuses a guest whose port, filter or device it does not have`() throws {
        let filtered = NetworkInterface(.network("default"), filter: "clean-traffic")
        for (change, word) in [
            ({ $0.consolePorts = [Self.port] }, "Address already in use"),
            ({ $0.interfaces = [filtered] }, "no nwfilter with matching name"),
            ({ $0.interfaces = [.direct(device: "eno1")] }, "interface eno1: No such device"),
        ] as [((inout DomainFacts) -> Void, String)] {
            var world = world(change)
            world.changeHost("host2") {
                ($0.facts.networkFilters, $0.facts.networkDevices) = ([], [])
            }
            let error = #expect(throws: HypervisorError.self) {
                try world.migrate(SimulatedWorldTests.request(), from: "host1")
            }
            #expect(error?.message.contains(word) == true, "\(word): \(error?.message ?? "")")
        }
    }
}
