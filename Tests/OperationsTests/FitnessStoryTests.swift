import ClusterModel
import HypervisorInterface
import PlacementPolicy
import TestSupport
import Testing

@testable import Operations

/// What `hosts check` says of a fleet of two hosts in which one thing is wrong.
struct FitnessStoryTests {
    private struct Fleet2 {
        var inventories: [HostInventory] = ["host1", "host2"].map { name in
            HostInventory(
                host: HostName(name), at: Timestamp(seconds: 1),
                facts: ClusterBuilder.facts(name, memory: .gibibytes(16), cpus: 8), domains: [])
        }
        var shells: [HostName: ShellFacts] = [:]
        var fleet = Fleet(hosts: [
            FleetHost(name: "host1", uri: "qemu+ssh://root@host1/system"),
            FleetHost(name: "host2", uri: "qemu+ssh://root@host2/system"),
        ])

        /// What a host's shell says, as it would come over ssh.
        mutating func shell(_ host: HostName, _ lines: String...) {
            let text = (["now=1"] + lines + ["asked=yes", "now=2"]).joined(separator: "\n")
            shells[host] = ShellFacts.read(text, fleet.hosts).result
        }

        func findings(_ host: HostName, _ item: String) -> [FitnessCheck.Finding] {
            var probes = FitnessProbes()
            probes.shells = shells
            let check = FitnessCheck(
                fleet: fleet,
                looks: inventories.map { HostReading(host: $0.host, result: .success($0)) },
                probes: probes)
            return check.results.first { $0.host == host }?.findings
                .filter { $0.item == item } ?? []
        }
    }

    // MARK: Lock managers

    @Test func `a lock manager on one host only is a failure on both`() throws {
        var fleet = Fleet2()
        fleet.shell("host1", "lock=lockd")
        fleet.shell("host2")
        let one = try #require(fleet.findings("host1", "disk locks").first)
        #expect(one.grade == .failure)
        #expect(one.detail.contains("lockd here, none on host2"), "\(one.detail)")
        #expect(one.remedy?.contains("lock_manager") == true)
        let other = try #require(fleet.findings("host2", "disk locks").first)
        #expect(other.grade == .failure && other.detail.contains("none here, lockd on host1"))
    }

    @Test func `two kinds of lock manager differ too, equal ones do not`() {
        var fleet = Fleet2()
        fleet.shell("host1", "lock=lockd")
        fleet.shell("host2", "lock=sanlock")
        #expect(fleet.findings("host1", "disk locks").map(\.grade) == [.failure])
        fleet.shell("host2", "lock=lockd")
        #expect(fleet.findings("host1", "disk locks").map(\.grade) == [.ok])
    }

    @Test func `a host that was not asked differs from none`() {
        var fleet = Fleet2()
        fleet.shell("host1", "lock=lockd")
        var silent = ShellFacts()
        silent.silence = "not asked: its URI is not over ssh"
        fleet.shells["host2"] = silent
        #expect(fleet.findings("host1", "disk locks").map(\.grade) == [.ok])
    }

    // MARK: Certificates

    private let files = ["file=ca-cert.pem", "file=server-cert.pem", "file=server-key.pem"]

    @Test func `a certificate for another name than the one that is checked`() throws {
        var fleet = Fleet2()
        fleet.fleet.hosts[1].migrationAddress = "10.20.0.2"
        fleet.shell("host2", files[0], files[1], files[2], "cert=kvm2.example.org")
        let finding = try #require(fleet.findings("host2", "TLS").first)
        #expect(finding.grade == .warning)
        #expect(finding.detail.contains("is for kvm2.example.org"), "\(finding.detail)")
        #expect(finding.detail.contains("check host2"))
        #expect(finding.remedy?.contains("tlsName: kvm2.example.org") == true)
        fleet.fleet.hosts[1].tlsName = "kvm2.example.org"
        #expect(fleet.findings("host2", "TLS").map(\.grade) == [.ok])
    }

    @Test func `an address in the certificate, however it is written, and any first label`() {
        var fleet = Fleet2()
        fleet.fleet.hosts[1] = FleetHost(name: "host2", uri: "qemu+ssh://[fd00::2]/system")
        fleet.shell("host2", files[0], files[1], files[2], "cert=FD00:0:0:0:0:0:0:2")
        #expect(fleet.findings("host2", "TLS").map(\.grade) == [.ok])
        fleet.fleet.hosts[1] = FleetHost(name: "host2", uri: "qemu+ssh://k2.example.org/system")
        fleet.shell("host2", files[0], files[1], files[2], "cert=*.example.org")
        #expect(fleet.findings("host2", "TLS").map(\.grade) == [.ok])
        // The subject counts where there are no other names.
        fleet.shell("host2", files[0], files[1], files[2], "cn=k2.example.org")
        #expect(fleet.findings("host2", "TLS").map(\.grade) == [.ok])
        fleet.shell("host2", files[0], files[1], files[2], "cn=k2.example.org", "cert=k3")
        #expect(fleet.findings("host2", "TLS").map(\.grade) == [.warning])
    }

