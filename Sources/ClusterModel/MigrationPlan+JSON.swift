/// The face of a plan: field names are fixed by the interface, rename nothing.
extension MigrationPlan: Codable {
    private enum CodingKeys: String, CodingKey {
        case version, kind, hosts, wishes, outcome, origin, policy, seed, limits, options, steps
        case makespanSeconds = "makespan_seconds"
        case score, blockers, conflict, unused, staying, purpose
        case unreachable
        case cpuShare = "cpu_share"
        case brokenRules = "broken_rules"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decode(Int.self, forKey: .version)
        guard version == Self.currentVersion else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container,
                debugDescription:
                    "plan version \(version): this kvmbalance reads only \(Self.currentVersion)"
            )
        }
        let makespan = try container.decode(Double.self, forKey: .makespanSeconds)
        // Beyond this it is not an estimate, and would not fit into milliseconds.
        guard (0...1e12).contains(makespan) else {
            throw DecodingError.dataCorruptedError(
                forKey: .makespanSeconds, in: container,
                debugDescription: "\(makespan) lies outside 0 to 1e12 seconds")
        }
        self.init(
            kind: try container.decode(Kind.self, forKey: .kind),
            hosts: try container.decodeIfPresent([HostName].self, forKey: .hosts) ?? [],
            outcome: try container.decode(Outcome.self, forKey: .outcome),
            origin: try container.decode(Origin.self, forKey: .origin),
            policy: try container.decodeIfPresent(String.self, forKey: .policy) ?? "",
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0,
            limits: try container.decodeIfPresent(MigrationLimits.self, forKey: .limits)
                ?? MigrationLimits(),
            options: try container.decodeIfPresent(MigrationOptions.self, forKey: .options)
                ?? MigrationOptions(),
            steps: try container.decode([Step].self, forKey: .steps),
            makespanMilliseconds: Int64((makespan * 1000).rounded()),
            score: try container.decodeIfPresent(PlanScore.self, forKey: .score),
            blockers: try container.decodeIfPresent([Blocker].self, forKey: .blockers) ?? [])
        wishes = try container.decodeIfPresent(PlanWishes.self, forKey: .wishes) ?? PlanWishes()
        conflict = try container.decodeIfPresent(PlanConflict.self, forKey: .conflict)
        unused = try container.decodeIfPresent([PlanNote].self, forKey: .unused) ?? []
        staying = try container.decodeIfPresent([PlanNote].self, forKey: .staying) ?? []
        purpose = try container.decodeIfPresent(PlanPurpose.self, forKey: .purpose)
        cpuShare = try container.decodeIfPresent(Int64.self, forKey: .cpuShare)
        brokenRules = try container.decodeIfPresent([BrokenRule].self, forKey: .brokenRules) ?? []
        unreachable = try container.decodeIfPresent([HostName].self, forKey: .unreachable) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.currentVersion, forKey: .version)
        try container.encode(kind, forKey: .kind)
        try container.encode(hosts, forKey: .hosts)
        if !wishes.isEmpty { try container.encode(wishes, forKey: .wishes) }
        try container.encode(outcome, forKey: .outcome)
        try container.encode(origin, forKey: .origin)
        try container.encode(policy, forKey: .policy)
        try container.encode(seed, forKey: .seed)
        try container.encode(limits, forKey: .limits)
        try container.encode(options, forKey: .options)
        try container.encode(steps, forKey: .steps)
        try container.encode(Double(makespanMilliseconds) / 1000, forKey: .makespanSeconds)
        try container.encodeIfPresent(score, forKey: .score)
        try container.encode(blockers, forKey: .blockers)
        try container.encodeIfPresent(conflict, forKey: .conflict)
        if !unused.isEmpty { try container.encode(unused, forKey: .unused) }
        if !staying.isEmpty { try container.encode(staying, forKey: .staying) }
        try container.encodeIfPresent(purpose, forKey: .purpose)
        try container.encodeIfPresent(cpuShare, forKey: .cpuShare)
        if !brokenRules.isEmpty { try container.encode(brokenRules, forKey: .brokenRules) }
        if !unreachable.isEmpty { try container.encode(unreachable, forKey: .unreachable) }
    }
}

extension MigrationPlan.Origin: Codable {
    private enum CodingKeys: String, CodingKey {
        case digest, observedAt
        case hostUUIDs = "host_uuids"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let uuids = try container.decodeIfPresent([String: String].self, forKey: .hostUUIDs) ?? [:]
        self.init(
            digest: try container.decode(String.self, forKey: .digest),
            observedAt: try container.decode(Timestamp.self, forKey: .observedAt),
            hostUUIDs: Dictionary(firstOf: uuids.map { (HostName($0.key), $0.value) }))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(digest, forKey: .digest)
        try container.encode(observedAt, forKey: .observedAt)
        guard !hostUUIDs.isEmpty else { return }
        let uuids = Dictionary(firstOf: hostUUIDs.map { ($0.key.rawValue, $0.value) })
        try container.encode(uuids, forKey: .hostUUIDs)
    }
}

