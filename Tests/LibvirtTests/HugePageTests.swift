import ClusterModel
import Testing

@testable import Libvirt

@Suite("Huge pages of a domain")
struct HugePageTests {
    private static let large = HugePagePool(pageSize: .gibibytes(1), total: 8, free: 8)
    private static let small = HugePagePool(pageSize: .mebibytes(2), total: 512, free: 512)

    private func host(_ pools: [HugePagePool]) -> HostFacts {
        HostFacts(
            uuid: "", hostname: "", cpu: HostCPU(architecture: "x86_64", logicalCPUs: 4),
            memory: .gibibytes(64),
            cells: [NUMACell(id: 0, memory: .gibibytes(64), hugePages: pools)])
    }

    private func facts(_ pages: String, state: DomainState = .running) throws -> DomainFacts {
        var facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                top: "<memoryBacking><hugepages>\(pages)</hugepages></memoryBacking>",
                memory: "<memory unit='GiB'>3</memory>"))
        facts.state = state
        return facts
    }

    @Test("Without a size it is that of the host, whatever that is")
    func defaultSize() throws {
        for (pool, pages) in [(Self.large, Int64(3)), (Self.small, 1536)] {
            var facts = try facts("")
            facts.settleHugePages(on: host([pool]))
            #expect(facts.hugePages == HugePageDemand(pageSize: pool.pageSize, pages: pages))
            #expect(facts.usesDefaultPages == true && facts.blockers.isEmpty)
        }
    }

    @Test("Of several sizes, or none, nobody can say which it is")
    func unknownSize() throws {
        for (pools, words) in [
            ([Self.small, Self.large], "2 MiB and 1 GiB"), ([], "none are set aside"),
        ] {
            var facts = try facts("")
            facts.settleHugePages(on: host(pools))
            #expect(facts.blockers.map(\.reason) == [.hugePages])
            #expect(facts.blockers.first?.detail.contains(words) == true)
            var off = try self.facts("", state: .shutOff)
            off.settleHugePages(on: host(pools))
            #expect(off.blockers.isEmpty, "its definition takes none")
        }
    }

    @Test("A size that is given is believed")
    func givenSize() throws {
        var facts = try facts("<page size='1' unit='G'/>")
        facts.settleHugePages(on: host([Self.small, Self.large]))
        #expect(facts.hugePages == HugePageDemand(pageSize: .gibibytes(1), pages: 3))
        #expect(facts.usesDefaultPages == nil && facts.blockers.isEmpty)
    }

    @Test("Pages of several sizes keep a guest where it is; entries of one size are added up")
    func severalSizes() throws {
        let cells = """
            <cpu><numa><cell id='0' cpus='0' memory='1' unit='GiB'/>
            <cell id='1' cpus='1' memory='2' unit='GiB'/></numa></cpu>
            """
        func read(_ pages: String) throws -> DomainFacts {
            try DomainXMLReader.read(
                DomainFixtures.domain(
                    top: "<memoryBacking><hugepages>\(pages)</hugepages></memoryBacking>\(cells)",
                    memory: "<memory unit='GiB'>3</memory>"))
        }
        let mixed = try read(
            "<page size='1' unit='G' nodeset='1'/><page size='2' unit='M' nodeset='0'/>")
        #expect(mixed.blockers.map(\.reason) == [.hugePages])
        #expect(mixed.blockers.first?.detail.contains("2 MiB and 1 GiB") == true)
        let same = try read(
            "<page size='2' unit='M' nodeset='0'/><page size='2' unit='M' nodeset='1'/>")
        #expect(same.blockers.isEmpty)
        #expect(same.hugePages == HugePageDemand(pageSize: .mebibytes(2), pages: 1536))
    }

    @Test("All memory of video cards is known")
    func video() throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                devices: """
                    <video><model type='qxl' ram='65536' vram='65536' vgamem='16384'/></video>
                    <video><model type='virtio'/></video>
                    """))
        #expect(facts.videoMemory == .mebibytes(144))
    }
}
