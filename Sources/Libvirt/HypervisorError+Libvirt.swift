internal import CLibvirt
import ClusterModel
import HypervisorInterface

extension HypervisorError {
    /// What libvirt's error means to callers, and what a person can try.
    init(_ failure: LibvirtFailure, _ context: CallContext) {
        self.init(
            kind: Self.kind(of: failure), operation: context.operation, host: context.host,
            domain: context.domain, code: failure.code == 0 ? nil : failure.code,
            message: failure.message,
            remedy: failure.remedy ?? Self.remedy(for: failure))
    }

    init(overdueAfter limit: Duration, wasBegun: Bool, _ context: CallContext) {
        self.init(
            kind: .timeout, operation: context.operation, host: context.host,
            domain: context.domain,
            message: "no answer within \(limit.formattedSeconds)"
                + (wasBegun ? "" : "; it was not started and will not be"),
            remedy: wasBegun
                ? "the host, its libvirtd or a domain's monitor hangs; the call may still take "
                    + "effect"
                : "the host is busy with an earlier call")
    }

    init(noContactWithin limit: Duration, _ context: CallContext) {
        self.init(
            kind: .timeout, operation: context.operation, host: context.host,
            domain: context.domain,
            message: "no connection within \(limit.formattedSeconds)",
            remedy:
                "the host is down, a firewall swallows packets, or its sshd or libvirtd is slow "
                + "(the fleet file's connectTimeout is the limit)")
    }

    private static func kind(of failure: LibvirtFailure) -> Kind {
        switch failure.kind {
        case .failed: return .failed
        case .unsupported: return .unsupported
        case nil: break
        }
        if failure.blamesPeer, !failure.isConnectionFailure { return .peerUnreachable }
        // The bracket is ssh's; without it a file may be meant.
        let isDenied =
            failure.message.contains("Permission denied (")
            || (failure.isConnectionFailure && failure.message.contains("Permission denied"))
        if deniedCodes.contains(failure.code) || isDenied { return .denied }
        if failure.isConnectionFailure { return .unreachable }
        if failure.has(VIR_ERR_NO_DOMAIN) { return .noDomain }
        if failure.has(VIR_ERR_MIGRATE_UNSAFE) { return .unsafe }
        if failure.has(VIR_ERR_OPERATION_ABORTED) { return .aborted }
        if incompatibleCodes.contains(failure.code)
            || incompatibleWords.contains(where: failure.message.contains)
        {
            return .incompatible
        }
        return unsupportedCodes.contains(failure.code) ? .unsupported : .failed
    }

    private static let deniedCodes = numbers([
        VIR_ERR_AUTH_FAILED, VIR_ERR_AUTH_CANCELLED, VIR_ERR_AUTH_UNAVAILABLE,
        VIR_ERR_ACCESS_DENIED, VIR_ERR_OPERATION_DENIED,
    ])

    /// CONFIG_UNSUPPORTED is how a target says that it cannot run such a guest.
    private static let incompatibleCodes = numbers([
        VIR_ERR_CPU_INCOMPATIBLE, VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_NO_NETWORK,
        VIR_ERR_NO_STORAGE_POOL, VIR_ERR_NO_STORAGE_VOL, VIR_ERR_NO_INTERFACE,
        VIR_ERR_DEVICE_MISSING,
    ])

    private static let unsupportedCodes = numbers([
        VIR_ERR_NO_SUPPORT, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED,
    ])

    /// Refusals of a target that come with a code as general as OPERATION_FAILED or
    /// INTERNAL_ERROR. Untranslated: daemons run in the C locale.
    private static let incompatibleWords = [
        "guest CPU doesn't match", "unsupported machine type", "Cannot allocate memory",
        "cannot set up guest memory", "unable to map backing store", "Unable to find any usable",
        "Cannot get interface MTU", "Target domain ", "Source host lock driver",
        "lock state for migration cookie", "Cannot check QEMU binary", "Requested TSC frequency",
        "Address already in use", "must be in range [1, 10000]", "Unable to add bridge",
        "to OVS bridge",
    ]

    private static func numbers(_ codes: [virErrorNumber]) -> Set<Int> {
        Set(codes.map { Int($0.rawValue) })
    }
}

extension Duration {
    var formattedSeconds: String {
        let (seconds, attoseconds) = components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        return milliseconds == 0 ? "\(seconds) s" : "\(seconds * 1000 + milliseconds) ms"
    }
}
