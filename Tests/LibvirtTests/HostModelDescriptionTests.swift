import ClusterModel
import Testing

@testable import Libvirt

@Suite("The CPU of host-model guests, into libvirt's baseline and out of it")
struct HostModelDescriptionTests {
    private func capabilities(_ mode: String) -> String {
        """
        <domainCapabilities><domain>kvm</domain><cpu>
        <mode name='host-passthrough' supported='yes'/>\(mode)
        <mode name='custom' supported='yes'><model usable='yes'>Penryn</model></mode>
        </cpu></domainCapabilities>
        """
    }

    @Test("It is taken from the capabilities as virsh takes it")
    func given() throws {
        let xml = try HostModelDescription.xml(
            in: capabilities(
                """
                <mode name='host-model' supported='yes'><model fallback='forbid'>Haswell</model>
                <vendor>Intel</vendor><feature policy='require' name='vmx'/>
                <feature policy='disable' name='hle'/></mode>
                """))
        #expect(
            xml == "<cpu mode='custom' match='exact'><model fallback='forbid'>Haswell</model>"
                + "<vendor>Intel</vendor><feature policy='disable' name='hle'/>"
                + "<feature policy='require' name='vmx'/></cpu>")
        #expect(
            try HostModelDescription.xml(
                in: capabilities(
                    "<mode name='host-model' supported='no'><model>Penryn</model></mode>"))
                == nil)
        #expect(try HostModelDescription.xml(in: "<domainCapabilities/>") == nil)
    }

    @Test("libvirt's answer is a model with features more and less")
    func answered() throws {
        let cpu = try HostModelDescription.read(
            """
            <cpu mode='custom' match='exact'><model fallback='forbid'>Penryn</model>
            <vendor>Intel</vendor><feature policy='require' name='vmx'/>
            <feature policy='require' name='aes'/><feature policy='disable' name='sse4.1'/></cpu>
            """)
        #expect(
            cpu
                == BaselineCPU(
                    model: "Penryn", vendor: "Intel", required: ["aes", "vmx"],
                    disabled: ["sse4.1"]))
        #expect(try HostModelDescription.read("<cpu/>") == nil)
    }
}
