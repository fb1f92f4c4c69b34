import ClusterModel
import PlacementPolicy

/// Where each domain could run at all, whatever the load: worked out when first asked, and once for
/// each pair of kinds of domain and kinds of host.
final class Compatibility {
    private let problem: PlacementProblem
    /// Hosts that take nothing in this plan although they are well: the drained ones.
    private let isClosed: [Bool]
    /// Hosts that an operator wants nothing sent to.
    private let isLeftOut: [Bool]
    /// Hosts whose maintenance does not matter: a return brings domains home to them.
    private let isHome: [Bool]
    private let isOpen: [Bool]
    /// Dense number of each host's UUID; hosts that were never read have none in common.
    private let uuid: [Int]
    private let hasRules: Bool
    private let hostKind: [Int]
    /// CPUs of the smallest host; the largest number where that does not matter.
    private let fewestCPUs: Int
    private let hostProfiles: [HostProfile]
    private var domainKind: [Int]
    private var domainKinds: [DomainProfile: Int] = [:]
    private var domainProfiles: [DomainProfile] = []
    /// Answers by kind of domain, kind of source and kind of target.
    private var known: [[[Answer]]] = []
    private var feasibleModes: [FeasibleMode] = []
    /// Hosts that are no target of a domain by the request, and why.
    private var forbidden: [Int: [Int: Misfit]] = [:]
    /// The only hosts that are targets of a domain by the request, where it names such.
    private var confined: [Int: Leaving.Confinement] = [:]
    /// Devices of which more is known than of others in their folder.
    private let singularDevices: Set<String>
    private var withUUID: [Int: [Int]] = [:]

    /// Where in `feasibleModes` the mode is, and whether there is one: that alone is asked at every
    /// turn of a search, and a mode with its words is dear to copy.
    private struct Answer {
        private var code: Int32
        static let unasked = Answer(code: -1)

        private init(code: Int32) { self.code = code }
        init(number: Int, isRunnable: Bool) { code = Int32(number * 2 + (isRunnable ? 1 : 0)) }

        var number: Int? { code < 0 ? nil : Int(code / 2) }
        var isRunnable: Bool { code & 1 == 1 }
    }

    init(
        _ problem: PlacementProblem, closed: Set<Int> = [], homes: Set<Int> = [],
        forbidden pairs: [ForbiddenTarget] = [], isWayBack: Bool = false
    ) {
        self.problem = problem
        let isClosed = problem.hosts.indices.map { closed.contains($0) }
        let isHome = problem.hosts.indices.map { homes.contains($0) }
        isOpen = problem.hosts.indices.map {
            problem.isReachable[$0] && !isClosed[$0]
                && (isHome[$0] || !problem.hosts[$0].inMaintenance)
        }
        (self.isClosed, self.isHome) = (isClosed, isHome)
        isLeftOut = isClosed.map { _ in false }
        var numbers: [String: Int] = [:]
        uuid = problem.hosts.indices.map { host in
            guard let uuid = problem.hosts[host].facts?.uuid else { return -1 - host }
            let number = numbers[uuid] ?? numbers.count
            numbers[uuid] = number
            return number
        }
        hasRules = !problem.policy.ban.isEmpty || !problem.policy.fence.isEmpty
        domainKind = Array(repeating: -1, count: problem.domains.count)
        let cpus = problem.hosts.compactMap(\.facts?.cpu.logicalCPUs)
        // Where a domain was before it had as many virtual CPUs.
        fewestCPUs = isWayBack ? Int.max : cpus.min() ?? 0
        let wanted = HostNetworks.Wanted(
            of: problem.domains,
            policy: Set(problem.policy.interfaces.flatMap { [$0.name] + $0.hosts.values }))
        let widest = problem.domains.lazy.map(\.facts.vcpus).max() ?? 0
        var kinds: [HostProfile: Int] = [:]
        var profiles: [HostProfile] = []
        hostKind = problem.hosts.map { host in
            let profile = HostProfile(
                host, under: problem.policy, wanted: wanted, widest: widest)
            guard let profile else { return -1 }
            if let kind = kinds[profile] { return kind }
            kinds[profile] = profiles.count
            profiles.append(profile)
            return profiles.count - 1
        }
        hostProfiles = profiles
        singularDevices = Set(
            problem.policy.sharedStorage.map(\.path)
                + profiles.flatMap { $0.proven.keys } + profiles.flatMap(\.outdated))
        for pair in pairs {
            guard let domain = problem.domainIndex[pair.domain],
                let host = problem.hostIndex[pair.host]
            else { continue }
            forbidden[domain, default: [:]][host] = Misfit(
                reason: .ban, detail: "ruled out for this plan after a failed migration",
                remedy: "fix that migration's error, then plan again")
        }
    }

