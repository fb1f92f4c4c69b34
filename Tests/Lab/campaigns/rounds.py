"""One drain disturbed by a fault or a hand, and what came of it."""

import json
import os
import re
import time

from .bed import Command, Journal, until


class Round:
    """One drain in a fresh state directory, disturbed by a fault, and what came of it."""

    policy = "name: faults\nlimits: {perHost: 2, fleet: 2}\novercommit: {cpu: 50}\n" \
        "migration: {timeout: 60s}\n"

    def __init__(self, lab, program, folder, guests, speed, policy=None):
        self.lab, self.program, self.folder, self.guests = lab, program, folder, guests
        os.makedirs(folder, exist_ok=True)
        self.source = settle(lab, guests)
        self.target = "host2" if self.source == "host1" else "host1"
        self.at_start = lab.placement()
        self.state = f"{folder}/state"
        self.journal = Journal(f"{lab.root}{self.state}/journal.sqlite")
        # Said to be fast, so that nothing is measured beforehand; the link is slower than that.
        text = lab.call("config", lab.name).stdout
        text = re.sub(r"linkMbps: \d+", "linkMbps: 1000", text)
        with open(f"{folder}/kvmbalance.yaml", "w") as file:
            file.write(re.sub(r"database: .*", f"database: {self.state}", text))
        with open(f"{folder}/policy.yaml", "w") as file:
            file.write(policy or self.policy)
        self.speed(speed)
        self.hit = "not hit"
        self.facts = {"source": self.source, "target": self.target}

    def speed(self, mbps):
        """Of the target's link alone: what goes elsewhere is quick."""
        self.lab.call("link", self.lab.name, self.target, str(mbps))

    def run(self, title, *arguments):
        return Command(self.lab, self.program, self.folder, title, arguments)

    def keep_free(self, host="host3"):
        """So that there is one target only."""
        self.run("disable", "hosts", "disable", host).wait(120)

    def drain(self):
        self.keep_free()
        self.begin()

    def begin(self):
        """The drain itself, to whatever hosts there are."""
        self.command = self.run("drain", "drain", self.source, "--yes", "--policy",
                                f"{self.folder}/policy.yaml")

    def until_record(self, kind, count=1, seconds=180):
        """Waits until the journal has this many of this record."""
        return until(seconds, lambda: self.journal.kinds().count(kind) >= count
                     or self.command.ended()) and self.journal.kinds().count(kind) >= count

    def until_copying(self, guest, least=8, seconds=120):
        """Waits until this many MiB went over; says how many, and how many were left."""
        def look():
            if self.command.ended():
                return "ended"
            seen = self.lab.copied(self.source, guest)
            return seen if seen and seen[0] >= least and self.lab.status(
                self.source, guest)[0] == "perform3" else None
        seen = until(seconds, look, pause=0.2)
        if seen in (None, "ended"):
            return ""
        return f"{seen[0]:.0f} MiB copied, {seen[1]:.0f} MiB left"

    def report(self, code, command, title):
        """What kvmbalance itself says of run 1 now."""
        shown = self.run(title, "runs", "show", "1", "--output", "json")
        shown.wait(120)
        try:
            with open(shown.out) as file:
                report = json.load(file)
        except ValueError:
            report = {"state": "no run", "steps": []}
        state, said = command.verdict()
        said = said or report.get("reason") or next(
            (step["error"] for step in reversed(report["steps"]) if step.get("error")), "")
        if report["state"] == "no run" or code in (64, 75, 3):
            said = command.refusal()
        return {"code": code, "state": state or report["state"], "said": " ".join(said.split()),
                "took": round(time.monotonic() - command.started, 1), "steps": [
                    {key: step.get(key) for key in (
                        "domain", "source", "target", "state", "goal", "error", "note", "attempts")}
                    for step in report["steps"]]}

    def finish(self, seconds=300):
        """Waits for the disturbed command and notes what it said."""
        code = self.command.wait(seconds)
        self.facts["first"] = self.report(code, self.command, "show-first")
        return code

    def follow(self, verb, seconds=300):
        """`runs resume` or `runs rollback` of the same run."""
        command = self.run(verb, "runs", verb, "1", "--yes", "--policy",
                           f"{self.folder}/policy.yaml")
        code = command.wait(seconds)
        self.facts.setdefault("follow", []).append(
            dict(self.report(code, command, f"show-{verb}"), verb=verb))
        return code

    def judge(self, off=()):
        """The oracle's word on all hosts, and whether each guest is where kvmbalance said."""
        self.lab.call("link", self.lab.name, self.target, "off")
        for guest in off:
            self.lab.call("expect", self.lab.name, guest, "off")
        oracle = self.lab.verify()
        if oracle:  # An emulated guest on a busy machine: a second look decides.
            self.facts["first_look"] = oracle
            time.sleep(5)
            oracle = self.lab.verify()
        placement = self.lab.placement()
        last = (self.facts.get("follow") or [self.facts["first"]])[-1]
        wrong = []
        for guest in self.guests:
            if guest in off:
                continue
            if last["state"] == "no run":
                promised = self.source
            else:
                steps = [step for step in last["steps"] if step["domain"] == guest]
                promised = self.source
                for step in steps:
                    if step["state"] == "done":
                        promised = step["target"]
            promised = self.facts.get("elsewhere", {}).get(guest, promised)
            if placement.get(guest) != [f"{promised} running"]:
                wrong.append(f"{guest} should be on {promised}, is {placement.get(guest)}")
        if last["code"] == 0 and last["state"] == "done":
            wrong += [f"{guest} is still on {self.source}" for guest in self.guests
                      if f"{self.source} running" in placement.get(guest, [])]
        self.facts.update(hit=self.hit, oracle=oracle, placement=placement, wrong=wrong)
        return self.facts


def settle(lab, guests):
    """Brings the guests together on one host, makes again what is missing or unwell; says where."""
    for host in lab.hosts:
        lab.start_daemon(host)
        lab.call("link", lab.name, host, "restore", check=False)
        lab.call("link", lab.name, host, "off", check=False)
    seen = lab.placement()
    for guest in seen:
        for host in lab.hosts:
            if lab.status(host, guest)[1] == "paused (starting up)":
                lab.forget(host, guest)
    seen = lab.placement()
    for guest in list(seen):
        if guest not in guests:
            lab.call("remove", lab.name, guest, check=False)
    unwell = [guest for guest in guests
              if len(seen.get(guest, [])) != 1 or not seen[guest][0].endswith(" running")
              or not lab.uuid(guest) or lab.verify(guest)]
    for guest in unwell:
        lab.renew(guest)
    seen = lab.placement()
    places = {seen[guest][0].split()[0] for guest in guests}
    home = places.pop() if len(places) == 1 else "host1"
    if home == "host3":
        home = "host1"
    for guest in guests:
        place = seen[guest][0].split()[0]
        if place != home:
            ok, text = lab.migrate_by_hand(guest, place, home)
            if not ok:
                print(f"  making {guest} again: {text}", flush=True)
                lab.renew(guest, home)
    return home
