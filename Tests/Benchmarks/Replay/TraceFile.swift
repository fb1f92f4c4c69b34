import ClusterModel
import Foundation
import Replay
import Simulation

/// Traces that others recorded, as histories.
enum TraceFile {
    /// A history with what is known of its domains.
    struct Trace {
        var name: String
        var guests: [TraceFleet.Guest]
        var history: DemandHistory
    }

    static let interval: Int64 = 300_000

    /// A PlanetLab day: machines with 2, 4 or 8 virtual CPUs by turns, as the traces tell only
    /// shares. With a seed they come in another order: another fleet, with other sizes and other
    /// neighbours.
    static func planetLab(_ day: PlanetLabDay, shuffle seed: UInt64? = nil) -> Trace {
        var order = Array(day.machines.indices)
        if let seed {
            var random = SplitMix64(seed: seed)
            order.shuffle(using: &random)
        }
        var cpu: [Int32] = []
        cpu.reserveCapacity(order.count * 288)
        let guests = order.enumerated().map { number, machine in
            let vcpus = [2, 4, 2, 8][number % 4]
            for percent in day.percent[machine] { cpu.append(Int32(percent * vcpus * 10)) }
            return TraceFleet.Guest(
                name: "pl\(number + 1)", vcpus: vcpus, memory: .gibibytes(Int64(2 * vcpus)))
        }
        return Trace(
            name: day.name, guests: guests,
            history: DemandHistory(
                start: Timestamp(seconds: 1_299_110_400), intervalMilliseconds: interval,
                intervals: 288, domains: guests.map { DomainID("id-\($0.name)") }, cpu: cpu))
    }

    /// Any stretch of time in the format of the Bitbrains week, from its first sample to its last,
    /// in CPUs of 2926 MHz as its hosts had. Machines that no host can hold are left out. With a
    /// seed they come in another order: another fleet, with other neighbours.
    static func bitbrains(
        _ file: String, largest: Bytes, shuffle seed: UInt64? = nil
    ) throws -> Trace {
        let text = String(decoding: try Unpacked.contents(of: file), as: UTF8.self)
        let samples = try text.split(separator: "\n").dropFirst().map { line in
            guard let sample = BitbrainsSample(line) else {
                throw PlanetLabDay.Unreadable(description: "\(file): '\(line)' is no sample")
            }
            return sample
        }.filter { $0.memory <= largest }
        guard let first = samples.map(\.interval).min(), let last = samples.map(\.interval).max()
        else { throw PlanetLabDay.Unreadable(description: "\(file): no sample of any machine") }
        var machines: [Substring] = []
        var sizes: [Substring: BitbrainsSample] = [:]
        for sample in samples where sizes[sample.machine] == nil {
            machines.append(sample.machine)
            sizes[sample.machine] = sample
        }
        if let seed {
            var random = SplitMix64(seed: seed)
            machines.shuffle(using: &random)
        }
        let guests = machines.compactMap { sizes[$0] }.map {
            TraceFleet.Guest(name: "bb\($0.machine)", vcpus: $0.cores, memory: $0.memory)
        }
        let number = Dictionary(firstOf: machines.enumerated().map { ($1, $0) })
        let intervals = Int(last - first + 1)
        var cpu = [Int32](repeating: DemandHistory.missing, count: guests.count * intervals)
        for sample in samples {
            guard let machine = number[sample.machine] else { continue }
            cpu[machine * intervals + Int(sample.interval - first)] = sample.milliCPU
        }
        return Trace(
            name: "bitbrains", guests: guests,
            history: DemandHistory(
                start: Timestamp(seconds: first * interval / 1000),
                intervalMilliseconds: interval, intervals: intervals,
                domains: guests.map { DomainID("id-\($0.name)") }, cpu: cpu))
    }
}

/// A line of `vm,t,cores,cpu_cap_mhz,cpu_mhz,mem_cap_kb,mem_kb,rx_kbs,tx_kbs`, `t` in seconds since
/// 1970.
private struct BitbrainsSample {
    let machine: Substring
    /// Of five minutes each, since 1970.
    let interval: Int64
    let cores: Int
    let memory: Bytes
    let milliCPU: Int32

    init?(_ line: Substring) {
        let fields = line.split(separator: ",")
        guard fields.count == 9, let time = Int64(fields[1]), let cores = Int(fields[2]),
            let mhz = Double(fields[4]), let kilobytes = Double(fields[5])
        else { return nil }
        machine = fields[0]
        interval = time * 1000 / TraceFile.interval
        self.cores = cores
        memory = Bytes.kibibytes(Int64(kilobytes))
        milliCPU = Int32(mhz / 2926 * 1000)
    }
}
