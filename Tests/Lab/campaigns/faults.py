"""Real faults, each played several times, as the Markdown of docs/failure-recovery.md.

    Tests/Lab/campaign faults .build/release/kvmbalance --times 5           (about two hours)
    Tests/Lab/campaign faults KVMBALANCE --only target-qemu --times 1
    Tests/Lab/campaign faults KVMBALANCE --results FILE --table     only the table of FILE

Each round drains a host in a fresh state directory, does something to it, and notes at which record
of the journal and in which of libvirt's phases that really fell; then `runs resume` or `runs
rollback` follows, and the lab's oracle looks at all hosts. Rounds are appended to --results, so
that several labs can work on different faults (--lab, --only) and one table be made of all."""

import json
import os
import signal
import subprocess
import sys
import time

from .bed import PROGRAM, until
from .faults_table import table
from .rounds import Round

SUMMARY = "accidents in the middle of a drain: daemons, QEMU, links, disks, other hands"
HOSTS = 3
ONE_AT_A_TIME = Round.policy.replace("perHost: 2, fleet: 2", "perHost: 1, fleet: 1")
POST_COPY = Round.policy.replace("timeout: 60s", "timeout: 300s, postcopy: true")


def follow_in_turn(play, number, off=()):
    """Resume in odd rounds, rollback in even ones. Where a person must decide, one does what the
    message says, knowing that the daemon's restart ended the guest on the target."""
    verb = "resume" if number % 2 else "rollback"
    code, guest = play.follow(verb), play.guests[0]
    if guest not in off and f"{play.target} shutoff" in play.lab.placement().get(guest, []):
        play.facts["before_hand"] = play.lab.verify()
        done = []
        if play.lab.status(play.source, guest)[1] == "paused (migration)":
            play.lab.virsh(play.source, "resume", guest)
            done = ["virsh resume on the source"]
        play.lab.virsh(play.target, "undefine", guest)
        play.facts["by_hand"] = ", ".join(done + ["virsh undefine on the target"])
        if code != 0:
            play.follow(verb)
    return play.judge(off)


# MARK: 1, kvmbalance itself

def ours(play, number, count):
    """kill -9 as soon as the journal has `count` records."""
    play.drain()
    until(240, lambda: play.journal.count() >= count - 1 or play.command.ended())
    # Some records follow each other within a millisecond: no pause between looks now.
    play.journal.spin(240, count, play.command.ended)
    return killed_here(play, number)


def ours_copying(play, number):
    """kill -9 between two records, while libvirt copies: it goes on without us."""
    play.drain()
    copied = play.until_copying(play.guests[0], least=15)
    return killed_here(play, number, f", {copied}")


def killed_here(play, number, instant=""):
    killed = play.command.kill()
    kinds = play.journal.kinds()
    # What it went on to write between our look and its death counts.
    play.hit = f"record {len(kinds)} ({kinds[-1] if kinds else 'none'})" + instant + (
        "" if killed else ", it had ended by itself")
    play.facts["first"] = play.report("killed" if killed else 0, play.command, "show-first")
    return follow_in_turn(play, number)


# MARK: 2, libvirtd

def daemon(play, number, side, instant):
    """kill -9 of a libvirtd at this instant of the migration; started again after 1 or 8 s."""
    lab, guest = play.lab, play.guests[0]
    host = play.source if side == "source" else play.target
    play.drain()
    frozen = 0
    if instant in ("begin3", "confirm3", "finish3"):
        place = play.target if instant == "finish3" else play.source
        until(180, lambda: lab.status(place, guest)[0] == instant or play.command.ended())
    elif instant == "prepare":
        until(180, lambda: lab.status(play.target, guest)[0] == "prepare" or play.command.ended())
        # QEMU is being started: at once, and some way into it.
        time.sleep((number - 1) * 0.1)
    elif instant == "copying":
        play.until_copying(guest)
    else:
        # The target's daemon is stopped (SIGSTOP) while the last of the memory goes over, so that
        # the source has asked for Finish and waits for the answer.
        until(180, lambda: lab.status(play.source, guest)[1].startswith("paused")
              or play.command.ended())
        frozen = lab.daemon(play.target)
        os.kill(frozen, signal.SIGSTOP)
        until(20, lambda: lab.status(play.source, guest)[0] == "perform3_done")
        time.sleep(0.3)
    lab.kill_daemon(host)
    play.hit = lab.picture(guest, play.source, play.target)
    if frozen and side == "source":
        os.kill(frozen, signal.SIGCONT)
    time.sleep(1 if number % 2 else 8)
    lab.start_daemon(host)
    play.finish()
    if play.facts["first"]["state"] == "done" and play.facts["first"]["code"] == 0:
        if number % 2 == 0:
            play.follow("rollback")
        return play.judge()
    return follow_in_turn(play, number)


