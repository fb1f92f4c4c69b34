"""The bugs: what a run would do wrongly, and where."""

from typing import NamedTuple

EXECUTOR = "Sources/Actuation/RunExecutor.swift"
IMAGES = "Sources/Actuation/RunExecutor+Images.swift"
PROOF = "Sources/Actuation/RunExecutor+Proof.swift"
COLD = "Sources/Execution/RunMachine+ColdMoves.swift"
PHASE = "Sources/Execution/StepPhase.swift"
BOUNDS = "Sources/Execution/RunMachine+Bounds.swift"
LOOKS = "Sources/Actuation/RunExecutor+Looks.swift"
CONTROL = "Sources/Actuation/StepProgress.swift"
ELSEWHERE = "Sources/Execution/RunMachine+Elsewhere.swift"
CLOSED = "Sources/Execution/RunMachine+Closed.swift"
FINAL = "Sources/Execution/FinalCheck.swift"
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
        "        let pairs = found.map { ($0.host, $0.sighting) }\n",
        "        let pairs = found.map { ($0.host, DomainSighting(.absent)) }\n"),
    Mutant(
        "takes-silence-for-absence", EXECUTOR,
        '            return DomainSighting(.unknown, detail: "\\(error)")\n',
        "            return DomainSighting(.absent)\n"),
    Mutant(
        "removes-what-it-did-not-make", IMAGES,
        "try await remove(open.madeImages, of: open.step, to)",
        "try await remove(open.preparation?.images ?? [], of: open.step, to)"),
    Mutant(
        "removes-the-originals-of-a-guest-that-stayed", IMAGES,
        "try await remove(open.madeImages, of: open.step, to)",
        "try await remove(open.madeImages, of: open.step, from)"),
    Mutant(
        "removes-the-copies-of-a-guest-that-arrived", IMAGES,
        "try await remove(open.preparation?.images ?? [], of: open.step, from)",
        "try await remove(open.preparation?.images ?? [], of: open.step, to)"),
    Mutant(
        "starts-at-the-wrong-end", PROOF,
        "            try await target.start(domain, with: open.preparation?.images ?? [])\n",
        "            try await source.start(domain, with: open.preparation?.images ?? [])\n"),
    Mutant(
        "lets-libvirt-delete-what-goes-with-the-definition", IMAGES,
        "        request.keepsDefinition = true\n", "        request.keepsDefinition = false\n"),
    Mutant(
        "starts-from-what-it-did-not-compare", PROOF,
        "        try await proveCopies(open, source)\n", ""),
    Mutant(
        "does-not-see-that-the-guest-ran-meanwhile", PROOF,
        ".filter { now[$0] != stamps[$0] }", ".filter { now[$0] == nil && stamps[$0] == nil }"),
    Mutant(
        "takes-every-copy-for-durable", PROOF,
        "doubt: open.isEmpty ? nil : doubt", "doubt: open.count >= 0 ? nil : doubt"),
    Mutant(
        "removes-originals-too-early", BOUNDS,
        "        package var writebackProvings = 12\n",
        "        package var writebackProvings = 1\n"),
    Mutant(
        "starts-what-its-owner-shut-down", COLD,
        "guard decision == .settle(.startTarget) && hasArrived else",
        "guard decision == .settle(.startTarget) && hasArrived && tries.looks < 0 else"),
    Mutant(
        "goes-on-after-a-failure", PHASE,
        "{ error == nil && !isTakenUp }", "{ !isTakenUp }"),
    Mutant(
        "migrates-the-definition-back", IMAGES,
        "            try await to.copyDefinition(request(back, to: source, isPersistent: true))\n",
        "            _ = try await connections[move.target]?.actuator.migrate(\n"
        "                request(back, to: source, isPersistent: true))\n"),
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
        "            try await journal.append(event, to: run, at: now)\n",
        "            Task { try? await journal.append(event, to: run, at: now) }\n"),
    Mutant(
        "goes-on-when-the-disk-is-full", EXECUTOR,
        "            try await journal.append(event, to: run, at: now)\n",
        "            try? await journal.append(event, to: run, at: now)\n"),
    Mutant(
        "waits-for-what-does-not-end", CLOSED,
        "return closure.migrations.contains(id) ? [.abort(id)] : []\n",
        "return closure.migrations.contains(id) ? [] : [.abort(id)]\n"),
    Mutant(
        "keeps-no-watch", EXECUTOR,
        "            monitors[id] = clock.spawn { await self.monitor(id) }\n", ""),
    Mutant(
        "takes-silent-hosts-for-empty", LOOKS,
        '                sightings.append(HostSighting(host, guests: nil, detail: "\\(error)"))\n',
        "                sightings.append(HostSighting(host, guests: []))\n"),
    Mutant(
        "takes-guests-for-well", LOOKS,
        "        let pairs = found.map { ($0.domain, $0.sighting) }\n",
        "        let pairs = found.map { ($0.domain, DomainSighting(.running)) }\n"),
    Mutant(
        "calls-done-what-is-not-proved", FINAL,
        "        guard broken.isEmpty, left.isEmpty else {",
        "        guard left.isEmpty else {"),
    Mutant(
        "calls-done-what-it-asked-to-shut-down", FINAL,
        "        guard broken.isEmpty, left.isEmpty else {",
        "        guard broken.isEmpty else {"),
    Mutant(
        "plans-for-no-newcomer", BOUNDS,
        "        package var newcomerRounds = 3\n", "        package var newcomerRounds = 0\n"),
    Mutant(
        "asks-third-hosts-for-what-two-prove", ELSEWHERE,
        "        let isEnough = attempt.isProven && !attempt.isTakenUp\n",
        "        let isEnough = false\n"),
    Mutant(
        "asks-third-hosts-only-where-it-is-needless", ELSEWHERE,
        "        return settlement.wakesGuest && !isEnough ?",
        "        return settlement.wakesGuest && isEnough ?"),
    Mutant(
        "moves-whom-somebody-has-taken", IMAGES,
        "            try await demandEnd(of: open.step, source)\n", ""),
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
        "self = watched == found ? .abandoned(found) : .abandoned(found)"),
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
        "            guard decision == .wait, source.jobActive, !target.jobActive else {",
        "            guard decision == .wait, source.jobActive, target.jobActive else {"),
]
