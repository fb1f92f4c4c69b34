"""What `faults` and `rollback` share: a lab, kvmbalance running in it, and what both say.

Nothing here takes kvmbalance's word for where a guest is: that is virsh's, the process table's and the
guests' own ticks' (`lab verify`). libvirt's phase of a migration is read from its status file, the one
that its daemon itself reads after a crash."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PROGRAM = os.path.join(FOLDER, "lab")
POLL = 0.002


def words(path):
    """The NUL-separated words of a file in /proc; none when the process is gone."""
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace").split("\0")
    except OSError:
        return []


def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def until(seconds, condition, pause=POLL):
    """What the condition gave when it first gave something; None when time was up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    return None


class Lab:
    """One lab of three hosts: host1 and host2 take turns, host3 is for other hands."""

    def __init__(self, name, hosts=3):
        self.name = name
        self.call("down", name, check=False)
        self.call("up", name, "--hosts", str(hosts))
        self.hosts = [f"host{number}" for number in range(1, hosts + 1)]
        with open(f"/run/kvmbalance-lab/{name}/init.pid") as file:
            self.init = int(file.read())
        inside = link(f"/proc/{self.init}/ns/pid")
        self.holders = {}
        for process in processes():
            first = words(f"/proc/{process}/cmdline")[:1]
            if first and first[0].startswith("kvmbalance-lab-host:") and link(
                    f"/proc/{process}/ns/pid") == inside:
                self.holders[first[0].split(":")[1]] = process
        self.root = f"/proc/{self.init}/root"

    def call(self, *arguments, check=True, timeout=300):
        done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=timeout)
        if check and done.returncode:
            raise RuntimeError(f"lab {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done

    def down(self):
        self.call("down", self.name, check=False)

    def virsh(self, host, *arguments, timeout=120):
        """What virsh said, and whether it succeeded."""
        done = self.call("run", self.name, host, "--", "timeout", str(timeout), "virsh", "-q",
                         *arguments, check=False, timeout=timeout + 30)
        return done.returncode == 0, " ".join((done.stdout + done.stderr).split())

    @staticmethod
    def migration(guest, target):
        """virsh's words for a migration by hand."""
        number = target.removeprefix("host")
        return ["migrate", "--live", "--p2p", "--persistent", "--undefinesource", guest,
                f"qemu+ssh://root@{target}/system", f"tcp://10.77.0.{number}"]

    def migrate_by_hand(self, guest, source, target):
        return self.virsh(source, *self.migration(guest, target))

    def daemon(self, host):
        """The pid of the host's libvirtd; 0 when there is none."""
        return next(iter(self.programs(host, "libvirtd")), 0)

    def programs(self, host, name, argument=""):
        """By network namespace, as `lab kill` finds them, but fast enough to hit a phase."""
        space = link(f"/proc/{self.holders[host]}/ns/net")
        return [process for process in processes()
                if os.path.basename(link(f"/proc/{process}/exe")).startswith(name)
                and link(f"/proc/{process}/ns/net") == space
                and (not argument or argument in words(f"/proc/{process}/cmdline"))]

    def kill_daemon(self, host):
        """kill -9. The daemon's status files stay as they were at that instant."""
        process = self.daemon(host)
        os.kill(process, signal.SIGKILL)
        until(5, lambda: not os.path.exists(f"/proc/{process}"))

    def start_daemon(self, host):
        if not self.daemon(host):
            self.call("start", self.name, host, "libvirtd")

    def forget(self, host, guest):
        """Takes away what libvirtd shows of a process that it never began, and can not end: killed
        between noting the start and making it, libvirt 9.0.0 does so for ever."""
        self.kill_daemon(host)
        os.remove(f"/proc/{self.holders[host]}/root/run/libvirt/qemu/{guest}.xml")
        self.start_daemon(host)

    def status(self, host, guest):
        """What libvirt has noted of the guest: (phase, state); ('', '') where it is not active."""
        path = f"/proc/{self.holders[host]}/root/run/libvirt/qemu/{guest}.xml"
        try:
            with open(path) as file:
                text = file.read()
        except OSError:
            return "", ""
        phase = re.search(r"<job [^>]*async='[^']*'[^>]*phase='([^']*)'", text)
        state = re.search(r"<domstatus state='([^']*)' reason='([^']*)'", text)
        return phase[1] if phase else "", f"{state[1]} ({state[2]})" if state else ""

    def picture(self, guest, *hosts):
        """libvirt's own notes on these hosts, in words."""
        parts = []
        for host in hosts:
            phase, state = self.status(host, guest)
            parts.append(f"{host} {phase or 'no job'}, {state or 'not active'}")
        return "; ".join(parts)

    def copied(self, host, guest):
        """How far the copying is, from virsh domjobinfo: MiB processed and remaining."""
        _, text = self.virsh(host, "domjobinfo", guest, "--rawstats", timeout=10)
        values = dict(re.findall(r"memory_(processed|remaining): (\d+)", text))
        if "processed" not in values:
            ok, text = self.virsh(host, "domjobinfo", guest, timeout=10)
            found = re.search(r"Memory processed: +([\d.]+) (\w+)", text)
            left = re.search(r"Memory remaining: +([\d.]+) (\w+)", text)
            if not ok or not found or not left:
                return None
            unit = {"B": 1 / 1048576, "KiB": 1 / 1024, "MiB": 1, "GiB": 1024}
            return (float(found[1]) * unit.get(found[2], 0), float(left[1]) * unit.get(left[2], 0))
        return int(values["processed"]) / 1048576, int(values["remaining"]) / 1048576

    def placement(self):
        """guest -> ['host1 running', …], by virsh on every host."""
        found = {}
        for line in self.call("placement", self.name).stdout.splitlines():
            guest, host, state = line.split()[:3]
            found.setdefault(guest, []).append(f"{host} {state}")
        return found

    def verify(self, *guests):
        """'' when the oracle is content, else its words. 'reset itself' is told, and is not ours."""
        done = self.call("verify", self.name, *guests, check=False)
        rows = [line.split(None, 5) for line in done.stdout.splitlines()[1:]]
        bad = [f"{row[0]}: {row[-1]}" for row in rows if row and row[-1] != "ok"]
        return "; ".join(bad) or ("" if done.returncode == 0 else done.stderr.strip())

    def uuid(self, guest):
        folder = f"/run/kvmbalance-lab/{self.name}/guests"
        for uuid in os.listdir(folder):
            with open(f"{folder}/{uuid}/name") as file:
                if file.read().strip() == guest:
                    return uuid
        return ""

    def renew(self, guest, host="host1", *options):
        self.call("remove", self.name, guest, check=False)
        self.call("guest", self.name, guest, "--host", host, "--memory", "80", "--wait", *options)


class Command:
    """kvmbalance at work in the lab's controller."""

    def __init__(self, lab, program, folder, title, arguments):
        self.out, self.err = f"{folder}/{title}.out", f"{folder}/{title}.err"
        self.started = time.monotonic()
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [PROGRAM, "run", lab.name, "--", program, *arguments,
                 "--config", f"{folder}/kvmbalance.yaml"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def pid(self):
        """kvmbalance itself, behind the helpers that brought it into the namespaces; 0 if it ended."""
        below = [self.process.pid]
        while below:
            process = below.pop()
            if os.path.basename(link(f"/proc/{process}/exe")).startswith("kvmb"):
                return process
            try:
                with open(f"/proc/{process}/task/{process}/children") as file:
                    below += [int(child) for child in file.read().split()]
            except OSError:
                pass
        return 0

    def kill(self):
        """kill -9 of kvmbalance alone."""
        process = self.pid()
        if process:
            os.kill(process, signal.SIGKILL)
        self.process.wait(30)
        return bool(process)

    def ended(self):
        return self.process.poll() is not None

    def wait(self, seconds):
        """Its exit code; 'hang' when it did not end, after it was killed."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return "hang"

    def verdict(self):
        """How it said at its end that the run ended: state and reason."""
        with open(self.out) as file:
            found = re.search(r"^Run 1: [^:]*: ([a-z-]+)(?:: (.*))?$", file.read(), re.MULTILINE)
        return (found[1], found[2] or "") if found else ("", "")

    def refusal(self):
        """What it said when it did not even begin."""
        with open(self.err) as file:
            return " ".join(file.read().split()).removeprefix("kvmbalance: ")


class Journal:
    """The journal's records, read from beside and never written to."""

    def __init__(self, path):
        self.path = path
        # On a mount of the lab's own, where SQLite's idea of the path leads elsewhere: read a copy.
        self.scratch = None

    def records(self):
        """(kind, step, body) of each record of run 1, in order."""
        if self.scratch:
            return self.of(self.copy(), "rw")
        return self.of(self.path, "ro")

    def copy(self):
        for part in ("", "-wal"):
            with contextlib.suppress(OSError):
                shutil.copyfile(self.path + part, self.scratch + part)
        return self.scratch

    @staticmethod
    def of(path, mode):
        try:
            database = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=1)
        except sqlite3.Error:
            return []
        try:
            rows = database.execute("SELECT event FROM record WHERE run = 1 ORDER BY sequence").fetchall()
        except sqlite3.Error:
            return []
        finally:
            database.close()
        return [(kind, body.get("_0") if isinstance(body.get("_0"), int) else None, body)
                for (text,) in rows for kind, body in json.loads(text).items()]

    def count(self):
        return len(self.records())

    def spin(self, seconds, count, over):
        """Waits for this many records without a pause between two checks."""
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=1)
        end, looks = time.monotonic() + seconds, 0
        try:
            while time.monotonic() < end:
                if database.execute("SELECT count(*) FROM record WHERE run = 1").fetchone()[0] >= count:
                    return
                looks += 1
                if looks % 1000 == 0 and over():
                    return
        finally:
            database.close()

    def kinds(self):
        return [kind for kind, _, _ in self.records()]


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
        """Waits until so many MiB went over; says how many, and how many were left."""
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
    """Brings the guests together on one host, makes anew what is missing or not well, and says where."""
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
                print(f"  making {guest} anew: {text}", flush=True)
                lab.renew(guest, home)
    return home