# MARK: 3 to 6, the target and its link

def target_qemu(play, number):
    guest = play.guests[0]
    play.drain()
    copied = play.until_copying(guest)
    for process in play.lab.programs(play.target, "qemu-", play.lab.uuid(guest)):
        os.kill(process, signal.SIGKILL)
        play.hit = f"{copied}; {play.lab.picture(guest, play.source, play.target)}"
    play.finish()
    if play.facts["first"]["code"] == 0:
        if number % 2 == 0:
            play.follow("rollback")
        return play.judge()
    return follow_in_turn(play, number)


def link(play, number, seconds):
    """The target's link is cut for some seconds, or (0) until kvmbalance has given up."""
    guest = play.guests[0]
    play.drain()
    copied = play.until_copying(guest)
    play.lab.call("link", play.lab.name, play.target, "cut")
    play.hit = f"{copied}; {play.lab.picture(guest, play.source, play.target)}"
    if seconds:
        time.sleep(seconds)
        play.lab.call("link", play.lab.name, play.target, "restore")
    play.finish(420)
    play.lab.call("link", play.lab.name, play.target, "restore")
    if play.facts["first"]["code"] == 0:
        return play.judge()
    play.speed("off")
    return follow_in_turn(play, number)


def postcopy(play, number, kills):
    """The stream of a post-copy is broken (virsh domjobabort --postcopy) when the guest has run on
    the target for 4 s: earlier QEMU's own loop there may wait for a page, and then libvirt cannot
    take it up again. With `kills` kvmbalance is killed as soon as it has seen that."""
    lab, guest = play.lab, play.guests[0]
    play.speed("off")
    lab.renew(guest, play.source, "--memory", "160", "--dirty", "4", "--dirty-size", "64")
    time.sleep(20)
    play.speed(30)
    play.drain()
    until(180, lambda: lab.status(play.source, guest)[1] == "paused (post-copy)"
          or play.command.ended())
    time.sleep(4)
    _, said = lab.virsh(play.source, "domjobabort", "--postcopy", guest)
    until(10, lambda: "failed" in lab.status(play.target, guest)[1])
    play.hit = f"{said or 'taken'}; {lab.picture(guest, play.source, play.target)}"
    if kills:
        play.until_record("settling")
        code = killed_here(play, number)
    else:
        play.finish()
        if number % 2 == 0:
            play.follow("rollback")
        code = play.judge()
    lab.call("remove", lab.name, guest, check=False)
    return code


def crawl(play, number):
    """1 Mbit/s is the least that the lab's links can be given."""
    guest = play.guests[0]
    play.drain()
    copied = play.until_copying(guest)
    play.speed(1)
    play.hit = f"{copied}; {play.lab.picture(guest, play.source, play.target)}"
    play.finish(420)
    play.speed("off")
    return follow_in_turn(play, number)


def memory(play, number, how):
    """The target cannot hold another guest: by a limit of its daemon's address space, which QEMU
    inherits, or by a memory cgroup whose OOM killer ends QEMU."""
    lab, guest = play.lab, play.guests[0]
    process = lab.daemon(play.target)
    group = f"/sys/fs/cgroup/memory/kvmbalance-{lab.name}"
    if how == "refused":
        with open(f"/proc/{process}/status") as file:
            now = next(int(line.split()[1]) for line in file if line.startswith("VmSize"))
        limit = (now + 64 * 1024) * 1024
        subprocess.run(["prlimit", f"--pid={process}", f"--as={limit}:"], check=True)
        what = f"address space of the target's libvirtd and its children {limit >> 20} MiB"
    else:
        os.makedirs(group, exist_ok=True)
        with open(f"{group}/memory.limit_in_bytes", "w") as file:
            file.write("40M")
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(process))
        what = "memory cgroup of 40 MiB around the target's libvirtd and its children"
    play.drain()
    seen = until(180, lambda: lab.status(play.target, guest)[1] or play.command.ended())
    play.hit = f"{what}; target {seen if isinstance(seen, str) else 'never had it'}"
    play.finish()
    if how == "refused":
        subprocess.run(["prlimit", f"--pid={process}", "--as=unlimited:"], check=False)
    else:
        with open(f"{group}/memory.failcnt") as file:
            play.hit += f"; the limit was hit {file.read().strip()} times"
        with open(f"{group}/cgroup.procs") as file:
            inside = file.read().split()
        for member in inside:
            with open("/sys/fs/cgroup/memory/cgroup.procs", "w") as file:
                file.write(member)
        os.rmdir(group)
    lab.start_daemon(play.target)
    return follow_in_turn(play, number)


# MARK: 7 to 9, our disk and other hands

