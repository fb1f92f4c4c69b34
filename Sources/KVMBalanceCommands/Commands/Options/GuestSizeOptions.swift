import ArgumentParser
import ClusterModel
import Operations
import PlacementPolicy

/// How large a guest is that does not run yet.
struct GuestSizeOptions: ParsableArguments {
    @Option(
        help: "A domain whose definition the new guest will have, disks aside.",
        completion: FleetCompletion.domain)
    var like: String?
    @Option(help: "Virtual CPUs.") var vcpus: Int?
    @Option(help: "Memory, such as 8GiB.") var memory: String?

    func wish() throws -> GuestWish {
        if let vcpus, !(1...Plausible.cpus).contains(vcpus) {
            throw CommandError("--vcpus \(vcpus): it must be from 1 to \(Plausible.cpus)")
        }
        return GuestWish(like: like, vcpus: vcpus, memory: try Self.size(memory, "--memory"))
    }

    static func size(_ text: String?, _ option: String) throws -> Bytes? {
        guard let text else { return nil }
        guard let size = Quantity.bytes(text), size > .zero else {
            throw CommandError("\(option) '\(text)' is not a size such as 8GiB")
        }
        return size
    }
}
