# shellcheck shell=bash
# A whole systemd in the controller's place, to run the shipped units as an operator would: the machine's
# own root under an overlay, so that nothing has to be downloaded and nothing of the machine is changed.

SYSTEMD_ROOT=/srv/systemd/root
SYSTEMD_CGROUP=/sys/fs/cgroup

command_systemd() {
    (($# == 2)) || die "usage: lab systemd NAME PROGRAM"
    local name=$1 program log
    program=$(realpath -- "$2") || die "there is no $2"
    require_lab "$name"
    [[ ! -e $(state_of "$name")/systemd.pid ]] || die "a systemd stands in lab '$name' already"
    log=$(state_of "$name")/systemd.log
    function_in_place "$name" controller systemd_boot "$name" "$program" >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        die "no systemd came up in lab '$name'"
    }
    wait_until 30 "systemd in lab '$name'" systemd_up "$name" || die "look at $log"
    function_in_place "$name" controller systemd_key "$name"
}

# A unit of the machine's own that does not start here is no concern of ours.
systemd_up() { [[ $(in_place "$1" systemd systemctl is-system-running) =~ ^(running|degraded)$ ]]; }

# Runs in the controller's place, as all below.
systemd_boot() {
    local name=$1 program=$2 state group=$SYSTEMD_CGROUP/kvmbalance-lab-$1
    state=$(state_of "$name")
    systemd_root "$state" "$program"
    # A hierarchy of its own, whatever the machine uses: else the new systemd would make its slices
    # among those of the machine.
    mount -t cgroup2 cgroup2 "$SYSTEMD_CGROUP"
    mkdir -p "$group"
    setsid bash -c 'echo 0 >"$1" && shift && exec "$@"' - "$group/cgroup.procs" \
        systemd-nspawn --boot --directory "$SYSTEMD_ROOT" --register=no --keep-unit --console=pipe \
        --resolv-conf=off --timezone=off --link-journal=no </dev/null >>"$state/systemd.log" 2>&1 &
    local supervisor=$!
    wait_until 20 "the new systemd" systemd_seen "$supervisor"
    systemd_seen "$supervisor" >"$state/systemd.pid"
    record_namespaces "$(cat "$state/systemd.pid")" "$state"
}

# Prints its pid once it has become what it is.
systemd_seen() {
    local pid
    for pid in $(cat "/proc/$1/task/$1/children"); do
        [[ $(cat "/proc/$pid/comm") == systemd ]] || continue
        say "$pid"
        return
    done
    return 1
}

# Program and units lie where the README puts them; the fleet file is the caller's to write.
systemd_root() {
    local state=$1 program=$2 packaging root=$SYSTEMD_ROOT
    packaging=$LAB_FOLDER/../../packaging/systemd
    mkdir -p /srv/systemd/{upper,work,root}
    mount -t overlay overlay \
        -o lowerdir=/,upperdir=/srv/systemd/upper,workdir=/srv/systemd/work "$root"
    rm -rf "$root"/etc/systemd/system/*.wants "$root/var/lib/kvmbalance" "$root/etc/kvmbalance"
    : >"$root/etc/machine-id"
    mkdir "$root/etc/kvmbalance"
    install -m 755 "$program" "$root/usr/bin/kvmbalance"
    install -m 644 "$packaging"/*.service "$packaging"/*.timer "$root/etc/systemd/system/"
    install -D -m 644 "$packaging/kvmbalance.sysusers.conf" \
        "$root/usr/lib/sysusers.d/kvmbalance.conf"
    cat "$state/etc-hosts" >"$root/etc/hosts"
}

# The user is made at boot, by systemd-sysusers.
systemd_key() {
    local name=$1 home=/var/lib/kvmbalance
    systemd_enter "$(state_of "$name")" install -d -o kvmbalance -g kvmbalance -m 700 $home $home/.ssh
    local file
    for file in id_ed25519 known_hosts; do
        systemd_enter "$(state_of "$name")" install -o kvmbalance -g kvmbalance -m 600 \
            /dev/stdin "$home/.ssh/$file" <"$(state_of "$name")/ssh/$file"
    done
}

systemd_enter() {
    local pid
    pid=$(cat "$1/systemd.pid")
    shift
    nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup --root --wdns=/ -- "$@"
}

# The kernel ends its processes and mounts with the lab; its control groups stay, and are empty as soon
# as the last of its dead has been reaped.
systemd_forget() { wait_until 5 "the end of the control groups of $1" systemd_groups_gone "$1"; }

systemd_groups_gone() {
    unshare --mount --propagation private -- bash -c '
        mount -t cgroup2 cgroup2 /mnt || exit 0
        [[ ! -d /mnt/$1 ]] || find "/mnt/$1" -depth -type d -exec rmdir {} +
    ' - "kvmbalance-lab-$1"
}