extension Step: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, domain, uuid, source, target, mode, after, estimate, rationale, cautions, effect
        case copies, interfaces, emulators
        case copiesTopLayer = "top_layer"
        case isShutOff = "shut_off"
        case downUntil = "down_until"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decode(StepID.self, forKey: .id),
            domainName: try container.decode(String.self, forKey: .domain),
            move: Move(
                domain: try container.decode(DomainID.self, forKey: .uuid),
                source: try container.decode(HostName.self, forKey: .source),
                target: try container.decode(HostName.self, forKey: .target)),
            mode: try container.decode(Mode.self, forKey: .mode),
            after: try container.decodeIfPresent([StepID].self, forKey: .after) ?? [],
            estimate: try container.decodeIfPresent(StepEstimate.self, forKey: .estimate)
                ?? StepEstimate(),
            rationale: try container.decodeIfPresent(String.self, forKey: .rationale) ?? "",
            cautions: try container.decodeIfPresent([String].self, forKey: .cautions) ?? [])
        effect = try container.decodeIfPresent(StepEffect.self, forKey: .effect)
        copies = try container.decodeIfPresent([String].self, forKey: .copies) ?? []
        copiesTopLayer =
            try container.decodeIfPresent(Bool.self, forKey: .copiesTopLayer) ?? false
        interfaces =
            try container.decodeIfPresent([String: String].self, forKey: .interfaces) ?? [:]
        emulators =
            try container.decodeIfPresent([String: String].self, forKey: .emulators) ?? [:]
        isShutOff = try container.decodeIfPresent(Bool.self, forKey: .isShutOff) ?? false
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(domainName, forKey: .domain)
        try container.encode(move.domain, forKey: .uuid)
        try container.encode(move.source, forKey: .source)
        try container.encode(move.target, forKey: .target)
        try container.encode(mode, forKey: .mode)
        try container.encode(after, forKey: .after)
        try container.encode(estimate, forKey: .estimate)
        try container.encode(rationale, forKey: .rationale)
        if !cautions.isEmpty { try container.encode(cautions, forKey: .cautions) }
        try container.encodeIfPresent(effect, forKey: .effect)
        if !copies.isEmpty { try container.encode(copies, forKey: .copies) }
        if copiesTopLayer { try container.encode(copiesTopLayer, forKey: .copiesTopLayer) }
        if !interfaces.isEmpty { try container.encode(interfaces, forKey: .interfaces) }
        if !emulators.isEmpty { try container.encode(emulators, forKey: .emulators) }
        if isShutOff { try container.encode(isShutOff, forKey: .isShutOff) }
        // For programs: nobody knows how long that will be. The mode says the same.
        if mode.stopsInPlace { try container.encode("return", forKey: .downUntil) }
    }
}

extension StepEstimate: Codable {
    private enum CodingKeys: String, CodingKey {
        case start = "start_seconds"
        case duration = "duration_seconds"
        case downtime = "downtime_ms"
        case transferred = "transferred_bytes"
        case prediction
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let start = try container.decodeIfPresent(Double.self, forKey: .start) ?? 0
        let duration = try container.decodeIfPresent(Double.self, forKey: .duration) ?? 0
        guard (0...1e9).contains(start), (0...1e9).contains(duration) else {
            throw DecodingError.dataCorruptedError(
                forKey: .duration, in: container,
                debugDescription: "an estimate lies outside 0 to 1e9 seconds")
        }
        self.init(
            startMilliseconds: Int64((start * 1000).rounded()),
            durationMilliseconds: Int64((duration * 1000).rounded()),
            downtimeMilliseconds: try container.decodeIfPresent(Int64.self, forKey: .downtime) ?? 0,
            transferred: try container.decodeIfPresent(Bytes.self, forKey: .transferred) ?? .zero)
        prediction = try container.decodeIfPresent(StepPrediction.self, forKey: .prediction)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Double(startMilliseconds) / 1000, forKey: .start)
        try container.encode(Double(durationMilliseconds) / 1000, forKey: .duration)
        try container.encode(downtimeMilliseconds, forKey: .downtime)
        try container.encode(transferred, forKey: .transferred)
        try container.encodeIfPresent(prediction, forKey: .prediction)
    }
}

extension PlanScore: Codable {
    private enum CodingKeys: String, CodingKey {
        case before, after, asked, bound, gap
        case makespanBound = "makespan_bound_seconds"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let bound = try container.decodeIfPresent(Double.self, forKey: .makespanBound)
        guard bound.map({ (0...1e12).contains($0) }) ?? true else {
            throw DecodingError.dataCorruptedError(
                forKey: .makespanBound, in: container,
                debugDescription: "the makespan's bound lies outside 0 to 1e12 seconds")
        }
        self.init(
            before: try container.decode([String: Double].self, forKey: .before),
            after: try container.decode([String: Double].self, forKey: .after),
            asked: try container.decodeIfPresent([String: Double].self, forKey: .asked) ?? [:],
            bound: try container.decode([String: Double].self, forKey: .bound),
            gap: try container.decodeIfPresent(Double.self, forKey: .gap),
            makespanBoundMilliseconds: bound.map { Int64(($0 * 1000).rounded()) })
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(before, forKey: .before)
        try container.encode(after, forKey: .after)
        if !asked.isEmpty { try container.encode(asked, forKey: .asked) }
        try container.encode(bound, forKey: .bound)
        try container.encodeIfPresent(gap, forKey: .gap)
        try container.encodeIfPresent(
            makespanBoundMilliseconds.map { Double($0) / 1000 }, forKey: .makespanBound)
    }
}
