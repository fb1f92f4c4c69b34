"""What plan, journal and the looks before and after cost, against virsh by hand, in one run.

    Tests/Lab/campaign overhead .build/release/kvmbalance       (half an hour, quiet machine)

First one guest goes there and back, by `virsh migrate` and by `kvmbalance drain` in turn, over a
slow link: a migration may take at most 1.02 times as long. Then eight guests leave a host, by loops
as people write them (`xargs -P 1`, `-P 2`, `-P 4` of `virsh migrate`) and by a drain, in turn and
in both directions: the drain may take at most as long as the best of the loops. Both ratios are
printed; the exit code is 1 where one is missed."""

import shlex
import subprocess
import time

from .bed import PROGRAM, Ours, load

SUMMARY = "time of migrations and of a drain of eight, against virsh and xargs"
HOSTS = 2
POLICY = ("name: overhead\novercommit: {cpu: 50}\nlimits: {perHost: 8, fleet: 8}\n")
ONE_AT_MOST, EIGHT_AT_MOST = 1.02, 1.0
EIGHT = [f"g{number}" for number in range(1, 9)]
LOOPS = [1, 2, 4]


def arguments(parser):
    parser.add_argument("--pairs", type=int, default=10, help="migrations by each (10)")
    parser.add_argument("--passes", type=int, default=4,
                        help="times that the eight leave, by each loop and by a drain (4)")
    parser.add_argument("--mbps", type=int, default=80, help="link of the first part (80)")


def play(options, lab, folder):
    ours = Ours(lab, options.program, folder, POLICY, linkMbps=options.mbps)
    one = one_by_one(options, lab, ours)
    eight = eight_at_once(options, lab, ours)
    oracle = lab.verify()
    print(f"\nthe lab's oracle: {oracle or 'nothing lost, nothing twice'}")
    print(f"one migration:  {one:.3f} times virsh, at most {ONE_AT_MOST}: {word(one, ONE_AT_MOST)}")
    print(f"drain of eight: {eight:.3f} times the best loop, at most {EIGHT_AT_MOST}: "
          f"{word(eight, EIGHT_AT_MOST)}")
    return int(bool(oracle) or one > ONE_AT_MOST or eight > EIGHT_AT_MOST)


def word(ratio, most):
    return "holds" if ratio <= most else "MISSED"


def timed(action):
    """Seconds that it took."""
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def virsh(guest, source, target):
    """virsh's words for what kvmbalance asks for: live, peer-to-peer, the definition moves too."""
    return ["virsh", "-q", "-c", f"qemu+ssh://root@{source}/system", "migrate", "--live", "--p2p",
            "--persistent", "--undefinesource", guest, f"qemu+ssh://root@{target}/system",
            f"tcp://10.77.0.{target.removeprefix('host')}"]


def in_controller(lab, *words):
    subprocess.run([PROGRAM, "run", lab.name, "--", *words], stdin=subprocess.DEVNULL, check=True)


def other(host):
    return "host2" if host == "host1" else "host1"


# MARK: One migration

def one_by_one(options, lab, ours):
    """Time of all drains of one guest, times that of virsh."""
    pairs = 2 if options.brief else options.pairs
    lab.call("guest", lab.name, "one", "--host", "host1", "--memory", "256", "--dirty", "1",
             "--dirty-size", "120", "--wait")
    for host in lab.hosts:
        lab.call("link", lab.name, host, str(options.mbps))
    # Until the guest has written all that it rewrites: what is to be sent is alike then for both,
    # and its dirty rate is known, as in a fleet that is looked after.
    with ours.collecting(5):
        time.sleep(30 if options.brief else 150)
        print(f"one guest over {options.mbps} Mbit/s, seconds\n")
        print("| pair | virsh | kvmbalance | load |\n|---|---|---|---|", flush=True)
        sums = {"virsh": 0.0, "kvmbalance": 0.0}
        for pair in range(1, pairs + 1):
            # Who goes first, and which way, takes turns.
            took = {}
            by = ["virsh", "kvmbalance"] if pair % 2 else ["kvmbalance", "virsh"]
            for name, source in zip(by, ("host1", "host2")):
                if name == "virsh":
                    words = virsh("one", source, other(source))
                    took[name] = timed(lambda words=words: in_controller(lab, *words))
                else:
                    took[name] = timed(lambda source=source: ours.drain(source))
                    ours.run("hosts", "enable", source)
            for name, seconds in took.items():
                sums[name] += seconds
            print(f"| {pair} | {took['virsh']:.2f} | {took['kvmbalance']:.2f} | {load():.1f} |",
                  flush=True)
    lab.call("remove", lab.name, "one")
    for host in lab.hosts:
        lab.call("link", lab.name, host, "off")
    return sums["kvmbalance"] / sums["virsh"]


# MARK: Eight

def eight_at_once(options, lab, ours):
    """Time of all drains of eight guests, times that of the best loop."""
    passes = 1 if options.brief else options.passes
    ours.describe()
    for guest in EIGHT:
        lab.call("guest", lab.name, guest, "--host", "host1", "--memory", "96", "--wait")
    with ours.collecting(5):
        known = wait_for_dirty_rates(ours, 60 if options.brief else 600)
        print(f"\neight guests, dirty rates known of {known}, seconds\n")
        contestants = [f"xargs -P {width}" for width in LOOPS] + ["drain"]
        print(f"| pass | {' | '.join(contestants)} | load |\n|{'---|' * (len(contestants) + 2)}",
              flush=True)
        sums, place = dict.fromkeys(contestants, 0.0), "host1"
        for number in range(passes):
            # Each comes first in turn, and so each goes both ways.
            turn = number % len(contestants)
            took = {}
            for name in contestants[turn:] + contestants[:turn]:
                took[name] = timed(lambda: leave(lab, ours, name, place))
                if name == "drain":
                    ours.run("hosts", "enable", place)
                place = other(place)
                stray = [guest for guest, at in lab.placement().items()
                         if guest in EIGHT and at != [f"{place} running"]]
                if stray:
                    raise RuntimeError(f"{name} left {', '.join(stray)} elsewhere than on {place}")
            for name, seconds in took.items():
                sums[name] += seconds
            cells = " | ".join(f"{took[name]:.2f}" for name in contestants)
            print(f"| {number + 1} | {cells} | {load():.1f} |", flush=True)
    print(f"| mean | {' | '.join(f'{sums[name] / passes:.2f}' for name in contestants)} | |")
    return sums["drain"] / min(seconds for name, seconds in sums.items() if name != "drain")


def leave(lab, ours, name, source):
    if name == "drain":
        ours.drain(source)
        return
    width = name.split()[-1]
    one = " ".join(shlex.quote(word) for word in virsh("{}", source, other(source)))
    in_controller(
        lab, "sh", "-c", f"printf '%s\\n' {' '.join(EIGHT)} | xargs -P {width} -I{{}} {one}")


def wait_for_dirty_rates(ours, seconds):
    """The collector looks at one guest in 20 s. What it has not seen, the drain would measure."""
    end, known = time.monotonic() + seconds, 0
    while known < len(EIGHT) and time.monotonic() < end:
        time.sleep(10)
        domains = ours.json("snapshot")["domains"]
        known = sum(domain.get("dirtying") is not None for domain in domains)
    return known
