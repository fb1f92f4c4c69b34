# shellcheck shell=bash
# What an operator, or an accident, does to a lab.

command_link() {
    (($# == 3)) || die "usage: lab link NAME HOST MBIT|off|cut|restore"
    local name=$1 host=$2 what=$3
    require_lab "$name"
    require_host "$name" "$host"
    local limit
    limit=$(host_state "$name" "$host")/link-mbps
    case $what in
    cut) in_place "$name" controller ip link set "$host" down ;;
    restore) in_place "$name" controller ip link set "$host" up ;;
    off)
        in_place "$name" controller tc qdisc del dev "$host" root 2>/dev/null || true
        in_place "$name" "$host" tc qdisc del dev eth0 root 2>/dev/null || true
        rm -f "$limit"
        ;;
    *)
        [[ $what =~ ^[1-9][0-9]*$ ]] || die "lab link: '$what' is no number of Mbit/s"
        # One bucket at each end of the veth, because tbf limits only what is sent. A veth hands
        # over segments of up to 64 KiB, so the burst must hold some of them.
        in_place "$name" controller tc qdisc replace dev "$host" root tbf \
            rate "${what}mbit" burst 256kb latency 100ms
        in_place "$name" "$host" tc qdisc replace dev eth0 root tbf \
            rate "${what}mbit" burst 256kb latency 100ms
        say "$what" >"$limit"
        ;;
    esac
}

command_network() {
    (($# == 3)) || die "usage: lab network NAME HOST NETWORK"
    require_lab "$1"
    require_host "$1" "$2"
    function_in_place "$1" "$2" network_add "$3"
}

command_kill() {
    (($# == 3)) || die "usage: lab kill NAME HOST libvirtd|sshd|qemu:GUEST"
    local name=$1 host=$2 uuid pids
    require_lab "$name"
    require_host "$name" "$host"
    case $3 in
    libvirtd) pids=$(processes_in "$name" "$host" libvirtd) ;;
    # Its sessions too: they are the same program, and an accident spares none.
    sshd) pids=$(processes_in "$name" "$host" sshd) ;;
    qemu:*)
        uuid=$(uuid_of_guest "$name" "${3#qemu:}")
        [[ -n $uuid ]] || die "lab '$name' has no guest '${3#qemu:}'"
        pids=$(processes_in "$name" "$host" "qemu-.*" "$uuid")
        ;;
    *) die "lab kill: cannot kill '$3'" ;;
    esac
    [[ -n $pids ]] || die "no $3 runs on $host"
    # shellcheck disable=SC2086
    kill -KILL $pids
    local pid
    for pid in $pids; do
        wait_until 5 "the end of process $pid" process_gone "$pid"
    done
}

process_gone() {
    [[ ! -e /proc/$1 ]] || grep -q '^State:.Z' "/proc/$1/status"
}

# The pids, as seen from outside, of a program in a host: by network namespace, because that is
# the host's own and the program cannot leave it.
processes_in() {
    local name=$1 host=$2 program=$3 argument=${4:-} namespace pid
    namespace=$(in_place "$name" "$host" readlink /proc/self/ns/net)
    for pid in /proc/[0-9]*; do
        [[ $(readlink "$pid/ns/net" 2>/dev/null) == "$namespace" ]] || continue
        [[ $(basename "$(readlink "$pid/exe" 2>/dev/null)") =~ ^$program$ ]] || continue
        [[ -z $argument ]] || grep -qsz -e "^$argument\$" "$pid/cmdline" || continue
        say "${pid#/proc/}"
    done
}

command_start() {
    (($# == 3)) || die "usage: lab start NAME HOST libvirtd|sshd"
    require_lab "$1"
    require_host "$1" "$2"
    [[ -z $(processes_in "$1" "$2" "$3") ]] || die "$3 runs on $2 already"
    case $3 in
    libvirtd) function_in_place "$1" "$2" libvirtd_start >>"$(host_state "$1" "$2")/up.log" 2>&1 ;;
    sshd) function_in_place "$1" "$2" ssh_start "$1" "$2" >>"$(host_state "$1" "$2")/up.log" 2>&1 ;;
    *) die "lab start: cannot start '$3'" ;;
    esac
}

