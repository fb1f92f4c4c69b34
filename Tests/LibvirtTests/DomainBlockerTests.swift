import ClusterModel
import Testing

@testable import Libvirt

@Suite("What in a domain's XML forbids a live migration")
struct DomainBlockerTests {
    /// A piece of XML, and the reason and a value that its blocker must have.
    struct Example: Sendable, CustomTestStringConvertible {
        var xml: String
        var reason: Blocker.Reason
        var value: String
        var testDescription: String { "\(reason) \(value)" }
    }

    static let blocking: [Example] = [
        Example(
            xml: """
                <hostdev mode='subsystem' type='pci' managed='yes'><source>
                <address domain='0x0000' bus='0x3b' slot='0x00' function='0x1'/></source></hostdev>
                """, reason: .hostDevice, value: "0x0000:0x3b:0x00:0x1"),
        Example(
            xml: """
                <hostdev mode='subsystem' type='usb'><source><vendor id='0x1d6b'/>
                <product id='0x0002'/></source></hostdev>
                """, reason: .hostDevice, value: "0x1d6b:0x0002"),
        Example(
            xml: """
                <hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>
                <address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>
                """, reason: .hostDevice, value: "c2177883"),
        Example(
            xml: "<interface type='hostdev'><mac address='52:54:00:6d:90:02'/></interface>",
            reason: .hostDevice, value: "52:54:00:6d:90:02"),
        Example(
            xml: "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>",
            reason: .vdpa, value: "vDPA"),
        Example(
            xml: """
                <filesystem type='mount'><driver type='virtiofs'/><source dir='/data'/>
                <target dir='tag'/></filesystem>
                """, reason: .sharedFilesystem, value: "/data"),
        Example(
            xml: """
                <shmem name='pair' role='peer'><model type='ivshmem-plain'/></shmem>
                """, reason: .sharedMemory, value: "pair"),
        Example(
            xml: "<shmem name='old' role='master'><model type='ivshmem'/></shmem>",
            reason: .sharedMemory, value: "ivshmem"),
        Example(
            xml: """
                <disk type='file' device='disk'><source file='/a'/><target dev='vdz'/>
                <transient/></disk>
                """, reason: .transientDisk, value: "vdz"),
        Example(
            xml: """
                <disk type='file' device='disk'><source file='/a'/><target dev='vdy'/>
                <mirror type='file' job='active-commit' ready='yes'/></disk>
                """, reason: .blockJob, value: "active-commit"),
        Example(
            xml: "<tpm><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
            reason: .tpm, value: "passthrough"),
        Example(
            xml: "<memory model='nvdimm'><source><path>/dev/pmem0</path></source></memory>",
            reason: .localStorage, value: "/dev/pmem0"),
        Example(xml: "<input type='evdev'/>", reason: .hostDevice, value: "input device"),
        Example(
            xml: "<video><model type='virtio'><acceleration accel3d='yes'/></model></video>",
            reason: .other, value: "3D"),
    ]

    @Test("Each blocks, with its value and a remedy", arguments: blocking)
    func blocks(_ example: Example) throws {
        let facts = try DomainXMLReader.read(DomainFixtures.domain(devices: example.xml))
        let blocker = try #require(facts.blockers.first)
        #expect(facts.blockers.count == 1)
        #expect(blocker.reason == example.reason)
        #expect(blocker.domain == "web1")
        #expect(blocker.detail.contains(example.value), "\(blocker.detail)")
        #expect(!blocker.remedy.isEmpty)
    }

    static let harmless = [
        "<shmem name='m' role='master'><model type='ivshmem-plain'/></shmem>",
        "<interface type='hostdev'><teaming type='transient' persistent='ua-1'/></interface>",
        "<tpm><backend type='emulator'/></tpm>", "<memory model='dimm'/>",
        "<input type='tablet'/>", "<video><model type='qxl'/></video>",
        "<x:hostdev xmlns:x='urn:foreign' type='pci'/>",
    ]

    @Test("What libvirt moves does not block", arguments: harmless)
    func doesNotBlock(_ xml: String) throws {
        #expect(try DomainXMLReader.read(DomainFixtures.domain(devices: xml)).blockers.isEmpty)
    }

    @Test(
        "What a cold move would lose forbids it",
        arguments: [
            "<nvram type='block'><source dev='/dev/vg/v'/></nvram>",
            "<nvram type='network'><source protocol='nbd'/></nvram>",
            "<nvram type='file'><source dev='/dev/vg/v'/></nvram>",
            "<nvram><source file='relative.fd'/></nvram>",
            "<varstore path='/v.json'/>",
        ])
    func forbidsColdMoves(os: String) throws {
        let facts = try DomainXMLReader.read(DomainFixtures.domain(os: os))
        #expect(facts.coldBlockers?.map(\.reason) == [.localStorage])
        #expect(facts.coldBlockers?.allSatisfy { $0.remedy.contains("move it live") } == true)
        #expect(facts.blockers.isEmpty, "live moves take it along")
    }

