import ClusterModel
import Testing

@testable import Libvirt

@Suite("Secrets that a domain's XML names")
struct SecretReadingTests {
    private func secrets(_ devices: String) throws -> [SecretNeed]? {
        try DomainXMLReader.read(DomainFixtures.domain(devices: devices)).secrets
    }

    private static let uuid = "6f1d9c1e-0c3e-4a52-8f67-1f3f0a1c2d3e"

    @Test("Of an RBD disk, by UUID and by usage")
    func ceph() throws {
        let disk = { (secret: String) in
            """
            <disk type='network' device='disk'><auth username='libvirt'>\(secret)</auth>
            <source protocol='rbd' name='vms/db1'><host name='mon1'/></source>
            <target dev='vda'/></disk>
            """
        }
        #expect(
            try secrets(disk("<secret type='ceph' uuid='\(Self.uuid.uppercased())'/>"))
                == [SecretNeed(uuid: Self.uuid, usageType: "ceph")])
        #expect(
            try secrets(disk("<secret type='ceph' usage='client.libvirt'/>"))
                == [SecretNeed(usageType: "ceph", usage: "client.libvirt")])
        // Two disks by one secret need one.
        #expect(
            try secrets(
                disk("<secret type='ceph' uuid='\(Self.uuid)'/>")
                    + disk("<secret type='ceph' uuid='\(Self.uuid)'/>"))?.count == 1)
    }

    @Test("Of an encrypted disk, of an image under one, and of a TPM")
    func encryption() throws {
        let layered = """
            <disk type='file' device='disk'><source file='/a'>
            <encryption format='luks'><secret type='passphrase' usage='top'/></encryption></source>
            <backingStore type='file'><source file='/b'>
            <encryption format='luks'><secret type='passphrase' uuid='\(Self.uuid)'/></encryption>
            </source><backingStore/></backingStore><target dev='vda'/></disk>
            """
        #expect(
            try secrets(layered) == [
                SecretNeed(usageType: "volume", usage: "top"),
                SecretNeed(uuid: Self.uuid, usageType: "volume"),
            ])
        let tpm = """
            <tpm model='tpm-crb'><backend type='emulator'>
            <encryption secret='\(Self.uuid)'/></backend></tpm>
            """
        #expect(try secrets(tpm) == [SecretNeed(uuid: Self.uuid, usageType: "vtpm")])
    }

    @Test("A domain without any")
    func none() throws {
        #expect(
            try secrets(
                "<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
                    + "<tpm><backend type='emulator'/></tpm>") == nil)
    }

    @Test("Whom QEMU runs as is in the capabilities")
    func owner() throws {
        let read = { (models: String) in
            try CapabilitiesXMLReader.read(
                "<capabilities><host><uuid>u</uuid>\(models)</host></capabilities>")
        }
        let dac = """
            <secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+64055:+108</baselabel>
            <baselabel type='qemu'>+64055:+108</baselabel></secmodel>
            """
        #expect(
            try read("<secmodel><model>apparmor</model><doi>0</doi></secmodel>" + dac).qemuOwner
                == "64055:108")
        #expect(try read("<secmodel><model>dac</model><doi>0</doi></secmodel>").qemuOwner == nil)
    }
}
