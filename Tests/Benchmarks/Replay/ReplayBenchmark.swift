import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import Replay

/// `replay DATA…`: what each rule would have done on traces that others recorded.
struct ReplayBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Overload, moves and hosts under ours and others' rules, on recorded traces.")

    @Argument(help: "bitbrains/*.csv.gz, or packed PlanetLab days.") var files: [String]
    @Option(help: "Hosts of the fleet (default: sized so that peaks collide).") var hosts: Int?
    @Option(help: "Only rules whose name holds this.") var rule: String?
    @Option(help: "A policy file to replay beside the built-in ones.") var policy: [String] = []

    @Option(help: "The machines in another order, by seed: fleets to choose settings on.")
    var shuffle: UInt64?

    func run() throws {
        var sums: [Sum] = []
        for file in files {
            let trace: TraceFile.Trace
            var fleet: TraceFleet
            if file.contains("bitbrains") || file.hasSuffix(".csv.gz") {
                fleet = TraceFleet(hosts: hosts ?? 0, cpus: 16, memory: .gibibytes(256))
                trace = try TraceFile.bitbrains(
                    file, largest: fleet.memory, shuffle: shuffle)
            } else {
                fleet = TraceFleet(hosts: hosts ?? 0, cpus: 32, memory: .gibibytes(512))
                trace = TraceFile.planetLab(try PlanetLabDay(file), shuffle: shuffle)
            }
            if hosts == nil { fleet.hosts = Self.sized(trace, cpus: fleet.cpus) }
            print(
                "\(trace.name): \(trace.guests.count) domains on \(fleet.hosts) hosts of "
                    + "\(fleet.cpus) CPUs, \(trace.history.intervals) intervals")
            let world = fleet.world(trace.guests, trace.history)
            print(Self.header)
            for (index, given) in try rules().enumerated() {
                var rule = given
                let meter = Meter()
                var replay = Replay(world)
                replay.run { rule.decide($0) }
                print(Self.row(rule.name, replay.result, meter))
                fflush(nil)
                if index == sums.count { sums.append(Sum(rule: rule.name)) }
                sums[index].minutes += replay.result.overloadMinutes
                sums[index].moves += replay.result.moves
            }
        }
        guard files.count > 1 else { return }
        print("together:")
        for sum in sums {
            print(Self.row([sum.rule, Self.number(sum.minutes, 0), "", "", "", "\(sum.moves)"]))
        }
    }

    /// One rule over all files.
    private struct Sum {
        var rule: String
        var minutes = 0.0
        var moves = 0
    }

    /// Peaks collide: the fleet's own peak takes four fifths of all CPUs.
    static func sized(_ trace: TraceFile.Trace, cpus: Int) -> Int {
        let history = trace.history
        var peak: Int64 = 0
        for interval in 0..<history.intervals {
            var sum: Int64 = 0
            for domain in trace.guests.indices {
                sum += Int64(max(0, history.value(domain, at: interval)))
            }
            peak = max(peak, sum)
        }
        return Int(peak * 10 / 8 / Int64(cpus * 1000)) + 1
    }

    /// A policy as it is shipped. The program is run in the repository's root.
    static func shipped(_ name: String) throws -> Policy {
        try Policy(yaml: String(contentsOfFile: "policies/\(name).yaml", encoding: .utf8))
    }

    /// Looks two hours back, and acts on what is overloaded now.
    static func relieving(_ name: String) -> Policy {
        var policy = Policy(name: name)
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.perDomainOverhead = .zero
        policy.demand = DemandWindow(windowSeconds: 7200, percentile: 75, slots: 1)
        policy.limits = MigrationLimits(perHost: 2, fleet: 10)
        policy.balance.measures = [.cpu]
        policy.balance.cpuLimit = 9500
        policy.balance.minGain = 100
        policy.rebalance.held = 2
        policy.rebalance.looks = 3
        return policy
    }

    /// Two days by the hour, for histories that have days; acts before hosts are overloaded.
    static func ahead(_ name: String) -> Policy {
        var policy = relieving(name)
        policy.demand = DemandWindow(
            windowSeconds: 2 * 86_400, percentile: 95, slots: 24, periodSeconds: 86_400)
        policy.balance.cpuLimit = 10_000
        policy.balance.minGain = 1000
        return policy
    }

    private func rules() throws -> [any ReplayRule] {
        let ahead = Self.ahead("ahead")
        var consolidate = Self.ahead("our consolidate")
        consolidate.rebalance.aim = .consolidate
        consolidate.rebalance.emptyAfterSeconds = 12 * 3600
        consolidate.consolidate.cpuLimit = 8500
        consolidate.consolidate.memoryLimit = 10_000
        var all: [any ReplayRule] = [
            NoBalancing(), ThresholdRule(), EvenRule.mean, EvenRule.peak, ProxLBRule(),
            WatcherRule(), WatcherRule(threshold: 800), StabilizationRule(),
            OurRule("our even.yaml", try Self.shipped("even")),
            OurRule("our balance, two hours back", Self.relieving("relieving")),
            OurRule("our balance, by the time of day", ahead),
            OurRule("our consolidate", consolidate),
        ]
        for file in policy {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            all.append(OurRule(file, try Policy(yaml: text)))
        }
        return all.filter { rule.map($0.name.contains) ?? true }
    }

    static let header = row([
        "rule", "overload", "hot", "domains", "lacked %", "moves", "most", "TiB", "hosts",
        "peak", "kWh", "CPU s",
    ])

    static func row(_ name: String, _ result: ReplayResult, _ meter: Meter) -> String {
        row([
            name, number(result.overloadMinutes, 0), number(result.hotMinutes, 0),
            number(result.domainOverloadMinutes, 0), number(100 * result.lackedShare, 3),
            "\(result.moves)", "\(result.mostMovesOfADomain)",
            number(Double(result.transferred.count) / 1_099_511_627_776, 2),
            number(result.meanHosts, 1), "\(result.mostHosts)",
            result.kilowattHours.map { number($0, 0) } ?? "-", number(meter.cpuSeconds, 1),
        ])
    }

    static func number(_ value: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", value)
    }

    static func row(_ cells: [String]) -> String {
        cells.enumerated().map { column, cell in
            let width = column == 0 ? 34 : 9
            let blanks = String(repeating: " ", count: max(1, width - cell.count))
            return column == 0 ? cell + blanks : blanks + cell
        }.joined()
    }
}
