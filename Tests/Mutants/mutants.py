"""The bugs: what the executor would do wrongly, and where."""

from typing import NamedTuple

EXECUTOR = "Sources/Actuation/RunExecutor.swift"
IMAGES = "Sources/Actuation/RunExecutor+Images.swift"
LOOKS = "Sources/Actuation/RunExecutor+Looks.swift"
CONTROL = "Sources/Actuation/StepProgress.swift"
IDENTITY = "Sources/HypervisorInterface/HostIdentity.swift"
LEASE = "Sources/HypervisorInterface/HostLease.swift"
LEASES = "Sources/Actuation/RunLeases.swift"
RUN_LEASES = "Sources/Actuation/RunExecutor+Leases.swift"
ORDERS = "Sources/Actuation/RunExecutor+Orders.swift"
JOBS = "Sources/HypervisorInterface/DomainJobKind.swift"
LOCATING = "Sources/Execution/RunMachine+Locating.swift"


class Mutant(NamedTuple):
    name: str
    file: str
    before: str
    after: str


MUTANTS = [
    Mutant(
        "sends-to-closed-hosts", EXECUTOR,
        "        try await demandOpen(open.step.move.target)\n", ""),
    Mutant(
        "looks-at-nobody-else", LOOKS,
        "            sightings[host] = await sighting(of: move.domain, on: host)\n",
        "            sightings[host] = DomainSighting(.absent)\n"),
    Mutant(
        "takes-silence-for-absence", EXECUTOR,
        '            return DomainSighting(.unknown, detail: "\\(error)")\n',
        "            return DomainSighting(.absent)\n"),
    Mutant(
        "removes-what-it-did-not-make", IMAGES,
        "try await to.remove(open.madeImages, of: move.domain)",
        "try await to.remove(open.preparation?.images ?? [], of: move.domain)"),
    Mutant(
        "removes-the-originals-of-a-guest-that-stayed", IMAGES,
        "try await to.remove(open.madeImages, of: move.domain)",
        "try await from.remove(open.madeImages, of: move.domain)"),
    Mutant(
        "removes-the-copies-of-a-guest-that-arrived", IMAGES,
        "try await from.remove(open.preparation?.images ?? [], of: move.domain)",
        "try await to.remove(open.preparation?.images ?? [], of: move.domain)"),
    Mutant(
        "starts-at-the-wrong-end", IMAGES,
        "        case .startTarget: try await to.start(move.domain)\n",
        "        case .startTarget: try await from.start(move.domain)\n"),
    Mutant(
        "moves-without-shutting-down", IMAGES,
        "        if open.preparation?.wasRunning == true {\n            let seconds",
        "        if open.preparation?.wasRunning == nil {\n            let seconds"),
    Mutant(
        "copies-nothing", IMAGES,
        "        if !images.isEmpty {\n", "        if images.isEmpty {\n"),
    Mutant(
        "leaves-firmware-behind", IMAGES, "firmware: isCold)", "firmware: false)"),
    Mutant(
        "asks-for-no-room", IMAGES,
        "        try await target.admit(images, isVerbatim: isCold)\n",
        "        _ = (target, isCold)\n"),
    Mutant(
        "goes-on-after-an-abort", ORDERS, "        controls[id]?.cancel()\n", ""),
    Mutant(
        "tells-nobody-what-it-made", CONTROL, "{ tell(.made(step, path: path)) }", "{}"),
    Mutant(
        "tells-nobody-whom-it-asked", CONTROL,
        "        if isFirst { tell(.askedToShutDown(step)) }\n",
        "        _ = isFirst\n"),
    Mutant(
        "returns-no-definition", IMAGES,
        "            back.move = Move(domain: move.domain, source: move.target, "
        "target: move.source)\n", ""),
    Mutant(
        "forgets-the-definition", EXECUTOR,
        "        return request(open.step, to: target, isPersistent: persistent)\n",
        "        return request(open.step, to: target, isPersistent: !persistent)\n"),
    Mutant(
        "begins-before-it-is-written", EXECUTOR,
        "                try await journal.append(event, to: run, at: now)\n",
        "                Task { try? await journal.append(event, to: run, at: now) }\n"),
    Mutant(
        "goes-on-when-the-disk-is-full", EXECUTOR,
        "                try await journal.append(event, to: run, at: now)\n",
        "                try? await journal.append(event, to: run, at: now)\n"),
    Mutant(
        "waits-for-what-does-not-end", EXECUTOR,
        "        let watch = clock.spawn { await self.endWhatIsOverdue() }\n",
        "        let watch = clock.spawn {}\n"),
    Mutant(
        "keeps-no-watch", EXECUTOR,
        "                monitors[id] = clock.spawn { await self.monitor(id) }\n", ""),
    Mutant(
        "takes-silent-hosts-for-empty", LOOKS,
        '                sightings.append(HostSighting(host, guests: nil, detail: "\\(error)"))\n',
        "                sightings.append(HostSighting(host, guests: []))\n"),
    Mutant(
        "believes-any-machine", IDENTITY,
        "guard let expected, expected != found.lowercased() else { return nil }",
        "guard let expected, expected.isEmpty else { return nil }"),
    Mutant(
        "forgets-which-machines-they-were", EXECUTOR,
        "        for (host, uuid) in machine.state.hostUUIDs { "
        "connections[host]?.identity?.expect(uuid) }\n", ""),
    Mutant(
        "begins-where-another-works", EXECUTOR,
        "        try await demandLeases(on: open.step.move)\n", ""),
    Mutant(
        "takes-the-lease-of-a-living-controller", LEASE,
        "self = watched == found ? .abandoned(found) : .held(found)",
        "self = .abandoned(found)"),
    Mutant(
        "asks-the-source-alone", RUN_LEASES,
        "for host in [move.source, move.target] {", "for host in [move.source] {"),
    Mutant(
        "renews-no-lease", RUN_LEASES,
        "        for words in await leases?.renew() ?? [] {\n",
        "        for words in [String]() {\n"),
    Mutant(
        "leaves-its-leases", RUN_LEASES,
        "        await leases?.release(machine.state.touchedHosts)\n", ""),
    Mutant(
        "ends-any-job", JOBS,
        "        case .other(let work): \"\\(work) works on it, and that is not ours to end\"\n",
        "        case .other: nil\n"),
    Mutant(
        "ends-anothers-migration", LOCATING,
        "            decision == .wait && source.jobActive && target.presence == .absent\n",
        "            false\n"),
]
