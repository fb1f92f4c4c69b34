# shellcheck shell=bash
# Starting and ending a lab, from outside.

command_up() {
    local name=default count=2 began
    began=$(date +%s%N)
    if (($#)) && [[ $1 != --* ]]; then
        name=$1
        shift
    fi
    while (($#)); do
        case $1 in
        --hosts)
            count=${2:-}
            shift 2 || die "--hosts needs a number"
            ;;
        *) die "lab up: unknown option $1" ;;
        esac
    done
    check_name "$name"
    [[ $count =~ ^[1-9][0-9]?$ ]] || die "--hosts: between 1 and 99, not '$count'"
    command_install
    mkdir -p "$LAB_STATES"
    mkdir "$(state_of "$name")" 2>/dev/null || die "lab '$name' exists: lab down $name first"
    prepare_state "$name" "$count"
    init_start "$name"
    # Into a file, never through our own output: the daemons keep what they are given, and a
    # caller who reads our output to its end would wait for them.
    function_in_place "$name" controller controller_setup "$name" \
        >"$(state_of "$name")/up.log" 2>&1 || {
        tail -n 20 "$(state_of "$name")/up.log" >&2
        die "the controller of lab '$name' did not come up; after a look: lab down $name"
    }
    hosts_start "$name"
    keep_capabilities "$name"
    touch "$(state_of "$name")/ready"
    say "lab $name: $count hosts ($(hosts_of "$name" | tr '\n' ' ')at $(address_of host1) ff.)," \
        "shared storage on controller:/$VOLUME," \
        "up in $((($(date +%s%N) - began) / 1000000)) ms"
}

# Files that the namespaces are filled from: names, users, keys.
prepare_state() {
    local name=$1 count=$2 state host
    state=$(state_of "$name")
    say "$count" >"$state/count"
    mkdir -p "$state"/{hosts,guests,ssh,controller} "$(disks_of "$name")/brick"
    {
        say "127.0.0.1 localhost"
        say "$CONTROLLER_ADDRESS controller"
    } >"$state/etc-hosts"
    # Without the account libvirt-qemu the QEMU driver does not start. And a root without
    # a password is locked for sshd unless the field says `*`.
    sed 's/^root:[^:]*:/root:*:/' /etc/passwd >"$state/etc-passwd"
    cp /etc/group "$state/etc-group"
    grep -q '^libvirt-qemu:' "$state/etc-passwd" ||
        say "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin" >>"$state/etc-passwd"
    grep -q '^libvirt-qemu:' "$state/etc-group" ||
        say "libvirt-qemu:x:64055:" >>"$state/etc-group"
    chmod 700 "$state/ssh"
    ssh-keygen -q -t ed25519 -N '' -C "lab-$name" -f "$state/ssh/id_ed25519"
    cp "$state/ssh/id_ed25519.pub" "$state/ssh/authorized_keys"
    certificate "$state/ca-cert.pem" "$state/ca-key.pem" "lab-$name" \
        -addext keyUsage=critical,keyCertSign
    for host in $(hosts_of "$name"); do
        mkdir "$state/hosts/$host"
        say "$(address_of "$host") $host" >>"$state/etc-hosts"
        prepare_sshd "$state" "$host"
    done
}

# certificate CERT KEY NAME OPTION...: for a month.
certificate() {
    local cert=$1 key=$2 subject=$3
    shift 3
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=$subject" -keyout "$key" -out "$cert" "$@" 2>/dev/null
}

prepare_sshd() {
    local state=$1 host=$2
    local folder=$state/hosts/$host
    ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$folder/ssh_host_key"
    say "$host,$(address_of "$host") $(cut -d ' ' -f 1,2 "$folder/ssh_host_key.pub")" \
        >>"$state/ssh/known_hosts"
    cat >"$folder/sshd_config" <<TEXT
HostKey $folder/ssh_host_key
PidFile /run/sshd.pid
AuthorizedKeysFile $state/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
UseDNS no
MaxStartups 100
MaxSessions 100
TEXT
}

# A PID 1 of bash: waits for ever, and reaps whatever the daemons leave to it.
init_start() {
    local name=$1 state launcher
    state=$(state_of "$name")
    env "$MARKER=$name" setsid unshare --pid --fork --mount --net --uts --mount-proc \
        --propagation private -- bash -c "exec -a 'kvmbalance-lab-init:$name' bash -c \
        'while :; do sleep 3600 & wait \$!; done'" </dev/null >>"$state/init.log" 2>&1 &
    launcher=$!
    disown "$launcher"
    wait_until 10 "the lab's init" init_seen "$name"
    init_of "$name" >"$state/init.pid"
    record_namespaces "$(cat "$state/init.pid")" "$state"
}

init_seen() { [[ -n $(init_of "$1") ]]; }

# What `down` looks for at the end: the namespaces' inode numbers.
record_namespaces() {
    local kind
    for kind in pid mnt net uts; do
        readlink "/proc/$1/ns/$kind" >>"$2/namespaces"
    done
}

hosts_start() {
    local name=$1 host jobs=() job failed=0
    for host in $(hosts_of "$name"); do
        function_in_place "$name" controller host_create "$name" "$host"
        function_in_place "$name" "$host" host_setup "$name" "$host" \
            >>"$(host_state "$name" "$host")/up.log" 2>&1 &
        jobs+=("$!:$host")
        in_place "$name" "$host" readlink /proc/self/ns/{mnt,net,uts} \
            >>"$(state_of "$name")/namespaces"
    done
    for job in "${jobs[@]}"; do
        wait "${job%%:*}" || {
            failed=1
            printf 'lab: %s did not come up:\n' "${job#*:}" >&2
            tail -n 20 "$(host_state "$name" "${job#*:}")/up.log" >&2
        }
    done
    ((failed == 0)) || die "lab '$name' is half up; look at $(state_of "$name"), then: lab down $name"
}

keep_capabilities() {
    local name=$1
    local probed fresh
    probed=$(host_state "$name" host1)/var/cache/libvirt/qemu/capabilities
    in_place "$name" host1 virsh -q -c qemu:///system domcapabilities --virttype qemu >/dev/null
    [[ -d $probed ]] || return 0
    diff -rq "$probed" "$LAB_CACHE/capabilities" >/dev/null 2>&1 && return
    # Hosts of other labs copy it while they come up: they must find all of it.
    fresh=$(mktemp --directory "$LAB_CACHE/probed.XXXXXX")
    cp -a "$probed/." "$fresh"
    {
        flock 9
        rm -rf "$LAB_CACHE/capabilities"
        mv --no-target-directory "$fresh" "$LAB_CACHE/capabilities"
    } 9>>"$LAB_CACHE/capabilities.lock"
}

command_list() {
    local folder name
    for folder in "$LAB_STATES"/*/; do
        [[ -d $folder ]] || continue
        name=$(basename "$folder")
        if [[ -z $(init_of "$name") ]]; then
            say "$name dead"
        elif [[ -f $folder/ready ]]; then
            say "$name up $(cat "$folder/count") hosts, init $(init_of "$name")"
        else
            say "$name half-up"
        fi
    done
}

command_down() {
    local name status=0
    if [[ ${1:-} == --all ]]; then
        for name in $(all_names); do
            lab_down "$name" || status=1
        done
        return "$status"
    fi
    check_name "${1:-default}"
    lab_down "${1:-default}"
}

# Labs by their state folders, disks, and living inits: any of them may be missing.
all_names() {
    {
        find "$LAB_STATES" "$LAB_DISKS" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null || true
        local pid first
        for pid in /proc/[0-9]*; do
            first=''
            { IFS= read -r -d '' first <"$pid/cmdline"; } 2>/dev/null || continue
            [[ $first != kvmbalance-lab-init:* ]] || say "${first#*:}"
        done
    } | sed '/^$/d' | sort -u
}

lab_down() {
    local name=$1 state pid
    state=$(state_of "$name")
    pid=$(init_of "$name")
    # The kernel ends every process of a PID namespace with its init, and with the last process
    # its mounts, links and addresses.
    [[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
    if ! wait_until 15 "the end of lab $name" nothing_left "$name"; then
        remains "$name" >&2
        return 1
    fi
    systemd_forget "$name"
    devices_detach "$name"
    machine_restore "$name"
    rm -rf "$state" "$(disks_of "$name")"
    rmdir "$LAB_STATES" 2>/dev/null || true
}

nothing_left() { [[ -z $(remains "$1") ]]; }

# The namespaces of every other lab.
namespaces_of_others() {
    local folder
    for folder in "$LAB_STATES"/*/; do
        [[ $(basename "$folder") == "$1" ]] || cat "$folder/namespaces" 2>/dev/null || true
    done
}

# Prints whatever of a lab is still there: processes by marker or namespace, mounts.
remains() {
    local name=$1 state pid
    state=$(state_of "$name")
    for pid in /proc/[0-9]*; do
        if grep -qsz "^$MARKER=$name\$" "$pid/environ"; then
            say "process ${pid#/proc/} $(tr '\0' ' ' <"$pid/cmdline" 2>/dev/null | cut -c1-80)"
        fi
    done 2>/dev/null
    if [[ -s $state/namespaces ]]; then
        # The kernel gives the number of a namespace that is gone to the next one, which may be
        # another lab's. Names of links in /proc, not of files.
        # shellcheck disable=SC2010
        ls -l /proc/[0-9]*/ns/ 2>/dev/null | grep -oFf "$state/namespaces" | sort -u |
            grep -vxFf <(namespaces_of_others "$name") | sed 's/^/namespace /' || true
    fi
    grep -E " ($state|$(disks_of "$name"))(/| )" /proc/self/mountinfo | sed 's/^/mount /' || true
}
