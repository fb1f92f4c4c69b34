import ClusterModel
import Testing

@testable import Libvirt

@Suite("Host XML: capabilities and pools")
struct HostXMLReaderTests {
    private let capabilities = """
        <capabilities>
          <host>
            <uuid>8613ceca-99f7-4e38-b77e-f0d1da07eb16</uuid>
            <cpu>
              <arch>x86_64</arch><model>Skylake-Server-IBRS</model><vendor>Intel</vendor>
              <microcode version='33581318'/>
              <feature name='vmx'/><feature name='ds'/>
              <pages unit='KiB' size='4'/><pages unit='KiB' size='2048'/>
              <pages unit='KiB' size='1048576'/>
            </cpu>
            <topology><cells num='2'>
              <cell id='1'>
                <memory unit='KiB'>16777216</memory>
                <pages unit='KiB' size='4'>4194304</pages>
                <pages unit='KiB' size='2048'>256</pages>
                <pages unit='KiB' size='1048576'>2</pages>
                <cpus num='2'><cpu id='3'/><cpu id='1'/></cpus>
              </cell>
              <cell id='0'>
                <memory unit='KiB'>8388608</memory>
                <cpus num='2'><cpu id='0'/><cpu id='2'/></cpus>
              </cell>
            </cells></topology>
            <secmodel><model>dac</model><doi>0</doi></secmodel>
            <secmodel><model>apparmor</model><doi>0</doi></secmodel>
          </host>
          <guest>
            <os_type>hvm</os_type>
            <arch name='x86_64'>
              <emulator>/usr/bin/qemu-system-x86_64</emulator>
              <machine maxCpus='255'>pc-i440fx-7.2</machine>
              <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
              <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
              <domain type='qemu'/>
              <domain type='kvm'>
                <emulator>/usr/bin/kvm</emulator><machine>pc-q35-7.2</machine>
              </domain>
            </arch>
          </guest>
          <guest><os_type>exe</os_type><arch name='x86_64'><domain type='lxc'/></arch></guest>
        </capabilities>
        """

