internal import CLibvirt
import ClusterModel
import HypervisorInterface

/// Reads everything that is known of a host and its domains, on one connection.
///
/// It must not hang on one domain. libvirt makes a caller wait up to 30 s (`VIR_JOB_WAIT_TIME`)
/// for a job that another holds, and without end for a QEMU that does not answer. So most is read
/// by calls that need neither: lists, states, XML, control information. The two that take a query
/// job (job statistics, block jobs) are only made for a domain that allows one at this moment.
struct InventoryReader {
    let connection: ConnectionHandle
    let host: HostName
    private var warnings: [String] = []
    /// Parts of the host that could not be read.
    private(set) var unread: [UnreadPart] = []
    /// CPUs of KVM guests that run here, as libvirt is asked about them, by their kind.
    var guestCPUs: [String: String] = [:]
    /// Folders of the host's own pools of files: only there a copy of a disk is made one day.
    private(set) var localFolders: Set<String> = []
    /// Those of them that were looked at again.
    var refreshed: Set<String> = []

    init(connection: ConnectionHandle, host: HostName) {
        self.connection = connection
        self.host = host
    }

    func read() throws -> HostInventory {
        var reader = self
        let facts = try reader.hostFacts()
        reader.localFolders = Set(
            facts.pools.filter { $0.identity == nil && ["dir", "fs"].contains($0.type) }
                .compactMap(\.targetPath))
        let domains = try reader.domains()
        let found = domains.map { domain in
            var found = domain.facts
            found.settleHugePages(on: facts)
            return found
        }
        return HostInventory(
            host: host, at: .now, facts: facts, domains: found,
            migratingOut: domains.filter(\.isLeaving).map(\.facts.id),
            migratingIn: domains.filter(\.isArriving).map(\.facts.id),
            warnings: reader.warnings, guestCPUs: reader.guestCPUs)
    }

    /// Reads what a host may be unable to tell; the reason is kept for `hosts check`.
    mutating func optional<Value>(_ what: String, _ read: () throws -> Value) throws -> Value? {
        do {
            return try read()
        } catch let failure as LibvirtFailure {
            guard connection.isAlive else { throw failure }
            warnings.append("\(what): \(failure.message)")
        } catch let malformed as MalformedXML {
            warnings.append("\(what): \(malformed)")
        }
        return nil
    }

    /// The same for a part that guests depend on: without it they are not known to be well there.
    mutating func part<Value>(
        _ part: UnreadPart.Part, _ read: () throws -> Value
    ) throws -> Value? {
        let before = warnings.count
        if let value = try optional(part.rawValue, read) { return value }
        // Not a remark: whoever plans has to know.
        unread += warnings[before...].map {
            UnreadPart(part, reason: String($0.dropFirst("\(part.rawValue): ".count)))
        }
        warnings.removeSubrange(before...)
        return nil
    }

    mutating func warn(_ text: String) { warnings.append(text) }
}

/// A domain in an inventory, with the direction in which it is moving.
struct InventoriedDomain {
    var facts: DomainFacts
    var isLeaving = false
    var isArriving = false
}
