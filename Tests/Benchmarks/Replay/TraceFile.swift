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

    /// The Bitbrains week, in CPUs of 2926 MHz as its hosts had. Machines that no host can hold are
    /// left out.
    static func bitbrains(_ file: String, largest: Bytes) throws -> Trace {
        let text = String(decoding: try Unpacked.contents(of: file), as: UTF8.self)
        let start: Int64 = 4_575_432 * 300
        let intervals = 2016
        var guests: [TraceFleet.Guest] = []
        var cpu: [Int32] = []
        var numbers: [Substring: Int] = [:]
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: ",")
            guard fields.count == 9, let time = Int64(fields[1]), let cores = Int(fields[2]),
                let mhz = Double(fields[4]), let kilobytes = Double(fields[5])
            else { throw PlanetLabDay.Unreadable(description: "\(file): '\(line)' is no sample") }
            let memory = Bytes.kibibytes(Int64(kilobytes))
            guard memory <= largest else { continue }
            let number = numbers[fields[0]] ?? guests.count
            if number == guests.count {
                numbers[fields[0]] = number
                guests.append(.init(name: "bb\(fields[0])", vcpus: cores, memory: memory))
                cpu += [Int32](repeating: DemandHistory.missing, count: intervals)
            }
            let place = Int((time - start) / 300)
            guard (0..<intervals).contains(place) else { continue }
            cpu[number * intervals + place] = Int32(mhz / 2926 * 1000)
        }
        return Trace(
            name: "bitbrains", guests: guests,
            history: DemandHistory(
                start: Timestamp(seconds: start), intervalMilliseconds: interval,
                intervals: intervals, domains: guests.map { DomainID("id-\($0.name)") }, cpu: cpu))
    }
}
