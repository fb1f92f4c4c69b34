# shellcheck shell=bash
# Guests: making them, and remembering which there are (STATE/guests/UUID/…), so that the
# oracle can miss one that has vanished from every host.

command_guest() {
    (($# >= 2)) || die "usage: lab guest NAME GUEST --host HOST …"
    local name=$1 guest=$2
    shift 2
    require_lab "$name"
    local host='' memory=96 vcpus=1 dirty=0 dirty_size='' cpu=0 storage=shared cache=none
    local off_after=0 numa_cells=0 network=labnet machine=pc cpu_model='' snapshot=0 hostdev=0 metadata=''
    local groups=() autostart=0 transient=0 title='' start=1 wait=0 tpm=0 uefi=none
    local hugepages=0
    parse_guest_options "$@"
    check_guest_options
    local uuid file_name disk='' served=''
    uuid=$(cat /proc/sys/kernel/random/uuid)
    file_name=${guest//[^A-Za-z0-9._-]/_}-${uuid%%-*}
    case $storage in
    shared) disk=$SHARED_FOLDER/$file_name.qcow2 ;;
    local | layered) disk=$LOCAL_FOLDER/$file_name.qcow2 ;;
    luks) disk=$SHARED_FOLDER/$file_name.luks ;;
    esac
    make_image
    remember_guest
    define_guest
    ((snapshot == 0)) || snapshot_guest
    ((wait == 0)) || wait_until 90 "the first tick of '$guest'" has_ticks "$name" "$uuid"
}

make_image() {
    local place
    case $storage in
    none) ;;
    shared | local) make_qcow2 ;;
    # It lies over a base image that every host has, 4 of its 16 MiB written.
    layered)
        for place in $(hosts_of "$name"); do
            in_place "$name" "$place" bash -c "[ -e '$LOCAL_FOLDER/base.raw' ] ||
                { head -c 12M /dev/zero; yes kvmbalance | head -c 4M; } >'$LOCAL_FOLDER/base.raw'"
        done
        make_qcow2 -b "$LOCAL_FOLDER/base.raw" -F raw
        ;;
    luks)
        function_in_place "$name" "$host" luks_create "$disk"
        secret_everywhere "$name" volume "$disk"
        ;;
    *)
        served=$(function_in_place "$name" controller storage_serve "$name" "$storage" "$file_name")
        [[ $storage != iscsi ]] || secret_everywhere "$name" iscsi "$ISCSI_SECRET"
        ;;
    esac
}

make_qcow2() { in_place "$name" "$host" qemu-img create -q -f qcow2 "$@" "$disk" "$DISK_SIZE"; }

parse_guest_options() {
    while (($#)); do
        case $1 in
        --snapshot) snapshot=1 ;;
        --tpm) tpm=1 ;;
        --hostdev) hostdev=1 ;;
        --autostart) autostart=1 ;;
        --hugepages) hugepages=1 ;;
        --transient) transient=1 ;;
        --no-start) start=0 ;;
        --wait) wait=1 ;;
        --host | --memory | --vcpus | --dirty | --dirty-size | --cpu | --storage | --cache | \
            --numa-cells | --network | --machine | --cpu-model | --metadata | --group | --title | \
            --off-after | --uefi)
            (($# >= 2)) || die "lab guest: $1 needs a value"
            guest_value "$1" "$2"
            shift
            ;;
        *) die "lab guest: unknown option $1" ;;
        esac
        shift
    done
}

guest_value() {
    case $1 in
    --group) groups+=("$2") ;;
    *)
        local variable=${1#--}
        printf -v "${variable//-/_}" '%s' "$2"
        ;;
    esac
}

