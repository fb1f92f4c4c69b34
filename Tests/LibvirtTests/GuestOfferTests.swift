import CLibvirt
import ClusterModel
import Testing

@testable import Libvirt

@Suite("What hosts offer to guests, and what guests need of it")
struct GuestOfferTests {
    /// Shortened from libvirt 9.0's for QEMU 7.2 and a q35 machine.
    private let capabilities = """
        <domainCapabilities>
          <path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>
          <os supported='yes'>
            <enum name='firmware'><value>efi</value></enum>
            <loader supported='yes'>
              <value>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</value>
              <value>/usr/share/OVMF/OVMF_CODE_4M.fd</value>
              <enum name='type'><value>rom</value><value>pflash</value></enum>
            </loader>
          </os>
          <devices>
            <graphics supported='yes'><enum name='type'><value>vnc</value></enum></graphics>
            <video supported='yes'>
              <enum name='modelType'><value>vga</value><value>virtio</value></enum>
            </video>
            <tpm supported='no'/>
          </devices>
          <features>
            <hyperv supported='yes'><enum name='features'><value>vapic</value></enum></hyperv>
            <sev supported='no'/>
          </features>
        </domainCapabilities>
        """

    @Test("Domain capabilities give firmware, consoles, video, TPM and Hyper-V features")
    func offer() throws {
        let offer = try DomainCapabilitiesXMLReader.read(capabilities).offer
        #expect(
            offer.loaders == [
                "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
            ])
        #expect(offer.consoles == ["vnc"] && offer.videoModels == ["vga", "virtio"])
        #expect(offer.tpmModels == [] && offer.tpmBackends == [])
        #expect(offer.hyperv == ["vapic"] && offer.launchSecurity == [])
    }

    @Test("What an older libvirt does not tell is not known, and not nothing")
    func unknown() throws {
        #expect(try DomainCapabilitiesXMLReader.read("<domainCapabilities/>").offer.isEmpty)
        let old = try DomainCapabilitiesXMLReader.read(
            "<domainCapabilities><devices><tpm supported='yes'/></devices></domainCapabilities>")
        #expect(old.offer.tpmBackends == nil)
    }

    private func domain(_ body: String) throws -> GuestPlatform {
        try DomainXMLReader.read(
            """
            <domain type='kvm'>
              <name>win1</name><uuid>1ed18bdc-ce7a-4588-a46d-5e3f1f418f41</uuid>
              <memory unit='KiB'>4194304</memory>
              \(body)
            </domain>
            """
        ).guest
    }

    @Test("A domain names its QEMU, firmware, TPM, video, consoles and Hyper-V features")
    func needs() throws {
        let guest = try domain(
            """
            <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
              <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader></os>
            <features><hyperv mode='custom'>
              <relaxed state='on'/><vapic state='on'/><evmcs state='off'/></hyperv></features>
            <clock offset='utc'><timer name='rtc'/><timer name='tsc' frequency='2500000000'/>
            </clock>
            <devices><emulator>/usr/bin/kvm</emulator>
              <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
              <graphics type='spice'/><graphics type='vnc'/>
              <video><model type='qxl'/></video></devices>
            """)
        #expect(guest.emulator == "/usr/bin/kvm" && guest.tscHertz == 2_500_000_000)
        let devices = try #require(guest.devices)
        #expect(devices.loader == "/usr/share/OVMF/OVMF_CODE_4M.fd")
        #expect(devices.tpmModel == "tpm-crb" && devices.tpmBackend == "emulator")
        #expect(devices.consoles == ["spice", "vnc"] && devices.videoModels == ["qxl"])
        #expect(devices.hyperv == ["relaxed", "vapic"])
    }

    @Test("A plain domain asks for nothing")
    func plain() throws {
        let guest = try domain("<os><type arch='x86_64'>hvm</type></os>")
        #expect(guest.devices == nil && guest.emulator == nil && guest.tscHertz == nil)
    }

    @Test("The host's time stamp counter is read, with whether it scales")
    func counter() throws {
        let cpu = try CapabilitiesXMLReader.read(
            """
            <capabilities><host><uuid>x</uuid><cpu><arch>x86_64</arch>
              <counter name='tsc' frequency='2593907000' scaling='no'/></cpu></host>
            </capabilities>
            """
        ).cpu
        #expect(cpu.tscHertz == 2_593_907_000 && cpu.scalesTSC == false)
    }
}

@Suite("The guest's CPU as libvirt is asked about it")
struct GuestCPUDescriptionTests {
    private func cpu(_ xml: String) throws -> String? {
        GuestCPUDescription.xml(of: try MarkupReader.read(xml, root: "cpu"))
    }

    @Test("Model, vendor and features are compared, in whatever order; the rest is not")
    func description() throws {
        let one = try cpu(
            """
            <cpu mode='custom' match='exact' check='full'>
              <model fallback='forbid'>Westmere</model><vendor>Intel</vendor>
              <topology sockets='1' dies='1' cores='2' threads='1'/>
              <feature policy='require' name='avx'/><feature policy='disable' name='vme'/>
            </cpu>
            """)
        let other = try cpu(
            """
            <cpu mode='custom'><feature policy='disable' name='vme'/><feature name='avx'/>
              <model>Westmere</model><vendor>Intel</vendor></cpu>
            """)
        #expect(one == other)
        #expect(
            one == "<cpu mode='custom' match='exact'><model fallback='forbid'>Westmere</model>"
                + "<vendor>Intel</vendor><feature policy='require' name='avx'/>"
                + "<feature policy='disable' name='vme'/></cpu>")
        let kind = GuestCPUDescription.kind(of: one ?? "")
        #expect(kind.count == 16 && kind != GuestCPUDescription.kind(of: "\(one ?? "") "))
    }

    @Test("A CPU without a model is not compared, and marks of XML stay text")
    func odd() throws {
        #expect(try cpu("<cpu mode='host-passthrough'><model>x</model></cpu>") == nil)
        #expect(try cpu("<cpu/>") == nil)
        #expect(GuestCPUDescription.xml(of: nil) == nil)
        let marks = try cpu("<cpu><model>a&lt;b'&amp;c</model></cpu>")
        #expect(marks?.contains("a&lt;b&apos;&amp;c") == true)
    }

    @Test("The features that libvirt names are read out of its words")
    func lacks() {
        let words = "the CPU is incompatible with host CPU: Host CPU does not provide required "
        #expect(GuestCPUDescription.lacks(in: words + "features: rtm, hle") == ["hle", "rtm"])
        #expect(
            GuestCPUDescription.lacks(
                in: words + "features: hle; try using 'Haswell-noTSX' CPU model") == ["hle"])
        #expect(
            GuestCPUDescription.lacks(
                in: "host CPU vendor does not match required CPU vendor Intel") == nil)
    }
}
