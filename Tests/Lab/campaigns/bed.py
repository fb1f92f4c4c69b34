"""What all campaigns share: a lab, kvmbalance running in it, and what both say.

Nothing here takes kvmbalance's word for where a guest is: that is virsh's, the process table's and
the guests' own ticks' (`lab verify`). libvirt's phase of a migration is read from its status file,
the one that its daemon itself reads after a crash."""

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
        """Takes away what libvirtd shows of a process that it never began, and cannot end: killed
        between noting the start and making it, libvirt 9.0.0 does so indefinitely."""
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
        """'' when the oracle is content, else its words. 'reset itself' is told, and not ours."""
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
        self.name = os.path.basename(program)
        self.out, self.err = f"{folder}/{title}.out", f"{folder}/{title}.err"
        self.started = time.monotonic()
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [PROGRAM, "run", lab.name, "--", program, *arguments,
                 "--config", f"{folder}/kvmbalance.yaml"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def pid(self):
        """kvmbalance itself, behind what brought it into the namespaces; 0 if it ended."""
        below = [self.process.pid]
        while below:
            process = below.pop()
            if os.path.basename(link(f"/proc/{process}/exe")).startswith(self.name):
                return process
            try:
                with open(f"/proc/{process}/task/{process}/children") as file:
                    below += [int(child) for child in file.read().split()]
            except OSError:
                pass
        return 0

    def signal(self, number):
        """To kvmbalance alone; False if it had ended."""
        process = self.pid()
        if process:
            os.kill(process, number)
        return bool(process)

    def kill(self):
        """kill -9 of kvmbalance alone; False if it had ended."""
        was_there = self.signal(signal.SIGKILL)
        self.process.wait(30)
        return was_there

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
            rows = database.execute(
                "SELECT event FROM record WHERE run = 1 ORDER BY sequence").fetchall()
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
                if database.execute(
                        "SELECT count(*) FROM record WHERE run = 1").fetchone()[0] >= count:
                    return
                looks += 1
                if looks % 1000 == 0 and over():
                    return
        finally:
            database.close()

    def kinds(self):
        return [kind for kind, _, _ in self.records()]


class Ours:
    """kvmbalance with its own fleet file and policy, run to its end."""

    def __init__(self, lab, program, folder, policy="name: campaign\n", **fleet):
        self.lab, self.program, self.folder = lab, program, folder
        self.policy = f"{folder}/policy.yaml"
        with open(self.policy, "w") as file:
            file.write(policy)
        self.describe(**fleet)

    def describe(self, **fleet):
        """Writes the fleet file: the lab's, with these keys (linkMbps, database) set otherwise."""
        text = self.lab.call("config", self.lab.name).stdout
        for key, value in fleet.items():
            text = re.sub(rf"{key}: [^,}}\n]*", f"{key}: {value}", text)
        with open(f"{self.folder}/kvmbalance.yaml", "w") as file:
            file.write(text)

    def words(self, *arguments):
        return [PROGRAM, "run", self.lab.name, "--", self.program, *arguments,
                "--config", f"{self.folder}/kvmbalance.yaml"]

    def run(self, *arguments, check=True):
        """Raises with what it said when it failed and `check` is set."""
        done = subprocess.run(self.words(*arguments), stdin=subprocess.DEVNULL, text=True,
                              capture_output=True)
        if check and done.returncode:
            raise RuntimeError(f"kvmbalance {' '.join(arguments)}: exit {done.returncode}: "
                               f"{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, check=True):
        """Its document; None when it gave none."""
        done = self.run(*arguments, "--output", "json", check=check)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def drain(self, host, check=True):
        return self.run("drain", host, "--yes", "--policy", self.policy, check=check)

    @contextlib.contextmanager
    def collecting(self, period):
        """The collector at work, ended as systemd ends it."""
        with open(f"{self.folder}/collector.log", "a") as log:
            process = subprocess.Popen(self.words("collect", "--period", str(period)),
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def load():
    """The machine's load of the last minute: what a figure is worth depends on it."""
    return os.getloadavg()[0]
