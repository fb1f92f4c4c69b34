import ClusterModel
import Execution

/// Who says that a run is done answers for every guest that it touched. The world is asked, and the
/// journal is read again by another hand.
extension VirtualRun {
    /// What the machine is about to find out.
    mutating func asks(_ directives: [Directive]) {
        for case .lookAtGuests in directives { finalLookAt = world.now }
    }

    mutating func noteFates() {
        guard world.fates.count != fatesSeen else { return }
        for fate in world.fates.dropFirst(fatesSeen) { struckAt[fate.domain] = world.now }
        fatesSeen = world.fates.count
    }

    /// What the journal says of one guest.
    private struct Story {
        var name: String
        var home: HostName
        var place: HostName
        var wasOff: Bool
        /// Somebody else shut it down, or started it, before it could move.
        var isSkipped = false
        /// It was stopped where it was, and is to be off.
        var isStopped = false
    }

    private var stories: [DomainID: Story] {
        var stories: [DomainID: Story] = [:]
        for record in journal {
            guard let id = record.event.step, let step = state.step(id)?.step else { continue }
            let (domain, move) = (step.move.domain, step.move)
            let fresh = Story(
                name: step.domainName, home: move.source, place: move.source,
                wasOff: step.isShutOff)
            if case .intent = record.event {
                stories[domain, default: fresh].isSkipped = false
                stories[domain]?.wasOff = step.isShutOff
                stories[domain]?.isStopped = false
            }
            if case .arrived = record.event {
                stories[domain, default: fresh].place = move.target
                stories[domain]?.isStopped = step.mode.stopsInPlace
            }
            if case .skipped = record.event { stories[domain, default: fresh].isSkipped = true }
        }
        return stories
    }

    mutating func examinePromises(_ outcome: RunOutcome) {
        let isBack = outcome.state == .rolledBack
        guard outcome.state == .done || isBack else { return }
        for (domain, story) in stories.sorted(by: { $0.key < $1.key }) {
            let place = isBack ? story.home : story.place
            var story = story
            // Who goes back has it run again.
            if isBack { story.isStopped = false }
            guard !isWell(domain, story, on: place) else { continue }
            // It happened after the last look, or between its questions.
            if let struck = struckAt[domain], let finalLookAt, struck >= finalLookAt { continue }
            let isNamed = outcome.reason?.contains("'\(story.name)'") == true
            if isNamed, story.isSkipped || !world.fates(of: domain).isEmpty { continue }
            let words = world.hosts.compactMap { host in
                host.domain(domain).map { "\($0.presence.rawValue) on \(host.name)" }
            }
            report([
                "the run is \(outcome.state.rawValue) and \(story.name), which is to be on "
                    + "\(place), is \(words.isEmpty ? "gone" : words.joined(separator: ", "))"
            ])
        }
    }

    private func isWell(_ domain: DomainID, _ story: Story, on place: HostName) -> Bool {
        guard !story.isSkipped else { return false }
        if story.isStopped {
            return world.copy(of: domain, on: place)?.presence == .inactive
                && world.holders(of: domain).isEmpty
        }
        guard !story.wasOff else {
            // What was on a host that never comes back is gone with it, and a definition that
            // somebody left on another host before the run stays where it was.
            let left = judge.definedAt[domain, default: []].subtracting([story.home, place])
            let hosts = world.hosts.filter { !$0.isGone && !left.contains($0.name) }
            return hosts.filter { $0.domain(domain) != nil }.map(\.name) == [place]
        }
        let presence = world.copy(of: domain, on: place)?.presence
        let isUp = presence == .running || (plan.options.suspend && presence == .paused)
        // A second copy that others made on a third host is not seen where the guest is to be.
        return isUp
            && (world.holders(of: domain) == [place]
                || world.fates(of: domain).contains(.splitBrain))
    }

    /// Whom we asked to shut down is ours until it runs again: where nothing goes wrong any more,
    /// whoever resumes the run brings it back.
    mutating func examineAsked(_ outcome: RunOutcome) {
        guard isQuiet, outcome.state != .halted else { return }
        let told = outcome.reason ?? ""
        let stopped = Set(state.stopped.map(\.guest.domain))
        for guest in judge.guestsDown(in: world) where world.wasAsked(guest.id) {
            // It stays off until its host is returned; the run has named it.
            if outcome.state != .rolledBack, stopped.contains(guest.id) { continue }
            if told.contains("'\(guest.name)'"), told.contains("could not be started") { continue }
            report(["\(guest.name) was asked to shut down, and nobody starts it again"])
        }
    }
}