    /// The same with other hosts closed, and with domains kept to some of the others. What was
    /// worked out so far is taken along.
    func closing(
        _ closed: Set<Int>, leavingOut leftOut: [HostName],
        confining confined: [Int: Leaving.Confinement]
    ) -> Compatibility {
        let compatibility = Compatibility(self, closed: closed, leftOut: Set(leftOut))
        compatibility.confined = confined
        return compatibility
    }

    private init(_ other: Compatibility, closed: Set<Int>, leftOut: Set<HostName>) {
        problem = other.problem
        isClosed = problem.hosts.indices.map { closed.contains($0) }
        isHome = other.isHome
        let (isOpen, wasClosed) = (other.isOpen, other.isClosed)
        precondition(!wasClosed.contains(true), "hosts are closed once")
        let isLeftOut = problem.hosts.map { leftOut.contains($0.name) }
        self.isLeftOut = isLeftOut
        self.isOpen = isOpen.indices.map {
            isOpen[$0] && !closed.contains($0) && !isLeftOut[$0]
        }
        uuid = other.uuid
        hasRules = other.hasRules
        hostKind = other.hostKind
        fewestCPUs = other.fewestCPUs
        hostProfiles = other.hostProfiles
        singularDevices = other.singularDevices
        domainKind = other.domainKind
        domainKinds = other.domainKinds
        domainProfiles = other.domainProfiles
        known = other.known
        feasibleModes = other.feasibleModes
        forbidden = other.forbidden
        withUUID = other.withUUID
    }

    /// May a host receive anything in this plan?
    func isOpen(_ host: Int) -> Bool { isOpen[host] }

    func allows(_ domain: Int, from source: Int, to target: Int) -> Bool {
        source != target && isOpen[target]
            && (forbidden.isEmpty || forbidden[domain]?[target] == nil)
            && (confined.isEmpty || confined[domain]?.hosts.contains(target) ?? true)
            && (problem.barred.isEmpty || problem.barred[domain]?[target] == nil)
            && isRunnable(domain, from: source, to: target) && !sharesUUID(source, target)
            && (!hasRules
                || HostRules.misfit(
                    problem.domains[domain].name, on: problem.hosts[target].name, problem.policy)
                    == nil)
    }

    /// Why a domain cannot go to a host; nil when it can. `isGeneral` leaves out what is the
    /// domain's own, so that equal causes have equal words.
    func blocker(
        _ domain: Int, from source: Int, to target: Int, isGeneral: Bool = false
    ) -> Blocker? {
        let host = problem.hosts[target]
        let reason: Misfit? =
            standing(of: target)
            ?? (sharesUUID(source, target)
                ? Misfit(
                    reason: .sameHostUUID, detail: "both hosts report the same host UUID",
                    remedy: "give each host its own host_uuid in libvirtd.conf") : nil)
            ?? HostRules.misfit(problem.domains[domain].name, on: host.name, problem.policy)
            ?? forbidden[domain]?[target]
            ?? confined[domain]?.misfit(target)
            ?? problem.barred[domain]?[target]
            ?? misfit(domain, source, target)
        return reason.map {
            let words =
                isGeneral
                ? nil
                : $0.storage.flatMap {
                    StorageWords(
                        $0, of: problem.domains[domain].facts, from: problem.hosts[source].name,
                        to: host.name)
                }
            return Blocker(
                domain: problem.domains[domain].name, host: host.name, reason: $0.reason,
                detail: words?.detail ?? $0.detail, remedy: words?.remedy ?? $0.remedy)
        }
    }

