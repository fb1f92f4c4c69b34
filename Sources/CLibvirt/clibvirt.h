#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <unistd.h>

/* For a child between fork(2) and exec(2), where only calls like these are safe: it leaves the process
 * group that a terminal sends Ctrl-C to. Where `terminal` is not negative it becomes that terminal's
 * foreground, so that it can ask a person there. */
static inline void kvmbalance_stand_apart(int terminal) {
    setpgid(0, 0);
    if (terminal >= 0) tcsetpgrp(terminal, getpid());
}
