import ClusterModel

/// One dimension of what hosts have and domains need. Time slots are dimensions like any other, so
/// that a host's CPU load is the worst slot of the sum.
enum Resource: Hashable {
    case memory
    case cpu(slot: Int)
    case domainCount
    /// Pages of a size in a set of cells, or on the whole host.
    case hugePages(size: Bytes, cells: [Int]?)
    /// Ordinary memory of a set of cells that some domain is strictly bound to.
    case cellMemory(cells: [Int])
    /// Room for copied disks in the hosts' own pools of this name.
    case poolRoom(pool: String)

    var isRoom: Bool { if case .poolRoom = self { true } else { false } }

    /// Reason to give when there is too little of it.
    var blockerReason: Blocker.Reason {
        switch self {
        case .memory: .memory
        case .cpu: .cpu
        case .domainCount: .domainLimit
        case .hugePages: .hugePages
        case .cellMemory: .numa
        case .poolRoom: .localStorage
        }
    }

    /// An amount of it in words.
    func text(_ amount: Int64) -> String {
        switch self {
        case .memory: "\(Bytes(amount)) of memory"
        case .cpu: "\(MilliCPU(amount))"
        case .domainCount: "\(amount) \(amount == 1 ? "domain" : "domains")"
        case .hugePages(let size, nil): "\(amount) huge pages of \(size)"
        case .hugePages(let size, let cells?):
            "\(amount) huge pages of \(size) in NUMA \(Self.text(cells: cells))"
        case .cellMemory(let cells): "\(Bytes(amount)) of memory in NUMA \(Self.text(cells: cells))"
        case .poolRoom(let pool): "\(Bytes(amount)) in pool '\(pool)'"
        }
    }

    private static func text(cells: [Int]) -> String {
        let numbers = cells.map(String.init).joined(separator: ", ")
        return cells.count == 1 ? "cell \(numbers)" : "cells \(numbers)"
    }
}