def full_disk(play, number, instant):
    """The state directory is a tmpfs, filled to its last byte at that instant."""
    play.lab.call("run", play.lab.name, "--", "mkdir", "-p", play.state)
    play.lab.call("run", play.lab.name, "--", "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs",
                  play.state)
    filler = f"{play.lab.root}{play.state}/filler"
    play.journal.scratch = f"{play.folder}/copy.sqlite"

    def fill():
        written = 0
        for size in (65536, 4096, 512, 1):
            try:
                with open(filler, "ab", buffering=0) as file:
                    while True:
                        written += file.write(b"\1" * size)
            except OSError:
                pass
        return written
    try:
        if instant == "before":
            play.keep_free()
            fill()
            play.hit = "full before the command"
            play.begin()
        else:
            play.drain()
            play.until_record(instant)
            fill()
            kinds = play.journal.kinds() or ["none"]
            play.hit = f"full after record {len(kinds)} ({kinds[-1]})"
        code = play.finish()
        os.remove(filler)
        if instant == "before":
            # There is no run to take up: the same command again.
            play.drain()
            again = play.command.wait(300)
            play.facts["follow"] = [dict(play.report(again, play.command, "show-again"),
                                         verb="the same drain")]
            return play.judge()
        return follow_in_turn(play, number) if code != 0 else play.judge()
    finally:
        play.lab.call("run", play.lab.name, "--", "umount", "-l", play.state, check=False)


def shut_down(play, number, how):
    lab, guest = play.lab, play.guests[0]
    play.drain()
    if how == "power button":
        # virsh shutdown waits for the migration's job; pressed as soon as the intent is written,
        # the guest goes down while it is copied.
        play.until_record("intent")
        _, said = lab.virsh(play.source, "shutdown", guest, timeout=40)
        how = f"virsh shutdown ({said or 'taken'})"
    elif how == "virsh destroy":
        copied = play.until_copying(guest)
        before = lab.picture(guest, play.source, play.target)
        _, said = lab.virsh(play.source, "destroy", guest, timeout=40)
        how = f"virsh destroy ({said or 'taken'}), {copied}; {before}"
    else:
        copied = play.until_copying(guest)
        before = lab.picture(guest, play.source, play.target)
        for process in lab.programs(play.source, "qemu-", lab.uuid(guest)):
            os.kill(process, signal.SIGTERM)
        how = f"SIGTERM to its QEMU, {copied}; {before}"
    play.hit = how
    play.finish()
    off = [guest] if not any(
        place.endswith("running") for place in lab.placement().get(guest, [])) else []
    play.facts["off"] = off
    if play.facts["first"]["code"] != 0:
        play.follow("resume" if number % 2 else "rollback")
    facts = play.judge(off)
    if off:
        lab.call("remove", lab.name, guest, check=False)
    return facts


def other_hands(play, number, instant):
    """virsh migrates the second guest to host3: before `apply`, before its step, or across it."""
    lab = play.lab
    if instant == "before apply":
        guest = play.guests[1]
        play.keep_free()
        play.run("plan", "plan", "drain", play.source, "--policy", f"{play.folder}/policy.yaml",
                 "--save", f"{play.folder}/plan.json").wait(120)
        _, said = lab.migrate_by_hand(guest, play.source, "host3")
        play.hit = f"{guest} to host3 by virsh after the plan, before apply ({said or 'done'})"
        play.command = play.run("apply", "apply", f"{play.folder}/plan.json", "--yes", "--policy",
                                f"{play.folder}/policy.yaml")
        play.finish()
        play.facts["elsewhere"] = {guest: "host3"}
        return play.judge()
    play.drain()
    play.until_record("intent")
    first = next((g for g in play.guests if until(
        30, lambda g=g: lab.status(play.source, g)[0], pause=0.05)), play.guests[0])
    other = next(guest for guest in play.guests if guest != first)
    if instant == "before its step":
        _, said = lab.migrate_by_hand(other, play.source, "host3")
        kinds = play.journal.kinds()
        play.hit = (f"{other} to host3 by virsh ({said or 'done'}) while {first} was migrating: "
                    f"records {', '.join(kinds)}")
    else:
        # host3's link is made slow, so that the hand's migration is under way at the step.
        lab.call("link", lab.name, "host3", "40")
        by_hand = subprocess.Popen(
            [PROGRAM, "run", lab.name, play.source, "--", "virsh", "-q",
             *lab.migration(other, "host3")], stdin=subprocess.DEVNULL)
        play.until_record("arrived")
        play.hit = (f"{other} on its way to host3 by virsh when {first} had arrived: "
                    f"{lab.picture(other, play.source, 'host3')}")
        play.finish()
        by_hand.wait(120)
        lab.call("link", lab.name, "host3", "off")
    if "first" not in play.facts:
        play.finish()
    place = lab.placement().get(other, [""])[0].split()[0]
    verb = "resume" if number % 2 else "rollback"
    play.follow(verb)
    # Resume leaves it where the other hand put it: host3 is not drained. Rollback brings back what
    # the run moved, and nothing else.
    moved = any(step["domain"] == other and step["state"] == "done"
                for step in play.facts["follow"][-1]["steps"])
    if not moved:
        play.facts["elsewhere"] = {other: place}
    return play.judge()


