import ClusterModel
import Execution
import HypervisorInterface

/// Other controllers on the hosts of a run.
extension RunExecutor {
    /// Both hosts are ours at this moment, or keep no leases.
    func demandLeases(on move: Move) async throws(StepFailure) {
        guard let leases else { return }
        for host in [move.source, move.target] {
            switch await leases.take(host) {
            case .ours, .cannot: break
            case .unreached(let reason):
                throw StepFailure(
                    "it was not started, because it is unknown whether another controller works "
                        + "on \(host): \(reason)")
            case .held(let words):
                throw StepFailure("another controller has begun: \(words)", kind: .hostLeased)
            }
        }
    }

    /// Renews them when their time has come: asked at every event and every poll, one of which is
    /// always near. A host that hangs holds nobody up.
    func renewLeasesIfDue() {
        let now = clock.steady()
        guard now.millisecondsSince(leasesRenewedAt) >= HostLease.renewalMilliseconds else {
            return
        }
        leasesRenewedAt = now
        _ = clock.spawn { await self.renewLeases() }
    }

    /// Whoever loses a host to another controller starts nothing more.
    private func renewLeases() async {
        for words in await leases?.renew() ?? [] {
            send(.stop(reason: "another controller has begun: \(words)"))
        }
    }

    /// A halted run is not over; and what an interrupted one left is still under way. Their leases
    /// run out.
    func giveBackLeases(after outcome: RunOutcome) async {
        guard outcome.state != .halted else { return }
        await leases?.release(machine.state.touchedHosts)
    }
}
