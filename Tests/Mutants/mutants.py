"""The bugs: what the executor would do wrongly, and where."""

from typing import NamedTuple

EXECUTOR = "Sources/Actuation/RunExecutor.swift"
IMAGES = "Sources/Actuation/RunExecutor+Images.swift"
PROOF = "Sources/Actuation/RunExecutor+Proof.swift"
COLD = "Sources/Execution/RunMachine+ColdMoves.swift"
PHASE = "Sources/Execution/StepPhase.swift"
MACHINE = "Sources/Execution/RunMachine.swift"
LOOKS = "Sources/Actuation/RunExecutor+Looks.swift"
CONTROL = "Sources/Actuation/StepProgress.swift"


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
        "removes-originals-too-early", MACHINE,
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
        "goes-on-after-an-abort", EXECUTOR, "        controls[id]?.cancel()\n", ""),
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
]
