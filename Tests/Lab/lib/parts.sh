# shellcheck shell=bash
# What hosts out there have, and the lab's plain ones do not: Open vSwitch, huge pages, merging of
# same pages, the sockets of modular daemons, certificates by name alone.

OVS_BRIDGE=ovsbr0

command_ovs() {
    (($# == 1)) || die "usage: lab ovs NAME"
    local host
    require_lab "$1"
    for host in $(hosts_of "$1"); do
        function_in_place "$1" "$host" ovs_up >>"$(host_state "$1" "$host")/up.log" 2>&1 ||
            die "no Open vSwitch on $host: look at $(host_state "$1" "$host")/up.log"
        # No udev runs here that would tell it of the new card: it lists them when it starts.
        command_kill "$1" "$host" libvirtd
        command_start "$1" "$host" libvirtd
    done
}

# Runs in a host's place. All in userspace: not every kernel has the module of the other datapath.
ovs_up() {
    local folder=/run/openvswitch
    mkdir -p "$folder"
    export OVS_RUNDIR=$folder OVS_LOGDIR=$folder OVS_DBDIR=$folder
    ovsdb-tool create "$folder/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server "$folder/conf.db" "--remote=punix:$folder/db.sock" \
        "--pidfile=$folder/ovsdb-server.pid" --detach "--log-file=$folder/ovsdb.log"
    ovs-vsctl --no-wait init
    ovs-vswitchd "unix:$folder/db.sock" "--pidfile=$folder/ovs-vswitchd.pid" --detach \
        "--log-file=$folder/vswitchd.log" --disable-system
    ovs-vsctl --timeout=10 add-br "$OVS_BRIDGE" -- set bridge "$OVS_BRIDGE" datapath_type=netdev
    network_add ovsnet "<bridge name='$OVS_BRIDGE'/><virtualport type='openvswitch'/>"
}

# Pages of 2 MiB, more than the machine has now; `down` takes them back. All hosts see the one pool.
command_hugepages() {
    (($# == 2)) || die "usage: lab hugepages NAME COUNT"
    [[ $2 =~ ^[1-9][0-9]*$ ]] || die "lab hugepages: '$2' is no number of pages"
    require_lab "$1"
    local note pages=/proc/sys/vm/nr_hugepages before
    note=$(state_of "$1")/hugepages
    [[ ! -e $note ]] || die "lab '$1' has huge pages already"
    before=$(cat "$pages")
    # First the note: whoever is killed here must not leave them set aside.
    say "$2" >"$note"
    say "$((before + $2))" >"$pages"
    say "$(($(cat "$pages") - before))" >"$note"
    (($(cat "$note") == $2)) || die "the kernel set $(cat "$note") of $2 huge pages aside"
}

command_ksm() {
    (($# == 1)) || die "usage: lab ksm NAME"
    require_lab "$1"
    local note folder=/sys/kernel/mm/ksm
    note=$(state_of "$1")/ksm
    [[ ! -e $note ]] || return 0
    say "$(cat "$folder/run") $(cat "$folder/pages_to_scan")" >"$note"
    say 5000 >"$folder/pages_to_scan"
    say 1 >"$folder/run"
}

# What a lab set on the machine itself, when none of its processes is left.
machine_restore() {
    local state run scan pages=/proc/sys/vm/nr_hugepages left
    state=$(state_of "$1")
    if [[ -s $state/hugepages ]]; then
        left=$(($(cat "$pages") - $(cat "$state/hugepages")))
        say "$((left > 0 ? left : 0))" >"$pages"
        rm "$state/hugepages"
    fi
    if [[ -s $state/ksm ]]; then
        read -r run scan <"$state/ksm"
        say "$scan" >/sys/kernel/mm/ksm/pages_to_scan
        say "$run" >/sys/kernel/mm/ksm/run
        rm "$state/ksm"
    fi
}

# The daemon under the sockets of the modular daemons, and under no other. Debian has libvirtd alone:
# it serves here what virtqemud and its siblings serve elsewhere. No TCP: that is virtproxyd's.
command_modular() {
    (($# == 2)) || die "usage: lab modular NAME HOST"
    require_lab "$1"
    command_kill "$1" "$2" libvirtd
    function_in_place "$1" "$2" modular_sockets
    command_start "$1" "$2" libvirtd
}

modular_sockets() {
    local daemon folder=/run/libvirt
    sed -i 's/^listen_tcp = .*/listen_tcp = 0/' /etc/libvirt/libvirtd.conf
    say "unix_sock_dir = \"$folder/modular\"" >>/etc/libvirt/libvirtd.conf
    mkdir -p "$folder/modular"
    rm -f "$folder"/libvirt-{sock,sock-ro,admin-sock}
    for daemon in qemu network storage secret nodedev interface nwfilter; do
        ln -s modular/libvirt-sock "$folder/virt${daemon}d-sock"
        ln -s modular/libvirt-sock-ro "$folder/virt${daemon}d-sock-ro"
        ln -s modular/libvirt-admin-sock "$folder/virt${daemon}d-admin-sock"
    done
}

# Certificates that prove the host's name, and no address; QEMU reads them for each migration.
command_certificates() {
    (($# == 2)) && [[ $2 =~ ^(names|addresses)$ ]] ||
        die "usage: lab certificates NAME names|addresses"
    local host
    require_lab "$1"
    for host in $(hosts_of "$1"); do
        function_in_place "$1" "$host" certificates "$(state_of "$1")" "$host" "$2"
    done
}
