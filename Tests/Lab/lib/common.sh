# shellcheck shell=bash
# Names, places and small helpers that every part of the lab uses.

# Small state goes to /run; disks go to a disk, because O_DIRECT and gluster's extended
# attributes do not work on the tmpfs of every kernel.
LAB_STATES=/run/kvmbalance-lab
LAB_CACHE=/var/cache/kvmbalance-lab
LAB_DISKS=$LAB_CACHE/labs

CONTROLLER_ADDRESS=10.77.0.254
VOLUME=kvmbalance
SHARED_FOLDER=/srv/kvmbalance/shared
LOCAL_FOLDER=/srv/kvmbalance/local
CONSOLE_FOLDER=/var/log/libvirt/console
KERNEL=$LAB_CACHE/vmlinuz
INITRAMFS=$LAB_CACHE/initramfs
# A newer QEMU than the machine's, unpacked and not installed (see install.sh); may be absent.
EMULATOR=$LAB_CACHE/emulator

# Debian's own, alone: it starts within the time of a shell.
PYTHON=(/usr/bin/python3 -I -S)

# Everything that runs in a lab inherits this marker; `down` finds stragglers by it.
MARKER=KVMBALANCE_LAB

say() { printf '%s\n' "$*"; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

require_root() { [[ $EUID -eq 0 ]] || die "must be root: it makes namespaces"; }

check_name() {
    [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] ||
        die "bad lab name '$1': lower-case letters, digits and dashes, 31 at most"
}

state_of() { printf '%s/%s' "$LAB_STATES" "$1"; }
disks_of() { printf '%s/%s' "$LAB_DISKS" "$1"; }
host_state() { printf '%s/%s/hosts/%s' "$LAB_STATES" "$1" "$2"; }

address_of() { printf '10.77.0.%d' "${1#host}"; }
address6_of() { printf 'fd77::%x' "${1#host}"; }

# The hosts of a lab, one a line, in numeric order.
hosts_of() {
    local number count
    count=$(cat "$(state_of "$1")/count")
    for ((number = 1; number <= count; number++)); do
        say "host$number"
    done
}

require_host() {
    [[ -d $(host_state "$1" "$2") ]] || die "lab '$1' has no host '$2'"
}

require_lab() {
    check_name "$1"
    [[ -f $(state_of "$1")/ready ]] || die "no lab '$1' stands: lab up $1"
}

# Waits until a command succeeds: wait_until SECONDS WHAT COMMAND…
wait_until() {
    local seconds=$1 what=$2
    shift 2
    local deadline=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            printf 'lab: gave up after %s s waiting for %s\n' "$seconds" "$what" >&2
            return 1
        fi
        sleep 0.05
    done
}

xml_escape() {
    local text=$1
    text=${text//&/\&amp;}
    text=${text//</\&lt;}
    text=${text//>/\&gt;}
    text=${text//\"/\&quot;}
    text=${text//\'/\&apos;}
    printf '%s' "$text"
}
