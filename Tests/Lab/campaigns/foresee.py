"""Is a simulated drain the drain that comes?

    Tests/Lab/campaign foresee .build/release/kvmbalance        (about a quarter of an hour)

Three real hosts are recorded for some minutes, the folder is simulated with a drain near its end,
host1 is drained for real, and both are shown side by side. The exit code is 1 if moves, their
targets or their order differ."""

import time
from datetime import datetime

from .bed import Ours

SUMMARY = "a recorded, simulated drain beside the real one"
HOSTS = 3
# An emulated guest takes a good part of the one machine that all hosts of a lab share.
POLICY = "name: foresee\novercommit: {cpu: 50}\n"
GUESTS = [
    ("web", "host1", 96, []), ("shop", "host1", 192, ["--dirty", "2"]),
    ("db", "host1", 256, ["--dirty", "1", "--dirty-size", "120"]),
    ("batch", "host1", 128, ["--cpu", "10"]), ("mail", "host2", 96, []),
    ("cron", "host3", 192, ["--wait"]),
]


def arguments(parser):
    parser.add_argument("--minutes", type=int, default=10, help="how long is recorded (10)")
    parser.add_argument("--mbps", type=int, default=80, help="speed of the hosts' links (80)")


def play(options, lab, folder):
    minutes = 5 if options.brief else options.minutes
    for name, host, memory, more in GUESTS:
        lab.call("guest", lab.name, name, "--host", host, "--memory", str(memory), *more)
    for host in lab.hosts:
        lab.call("link", lab.name, host, str(options.mbps))
    ours = Ours(lab, options.program, folder, POLICY, database=f"{folder}/database",
                linkMbps=options.mbps)
    record = f"{folder}/recorded"
    # Three minutes before the end, so that the drain is over within what was recorded.
    simulate = ["simulate", record, "--drain", f"host1@{minutes - 3}m"]
    with ours.collecting(5):
        time.sleep(minutes * 60)
        ours.run("record", record, "--since", f"{minutes}m", "--policy", ours.policy)
        simulated = ours.json(*simulate)[0]["runs"][-1]["track"]
        print(ours.run(*simulate).stdout)
        print(ours.drain("host1").stdout)
        run = ours.json("runs", "show", "1")
    oracle = lab.verify()
    print(f"the lab's oracle: {oracle or 'nothing lost, nothing twice'}")
    return compare(simulated, run) or int(bool(oracle))


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def told(moves):
    """domain -> (target, seconds of its start, of its end), from the first start on."""
    start = min(seconds(move["start"]) for move in moves)
    return {move["domain"]: (move["target"], seconds(move["start"]) - start,
                             seconds(move["end"]) - start) for move in moves}


def compare(simulated, run):
    ahead = told(simulated)
    real = told([
        {"domain": step["domain"], "target": step["target"], "start": step["started_at"],
         "end": step["ended_at"]} for step in run["steps"]])
    print("domain    simulated                    lab")
    for name in sorted(real, key=lambda name: real[name][1:]):
        cells = [f"{target} {start:6.1f} to {end:6.1f} s" if target else "not moved"
                 for target, start, end in (ahead.get(name, (None, 0, 0)), real[name])]
        print(f"{name:9} {cells[0]:28} {cells[1]}")
    ends = [max(end for _, _, end in side.values()) for side in (ahead, real)]
    print(f"in all    {ends[0]:.1f} s, {ends[1]:.1f} s: the simulation says "
          f"{ends[0] / ends[1]:.2f} times the lab's")
    order = [sorted(side, key=lambda name: (side[name][1], name)) for side in (ahead, real)]
    targets = [{name: move[0] for name, move in side.items()} for side in (ahead, real)]
    if targets[0] != targets[1] or order[0] != order[1]:
        print(f"DIFFERENT: {order[0]} to {targets[0]}, and {order[1]} to {targets[1]}")
        return 1
    print("the same moves in the same order")
    return 0
