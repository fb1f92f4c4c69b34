# shellcheck shell=bash
# How to get into a lab's places from outside.

# The init of a lab is found by its own argv[0], so that it is found even where the state
# folder was deleted by hand. Prints its pid, or nothing.
init_of() {
    local name=$1 pid
    pid=$(cat "$(state_of "$name")/init.pid" 2>/dev/null || true)
    if [[ -n $pid ]] && is_init "$pid" "$name"; then
        say "$pid"
        return
    fi
    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        if is_init "$pid" "$name"; then
            say "$pid"
            return
        fi
    done
}

is_init() {
    local first=''
    { IFS= read -r -d '' first <"/proc/$1/cmdline"; } 2>/dev/null || return 1
    [[ $first == "kvmbalance-lab-init:$2" ]]
}

# Sets ENTER to the words that start a command in a place (host, `controller` or `systemd`). Into all but
# the controller it is two steps: the other's pid means something only inside the lab's PID namespace.
enter_words() {
    local name=$1 place=$2 directory=${3:-/} init
    init=$(init_of "$name")
    [[ -n $init ]] || die "lab '$name' has no living init: lab down $name"
    ENTER=(nsenter --target "$init" --pid --mount --net --uts)
    if [[ $place == controller ]]; then
        ENTER+=("--wdns=$directory")
    elif [[ $place == systemd ]]; then
        [[ -f $(state_of "$name")/systemd.pid ]] || die "lab '$name' has no systemd: lab systemd"
        ENTER+=(nsenter --target "$(cat "$(state_of "$name")/systemd.pid")"
            --mount --uts --ipc --net --pid --cgroup --root --wdns=/)
    else
        require_host "$name" "$place"
        ENTER+=(nsenter --target "$(cat "$(host_state "$name" "$place")/holder.pid")"
            --mount --net --uts "--wdns=$directory")
    fi
}

# Runs a command in a place for the lab's own use: in_place NAME PLACE CMD…
in_place() {
    local name=$1 place=$2
    shift 2
    enter_words "$name" "$place"
    env "$MARKER=$name" HOME=/root "${ENTER[@]}" -- "$@"
}

# Runs one of the lab's own functions there.
function_in_place() {
    local name=$1 place=$2
    shift 2
    in_place "$name" "$place" bash "$LAB_PROGRAM" __inside "$@"
}

# libvirt's library takes the local socket: independent of the transports under test.
virsh_on() {
    local name=$1 host=$2
    shift 2
    in_place "$name" "$host" timeout 60 virsh --quiet --connect qemu:///system "$@"
}

command_run() {
    local name=default place=controller words=()
    while (($#)) && [[ $1 != -- ]]; do
        words+=("$1")
        shift
    done
    [[ ${1:-} == -- ]] || die "usage: lab run [NAME] [HOST|controller|systemd] -- CMD…"
    shift
    (($#)) || die "lab run: no command after --"
    name=${words[0]:-default} place=${words[1]:-controller}
    ((${#words[@]} <= 2)) || die "lab run: too many words before --"
    require_lab "$name"
    enter_words "$name" "$place" "$PWD"
    export HOME=/root "$MARKER=$name"
    # nsenter neither hands signals on nor dies with its caller's child, hence the two helpers:
    # the first forwards signals to the command, setpriv ends the command if nsenter is killed.
    exec "${PYTHON[@]}" "$LAB_FOLDER/lib/forward.py" "${ENTER[@]}" -- setpriv --pdeathsig KILL -- "$@"
}
