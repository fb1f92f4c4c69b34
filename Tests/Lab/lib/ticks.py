"""Judges one guest's ticks: `HOST N UPTIME BOOT_ID EPOCH` lines, host by host, each host's in the
order they were written. Prints TICKS|LOST|COMPLAINT, the last empty when all is well.

`ticks.py restarted` lets the guest have been booted again, one boot strictly after the other."""

import sys


class Guest:
    def __init__(self):
        self.complaints = {}
        self.ticks = 0
        # boot -> number -> (host, uptime, epoch)
        self.boots = {}
        self.last = {}

    def complain(self, kind, text):
        """Once of each kind: one accident gives many ticks of the same sort."""
        self.complaints.setdefault(kind, text)

    def take(self, host, number, uptime, boot, epoch):
        before = self.last.get((boot, host))
        if before is not None and number <= before:
            self.complain("back", f"counter jumped back on {host} from {before} to {number}")
        self.last[boot, host] = number
        ticks = self.boots.setdefault(boot, {})
        if number in ticks and ticks[number][0] != host:
            self.complain(
                "twice", f"ran on {ticks[number][0]} and {host} at once (tick {number})")
        ticks[number] = (host, uptime, epoch)
        self.ticks += 1

    def judge(self, may_restart):
        """(lost ticks, complaints)."""
        if len(self.boots) > 1 and not may_restart:
            self.complain("boots", f"was started {len(self.boots)} times")
        lost = changes = 0
        for ticks in self.boots.values():
            missing, moved = self.judge_boot(ticks)
            lost, changes = lost + missing, changes + moved
        spans = [(ticks[min(ticks)][2], ticks[max(ticks)][2]) for ticks in self.boots.values()]
        for index, (begin, finish) in enumerate(spans):
            if any(begin <= other[0] < finish for other in spans[:index] + spans[index + 1:]):
                self.complain("overlap", "two boots of it ran at once")
        # A migration may cut one line in two, and the halves are dropped.
        if lost > 2 + 2 * changes:
            self.complain("lost", f"lost {lost} ticks in {changes} changes of host")
        return lost, "; ".join(self.complaints.values())

    def judge_boot(self, ticks):
        """(lost ticks, changes of host)."""
        changes, before = 0, None
        for number in sorted(ticks):
            host, uptime, epoch = ticks[number]
            if before:
                if uptime < before[1]:
                    self.complain("uptime", f"uptime jumped back at tick {number}")
                if epoch < before[2]:
                    self.complain("clock", f"clock jumped back at tick {number}")
                changes += host != before[0]
            before = ticks[number]
        return max(ticks) - min(ticks) + 1 - len(ticks), changes


def main(words):
    guest = Guest()
    for line in sys.stdin:
        host, number, uptime, boot, epoch = line.split()
        try:
            guest.take(host, int(number), float(uptime), boot, float(epoch))
        except ValueError:
            continue  # A line that was cut: its tick is lost.
    lost, complaint = guest.judge("restarted" in words)
    print(f"{guest.ticks}|{lost}|{complaint}")


main(sys.argv[1:])
