import ClusterModel
import Testing

@testable import Libvirt

@Suite("What of a domain is its host's: ports, pins, partitions, shares")
struct HostTermsTests {
    private func read(devices: String = "", top: String = "") throws -> DomainFacts {
        try DomainXMLReader.read(DomainFixtures.domain(top: top, devices: devices))
    }

    @Test("A console's port that was given, with its address")
    func given() throws {
        let facts = try read(
            devices: """
                <graphics type='vnc' port='5901' autoport='no' listen='127.0.0.1' websocket='5701'>
                  <listen type='address' address='127.0.0.1'/></graphics>
                """)
        #expect(
            facts.consolePorts == [
                ConsolePort(port: 5901, address: "127.0.0.1"),
                ConsolePort(port: 5701, address: "127.0.0.1"),
            ])
    }

    @Test("A port that libvirt chose, one that it has yet to choose, and none")
    func chosen() throws {
        let chosen = try read(
            devices: "<graphics type='spice' port='5900' tlsPort='5903' autoport='yes'/>")
        #expect(chosen.consolePorts?.map(\.isAutomatic) == [true, true])
        #expect(try read(devices: "<graphics type='vnc' port='-1'/>").consolePorts == nil)
        let socket = "<graphics type='vnc'><listen type='socket' socket='/run/x'/></graphics>"
        #expect(try read(devices: socket).consolePorts == nil)
        #expect(try read().consolePorts == nil)
    }

    @Test("A serial port that somebody connects to, once")
    func serial() throws {
        let source = "<source mode='bind' host='0.0.0.0' service='4555'/>"
        let facts = try read(
            devices: "<serial type='tcp'>\(source)</serial><console type='tcp'>\(source)</console>"
                + "<serial type='tcp'><source mode='connect' host='a' service='1'/></serial>")
        #expect(facts.consolePorts == [ConsolePort(port: 4555, address: "0.0.0.0")])
    }

    @Test("Pins to a few CPUs")
    func pins() throws {
        let tune =
            "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='4-5'/></cputune>"
        #expect(try read(top: tune).pinnedCPUs == [2, 4, 5])
        let rest = "<cputune><vcpupin vcpu='0' cpuset='0-63,^1'/></cputune>"
        #expect(try read(top: rest).pinnedCPUs == nil)
        #expect(try read().pinnedCPUs == nil)
    }

    @Test(
        "A resource partition and CPU shares are cautions",
        arguments: [
            ("<resource><partition>/machine/prod</partition></resource>", "/machine/prod"),
            ("<cputune><shares>20000</shares></cputune>", "takes 10000 at most"),
            ("<cputune><shares>2048</shares></cputune>", "1024 under v1"),
        ])
    func tuning(_ example: (xml: String, words: String)) throws {
        let cautions = try read(top: example.xml).cautions
        #expect(cautions.count == 1 && cautions[0].contains(example.words), "\(cautions)")
        let usual = "<resource><partition>/machine</partition></resource>"
        #expect(try read(top: usual).cautions == [])
    }

    @Test("A block job says how far it is, and how to wait or to end it")
    func blockJobs() {
        let backup = BlockJob(type: 5, done: 1_073_741_824, whole: 21_474_836_480)
        #expect(backup.words == "a backup is 5 % done (1 GiB of 20 GiB)")
        #expect(backup.remedy("db1", "vda").contains("virsh blockjob 'db1' vda --info"))
        #expect(backup.remedy("db1", "vda").contains("virsh domjobabort 'db1'"))
        let commit = BlockJob(type: 4, done: 0, whole: 0)
        #expect(commit.words == "an active commit is at its beginning")
        #expect(commit.remedy("db1", "vdb").contains("virsh blockjob 'db1' vdb --abort"))
        #expect(BlockJob(type: 9, done: 3, whole: 3).words.hasPrefix("a job of type 9 is 100 %"))
        #expect(BlockJob(type: 1, done: 999, whole: 1000).words.hasPrefix("a pull is 99 %"))
        #expect(BlockJob(type: 1, done: .max, whole: .max).words == "a pull is at its beginning")
    }

    @Test("A block job ends by itself, or waits for a person once it is through")
    func passing() {
        let since = Timestamp(seconds: 1_700_000_000)
        func kind(_ type: Int, _ done: UInt64 = 3, of whole: UInt64 = 7) -> PassingJob.Kind? {
            BlockJob(type: type, done: done, whole: whole).passing(since: since)?.kind
        }
        #expect(
            [0, 1, 2, 3, 4, 5, 6].map { kind($0) } == [
                nil, .blockPull, .blockCopy, .blockCommit, .blockCommit, .backup, nil,
            ])
        // A copy, and a commit of the top layer, are kept in step until somebody ends them.
        #expect(
            [1, 2, 3, 4, 5].map { kind($0, 7) } == [
                .blockPull, nil, .blockCommit, nil, .backup,
            ])
        #expect(kind(2, 0, of: 0) == .blockCopy)
        #expect(BlockJob(type: 5, done: 0, whole: 0).passing(since: since)?.since == since)
    }

    @Test(
        "A disk's mirror in the XML is waited for until it is through",
        arguments: [
            ("job='copy'", .blockCopy), ("job='active-commit'", .blockCommit),
            ("job='copy' ready='yes'", nil), ("job='copy' ready='pivot'", .blockCopy),
        ] as [(String, PassingJob.Kind?)])
    func mirrors(_ example: (attributes: String, kind: PassingJob.Kind?)) throws {
        let disk = "<disk type='file' device='disk'><source file='/a'/><target dev='vdy'/>"
        func jobs(_ more: String) throws -> [PassingJob.Kind?] {
            try read(devices: "\(disk)<mirror type='file' \(example.attributes)/>\(more)</disk>")
                .blockers.map { $0.job?.kind }
        }
        #expect(try jobs("") == [example.kind])
        // What keeps it is that its changes are thrown away.
        #expect(try jobs("<transient/>") == [nil])
    }

    /// Every remedy that names a cold move must be of a reason that a cold move ends.
    @Test("No remedy promises a cold move that is refused", arguments: DomainBlockerTests.blocking)
    func promises(_ example: DomainBlockerTests.Example) throws {
        let facts = try read(devices: example.xml)
        for blocker in facts.blockers where blocker.remedy.contains("--offline") {
            #expect(blocker.reason.endsWithShutdown, "\(blocker.detail): \(blocker.remedy)")
        }
        for blocker in facts.blockers where !blocker.reason.endsWithShutdown {
            #expect(!blocker.remedy.contains("and move it cold"), "\(blocker.remedy)")
            #expect(!blocker.remedy.contains("or move the guest cold"), "\(blocker.remedy)")
        }
    }
}