    /// What lasts of that: not that the host is closed or ruled out for this plan. nil too where it
    /// is about the hosts and not about the guest.
    func lastingBlocker(_ domain: Int, from source: Int, to target: Int) -> Blocker? {
        guard !sharesUUID(source, target) else { return nil }
        let (own, host) = (problem.domains[domain], problem.hosts[target])
        let reason =
            HostRules.misfit(own.name, on: host.name, problem.policy)
            ?? misfit(domain, source, target)
        return reason.map {
            let words = $0.storage.flatMap {
                StorageWords(
                    $0, of: own.facts, from: problem.hosts[source].name, to: host.name)
            }
            return Blocker(
                domain: own.name, host: host.name, reason: $0.reason,
                detail: words?.detail ?? $0.detail, remedy: words?.remedy ?? $0.remedy)
        }
    }

    /// Why a domain that does not run cannot be started on a host; nil when it can. `modelled` is
    /// the host whose names its definition uses, which may be the same.
    func startBlocker(_ domain: Int, modelled model: Int, on target: Int) -> Blocker? {
        let (own, host) = (problem.domains[domain], problem.hosts[target])
        let reason =
            standing(of: target) ?? HostRules.misfit(own.name, on: host.name, problem.policy)
            ?? problem.barred[domain]?[target]
            ?? (model == target ? platformMisfit(domain, target) : misfit(domain, model, target))
        return reason.map {
            Blocker(
                domain: own.name, host: host.name, reason: $0.reason, detail: $0.detail,
                remedy: $0.remedy)
        }
    }

    /// On its own host, where its disks are.
    private func platformMisfit(_ domain: Int, _ host: Int) -> Misfit? {
        profile(ofHost: host).flatMap {
            PlatformFit.coldMisfit(domainProfiles[kind(of: domain)], from: $0, to: $0)
        }
    }

    private func standing(of target: Int) -> Misfit? {
        let host = problem.hosts[target]
        if !host.isReachable {
            return Misfit(
                reason: .unreachable, detail: host.fault ?? "it was never read",
                remedy: "kvmbalance hosts check \(host.name)")
        }
        if host.inMaintenance, !isHome[target] {
            return Misfit(
                reason: .maintenance, detail: "it is in maintenance",
                remedy: "kvmbalance hosts enable \(host.name)")
        }
        if isClosed[target] {
            return Misfit(
                reason: .maintenance, detail: "it is being drained",
                remedy: "drain fewer hosts at once")
        }
        if isLeftOut[target] {
            return Misfit(
                reason: .ban, detail: "it is left out with --not-to",
                remedy: "leave out --not-to \(host.name.rawValue.quotedForShell)")
        }
        return nil
    }

    private func sharesUUID(_ source: Int, _ target: Int) -> Bool {
        uuid[source] == uuid[target]
    }

    // MARK: Parts of the answer

    /// The hosts that report the same UUID as this one, itself among them.
    func hostsLike(_ host: Int) -> [Int] {
        if withUUID.isEmpty {
            for (host, number) in uuid.enumerated() { withUUID[number, default: []].append(host) }
        }
        return withUUID[uuid[host]] ?? [host]
    }

    /// The only hosts that are targets of this domain by the request; nil where it names none.
    func confinedHosts(of domain: Int) -> Set<Int>? { confined[domain]?.hosts }

    /// Hosts that are no target of this domain, whatever its kind.
    func forbiddenHosts(of domain: Int) -> Set<Int> {
        Set((forbidden[domain] ?? [:]).keys).union((problem.barred[domain] ?? [:]).keys)
    }

    func kind(ofHost host: Int) -> Int { hostKind[host] }

    /// What decides which hosts but its own a domain may go to.
    struct SourceKind: Hashable {
        var domain: Int
        var host: Int
    }

    /// nil where something concerns this domain or its host alone.
    func sourceKind(of domain: Int, from source: Int) -> SourceKind? {
        guard !hasRules, forbidden[domain] == nil, confined[domain] == nil,
            problem.barred[domain] == nil, hostKind[source] >= 0, hostsLike(source) == [source]
        else { return nil }
        return SourceKind(domain: kind(of: domain), host: hostKind[source])
    }

