# shellcheck shell=bash
# Disks that all hosts reach alike: iSCSI (with CHAP), NFS and NBD, served by the controller and opened
# by QEMU's own drivers; a block device of the machine, a loop device; and LUKS on the shared folder.

ISCSI_PREFIX=iqn.2026-01.lab.kvmbalance
ISCSI_USER=kvmbalance
ISCSI_SECRET=lab-chap
# For CHAP twelve characters at least. No secret at all: the labs that it opens are closed ones.
PASSPHRASE=kvmbalance-lab
DISK_SIZE=16M

# Runs in the controller's place: makes a disk and prints what a guest's XML says to name it.
storage_serve() {
    local name=$1 kind=$2 file=$3 folder image number
    folder=$(disks_of "$name")/served
    image=$folder/$file.raw
    mkdir -p "$folder"
    truncate -s "$DISK_SIZE" "$image"
    # Also the number of an iSCSI target, and of an NBD server's port.
    number=$(find "$folder" -name '*.raw' | wc -l)
    case $kind in
    iscsi)
        iscsi_start "$name" >&2
        iscsi_target "$number" "$ISCSI_PREFIX:$file" "$image"
        say "$ISCSI_PREFIX:$file/1"
        ;;
    nfs)
        nfs_start "$name" "$folder" >&2
        say "$image"
        ;;
    nbd)
        nbd_serve "$name" "$((10808 + number))" "$image" >&2
        say "$((10808 + number))"
        ;;
    # Any host opens it under the same name, because /dev is the machine's.
    device) losetup --find --show --direct-io=on "$image" ;;
    esac
}

iscsi() { tgtadm --lld iscsi "$@"; }

iscsi_start() {
    [[ ! -e /run/tgtd/socket.0 ]] || return 0
    mkdir -p /run/tgtd
    setsid tgtd --foreground --iscsi "portal=$CONTROLLER_ADDRESS:3260" \
        </dev/null >>"$(state_of "$1")/tgtd.log" 2>&1 &
    wait_until 10 tgtd tgtadm --lld iscsi --mode sys --op show
    iscsi --mode account --op new --user "$ISCSI_USER" --password "$PASSPHRASE"
}

iscsi_target() {
    iscsi --mode target --op new --tid "$1" --targetname "$2"
    iscsi --mode logicalunit --op new --tid "$1" --lun 1 --backing-store "$3"
    iscsi --mode target --op bind --tid "$1" --initiator-address ALL
    iscsi --mode account --op bind --tid "$1" --user "$ISCSI_USER"
}

nfs_start() {
    local name=$1 folder=$2 configuration
    configuration=$(state_of "$name")/ganesha.conf
    [[ ! -e $configuration ]] || return 0
    mkdir -p /run/ganesha /run/rpcbind
    cat >"$configuration" <<CONF
NFS_CORE_PARAM {
    NFS_Protocols = 3,4; Enable_NLM = false; Enable_RQUOTA = false;
    Plugins_Dir = "/usr/lib/x86_64-linux-gnu/ganesha";
}
NFSv4 { Graceless = true; Grace_Period = 5; RecoveryBackend = fs; RecoveryRoot = "/run/ganesha"; }
EXPORT_DEFAULTS {
    Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Protocols = 3,4; Transports = TCP;
    PrivilegedPort = false;
}
EXPORT { Export_Id = 1; Path = $folder; Pseudo = /nfs; FSAL { Name = VFS; } }
CONF
    setsid rpcbind -f -w </dev/null >>"$(state_of "$name")/rpcbind.log" 2>&1 &
    wait_until 10 rpcbind port_answers 111
    setsid ganesha.nfsd -F -f "$configuration" -L "$(state_of "$name")/ganesha.log" \
        -p /run/ganesha.pid </dev/null >>"$(state_of "$name")/ganesha.out" 2>&1 &
    wait_until 20 ganesha.nfsd port_answers 2049
}

nbd_serve() {
    setsid qemu-nbd --persistent --shared=0 --bind="$CONTROLLER_ADDRESS" --port="$2" \
        --export-name=lab --format=raw --cache=none "$3" \
        </dev/null >>"$(state_of "$1")/nbd.log" 2>&1 &
    wait_until 10 "qemu-nbd" port_answers "$2"
}

port_answers() { (: <"/dev/tcp/$CONTROLLER_ADDRESS/$1"); }

# Runs in a host's place. The UUID follows from the usage, so that all hosts have the same one.
secret_add() {
    local kind=$1 usage=$2 element=target uuid
    [[ $kind == iscsi ]] || element=volume
    uuid=$(secret_uuid "$usage")
    virsh_here secret-define /dev/stdin >/dev/null <<XML
<secret ephemeral='no' private='yes'>
  <uuid>$uuid</uuid>
  <usage type='$kind'><$element>$usage</$element></usage>
</secret>
XML
    virsh_here secret-set-value "$uuid" --file <(printf '%s' "$PASSPHRASE") --plain >/dev/null
}

secret_uuid() { uuidgen --sha1 --namespace @url --name "kvmbalance-lab:$1"; }

virsh_here() { virsh --quiet --connect qemu:///system "$@"; }

secret_everywhere() {
    local name=$1 place
    shift
    for place in $(hosts_of "$name"); do
        function_in_place "$name" "$place" secret_add "$@"
    done
}

# A little work for the key: a second of an emulated machine is dear.
luks_create() {
    qemu-img create -q -f luks --object "secret,id=key,data=$PASSPHRASE" \
        -o key-secret=key,iter-time=10 "$1" "$DISK_SIZE"
}

# The loop devices of a lab. They belong to no namespace, so that its end does not end them.
devices_of() {
    losetup --noheadings --output NAME,BACK-FILE |
        awk -v folder="$(disks_of "$1")/served/" 'index($2, folder) == 1 { print $1 }'
}

devices_detach() {
    local device
    for device in $(devices_of "$1"); do losetup --detach "$device"; done
}