    @Test("Capabilities give the processor, the cells and their huge pages")
    func host() throws {
        let read = try CapabilitiesXMLReader.read(capabilities)
        #expect(read.uuid == "8613ceca-99f7-4e38-b77e-f0d1da07eb16")
        #expect(read.cpu.model == "Skylake-Server-IBRS")
        #expect(read.cpu.microcode == "33581318")
        #expect(read.cpu.features == ["ds", "vmx"])
        #expect(read.cpu.hasVirtualization == true)
        #expect(read.securityModel == "apparmor/0")
        #expect(read.cells.map(\.id) == [0, 1])
        #expect(read.cells[1].cpus == [1, 3])
        #expect(read.cells[1].memory == .gibibytes(16))
        #expect(
            read.cells[1].hugePages == [
                HugePagePool(pageSize: .mebibytes(2), total: 256, free: 256),
                HugePagePool(pageSize: .gibibytes(1), total: 2, free: 2),
            ])
        #expect(read.cells[0].hugePages.isEmpty)
    }

    @Test("Guest support has machine types with their aliases, a domain type its own")
    func guests() throws {
        let support = try CapabilitiesXMLReader.read(capabilities).guestSupport
        #expect(
            support == [
                GuestSupport(
                    virtualization: "kvm", architecture: "x86_64", emulator: "/usr/bin/kvm",
                    machineTypes: ["pc-q35-7.2"]),
                GuestSupport(
                    virtualization: "qemu", architecture: "x86_64",
                    emulator: "/usr/bin/qemu-system-x86_64",
                    machineTypes: ["pc", "pc-i440fx-7.2", "pc-q35-7.2", "q35"]),
            ])
    }

    @Test("Of virtualisation only what the host says")
    func virtualization() throws {
        func read(_ vendor: String, _ feature: String) throws -> Bool? {
            try CapabilitiesXMLReader.read(
                """
                <capabilities><host><cpu><vendor>\(vendor)</vendor><feature name='\(feature)'/>
                </cpu></host></capabilities>
                """
            ).cpu.hasVirtualization
        }
        #expect(try read("Intel", "aes") == false)
        #expect(try read("AMD", "aes") == nil)
        #expect(try read("AMD", "svm") == true)
    }

    @Test("Domain capabilities give the models that a guest may have")
    func models() throws {
        let xml = """
            <domainCapabilities><cpu>
              <mode name='host-passthrough' supported='yes'/>
              <mode name='custom' supported='yes'>
                <model usable='yes'>qemu64</model><model usable='no'>EPYC</model>
                <model usable='unknown'>base</model>
              </mode></cpu></domainCapabilities>
            """
        #expect(try DomainCapabilitiesXMLReader.read(xml).usableCPUModels == ["base", "qemu64"])
        #expect(
            try DomainCapabilitiesXMLReader.read("<domainCapabilities/>").usableCPUModels == nil)
    }

    /// A pool's type and source, and what identifies it.
    static let pools: [(type: String, source: String, identity: String?)] = [
        (
            "netfs", "<host name='nas'/><dir path='/vms/'/><format type='nfs'/>",
            "netfs:nfs:nas:/vms"
        ),
        (
            "netfs", "<host name='10.77.0.254'/><dir path='/shared'/><format type='glusterfs'/>",
            "netfs:glusterfs:10.77.0.254:/shared"
        ),
        ("gluster", "<host name='g1'/><name>vol</name><dir path='/'/>", "gluster:g1:vol:/"),
        (
            "rbd", "<host name='m2' port='6789'/><host name='m1'/><name>vms</name>",
            "rbd:m1,m2:6789:vms"
        ),
        (
            "iscsi", "<host name='san'/><device path='iqn.2024-01.org:lun'/>",
            "iscsi:san:iqn.2024-01.org:lun"
        ),
        ("netfs", "<host name='nas'/>", nil),
        ("rbd", "<name>vms</name>", nil),
        ("dir", "", nil),
        ("logical", "<name>vg0</name><device path='/dev/sda'/>", nil),
        ("scsi", "<adapter type='scsi_host' name='host1'/>", nil),
    ]

    @Test("A pool is known by what it is, not by its name", arguments: pools)
    func identity(_ pool: (type: String, source: String, identity: String?)) throws {
        let read = try StoragePoolXMLReader.read(
            """
            <pool type='\(pool.type)'><name>p</name><source>\(pool.source)</source>
            <target><path>/srv/p</path></target></pool>
            """)
        #expect(
            read
                == StoragePool(
                    name: "p", type: pool.type, targetPath: "/srv/p", identity: pool.identity))
    }

    @Test("The room in a pool may be more than any memory")
    func room() throws {
        func pool(_ available: Int64) throws -> StoragePool {
            try StoragePoolXMLReader.read(
                "<pool type='dir'><name>p</name><available unit='bytes'>\(available)</available>"
                    + "<target><path>/srv/p</path></target></pool>")
        }
        let large = Int64(3) << 50
        #expect(try pool(large).available == Bytes(large))
        #expect(try pool(large).room == Plausible.memory)
        #expect(try pool(5).room == 5)
        #expect(throws: MalformedXML.self) { try pool(Int64.max) }
    }

    @Test("Absurd pages and cells are refused")
    func absurd() {
        for cell in [
            "<cell id='x'/>", "<cell id='-1'/>", "<cell id='99999999999999999999'/>",
            "<cell id='0'><pages size='2048'>99999999999999999999</pages></cell>",
            "<cell id='0'><memory>99999999999999999999</memory></cell>",
            // Each alone can be.
            "<cell id='0'><pages size='1073741824'>1099511627775</pages></cell>",
        ] {
            #expect(throws: MalformedXML.self) {
                try CapabilitiesXMLReader.read(
                    """
                    <capabilities><host><topology><cells>\(cell)</cells></topology></host>
                    </capabilities>
                    """)
            }
        }
    }
}
