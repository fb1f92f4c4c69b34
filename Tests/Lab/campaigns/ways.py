"""Every migration mode with every kind of guest, as the Markdown of docs/migration-modes.md.

    Tests/Lab/campaign ways .build/release/kvmbalance > table.md        (about half an hour)
    Tests/Lab/campaign ways KVMBALANCE --way live --way offline --load idle --timeout 240

What came of each, how long it took, how long the guest stood still, what went over the wire; then
what is refused before anything starts, and how. The lab's oracle looks at every guest after each
line."""

import re
import sys
import time

from .bed import Ours

SUMMARY = "every migration mode with every kind of guest, and what is refused"
HOSTS = 2
WAYS = {
    "live": "", "managed": "--managed", "auto-converge": "--auto-converge",
    "postcopy": "--postcopy", "parallel": "--parallel 2",
    "xbzrle": "--compressed --comp-methods xbzrle", "mt": "--compressed --comp-methods mt",
    "tls": "--tls", "tunnelled": "--tunnelled", "suspend": "--suspend",
    "bandwidth": "--bandwidth 20", "copy-storage-all": "--copy-storage-all",
    "copy-all-converge": "--copy-storage-all --auto-converge",
    "copy-storage-inc": "--copy-storage-inc", "offline": "--offline",
}
# name -> (options of `lab guest`, Mbit/s of the links, in words)
LOADS = {
    "idle": ("", "off", "idle"),
    "busy": ("--dirty 4 --cpu 20", "off", "busy: 4 MB/s rewritten, CPU 20 %"),
    "fast": ("--memory 160 --dirty 40 --dirty-size 48", "30",
             "160 MiB, up to 40 MB/s rewritten, link 30 Mbit/s"),
}
STORAGES = {
    "shared": "on shared storage", "local": "on local storage",
    "layered": "on local storage over a base image of both hosts",
    "iscsi": "on iSCSI with a secret", "nfs": "on NFS by QEMU's own driver", "nbd": "on NBD",
    "luks": "encrypted, on shared storage",
}
REFUSED = """
--direct
--p2p --managed
--tunnelled --managed
--tunnelled --parallel 2
--tunnelled --postcopy
--tunnelled --tls
--tunnelled --copy-storage-all
--tunnelled --copy-storage-inc
--tunnelled --offline
--postcopy --suspend
--postcopy --parallel 2
--postcopy-bandwidth 50
--offline --suspend
--offline --postcopy
--offline-domains web
--copy-storage-all --copy-storage-inc
--copy-storage-all --postcopy
--copy-storage-inc --postcopy
--compressed --parallel 2
--comp-methods mt --postcopy
--comp-methods xbzrle --comp-mt-level 3
--comp-methods mt --comp-xbzrle-cache 1048576
""".split("\n")[1:-1]
INTRO = """# Migration modes

Made by `Tests/Lab/campaign ways` in the lab (README there): two hosts, {version},
guests of 96 MiB under emulation, two cores that all share. Times are those of that machine and say
which mode costs more than which, not how long yours will take. `lab verify` looked at every guest
after each line; a plain live move of a guest with local disks is refused in the plan, which is why
those rows are not planned."""


def arguments(parser):
    parser.add_argument("--way", action="append", choices=list(WAYS), help="can be repeated")
    parser.add_argument("--load", action="append", choices=list(LOADS), help="can be repeated")
    parser.add_argument("--storage", action="append", choices=list(STORAGES),
                        help="can be repeated")
    parser.add_argument("--timeout", type=int, default=90, help="seconds of a migration (90)")


def play(options, lab, folder):
    ours = Ours(lab, options.program, folder)
    _, said = lab.virsh("host1", "version")
    versions = re.findall(r"Using library: (libvirt [\d.]+).*?hypervisor: (QEMU [\d.]+)", said)
    print(INTRO.format(version=" and ".join(versions[0]) if versions else "libvirt and QEMU"))
    brief = 1 if options.brief else None
    for storage in options.storage or list(STORAGES)[:brief]:
        for kind in options.load or list(LOADS)[:brief]:
            guest_with(options, lab, ours, storage, kind)
    print("\n## Refused before anything starts\n\n| switches | message |\n|---|---|")
    for line in REFUSED:
        done = ours.run("plan", "drain", "host1", *line.split(), check=False)
        found = re.search(r"(?:rror|kvmbalance): (.*)", done.stderr + done.stdout)
        print(f"| `{line}` | {found[1] if found else '?'} |")
    return 0


def guest_with(options, lab, ours, storage, kind):
    """One table: a guest, moved by every mode in turn."""
    words, speed, load = LOADS[kind]
    guest = kind + storage
    lab.call("guest", lab.name, guest, "--host", "host1", "--storage", storage, *words.split(),
             "--wait")
    for host in lab.hosts:
        lab.call("link", lab.name, host, speed)
    print(f"\n## Disk {STORAGES[storage]}, {load}\n")
    print("| way | switches | result | took | down | sent | guest after |")
    print("|---|---|---|---|---|---|---|")
    for way in options.way or list(WAYS)[:3 if options.brief else None]:
        if storage not in ("local", "layered") and way.startswith("copy-"):
            continue
        print(f"{time.strftime('%H:%M:%S')} {guest}, {way}", file=sys.stderr, flush=True)
        cells = move(options, lab, ours, way, guest)
        print(f"| {way} | `{WAYS[way]}` | {' | '.join(cells)} | {verdict(lab, guest)} |",
              flush=True)
    lab.call("remove", lab.name, guest)


def move(options, lab, ours, way, guest):
    """RESULT, TOOK, DOWN, SENT of a move from where the guest is."""
    source = lab.placement()[guest][0].split()[0]
    target = "host2" if source == "host1" else "host1"
    ours.run("hosts", "enable", target, check=False)
    if way == "offline":
        lab.call("expect", lab.name, guest, "restarted")
    done = ours.run("drain", source, "--yes", "--timeout", str(options.timeout),
                    *WAYS[way].split(), check=False)
    if done.returncode in (3, 64):
        found = re.search(
            r"[a-z0-9]+: host[12]: .*|[a-z0-9]+: .*\[[a-z-]+\]|(?:rror|kvmbalance): .*",
            done.stdout + done.stderr)
        cells = [f"not planned: {found[0][:160] if found else '?'}", "-", "-", "-"]
    else:
        newest = ours.json("runs", "list")[0]["run"]
        cells = report(ours.json("runs", "show", str(newest), check=False))
    ours.run("hosts", "enable", source, check=False)
    # What was left paused, as asked, is to run again.
    lab.virsh(target, "resume", guest)
    return cells


def report(run):
    """RESULT, TOOK, DOWN, SENT of what a run says of its last attempt."""
    if not run:
        return ["-"] * 4
    step = next((step for step in reversed(run["steps"]) if step.get("attempts")), {})
    state = step.get("state") or run["state"]
    why = " ".join((step.get("error") or run.get("reason") or "").split()).replace("|", "/")[:160]
    result = f"**{state}**" + (f": {why}" if why and state != "done" else "")
    seen = step.get("observed") or {}
    took, down, sent = (seen.get(key) for key in (
        "duration_seconds", "downtime_ms", "transferred_bytes"))
    return [result, "-" if took is None else f"{took:.1f} s", "-" if down is None else f"{down} ms",
            "-" if sent is None else f"{sent / 1048576:.1f} MiB"]


def verdict(lab, guest):
    """The oracle's word. A guest that was started again is silent until it has booted."""
    said = ""
    for _ in range(10):
        time.sleep(2)
        said = lab.verify(guest)
        if "stand still" not in said:
            break
    return said or "ok"