# name -> (guests, Mbit/s of the target's link, policy, [(variant, function, arguments)])
FAULTS = {
    "ours": (2, 200, None, [
        *((f"record {n}", ours, (n,)) for n in (2, 3, 4, 5, 6, 7)),
        ("while copying", ours_copying, ())]),
    "source-daemon": (1, 120, None, [
        (f"source: {at}", daemon, ("source", at))
        for at in ("begin3", "copying", "finish asked", "confirm3")]),
    "target-daemon": (1, 120, None, [
        (f"target: {at}", daemon, ("target", at))
        for at in ("prepare", "copying", "finish asked", "finish3")]),
    "target-qemu": (1, 80, None, [("copying", target_qemu, ())]),
    "link-3s": (1, 80, None, [("3 s", link, (3,))]),
    "link-cut": (1, 80, None, [("for good", link, (0,))]),
    "post-copy": (1, 30, POST_COPY, [
        ("stream broken", postcopy, (False,)),
        ("stream broken, then kill -9 of kvmbalance", postcopy, (True,))]),
    "crawl": (1, 80, None, [("1 Mbit/s", crawl, ())]),
    "memory": (1, 120, None, [
        ("allocation refused", memory, ("refused",)), ("OOM killer", memory, ("killed",))]),
    "full-disk": (1, 80, None, [
        (at, full_disk, (at,)) for at in ("before", "planned", "intent")]),
    "shut-down": (1, 80, None, [
        (how, shut_down, (how,)) for how in ("power button", "virsh destroy", "SIGTERM")]),
    "other-hands": (2, 80, ONE_AT_A_TIME, [
        (at, other_hands, (at,)) for at in ("before apply", "before its step", "across its step")]),
}


def arguments(parser):
    parser.add_argument("--times", type=int, default=5, help="rounds of each variant (5)")
    parser.add_argument("--only", action="append", choices=list(FAULTS), help="can be repeated")
    parser.add_argument("--variant", action="append", help="only what has this in its name")
    parser.add_argument("--first", type=int, default=1, help="number of the first round")
    parser.add_argument("--results", help="JSON lines, appended to")
    parser.add_argument("--table", action="store_true", help="print the table of --results and end")


def print_table(options):
    with open(options.results) as file:
        print(table([json.loads(line) for line in file]))
    return 0


def chosen(options):
    """(fault, variant, function, arguments) of all that is to be played, once."""
    for name in options.only or FAULTS:
        for variant, function, values in FAULTS[name][3][:1 if options.brief else None]:
            if not options.variant or any(part in variant for part in options.variant):
                yield name, variant, function, values


def play(options, lab, folder):
    options.results = options.results or f"{folder}/rounds.jsonl"
    times = 1 if options.brief else options.times
    # All once, then all again: whoever ends it early has seen everything.
    for number in range(options.first, options.first + times):
        for name, variant, function, values in chosen(options):
            facts = play_one(
                lab, options.program, folder, name, variant, number, function, values)
            with open(options.results, "a") as file:
                file.write(json.dumps(facts) + "\n")
    return print_table(options)


def play_one(lab, program, work, name, variant, number, function, arguments):
    count, speed, policy, _ = FAULTS[name]
    begun = time.monotonic()
    folder = f"{work}/{name}-{variant.replace(' ', '-').replace('/', '-')}-{number}"
    try:
        guests = [f"g{index}" for index in range(1, count + 1)]
        facts = function(Round(lab, program, folder, guests, speed, policy), number, *arguments)
    except Exception as error:  # The bed's own trouble is told, and is no result.
        facts = {"trouble": f"{type(error).__name__}: {error}"}
    facts.update(fault=name, variant=variant, number=number, folder=folder)
    tell(facts, time.monotonic() - begun)
    return facts


def tell(facts, seconds):
    line = f"{time.strftime('%H:%M:%S')} {facts['fault']}, {facts['variant']}, {facts['number']}: "
    if "trouble" in facts:
        print(line + "TROUBLE " + facts["trouble"], file=sys.stderr, flush=True)
        return
    first = facts["first"]
    line += f"{seconds:.0f} s; {facts['hit']}; {first['code']} {first['state']} "
    line += first["said"][:200]
    for follow in facts.get("follow", []):
        line += f"; {follow['verb']}: {follow['code']} {follow['state']} {follow['said'][:200]}"
    line += f"; oracle: {facts['oracle'] or 'ok'}"
    if facts["wrong"]:
        line += f"; WRONG: {facts['wrong']}"
    print(line, file=sys.stderr, flush=True)
