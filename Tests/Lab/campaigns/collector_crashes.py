"""The collector killed (kill -9) at random instants, and what its database then holds.

    Tests/Lab/campaign collector-crashes .build/release/kvmbalance          (about half an hour)

Three real hosts are sampled every second; the collector is killed and started again. No tick may be
torn, gaps stand where nobody collected and nowhere else, and only the tick under way is lost."""

import random
import signal
import sqlite3
import time

from .bed import Command, Ours

SUMMARY = "the collector killed at random instants, and what it left"
HOSTS = 3
GUESTS = {"host1": 2, "host2": 1, "host3": 1}
# Milliseconds: a second, and what a tick takes on a busy machine.
LOST_AT_MOST = 2000


def arguments(parser):
    parser.add_argument("--minutes", type=float, default=30, help="in all (30)")
    parser.add_argument("--kills", type=int, default=20, help="how often it is killed (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the instants (1)")


def play(options, lab, folder):
    minutes, kills = (1.5, 3) if options.brief else (options.minutes, options.kills)
    for host, count in GUESTS.items():
        for number in range(1, count + 1):
            lab.call("guest", lab.name, f"{host}-{number}", "--host", host, "--memory", "80",
                     "--wait")
    Ours(lab, options.program, folder, database=f"{folder}/database")
    spans = collect(options, lab, folder, minutes * 60 / (kills + 1), kills)
    return judge(f"{folder}/database/metrics.sqlite", spans)


def collect(options, lab, folder, part, kills):
    """First and last millisecond of each of the collector's lives."""
    instants = random.Random(options.seed)
    spans = []
    for life in range(kills + 1):
        begun = now()
        collector = Command(lab, options.program, folder, f"collect-{life}",
                            ["collect", "--period", "1"])
        # Half to one and a half of its part, so that kills fall anywhere in a tick.
        time.sleep(part * (0.5 + instants.random()))
        if collector.ended():
            raise RuntimeError(f"the collector ended by itself: {collector.refusal()}")
        collector.signal(signal.SIGTERM if life == kills else signal.SIGKILL)
        ended = now()
        collector.wait(30)
        if life == kills:
            ended = now()
        else:
            time.sleep(3)
        spans.append((begun, ended))
    return spans


def now():
    return int(time.time() * 1000)


def judge(path, spans):
    database = sqlite3.connect(path)
    faults = []

    def expect(holds, what):
        if not holds:
            faults.append(what)

    expect(database.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the file is damaged")
    rows = database.execute(
        """SELECT host.name, s.time, (SELECT count(*) FROM domainSample d
             WHERE d.time = s.time AND d.host = s.host) FROM hostSample s
           JOIN host ON host.id = s.host ORDER BY s.time""").fetchall()
    for name, at, count in rows:
        expect(count == GUESTS[name], f"torn: {name} at {at} has {count} domains")
    orphans = database.execute(
        """SELECT count(*) FROM domainSample d WHERE NOT EXISTS
           (SELECT 1 FROM hostSample s WHERE s.time = d.time AND s.host = d.host)"""
    ).fetchone()[0]
    expect(orphans == 0, f"{orphans} domain samples without their host's")
    failures = database.execute("SELECT count(*) FROM hostFailure").fetchone()[0]
    for reason, count in database.execute(
            "SELECT reason, count(*) FROM hostFailure GROUP BY 1 ORDER BY 2 DESC LIMIT 5"):
        print(f"{count} times: {reason}")
    lost, gap = 0, 0
    for name in GUESTS:
        times = [at for host, at, _ in rows if host == name]
        for begun, ended in spans:
            inside = [at for at in times if begun <= at <= ended]
            expect(inside, f"nothing of {name} between {begun} and {ended}")
            if inside:
                lost = max(lost, ended - inside[-1])
                gap = max([gap] + [later - at for at, later in zip(inside, inside[1:])])
        for (_, ended), (begun, _) in zip(spans, spans[1:]):
            expect(not [at for at in times if ended < at < begun],
                   f"{name} sampled while nobody collected")
    expect(lost <= LOST_AT_MOST, f"{lost} ms were lost before a kill")
    print(f"{len(rows)} host samples in {len(spans)} lives, {failures} failures recorded; from the "
          f"last sample to the kill at most {lost} ms (a tick is 1000 ms); longest step between "
          f"two samples of a life {gap} ms")
    for fault in faults[:20]:
        print("FAULT:", fault)
    return int(bool(faults))