check_guest_options() {
    local value group
    [[ -n $host ]] || die "lab guest: --host is missing"
    require_host "$name" "$host"
    for value in "$memory" "$vcpus" "$dirty" "${dirty_size:-0}" "$cpu" "$numa_cells" "$off_after"; do
        [[ $value =~ ^(0|[1-9][0-9]*)$ ]] || die "lab guest: not a whole number: '$value'"
    done
    ((memory >= 80)) || die "lab guest: the guest does not boot in less than 80 MiB"
    ((vcpus >= numa_cells)) || vcpus=$numa_cells
    if [[ -z $dirty_size ]]; then
        dirty_size=$((dirty > 8 ? dirty : 8))
        ((dirty_size <= memory - 72)) || dirty_size=$((memory - 72))
        ((dirty_size > 0)) || dirty_size=1
    fi
    # With less its kernel panics, "deadlocked on memory", and boots anew: seen with 48 beside.
    ((dirty_size + 72 <= memory)) ||
        die "lab guest: --dirty-size $dirty_size needs --memory $((dirty_size + 72)) at least"
    [[ $uefi =~ ^(none|plain|source)$ ]] || die "lab guest: --uefi plain or source"
    # The firmware needs more than the guest, and comes for this machine type alone.
    [[ $uefi = none ]] || { machine=q35 && ((memory >= 256)) || memory=256; }
    [[ $storage =~ ^(shared|local|layered|none|luks|iscsi|nfs|nbd|device)$ ]] ||
        die "lab guest: --storage shared, local, layered, none, luks, iscsi, nfs, nbd or device"
    ((snapshot == 0)) || [[ $storage =~ ^(shared|local|layered)$ ]] ||
        die "lab guest: a snapshot lies beside a qcow2 file"
    for group in "${groups[@]}"; do
        [[ $group =~ ^(anti-)?affinity=. ]] ||
            die "lab guest: --group affinity=NAME or anti-affinity=NAME, not '$group'"
    done
    ((transient == 0 || start == 1)) || die "lab guest: a transient guest that does not run is none"
    ((snapshot == 0)) || [[ $storage != none && $start == 1 ]] ||
        die "lab guest: a snapshot needs a disk and a running guest"
    [[ -z $(uuid_of_guest "$name" "$guest") ]] || die "lab '$name' has a guest '$guest' already"
}

remember_guest() {
    local folder
    folder=$(state_of "$name")/guests/$uuid
    mkdir -p "$folder"
    printf '%s' "$guest" >"$folder/name"
    say "$file_name" >"$folder/file"
    say "$disk" >"$folder/disk"
    say "$((1 - transient))" >"$folder/persistent"
    if ((start)); then say running; else say off; fi >"$folder/expect"
    domain_xml >"$folder/domain.xml"
}

define_guest() {
    local xml
    xml=$(state_of "$name")/guests/$uuid/domain.xml
    if ((transient)); then
        virsh_on "$name" "$host" create "$xml" >/dev/null || guest_failed
        return
    fi
    virsh_on "$name" "$host" define "$xml" >/dev/null || guest_failed
    ((autostart == 0)) || virsh_on "$name" "$host" autostart "$uuid" >/dev/null
    ((start == 0)) || virsh_on "$name" "$host" start "$uuid" >/dev/null || guest_failed
}

guest_failed() {
    forget_guest "$name" "$uuid"
    die "guest '$guest' could not be made on $host"
}

# Disk only and with its own file: any snapshot forbids migration, this one costs no time.
snapshot_guest() {
    virsh_on "$name" "$host" snapshot-create-as "$uuid" lab --disk-only --atomic \
        --diskspec "vda,snapshot=external,file=${disk%.qcow2}.snapshot.qcow2" >/dev/null
}

command_remove() {
    (($# == 2)) || die "usage: lab remove NAME GUEST"
    require_lab "$1"
    local uuid
    uuid=$(uuid_of_guest "$1" "$2")
    [[ -n $uuid ]] || die "lab '$1' has no guest '$2'"
    forget_guest "$1" "$uuid"
}

forget_guest() {
    local name=$1 uuid=$2 folder host disk
    folder=$(state_of "$name")/guests/$uuid
    disk=$(cat "$folder/disk")
    for host in $(hosts_of "$name"); do
        virsh_on "$name" "$host" destroy "$uuid" >/dev/null 2>&1 || true
        virsh_on "$name" "$host" undefine --managed-save --snapshots-metadata --nvram "$uuid" \
            >/dev/null 2>&1 || true
        [[ -z $disk ]] || in_place "$name" "$host" rm -f "$disk" "${disk%.qcow2}.snapshot.qcow2"
    done
    rm -rf "$folder"
}

# Prints the UUID of a guest that the lab made, or nothing.
uuid_of_guest() {
    local folder
    for folder in "$(state_of "$1")"/guests/*/; do
        [[ -f $folder/name && $(cat "$folder/name") == "$2" ]] || continue
        basename "$folder"
        return
    done
}

# Guests that boot side by side are there sooner than one after the other.
command_wait() {
    (($# == 1)) || die "usage: lab wait NAME"
    local name=$1 folder
    require_lab "$name"
    for folder in "$(state_of "$name")"/guests/*/; do
        [[ -f $folder/expect && $(cat "$folder/expect") != off ]] || continue
        wait_until 120 "the first tick of '$(cat "$folder/name")'" \
            has_ticks "$name" "$(basename "$folder")"
    done
}

has_ticks() { [[ -n $(raw_ticks "$1" "$2" | head -n 1) ]]; }
