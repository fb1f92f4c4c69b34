"""A plan of ten steps, stopped after seven, then `runs rollback`, as Markdown.

    Tests/Lab/campaign rollback .build/release/kvmbalance            (about ten minutes)
    Tests/Lab/campaign rollback KVMBALANCE --only kill --only abort

Ten guests leave host1 for host2 and host3. The run is killed, interrupted (Ctrl-C) or aborted when
the seventh has arrived; in the last way one of those that moved is shut down by hand before the
rollback, so that it cannot be brought back running. The lab's oracle says where all are."""

import collections
import json
import signal
import sys
import time

from .rounds import Round

SUMMARY = "a plan of ten steps, stopped after seven and rolled back"
HOSTS = 3
WAYS = ["kill", "interrupt", "abort", "kill, one shut down since"]
GUESTS = [f"g{number}" for number in range(1, 11)]
ENOUGH = 7


def play_one(lab, program, folder, way):
    play = Round(lab, program, folder, GUESTS, 200)
    play.begin()
    play.until_record("arrived", ENOUGH, seconds=400)
    if way.startswith("kill"):
        play.command.kill()
    elif way == "interrupt":
        play.command.signal(signal.SIGINT)
    else:
        play.run("abort", "runs", "abort", "1").wait(60)
    code = play.command.wait(200)
    play.facts["first"] = play.report(
        "killed" if way.startswith("kill") else code, play.command, "show-first")
    kinds = collections.Counter(play.journal.kinds())
    play.hit = f"{kinds['arrived']} of 10 arrived, {kinds['intent']} begun"
    off = []
    if "shut down" in way:
        # Those under way when we were killed go on by themselves; this one has arrived.
        arrived = [step["domain"] for step in play.facts["first"]["steps"]
                   if step["state"] == "done"]
        off = arrived[:1]
        place = lab.placement()[off[0]][0].split()[0]
        lab.virsh(place, "destroy", off[0])
    begun = time.monotonic()
    play.follow("rollback", 500)
    took = time.monotonic() - begun
    facts = play.judge(off)
    facts.update(
        way=way, took=round(took), off=off,
        back=sum(facts["placement"].get(guest) == [f"{play.source} running"] for guest in GUESTS),
        where={guest: facts["placement"].get(guest) for guest in off})
    for guest in off:
        lab.call("remove", lab.name, guest, check=False)
    return facts


def table(results):
    lines = ["| stopped by | at | the run | then `runs rollback` | took | at the start again "
             "| oracle |",
             "|---|---|---|---|---|---|---|"]
    for facts in results:
        first, then = facts["first"], facts["follow"][-1]
        said = f": {then['said']}" if then["said"] else ""
        notes = [f"{step['domain']}: {step['note'] or step['error']}" for step in then["steps"]
                 if step["domain"] in facts["off"] and (step["note"] or step["error"])]
        said += f" ({'; '.join(notes)})" if notes else ""
        lines.append(
            f"| {facts['way']} | {facts['hit']} | {first['state']}, {first['code']} "
            f"| **{then['state']}**, exit {then['code']}{said} | {facts['took']} s "
            f"| {facts['back']} of 10{' , ' + str(facts['where']) if facts['off'] else ''} "
            f"| {facts['oracle'] or 'nothing lost, nothing twice'}"
            f"{'; ' + '; '.join(facts['wrong']) if facts['wrong'] else ''} |")
    return "\n".join(lines)


def arguments(parser):
    parser.add_argument("--times", type=int, default=1, help="rounds of each way to stop (1)")
    parser.add_argument("--only", action="append", choices=WAYS, help="can be repeated")
    parser.add_argument("--results", help="JSON lines, appended to")


def play(options, lab, folder):
    results = []
    for way in options.only or WAYS[:1 if options.brief else None]:
        for number in range(1, options.times + 1):
            place = f"{folder}/{way.replace(' ', '-').replace(',', '')}-{number}"
            facts = play_one(lab, options.program, place, way)
            results.append(facts)
            if options.results:
                with open(options.results, "a") as file:
                    file.write(json.dumps(facts) + "\n")
            print(f"{time.strftime('%H:%M:%S')} {table([facts]).splitlines()[-1]}",
                  file=sys.stderr, flush=True)
    print(table(results))
    return 0
