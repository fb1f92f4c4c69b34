# shellcheck shell=bash
# The safety oracle: what virsh, the process table and the guests' own ticks say. It knows
# nothing of kvmbalance, and takes nobody's word for where a guest is.

command_ticks() {
    (($# == 2)) || die "usage: lab ticks NAME GUEST"
    local uuid
    require_lab "$1"
    uuid=$(uuid_of_guest "$1" "$2")
    [[ -n $uuid ]] || die "lab '$1' has no guest '$2'"
    raw_ticks "$1" "$uuid" | sort -s -k 2,2n
}

# Whole tick lines, host by host, in the order in which they were written. A line ends with its
# own number again (see guest/init): pieces that a migration left behind are dropped.
raw_ticks() {
    local name=$1 uuid=$2 host file
    file=$(cat "$(state_of "$name")/guests/$uuid/file")
    for host in $(hosts_of "$name"); do
        file_ticks "$host" "$(host_state "$name" "$host")$CONSOLE_FOLDER/$file.log"
    done
}

file_ticks() {
    [[ -f $2 ]] || return 0
    tr -d '\r' <"$2" | awk -v host="$1" '
        NF == 6 && $1 == "tick" && $2 == $6 && length($4) == 36 && $5 ~ /^[0-9]+$/ {
            print host, $2, $3, $4, $5
        }'
}

# HOST STATE PERSISTENT UUID NAME lines; a host that does not answer gives `HOST unreachable`.
observe() {
    local name=$1 host answer
    for host in $(hosts_of "$name"); do
        if ! answer=$(observe_host "$name" "$host"); then
            say "$host unreachable - - -"
            continue
        fi
        awk -v host="$host" '
            $1 == "section" { section = $2; next }
            NF == 0 { next }
            section == "persistent" { persistent[$1] = 1; next }
            { uuid = $1; sub(/^[^ ]+ +/, ""); sub(/ +$/, ""); state[uuid] = section; title[uuid] = $0 }
            END {
                for (uuid in state)
                    print host, state[uuid], (uuid in persistent) ? 1 : 0, uuid, title[uuid]
            }' <<<"$answer" | sort -k 5
    done
}

observe_host() {
    # Not --quiet: it takes the line's end away from `echo`.
    in_place "$1" "$2" timeout 20 virsh --connect qemu:///system "
        echo section persistent; list --all --persistent --uuid;
        echo section running; list --all --uuid --name --state-running;
        echo section paused; list --all --uuid --name --state-paused;
        echo section shutoff; list --all --uuid --name --state-shutoff;
        echo section other; list --all --uuid --name --state-other" 2>/dev/null
}

command_placement() {
    local name=${1:-default}
    require_lab "$name"
    observe "$name" | while read -r host state _ _ title; do
        if [[ $state == unreachable ]]; then
            say "? $host unreachable"
        else
            say "$title $host $state"
        fi
    done
}

# How many QEMU processes carry this UUID, whatever libvirt knows of them.
# The pattern is anchored so that it does not find itself among the arguments of this grep.
processes_of() {
    grep -lsz -e "^$1\$" /proc/[0-9]*/cmdline 2>/dev/null | wc -l
}

# A guest that booted anew although QEMU was started once, and only received since, was reset from
# within, as a dying kernel does (README.md, "What was found"). It is no one's restart, but it is
# told, and `verify` exits with 3.
readonly SELF_RESET="reset itself, nobody started it"

# How often QEMU was started for this guest other than to receive it.
starts_of() {
    local name=$1 title=$2 host
    for host in $(hosts_of "$name"); do
        cat "$(host_state "$name" "$host")/var/log/libvirt/qemu/$title.log" 2>/dev/null || true
    done | awk '
        /starting up libvirt version/ { starts += open && !incoming; open = 1; incoming = 0 }
        /^-incoming / { incoming = 1 }
        END { print starts + (open && !incoming) }'
}

command_verify() {
    local name=${1:-default} folder uuid
    [[ $# -eq 0 ]] || shift
    require_lab "$name"
    local uuids=() wanted
    if (($#)); then
        for wanted in "$@"; do
            uuid=$(uuid_of_guest "$name" "$wanted")
            [[ -n $uuid ]] || die "lab '$name' has no guest '$wanted'"
            uuids+=("$uuid")
        done
    else
        for folder in "$(state_of "$name")"/guests/*/; do
            [[ ! -d $folder ]] || uuids+=("$(basename "$folder")")
        done
    fi
    verify_guests "$name" "${uuids[@]}"
}

# The ticks are waited for first and everything else is looked at afterwards: a guest that was
# reset a moment ago shows its second boot only when it ticks again.
verify_guests() {
    local name=$1 uuid verdict status=0 title seen deadline
    shift
    declare -A before=() stands=()
    for uuid in "$@"; do
        before[$uuid]=$(tick_count "$name" "$uuid")
    done
    deadline=$((SECONDS + 6))
    for uuid in "$@"; do
        [[ $(cat "$(state_of "$name")/guests/$uuid/expect") == off ]] ||
            advancing "$name" "$uuid" "${before[$uuid]}" "$deadline" || stands[$uuid]=1
    done
    seen=$(observe "$name")
    printf '%-24s %-10s %-8s %7s %5s  %s\n' GUEST HOST STATE TICKS LOST VERDICT
    for uuid in "$@"; do
        title=$(cat "$(state_of "$name")/guests/$uuid/name")
        verdict=$(judge_guest "$name" "$uuid" "${stands[$uuid]:-0}" "$seen")
        case $verdict in
        *" ok") ;;
        *"  $SELF_RESET") ((status == 1)) || status=3 ;;
        *) status=1 ;;
        esac
        printf '%-24s %s\n' "$title" "$verdict"
    done
    return "$status"
}

tick_count() { raw_ticks "$1" "$2" | wc -l; }

# True when the guest ticks on; an emulated guest on a busy machine gets some seconds.
advancing() {
    while (($(tick_count "$1" "$2") <= $3)); do
        ((SECONDS < $4)) || return 1
        sleep 0.2
    done
}

# Prints one row of the table but for the name: HOST STATE TICKS LOST and `ok` or what is wrong.
judge_guest() {
    local name=$1 uuid=$2 still=$3 seen=$4 folder expect persistent
    folder=$(state_of "$name")/guests/$uuid
    expect=$(cat "$folder/expect") persistent=$(cat "$folder/persistent")
    local active defined unreachable faults=() tail
    active=$(awk -v u="$uuid" '$4 == u && $2 != "shutoff" { print $1 ":" $2 }' <<<"$seen")
    defined=$(awk -v u="$uuid" '$4 == u && $3 == 1 { print $1 }' <<<"$seen")
    unreachable=$(awk '$2 == "unreachable" { print $1 }' <<<"$seen")
    [[ -z $unreachable ]] || faults+=("cannot ask ${unreachable//$'\n'/ }")
    judge_place
    tail=$(raw_ticks "$name" "$uuid" | "${PYTHON[@]}" "$LAB_FOLDER/lib/ticks.py" "$expect")
    local ticks lost complaint
    IFS='|' read -r ticks lost complaint <<<"$tail"
    if [[ $complaint =~ ^was\ started\ [0-9]+\ times$ && $(starts_of "$name" "$title") == 1 ]]; then
        complaint="$SELF_RESET"
    fi
    [[ -z $complaint ]] || faults+=("$complaint")
    ((still == 0)) || faults+=("ticks stand still")
    local text=ok fault
    for fault in "${faults[@]}"; do
        [[ $text == ok ]] && text=$fault || text+="; $fault"
    done
    local place=${active//$'\n'/,}
    printf '%-10s %-8s %7s %5s  %s' "${place%%:*}" "${place#*:}" "$ticks" "$lost" "$text"
}

# Adds to `faults` what is wrong with where the guest runs and is defined.
judge_place() {
    local processes count=0
    [[ -z $active ]] || count=$(wc -l <<<"$active")
    processes=$(processes_of "$uuid")
    if [[ $expect == off ]]; then
        ((count == 0)) || faults+=("should be off, is ${active//$'\n'/ }")
        ((processes == 0)) || faults+=("$processes QEMU processes of a guest that is off")
        [[ -n $defined && $defined != *$'\n'* ]] || faults+=("defined on '${defined//$'\n'/ }'")
        return 0
    fi
    ((count == 1)) || faults+=("active on $count hosts: '${active//$'\n'/ }'")
    ((count != 1)) || [[ $active == *:running ]] || faults+=("is ${active#*:}")
    ((processes == 1)) || faults+=("$processes QEMU processes")
    if ((persistent)); then
        [[ -n $defined ]] || faults+=("defined nowhere")
        [[ -z $defined || $defined == "${active%%:*}" ]] ||
            faults+=("defined on '${defined//$'\n'/ }'")
    elif [[ -n $defined ]]; then
        faults+=("transient, yet defined on '${defined//$'\n'/ }'")
    fi
}
