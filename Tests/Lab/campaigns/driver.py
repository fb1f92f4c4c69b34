"""The campaigns' command line.

A campaign is a module with SUMMARY (one line), a docstring that says what it does and how long it
takes, `arguments(parser)` for its own switches, and `play(options, lab, folder)`, which prints
its result and returns the exit code. Labs and temporary folders are made and removed here."""

import argparse
import os
import shutil
import signal
import sys
import tempfile

from . import accuracy, collector_crashes, faults, foresee, overhead, rollback, ways
from .bed import Lab

CAMPAIGNS = {
    "faults": faults,
    "rollback": rollback,
    "ways": ways,
    "overhead": overhead,
    "accuracy": accuracy,
    "foresee": foresee,
    "collector-crashes": collector_crashes,
}


def parse(words):
    parser = argparse.ArgumentParser(
        prog="Tests/Lab/campaign", description="Plays one of the lab's campaigns; needs root.")
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, campaign in CAMPAIGNS.items():
        one = names.add_parser(
            name, help=campaign.SUMMARY, description=campaign.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter)
        one.add_argument("program", help="the kvmbalance to try, such as .build/release/kvmbalance")
        one.add_argument("--lab", default=name.replace("-", ""), help="name of the lab to make")
        one.add_argument("--brief", action="store_true",
                         help="few and short rounds: to see that it works, not to measure")
        one.add_argument("--keep", action="store_true", help="leave what was said in its folder")
        campaign.arguments(one)
    return parser, parser.parse_args(words)


def main(words=None):
    parser, options = parse(words)
    options.program = os.path.realpath(options.program)
    if not os.access(options.program, os.X_OK) or os.path.isdir(options.program):
        parser.error(f"{options.program} is no program: build it (swift build -c release)")
    campaign = CAMPAIGNS[options.name]
    if getattr(options, "table", False):
        return campaign.print_table(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix=f"kvmbalance-{options.lab}-")
    if options.keep:
        print(f"what was said goes to {folder}", file=sys.stderr)
    lab = None
    try:
        lab = Lab(options.lab, campaign.HOSTS)
        return campaign.play(options, lab, folder)
    finally:
        if lab:
            lab.down()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
