/// What libvirt of a host said about one kind of guest CPU: can a KVM guest that has it run there?
///
/// Source: `virConnectCompareHypervisorCPU`, with the CPU from the XML of a guest that runs.
package struct CPUAnswer: Hashable, Codable, Sendable {
    /// `GuestCPU.kind` of the guests that it is about.
    package var kind: String
    package var isUsable: Bool
    /// Features that the host cannot give, sorted; nil where libvirt named none.
    package var lacks: [String]?
    /// libvirt's words where it is not usable.
    package var reason: String?

    package init(kind: String, isUsable: Bool, lacks: [String]? = nil, reason: String? = nil) {
        self.kind = kind
        self.isUsable = isUsable
        self.lacks = lacks
        self.reason = reason.map(OutsideText.reason)
    }
}

extension HostFacts {
    /// nil where it was not asked, or had no answer.
    package func answer(about cpu: GuestCPU) -> CPUAnswer? {
        guard let kind = cpu.kind else { return nil }
        return cpuAnswers?.first { $0.kind == kind }
    }
}

/// Everything of a host that its answers about CPUs rest on: hosts that are equal in this answer
/// alike, and a host answers as before while it is the same.
package struct CPUAnswerBasis: Hashable, Sendable {
    private var cpu: HostCPU
    private var libvirtVersion: Int
    private var hypervisorVersion: Int?
    private var guestSupport: [GuestSupport]

    package init(_ facts: HostFacts) {
        cpu = facts.cpu
        // How many CPUs there are, and how fast they run just now, changes no answer.
        (cpu.logicalCPUs, cpu.megahertz, cpu.tscHertz) = (0, nil, nil)
        libvirtVersion = facts.libvirtVersion
        hypervisorVersion = facts.hypervisorVersion
        guestSupport = facts.guestSupport
    }
}
