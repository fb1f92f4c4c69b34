import ClusterModel
import Testing

@testable import Libvirt

@Suite("Domain XML")
struct DomainXMLReaderTests {
    @Test("A rich domain gives all its facts")
    func rich() throws {
        let facts = try DomainXMLReader.read(DomainFixtures.rich)
        #expect(facts.id == "4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
        #expect(facts.name == "db \"one\" & 'two'")
        #expect(facts.memory == .gibibytes(1))
        #expect(facts.balloon == .mebibytes(512))
        #expect(facts.vcpus == 2)
        #expect(facts.hugePages == HugePageDemand(pageSize: .mebibytes(2), pages: 512))
        #expect(facts.numa == NUMABinding(isStrict: true, cells: [0, 1]))
        var guest = GuestPlatform(
            virtualization: "kvm", architecture: "x86_64", machineType: "pc-q35-7.2",
            cpu: GuestCPU(
                mode: "custom", model: "Skylake-Server-IBRS", requiredFeatures: ["aes", "vmx"]))
        guest.emulator = "/usr/bin/qemu-system-x86_64"
        var devices = GuestDevices()
        devices.tpmModel = "tpm-crb"
        devices.tpmBackend = "emulator"
        devices.consoles = ["vnc"]
        guest.devices = devices
        #expect(facts.guest == guest)
        #expect(facts.affinityGroups == ["shop"])
        #expect(facts.antiAffinityGroups == ["core", "db"])
        #expect(facts.isPinned)
        #expect(!facts.isExcluded)
        #expect(facts.blockers.isEmpty)
    }

    @Test("Disks of every kind, with their backing files")
    func disks() throws {
        let disks = try DomainXMLReader.read(DomainFixtures.rich).disks
        #expect(
            disks.map(\.source) == [
                .file(path: "/srv/shared/db.qcow2"), .file(path: "/srv/local/base.qcow2"),
                .block(path: "/dev/mapper/lun1"), .network(protocol: "rbd", name: "vms/db"),
                .volume(pool: "fast", volume: "db2"), .file(path: "/iso/debian.iso"), .none,
            ])
        #expect(disks[0].cache == "writeback")
        #expect(disks[1].target == "vda backing 1")
        #expect(disks[1].isReadOnly)
        #expect(disks[2].isShareable)
        #expect(disks[2].device == "lun")
        #expect(disks[6].isReadOnly)
    }

    @Test("A card on a libvirt network needs the network, whatever carries it")
    func interfaces() throws {
        #expect(
            try DomainXMLReader.read(DomainFixtures.rich).interfaces == [
                .network("lan"), .bridge("br0"), .direct(device: "eth1"), .network("dmz"),
                .other(type: "user"),
            ])
    }

    @Test("Cautions name what they are about")
    func cautions() throws {
        let cautions = try DomainXMLReader.read(DomainFixtures.rich).cautions
        for words in [
            "cache='writeback'", "/iso/debian.iso", "pinned to CPUs", "memory hotplug",
            "10.1.2.3", "emulated TPM",
        ] {
            #expect(cautions.contains { $0.contains(words) }, "\(words) in \(cautions)")
        }
    }

    @Test("A plain domain has neither blockers nor cautions")
    func plain() throws {
        let facts = try DomainXMLReader.read(DomainFixtures.domain())
        #expect(facts.blockers.isEmpty)
        #expect(facts.cautions.isEmpty)
        #expect(facts.hugePages == nil)
        #expect(facts.numa == nil)
    }

    @Test("Huge pages count only for the guest cells that they back")
    func hugePagesOfCells() throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                top: """
                    <memoryBacking><hugepages>
                      <page size='1' unit='G' nodeset='1'/>
                    </hugepages></memoryBacking>
                    <cpu><numa>
                      <cell id='0' cpus='0' memory='1048576' unit='KiB'/>
                      <cell id='1' cpus='1' memory='3145728' unit='KiB'/>
                    </numa></cpu>
                    """, memory: "<memory unit='KiB'>4194304</memory>"))
        #expect(facts.hugePages == HugePageDemand(pageSize: .gibibytes(1), pages: 3))
    }

    @Test("Of the vCPUs, those that are plugged in")
    func vcpus() throws {
        let xml = DomainFixtures.domain().split(separator: "<vcpu placement='static'>2</vcpu>")
            .joined(separator: "<vcpu current='3'>8</vcpu>")
        #expect(try DomainXMLReader.read(xml).vcpus == 3)
    }

    @Test("Unknown kvmbalance metadata is told of, foreign metadata is not read")
    func metadata() throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                top: """
                    <metadata><k:domain xmlns:k="https://kvmbalance.dev/xmlns/domain/1">
                    <k:excluded/><k:afinity group="typo"/></k:domain>
                    <domain xmlns="https://example.org/1"><pinned/></domain></metadata>
                    """))
        #expect(facts.isExcluded)
        #expect(!facts.isPinned)
        #expect(facts.cautions.contains { $0.contains("<afinity>") })
    }

    @Test("Metadata that means nothing is told of")
    func wrongMetadata() throws {
        func cautions(_ element: String) throws -> [String] {
            try DomainXMLReader.read(
                DomainFixtures.domain(
                    top: """
                        <metadata><k:domain xmlns:k="https://kvmbalance.dev/xmlns/domain/1">
                        <k:\(element)/></k:domain></metadata>
                        """)
            ).cautions.filter { $0.contains("its metadata has") }
        }
        #expect(try cautions("anti-affinity groups='web'").count == 2)
        #expect(
            try cautions("anti-affinity groups='web'").first?
                .contains("<anti-affinity groups=…>") == true)
        #expect(try cautions("affinity").map { $0.contains("without group=") } == [true])
        #expect(try cautions("affinity group=''").count == 1)
        #expect(try cautions("affinity group='a' scope='zone'").count == 1)
        #expect(try cautions("pinned host='x'").count == 1)
        #expect(try cautions("pinned").isEmpty && cautions("affinity group='a'").isEmpty)
    }
}
