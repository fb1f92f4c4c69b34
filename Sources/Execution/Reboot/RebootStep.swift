package import ClusterModel

/// What a rolling reboot does next.
package enum RebootStep: Hashable, Sendable {
    /// Chooses the hosts of the next round, in the world as it is then.
    case beginRound
    case drain([HostName])
    case reboot(HostName)
    /// Looks whether these are up again.
    case watch([HostName])
    /// Ends the maintenance of a host that is back.
    case enable(HostName)
    case bringBack([HostName])
    case endRound
    case end(RunOutcome)
}

extension RebootState {
    /// Decided from the records alone.
    package var next: RebootStep {
        if let round { return next(in: round) }
        if let end = earlyEnd { return .end(end) }
        if !waitingHosts.isEmpty { return .beginRound }
        if request.homecoming == .end, !hasReturned, !rounds.isEmpty {
            return .bringBack(request.hosts)
        }
        return .end(RunOutcome(.done))
    }

    private func next(in round: Round) -> RebootStep {
        for host in round.names {
            if case .back = turn(of: host) { return .enable(host) }
        }
        let waiting = round.names.filter { turn(of: $0) == .waiting }
        // Nothing new is begun, and nobody is left alone who is on the way.
        if stopReason == nil, failures.isEmpty, let first = waiting.first {
            return round.isEmptied ? .reboot(first) : .drain(waiting)
        }
        let rebooting = round.names.filter { host in
            guard case .rebooting = turn(of: host) else { return false }
            return failures[host] == nil
        }
        if stopReason == nil, !rebooting.isEmpty { return .watch(rebooting) }
        if let end = earlyEnd { return .end(end) }
        if request.homecoming == .always, !round.hasReturned { return .bringBack(round.names) }
        return .endRound
    }

    /// Why it is over before all hosts were rebooted.
    private var earlyEnd: RunOutcome? {
        if let reason = stopReason { return RunOutcome(.failed, reason: reason) }
        guard !failures.isEmpty else { return nil }
        let reasons = request.hosts.compactMap { failures[$0]?.reason }.joined(separator: "; ")
        let isOpen = failures.values.contains { $0.isOpen }
        return RunOutcome(isOpen ? .halted : .failed, reason: reasons)
    }
}
