import ClusterModel

/// Something that hosts (or zones) have a limited amount of.
enum HostResource: Hashable {
    case memory(HostName)
    case cpu(HostName, slot: Int)
    case domains(HostName)
    /// Pages of a size on a whole host.
    case pages(HostName, size: Bytes)
    /// The same in a set of cells that some domain is bound to.
    case pagesInCells(HostName, size: Bytes, cells: Set<Int>)
    case memoryOfCells(HostName, cells: Set<Int>)
    /// Room for copied disks in a pool of the host's own.
    case room(HostName, pool: String)
    /// Members of an anti-affinity group, by its number in the case, at a host or zone.
    case members(group: Int, name: String, item: String)

    var name: String {
        switch self {
        case .memory(let host): "memory of \(host)"
        case .cpu(let host, let slot): "CPU of \(host) in slot \(slot)"
        case .domains(let host): "number of domains on \(host)"
        case .pages(let host, let size): "\(size) pages of \(host)"
        case .pagesInCells(let host, let size, let cells):
            "\(size) pages in cells \(cells.sorted()) of \(host)"
        case .memoryOfCells(let host, let cells): "memory of cells \(cells.sorted()) of \(host)"
        case .room(let host, let pool): "room in pool \(pool) of \(host)"
        case .members(_, let name, let item): "members of group '\(name)' at \(item)"
        }
    }

    var rule: Violation.Rule {
        switch self {
        case .memory, .cpu, .domains, .pages, .pagesInCells, .memoryOfCells, .room: .capacity
        case .members: .antiAffinity
        }
    }
}