# What a host's own `reboot` does to it; SECONDS until it is up again, or `never`.
command_reboot() {
    (($# == 3)) || die "usage: lab reboot NAME HOST SECONDS|never"
    require_lab "$1"
    require_host "$1" "$2"
    [[ $3 =~ ^([0-9]+|never)$ ]] || die "lab reboot: '$3' is no number of seconds"
    function_in_place "$1" "$2" host_reboot "$@" >>"$(host_state "$1" "$2")/up.log" 2>&1
}

# Takes a machine type or a CPU model from a host, as an older QEMU would lack it. All hosts run the
# same QEMU, so what libvirtd has cached of its answers is edited; libvirtd reads that at its start.
command_lacks() {
    (($# == 3)) || die "usage: lab lacks NAME HOST machine:TYPE|cpu:MODEL"
    local name=$1 host=$2 edit
    require_lab "$name"
    require_host "$name" "$host"
    case $3 in
    machine:*) edit="/<machine [^>]*name='${3#machine:}'/d" ;;
    cpu:*) edit="s/\\(<cpu [^>]*name='${3#cpu:}'[^>]*usable='\\)yes'/\\1no'/" ;;
    *) die "lab lacks: machine:TYPE or cpu:MODEL, not '$3'" ;;
    esac
    # So that there is an answer to edit.
    in_place "$name" "$host" virsh -q -c qemu:///system domcapabilities --virttype qemu >/dev/null
    command_kill "$name" "$host" libvirtd
    # Without the type or model in the cache nothing would change, and libvirtd would ask QEMU.
    in_place "$name" "$host" bash -c '
        grep --quiet "name=.$2." /var/cache/libvirt/qemu/capabilities/*.xml &&
            sed -i "$1" /var/cache/libvirt/qemu/capabilities/*.xml' - "$edit" "${3#*:}" ||
        die "$host has no $3 among the capabilities that its libvirtd has cached"
    command_start "$name" "$host" libvirtd
}

# What the oracle expects of a guest from now on.
command_expect() {
    (($# == 3)) || die "usage: lab expect NAME GUEST running|off|restarted"
    local uuid
    require_lab "$1"
    uuid=$(uuid_of_guest "$1" "$2")
    [[ -n $uuid ]] || die "lab '$1' has no guest '$2'"
    [[ $3 =~ ^(running|off|restarted)$ ]] || die "lab expect: running, off or restarted"
    say "$3" >"$(state_of "$1")/guests/$uuid/expect"
}

command_config() {
    local name=default transport=ssh address=ipv4 host device declared=
    if (($#)) && [[ $1 != --* ]]; then
        name=$1
        shift
    fi
    while (($#)); do
        case $1 in
        --transport) transport=${2:-} ;;
        --address) address=${2:-} ;;
        *) die "lab config: unknown option $1" ;;
        esac
        shift 2 || die "lab config: a value is missing"
    done
    require_lab "$name"
    say "hosts:"
    for host in $(hosts_of "$name"); do
        say "  - name: $host"
        case $transport in
        ssh) say "    uri: qemu+ssh://root@$host/system" ;;
        tcp) say "    uri: qemu+tcp://$host/system" ;;
        *) die "lab config: --transport ssh or tcp, not '$transport'" ;;
        esac
        case $address in
        ipv4) say "    migrationAddress: $(address_of "$host")" ;;
        ipv6) say "    migrationAddress: $(address6_of "$host")" ;;
        name) say "    migrationAddress: $host" ;;
        *) die "lab config: --address ipv4, ipv6 or name, not '$address'" ;;
        esac
        # All hosts are this one machine: each would count the others' guests as used by others.
        say "    reserve: {others: ignored}"
        say "    linkMbps: $(cat "$(host_state "$name" "$host")/link-mbps" 2>/dev/null || say 1000)"
    done
    # No pool covers a block device: that all hosts see the same one must be declared.
    for device in $(devices_of "$name"); do declared+="{path: $device}, "; done
    [[ -z $declared ]] || say "sharedStorage: [${declared%, }]"
    say "database: $(state_of "$name")/database"
}