    // MARK: Daemons

    @Test func `the daemon that serves, with what it may still take`() throws {
        var fleet = Fleet2()
        fleet.shell(
            "host1", "daemon=virtqemud", "daemon=virtnetworkd", "limit=nclients_max 5000",
            "limit=nclients 12", "limit=maxWorkers 20")
        let finding = try #require(fleet.findings("host1", "daemon").first)
        #expect(finding.grade == .ok)
        #expect(finding.detail.contains("virtqemud, virtnetworkd: 12 of 5000 connections"))
    }

    @Test func `a daemon at its limits is told before a drain`() throws {
        var fleet = Fleet2()
        fleet.shell("host1", "daemon=libvirtd", "limit=nclients_max 20", "limit=nclients 18")
        let tight = try #require(fleet.findings("host1", "daemon").first)
        #expect(tight.grade == .warning && tight.remedy?.contains("libvirtd.conf") == true)
        fleet.shell(
            "host1", "daemon=virtqemud", "limit=nclients_max 5000", "limit=nclients 1",
            "limit=maxWorkers 3")
        let few = try #require(fleet.findings("host1", "daemon").first)
        #expect(few.grade == .warning && few.remedy?.contains("virtqemud.conf") == true)
    }

    @Test func `limits that cannot be read are no limits`() throws {
        var fleet = Fleet2()
        fleet.shell("host1", "daemon=libvirtd")
        let finding = try #require(fleet.findings("host1", "daemon").first)
        #expect(finding.grade == .ok && finding.detail.contains("could not be read"))
    }

    // MARK: What could not be read

    @Test func `networks and pools that could not be read are failures`() throws {
        var fleet = Fleet2()
        let words = "Failed to connect socket to '/run/libvirt/virtnetworkd-sock'"
        fleet.inventories[1].facts.networks = []
        fleet.inventories[1].facts.unread = [UnreadPart(.networks, reason: words)]
        let finding = try #require(fleet.findings("host2", "networks").first)
        #expect(fleet.findings("host2", "networks").count == 1)
        #expect(finding.grade == .failure && finding.detail.contains(words))
        #expect(finding.remedy?.contains("systemctl enable --now virtnetworkd.socket") == true)
        fleet.inventories[1].facts.unread = [UnreadPart(.pools, reason: "no")]
        #expect(fleet.findings("host2", "pools").map(\.grade) == [.failure])
        #expect(fleet.findings("host2", "shared storage").isEmpty)
        fleet.inventories[1].facts.unread = [UnreadPart(.bridges, reason: "no")]
        #expect(fleet.findings("host2", "bridges").map(\.grade) == [.warning])
    }

    // MARK: Guests

    private func guest(_ name: String) -> DomainFacts {
        var facts = DomainFacts(id: DomainID("id-of-\(name)"), name: name, memory: .gibibytes(1))
        facts.guest.cpu = GuestCPU(mode: "custom", model: "Haswell")
        facts.guest.cpu.kind = "k"
        return facts
    }

    @Test func `guests whose CPU another host cannot give`() throws {
        var fleet = Fleet2()
        fleet.inventories[0].domains = ["a", "b"].map { guest($0) }
        fleet.inventories[1].facts.cpuAnswers = [
            CPUAnswer(kind: "k", isUsable: false, lacks: ["avx2"])
        ]
        let finding = try #require(fleet.findings("host1", "CPU for host2").first)
        #expect(finding.grade == .warning)
        #expect(finding.detail.contains("a, b") && finding.detail.contains("lacks avx2"))
        fleet.inventories[1].facts.cpuAnswers = [CPUAnswer(kind: "k", isUsable: true)]
        #expect(fleet.findings("host1", "CPU for host2").isEmpty)
        #expect(fleet.findings("host1", "guests' CPUs and firmware").map(\.grade) == [.ok])
    }

    @Test func `guests whose firmware another host lacks`() throws {
        var fleet = Fleet2()
        var uefi = guest("win1")
        var devices = GuestDevices()
        devices.loader = "/usr/share/OVMF/OVMF_CODE_4M.fd"
        uefi.guest.devices = devices
        fleet.inventories[0].domains = [uefi]
        for (host, files) in [(0, [devices.loader ?? ""]), (1, [])] {
            var offer = GuestOffer()
            offer.loaders = files
            fleet.inventories[host].facts.guestSupport[0].offer = offer
        }
        let finding = try #require(fleet.findings("host1", "firmware for host2").first)
        #expect(finding.detail.contains("OVMF_CODE_4M.fd") && finding.detail.contains("win1"))
    }
}
