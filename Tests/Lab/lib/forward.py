"""Runs nsenter (the arguments) and hands signals on to the command behind it, because nsenter
itself dies of them and leaves the command running. Exits as the command did."""

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
           signal.SIGUSR2]


def become(words):
    # kill -9 on this program must end the command as well.
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    # Python ignores these, and what is ignored stays so in the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"lab: {words[0]}: {error.strerror}", file=sys.stderr)
        os._exit(127)


def forward(child, number):
    # From a terminal the whole process group already got it.
    if number in (signal.SIGINT, signal.SIGQUIT) and os.isatty(0):
        return
    try:
        with open(f"/proc/{child}/task/{child}/children") as file:
            below = [int(word) for word in file.read().split()]
    except OSError:
        below = []
    for process in below or [child]:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def main(words):
    child = os.fork()
    if child == 0:
        become(words)
    for number in SIGNALS:
        signal.signal(number, lambda number, _: forward(child, number))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        fatal = number if number in (signal.SIGINT, signal.SIGTERM) else signal.SIGHUP
        signal.signal(fatal, signal.SIG_DFL)
        os.kill(os.getpid(), fatal)
        sys.exit(128 + number)
    sys.exit(os.WEXITSTATUS(status))


main(sys.argv[1:])