    @Test(
        "What goes along, or stays by itself, does not",
        arguments: [
            ("<nvram template='/t.fd'>/var/lib/libvirt/qemu/nvram/web1_VARS.fd</nvram>", ""),
            ("<loader type='rom'>/usr/share/bios.bin</loader>", ""),
            ("<nvram/>", ""),
            ("<nvram type='file'><source file='/v.fd'/></nvram>", ""),
            ("<nvram><source file='/v.fd'/></nvram>", ""),
            ("", "<tpm><backend type='emulator' version='2.0'/></tpm>"),
            ("", "<tpm><backend type='emulator' persistent_state='no'/></tpm>"),
            ("", "<tpm><backend type='emulator' persistent_state='yes'/></tpm>"),
        ])
    func allowsColdMoves(os: String, devices: String) throws {
        let facts = try DomainXMLReader.read(DomainFixtures.domain(os: os, devices: devices))
        #expect(facts.coldBlockers == [])
    }

    @Test("UEFI variables are read in both forms of a file")
    func placesOfVariables() throws {
        for (os, path) in [
            ("<nvram template='/t.fd'> /n/a_VARS.fd </nvram>", "/n/a_VARS.fd"),
            ("<nvram type='file' template='/t.fd'><source file='/n/b.fd'/></nvram>", "/n/b.fd"),
            ("<nvram><source file='/n/c.fd'/></nvram>", "/n/c.fd"),
            ("<nvram/>", nil),
        ] as [(String, String?)] {
            let root = try MarkupReader.read(DomainFixtures.domain(os: os), root: "domain")
            let expected = path.map { DomainXMLReader.Variables.file($0) } ?? .none
            #expect(DomainXMLReader.variables(of: root) == expected, "\(os)")
        }
    }

    @Test("A path is known in another spelling")
    func spellings() {
        for path in ["/a/b/c.fd", "//a/./b//c.fd", "/a/x/../b/c.fd", "/../a/b/c.fd"] {
            #expect(DiskImage.simplified(path) == "/a/b/c.fd", "\(path)")
        }
        #expect("it's".quotedForShell == "'it'\\''s'")
    }

    @Test("What is no disk is taken along from libvirt's own folders only")
    func ownPlaces() {
        #expect(ImageReader.isOwnPlace("/var/lib/libvirt/qemu/nvram"))
        #expect(ImageReader.isOwnPlace("/var/lib/libvirt/swtpm/4dea22b3/tpm2"))
        for folder in [
            "/root", "/var/lib/libvirt", "/var/lib/libvirt-old/x", "/var/lib/libvirt/../../../root",
            "/var/lib/libvirt//x",
        ] {
            #expect(!ImageReader.isOwnPlace(folder), "\(folder)")
        }
    }

    @Test("The state of an emulated TPM lies where libvirt keeps it, or where its XML says")
    func placesOfTPMState() throws {
        let home = "/var/lib/libvirt/swtpm/4dea22b3-1d52-d8f3-2516-782e98ab3fa0"
        for (backend, folder, file) in [
            ("type='emulator' version='2.0'", home + "/tpm2", nil),
            ("type='emulator' version='1.2'", home + "/tpm1.2", nil),
            ("type='emulator'><source type='dir' path='/srv/tpm'/", "/srv/tpm", nil),
            ("type='emulator'><source type='file' path='/srv/tpm/a'/", "/srv/tpm", "a"),
            ("type='passthrough'", nil, nil),
        ] as [(String, String?, String?)] {
            let xml = DomainFixtures.domain(devices: "<tpm><backend \(backend)></backend></tpm>")
            let state = TPMState(of: try MarkupReader.read(xml, root: "domain"))
            #expect(state?.folder == folder && state?.file == file, "\(backend)")
        }
    }

    @Test("invtsc blocks unless the TSC has a frequency")
    func invariantTSC() throws {
        let cpu = "<cpu mode='host-model'><feature policy='require' name='invtsc'/></cpu>"
        let clock = "<clock offset='utc'><timer name='tsc' frequency='3000000000'/></clock>"
        let without = try DomainXMLReader.read(DomainFixtures.domain(top: cpu))
        #expect(without.blockers.map(\.reason) == [.cpuModel])
        let with = try DomainXMLReader.read(DomainFixtures.domain(top: cpu + clock))
        #expect(with.blockers.isEmpty)
    }

    @Test("Hyper-V features that are the host's own block; a list of them does not")
    func hyperv() throws {
        func read(_ hyperv: String, _ more: String = "") throws -> DomainFacts {
            try DomainXMLReader.read(
                DomainFixtures.domain(top: "<features>\(hyperv)</features>\(more)"))
        }
        let passthrough = try read("<hyperv mode='passthrough'/>")
        #expect(passthrough.blockers.map(\.reason) == [.cpuModel])
        let list = "<hyperv mode='custom'><vapic state='on'/><reenlightenment state='on'/></hyperv>"
        let custom = try read(list)
        #expect(custom.blockers.isEmpty)
        #expect(custom.cautions.contains { $0.contains("re-enlightenment without a TSC") })
        let clock = "<clock offset='utc'><timer name='tsc' frequency='3000000000'/></clock>"
        #expect(try read(list, clock).cautions.allSatisfy { !$0.contains("re-enlightenment") })
    }

    @Test("Encrypted memory blocks")
    func launchSecurity() throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(top: "<launchSecurity type='sev'/>"))
        #expect(facts.blockers.map(\.reason) == [.security])
    }
}
