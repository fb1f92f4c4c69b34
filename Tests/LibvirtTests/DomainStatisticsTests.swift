import ClusterModel
import Telemetry
import Testing

@testable import Libvirt

@Suite("Statistics as libvirt names them")
struct DomainStatisticsTests {
    private func sample(_ values: [String: Int64]) -> RawDomainSample {
        DomainStatistics.sample(
            id: "d", name: "n", from: TypedParameters(values.mapValues { .integer($0) }))
    }

    @Test("What is missing is nil, never zero")
    func missing() {
        #expect(sample([:]) == RawDomainSample(id: "d", name: "n", state: .unknown))
        #expect(sample(["state.state": 1]) == RawDomainSample(id: "d", name: "n", state: .running))
    }

    @Test("Figures of all kinds, summed over vCPUs, cards and disks")
    func full() {
        let read = sample([
            "state.state": 3, "state.reason": 1, "cpu.time": 5_000_000_000, "vcpu.current": 2,
            "vcpu.maximum": 4, "vcpu.0.wait": 10, "vcpu.1.wait": 5, "vcpu.0.delay": 7,
            "balloon.current": 1024, "balloon.maximum": 2048, "balloon.rss": 512,
            "balloon.available": 900, "balloon.unused": 100, "balloon.swap_in": 3,
            "balloon.swap_out": 4, "net.count": 2, "net.0.rx.bytes": 100, "net.1.rx.bytes": 11,
            "net.0.tx.bytes": 5, "block.count": 1, "block.0.rd.bytes": 8, "block.0.wr.bytes": 9,
            "block.0.rd.reqs": 1, "dirtyrate.calc_status": 2, "dirtyrate.megabytes_per_second": 44,
        ])
        var expected = RawDomainSample(id: "d", name: "n", state: .paused)
        expected.cpuTime = 5_000_000_000
        expected.vcpus = 2
        expected.vcpuWait = 15
        expected.vcpuDelay = 7
        expected.balloonCurrent = .mebibytes(1)
        expected.balloonMaximum = .mebibytes(2)
        expected.rss = .kibibytes(512)
        expected.guestAvailable = .kibibytes(900)
        expected.guestUnused = .kibibytes(100)
        expected.swapIn = 3072
        expected.swapOut = 4096
        expected.networkReceived = 111
        expected.networkSent = 5
        expected.blockRead = 8
        expected.blockWritten = 9
        expected.dirtyRate = .mebibytes(44)
        #expect(read == expected)
    }

    @Test("A dirty rate counts only once it was measured")
    func dirtyRate() {
        for status: Int64 in 0...1 {
            let values = ["dirtyrate.calc_status": status, "dirtyrate.megabytes_per_second": 44]
            #expect(sample(values).dirtyRate == nil)
        }
    }

    @Test("Absurd figures are left out and overflow nothing")
    func absurd() {
        let most = Int64.max
        let read = sample([
            "balloon.current": most, "balloon.rss": -1, "balloon.swap_in": most,
            "net.0.rx.bytes": most, "net.1.rx.bytes": most, "block.0.rd.bytes": -5,
            "vcpu.current": most, "state.state": most, "state.reason": -most,
            "dirtyrate.calc_status": 2, "dirtyrate.megabytes_per_second": most,
        ])
        #expect(read.balloonCurrent == nil)
        #expect(read.rss == nil)
        #expect(read.swapIn == nil)
        #expect(read.networkReceived == nil)
        #expect(read.blockRead == nil)
        #expect(read.dirtyRate == nil)
        #expect(read.vcpus == nil)
        #expect(read.state == .unknown)
    }

    @Test("Counters of CPUs that cannot be added up are no counter of their cell")
    func cellSum() {
        let most = HostCPUCounters.mostPlausible - 1
        let one = HostCPUCounters(user: most, system: 1, idle: 2, iowait: 3)
        #expect(CellTopology.sum([one]) == one)
        #expect(CellTopology.sum(Array(repeating: one, count: 8192)) == nil)
        #expect(
            CellTopology.sum(
                Array(repeating: .init(user: 1, system: 2, idle: 3, iowait: 4), count: 3))
                == HostCPUCounters(user: 3, system: 6, idle: 9, iowait: 12))
    }

    @Test(
        "Which jobs end by themselves, and since when they run",
        arguments: [
            (2, .save), (4, nil), (5, nil), (6, .snapshot), (7, nil), (8, .dump), (9, .backup),
        ] as [(Int64, PassingJob.Kind?)])
    func passing(_ example: (operation: Int64, kind: PassingJob.Kind?)) {
        let job = DomainJob(
            parameters: TypedParameters([
                "operation": .integer(example.operation), "time_elapsed": .integer(61_500),
            ]))
        let found = job.passing(at: Timestamp(milliseconds: 1_700_000_000_900))
        #expect(found?.kind == example.kind)
        #expect(found?.since == example.kind.map { _ in Timestamp(seconds: 1_699_999_939) })
    }

    @Test("A job's statistics: pages become bytes, what is not told is nil")
    func job() {
        let job = DomainJob(
            parameters: TypedParameters([
                "operation": .integer(5), "time_elapsed": .integer(1133), "downtime": .integer(305),
                "data_processed": .integer(1000), "memory_dirty_rate": .integer(10),
                "memory_page_size": .integer(4096), "memory_iteration": .integer(3),
            ]))
        #expect(job.isMigrationOut)
        #expect(job.progress.dirtyRate == 40_960)
        #expect(job.progress.rate == nil)
        #expect(
            job.statistics(measuredMilliseconds: 9)
                == MigrationStatistics(
                    durationMilliseconds: 1133, downtimeMilliseconds: 305, transferred: 1000,
                    iterations: 3))
        let absurd = DomainJob(
            parameters: TypedParameters([
                "time_elapsed": .integer(.max), "downtime": .integer(-1),
                "data_processed": .integer(.max), "memory_total": .integer(.min),
            ]))
        #expect(
            absurd.statistics(measuredMilliseconds: 9)
                == MigrationStatistics(durationMilliseconds: 9))
        let empty = DomainJob(parameters: TypedParameters())
        #expect(!empty.isMigration && empty.passing(at: Timestamp(seconds: 9)) == nil)
        #expect(
            empty.statistics(measuredMilliseconds: 9)
                == MigrationStatistics(durationMilliseconds: 9))
    }
}
