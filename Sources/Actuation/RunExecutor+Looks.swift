import ClusterModel
import Execution
import HypervisorInterface

/// Looks at whole hosts, and at what binds the run beside its plan.
extension RunExecutor {
    /// Questions that are under way at once, and how long new ones are put. Each has the time limit
    /// of its connection besides.
    private static let questionsAtOnce = 32
    private static let questionsMilliseconds: Int64 = 20_000

    /// Where else the domain is known: each host is asked once.
    func lookElsewhere(_ id: StepID) async {
        let move = self.move(id)
        let others = connections.keys.sorted().filter { $0 != move.source && $0 != move.target }
        let found = await sightings(others.map { ($0, move.domain) })
        let pairs = found.map { ($0.host, $0.sighting) }
        send(.lookedElsewhere(id, Dictionary(pairs, uniquingKeysWith: { first, _ in first })))
    }

    /// How the guests are that the run touched, where each is to be.
    func lookAtGuests(_ promises: [GuestPromise], afterMilliseconds pause: Int64) async {
        if pause > 0 { try? await clock.sleep(pause) }
        let found = await sightings(promises.map { ($0.host, $0.domain) })
        let pairs = found.map { ($0.domain, $0.sighting) }
        send(
            .guestsLooked(
                Dictionary(pairs, uniquingKeysWith: { first, _ in first }),
                elsewhere: await running(promises.filter { $0.condition == .defined })))
    }

    /// Where guests have a process whose definition alone was to move, beside where that went:
    /// somebody may have started one before, and moved it on. A host that does not answer is no
    /// matter here, since nothing is taken for well by its silence.
    private func running(_ promises: [GuestPromise]) async -> [DomainID: HostName] {
        guard !promises.isEmpty else { return [:] }
        // Two calls or so a host, however many were moved: by name first, then by UUID.
        let (named, _) = await answers(to: connections.keys.sorted()) { host in
            let inspector = self.connections[host]?.inspector
            let names = Set((try? await inspector?.guests()) ?? [])
            return promises.filter { $0.host != host && names.contains($0.name) }
                .map { (host: host, domain: $0.domain) }
        }
        let questions = named.flatMap(\.self).sorted { ($0.host, $0.domain) < ($1.host, $1.domain) }
        let found = await sightings(questions).filter { $0.sighting.presence.isGuest }
        return Dictionary(
            found.map { ($0.domain, $0.host) }, uniquingKeysWith: { min($0, $1) })
    }

    private struct Answer: Sendable {
        var host: HostName
        var domain: DomainID
        var sighting: DomainSighting
    }

    /// What was not asked within the time is unknown.
    private func sightings(_ questions: [(host: HostName, domain: DomainID)]) async -> [Answer] {
        let (answers, unasked) = await answers(to: questions) { host, domain in
            Answer(
                host: host, domain: domain, sighting: await self.sighting(of: domain, on: host))
        }
        let unknown = DomainSighting(.unknown, detail: "it was not asked in time")
        return answers
            + unasked.map { Answer(host: $0.host, domain: $0.domain, sighting: unknown) }
    }

    /// All at once, as far as the bounds go, in the order in which they come.
    private func answers<Question: Sendable, Answer: Sendable>(
        to questions: [Question], _ answer: @escaping @Sendable (Question) async -> Answer
    ) async -> (answers: [Answer], unasked: [Question]) {
        let end = clock.steady().advanced(byMilliseconds: Self.questionsMilliseconds)
        return await withTaskGroup(of: Answer.self) { group in
            var rest = questions[...]
            func ask() {
                guard clock.steady() < end, let question = rest.popFirst() else { return }
                group.addTask { await answer(question) }
            }
            for _ in 0..<Self.questionsAtOnce { ask() }
            var answers: [Answer] = []
            for await answer in group {
                answers.append(answer)
                ask()
            }
            return (answers, Array(rest))
        }
    }

    /// Who has a process on these hosts.
    func lookAtHosts(_ hosts: [HostName], afterMilliseconds pause: Int64) async {
        if pause > 0 { try? await clock.sleep(pause) }
        var sightings: [HostSighting] = []
        for host in hosts {
            guard let connection = connections[host] else {
                let detail = "it is not in the fleet file"
                sightings.append(HostSighting(host, guests: nil, detail: detail))
                continue
            }
            do {
                sightings.append(
                    HostSighting(host, guests: try await connection.inspector.guests()))
            } catch {
                sightings.append(HostSighting(host, guests: nil, detail: "\(error)"))
            }
        }
        send(.hostsLooked(sightings))
    }

    /// Asked when the intent is in the journal already: whoever closes a host afterwards finds the
    /// step there. Throws when the host accepts no more domains, or when that is unknown.
    func demandOpen(_ target: HostName) async throws(StepFailure) {
        let reason: String?
        do {
            reason = try await closure(target)
        } catch {
            throw StepFailure(
                "it was not started, because it is unknown whether \(target) is in "
                    + "maintenance: \(error)", kind: .targetClosed)
        }
        if let reason {
            throw StepFailure("it was not started: \(reason)", kind: .targetClosed)
        }
    }
}