    private func profile(ofHost host: Int) -> HostProfile? {
        hostKind[host] < 0 ? nil : hostProfiles[hostKind[host]]
    }

    /// Could the target run the domain: its machine, CPU, networks, cells and disks?
    func isRunnable(_ domain: Int, from source: Int, to target: Int) -> Bool {
        hostKind[source] >= 0 && hostKind[target] >= 0
            && answer(domain, source, target).isRunnable
    }

    private func misfit(_ domain: Int, _ source: Int, _ target: Int) -> Misfit? {
        switch feasibleMode(domain, source, target) {
        case .mode: nil
        case .none(let misfit): misfit
        }
    }

    /// How a domain would go from one host to the other; live where it cannot go at all.
    func mode(_ domain: Int, from source: Int, to target: Int) -> Step.Mode {
        switch feasibleMode(domain, source, target) {
        case .mode(let mode): mode
        case .none: .live
        }
    }

    /// Disks that would be copied in this mode: those whose storage the hosts do not share.
    func copies(_ domain: Int, from source: Int, to target: Int) -> [String] {
        guard mode(domain, from: source, to: target) != .live,
            let from = profile(ofHost: source), let to = profile(ofHost: target)
        else { return [] }
        return StorageReach.unshared(problem.domains[domain].facts.disks, from: from, to: to)
    }

    /// The networks of its cards that are called otherwise on the target, with the name there.
    func interfaces(_ domain: Int, from source: Int, to target: Int) -> [String: String] {
        guard let from = profile(ofHost: source), let to = profile(ofHost: target) else {
            return [:]
        }
        var names: [String: String] = [:]
        for own in problem.domains[domain].facts.interfaces.compactMap(\.source) {
            if let name = from.name(of: own, on: to), name != own { names[own] = name }
        }
        return names
    }

    /// The path of its QEMU with the one that it has on the target, where that is another.
    func emulators(_ domain: Int, from source: Int, to target: Int) -> [String: String] {
        guard let from = profile(ofHost: source), let to = profile(ofHost: target),
            let path = EmulatorFit.renamed(
                problem.domains[domain].facts.guest, from: from, to: to)
        else { return [:] }
        return [path.own: path.there]
    }

    private func feasibleMode(_ domain: Int, _ source: Int, _ target: Int) -> FeasibleMode {
        guard hostKind[source] >= 0, hostKind[target] >= 0 else {
            return .none(
                Misfit(
                    reason: .unreachable, detail: "a host was never read",
                    remedy: "kvmbalance hosts check"))
        }
        return feasibleModes[answer(domain, source, target).number ?? 0]
    }

    /// Of hosts that were read.
    private func answer(_ domain: Int, _ source: Int, _ target: Int) -> Answer {
        let (kind, from, to) = (kind(of: domain), hostKind[source], hostKind[target])
        if known[kind].isEmpty { known[kind] = Array(repeating: [], count: hostProfiles.count) }
        if known[kind][from].isEmpty {
            known[kind][from] = Array(repeating: .unasked, count: hostProfiles.count)
        }
        let known = known[kind][from][to]
        guard known.number == nil else { return known }
        let mode = FeasibleMode.of(
            domainProfiles[kind], from: hostProfiles[from], to: hostProfiles[to])
        let answer = Answer(number: feasibleModes.count, isRunnable: mode.isFeasible)
        feasibleModes.append(mode)
        self.known[kind][from][to] = answer
        return answer
    }

    /// Domains of one kind may go to the same hosts from hosts of one kind.
    func kind(of domain: Int) -> Int {
        if domainKind[domain] >= 0 { return domainKind[domain] }
        let profile = DomainProfile(
            problem.domains[domain].facts, under: problem.policy, fewestCPUs: fewestCPUs,
            singular: singularDevices)
        let kind = domainKinds[profile] ?? domainProfiles.count
        if kind == domainProfiles.count {
            domainKinds[profile] = kind
            domainProfiles.append(profile)
            known.append([])
        }
        domainKind[domain] = kind
        return kind
    }
}
