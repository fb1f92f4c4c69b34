"""How good are the estimates? Predicted against observed, over links of mixed speed.

    Tests/Lab/campaign accuracy .build/release/kvmbalance       (about 15 minutes, quiet machine)

Guests of mixed size and dirty rate go there and back. The first rounds are what kvmbalance learns
the links from; only those after them are counted. Targets: median error of durations at most 10 %,
90th percentile at most 25 %, downtime within a factor of two for 90 %."""

import json
import time

from .bed import Ours, load

SUMMARY = "predicted against observed migrations"
HOSTS = 2
POLICY = ("name: accuracy\nlimits: {perHost: 1, fleet: 1}\novercommit: {cpu: 50}\n"
          "migration: {whenStuck: wait, timeout: 5m}\n")
# name, memory in MiB, MB/s rewritten, MiB rewritten
GUESTS = [("small", 96, 0, 0), ("medium", 160, 0, 0), ("large", 256, 0, 0),
          ("writer", 160, 2, 24), ("busy", 192, 4, 48), ("full", 320, 1, 160)]


def speeds(text):
    return [int(word) for word in text.split(",")]


def arguments(parser):
    parser.add_argument("--learning", type=speeds, default=[160, 80],
                        help="Mbit/s of the rounds that are learned from (160,80)")
    parser.add_argument("--counted", type=speeds, default=[240, 120, 80, 160, 320, 100],
                        help="Mbit/s of the rounds that count (240,120,80,160,320,100)")


def play(options, lab, folder):
    learning, counted = options.learning, options.counted
    if options.brief:
        learning, counted = learning[:1], counted[:1]
    for guest, memory, dirty, size in GUESTS[:3 if options.brief else None]:
        writing = ["--dirty", str(dirty), "--dirty-size", str(size)] if dirty else []
        lab.call("guest", lab.name, guest, "--host", "host1", "--memory", str(memory), "--wait",
                 *writing)
    time.sleep(20)
    ours = Ours(lab, options.program, folder, POLICY)
    for mbps in learning:
        there_and_back(lab, ours, mbps)
    first = max(run["run"] for run in ours.json("runs", "list")) + 1
    for mbps in counted:
        there_and_back(lab, ours, mbps)
    for run in range(first, first + 2 * len(counted)):
        print(ours.run("runs", "show", str(run), check=False).stdout)
    oracle = lab.verify()
    print(f"the lab's oracle: {oracle or 'nothing lost, nothing twice'}")
    print("While learning:", ours.run("runs", "accuracy").stdout, sep="\n")
    since = ["runs", "accuracy", "--since", str(first)]
    print(f"Counted, from run {first} on:", ours.run(*since).stdout, sep="\n")
    print(json.dumps(ours.json(*since)))
    return int(bool(oracle))


def there_and_back(lab, ours, mbps):
    """An operator knows the speed of the network: kvmbalance is told the link as it is."""
    for host in lab.hosts:
        lab.call("link", lab.name, host, str(mbps))
    ours.describe(linkMbps=mbps)
    for verb in ("drain", "return"):
        done = ours.run(verb, "host1", "--yes", "--policy", ours.policy, check=False)
        if done.returncode:
            print(done.stdout + done.stderr)
    print(f"{time.strftime('%H:%M:%S')} {mbps} Mbit/s, load {load():.1f}", flush=True)
