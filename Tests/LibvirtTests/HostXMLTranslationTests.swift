import Testing

@testable import Libvirt

@Suite("The XML in the target's terms")
struct HostXMLTranslationTests {
    private let xml = """
        <domain type='kvm'>
          <vcpu placement='static' cpuset='0-7'>2</vcpu>
          <cputune>
            <vcpupin vcpu='0' cpuset='1'/>
            <vcpupin vcpu='1' cpuset='6'/>
            <emulatorpin cpuset='0,7'/>
          </cputune>
          <numatune>
            <memory mode='MODE' nodeset='1'/>
          </numatune>
          <devices>
            <graphics type='vnc' port='5900' autoport='yes' listen='10.0.0.1'>
              <listen type='address' address='10.0.0.1'/>
            </graphics>
            <interface type='bridge'>
              <source bridge='10.0.0.1'/>
            </interface>
          </devices>
        </domain>
        """

    private func translate(
        _ mode: String, cpus: Range<Int>, cells: Set<Int>, addresses: [String: String] = [:]
    ) -> String? {
        HostXMLTranslation(
            terms: .init(cpus: Set(cpus), cells: cells, addresses: addresses)
        ).translated(xml.replacing("MODE", with: mode))
    }

    @Test("A host like the source changes nothing")
    func same() {
        #expect(translate("preferred", cpus: 0..<8, cells: [0, 1]) == nil)
    }

    @Test("Pins to CPUs that are not there go, the others stay")
    func pins() throws {
        let text = try #require(translate("strict", cpus: 0..<4, cells: [0, 1]))
        #expect(text.contains("<vcpu placement='static'>2</vcpu>"))
        #expect(text.contains("<vcpupin vcpu='0' cpuset='1'/>"))
        #expect(!text.contains("vcpu='1'") && !text.contains("emulatorpin"))
        #expect(text.contains("nodeset='1'"))
        #expect(text.contains("<source bridge='10.0.0.1'/>"))
    }

    @Test("A wish for cells that are not there goes, a demand stays")
    func cells() throws {
        let soft = try #require(translate("preferred", cpus: 0..<8, cells: [0]))
        #expect(!soft.contains("numatune") && soft.contains("emulatorpin"))
        #expect(translate("strict", cpus: 0..<8, cells: [0]) == nil)
        #expect(translate("restrictive", cpus: 0..<8, cells: [0]) == nil)
    }

    @Test("A console listens on the target's own address, and nothing else is touched")
    func listening() throws {
        let text = try #require(
            translate("strict", cpus: 0..<8, cells: [1], addresses: ["10.0.0.1": "10.0.0.2"]))
        #expect(text.contains("listen='10.0.0.2'>"))
        #expect(text.contains("address='10.0.0.2'/>"))
        #expect(text.contains("<source bridge='10.0.0.1'/>"))
    }

    @Test("An address of IPv6 is the same however it is written")
    func listeningOnIPv6() throws {
        let console = xml.replacing("10.0.0.1", with: "fd00:10::1").replacing(
            "MODE", with: "strict")
        let terms = HostXMLTranslation.Terms(
            cpus: Set(0..<8), cells: [1], addresses: ["fd00:10:0::0001": "fd00:10::2"])
        #expect(HostXMLTranslation.isBound("<graphics listen='fd00:10::1'/>", terms))
        let text = try #require(HostXMLTranslation(terms: terms).translated(console))
        #expect(text.contains("listen='fd00:10::2'>") && text.contains("address='fd00:10::2'/>"))
    }

    @Test("What is bound to nothing is not read twice")
    func unbound() {
        #expect(!HostXMLTranslation.isBound("<domain><vcpu>2</vcpu></domain>", .init()))
        #expect(HostXMLTranslation.isBound(xml, .init()))
        #expect(HostXMLTranslation.isBound("<listen address='a'/>", .init(addresses: ["a": "b"])))
    }

    @Test("A card is plugged into what the target calls its network, and nothing else is touched")
    func networks() throws {
        let cards = """
            <domain>
              <name>br0</name>
              <devices>
                <disk type='block'>
                  <source dev='br0'/>
                </disk>
                <interface type='bridge'>
                  <source bridge='br0'/>
                  <target dev='br0'/>
                </interface>
                <interface type='bridge'>
                  <source network='lan' portid='1' bridge='br0'/>
                </interface>
                <interface type='direct'>
                  <source dev='eth0' mode='bridge'/>
                </interface>
              </devices>
            </domain>
            """
        let terms = HostXMLTranslation.Terms(
            interfaces: ["br0": "vmbr0", "lan": "wan", "eth0": "eno1"])
        #expect(HostXMLTranslation.isBound(cards, terms))
        let text = try #require(HostXMLTranslation(terms: terms).translated(cards))
        let changed = zip(cards.split(separator: "\n"), text.split(separator: "\n"))
            .filter { $0 != $1 }.map { $1.drop { $0 == " " } }
        #expect(
            changed == [
                "<source bridge='vmbr0'/>", "<source network='wan' portid='1' bridge='br0'/>",
                "<source dev='eno1' mode='bridge'/>",
            ])
        #expect(text.split(separator: "\n").count == cards.split(separator: "\n").count)
    }

    @Test("Where the target's CPUs and cells are not known, nothing bound to them changes")
    func unknownTarget() {
        #expect(HostXMLTranslation(terms: .init()).translated(xml) == nil)
    }

    @Test("QEMU is called by the target's path, in its own place alone")
    func emulator() throws {
        let domain = """
            <domain type='kvm'>
              <metadata>
                <mine:note xmlns:mine='urn:mine'>
                  <emulator>/usr/bin/kvm</emulator>
                </mine:note>
              </metadata>
              <devices>
                <emulator>/usr/bin/kvm</emulator>
              </devices>
            </domain>
            """
        var terms = HostXMLTranslation.Terms()
        #expect(!HostXMLTranslation.isBound(domain, terms))
        terms.emulators = ["/usr/bin/kvm": "/usr/libexec/qemu-kvm"]
        #expect(HostXMLTranslation.isBound(domain, terms))
        // The plan counts on it, also where the target does not tell its CPUs.
        let translation = try #require(HostXMLTranslation(terms, for: nil))
        let text = try #require(translation.translated(domain))
        #expect(text.contains("\n    <emulator>/usr/libexec/qemu-kvm</emulator>\n"))
        #expect(text.contains("\n      <emulator>/usr/bin/kvm</emulator>\n"))
        terms.emulators = ["/opt/qemu": "/usr/libexec/qemu-kvm"]
        #expect(!HostXMLTranslation.isBound(domain, terms))
        #expect(HostXMLTranslation(terms: terms).translated(domain) == nil)
    }
}
