# shellcheck shell=bash
# The controller's namespace: bridge, shared storage, keys. Runs inside (see `__inside`).

# A private /run in which only the lab's own state is still seen: libvirt's, gluster's and
# sshd's sockets and pid files need no further thought then.
private_run() {
    local name=$1 state
    state=$(state_of "$name")
    mount --bind "$state" /mnt
    mount -t tmpfs -o mode=755 lab-run /run
    mkdir -p "$state" /run/sshd /run/lock
    mount --move /mnt "$state"
    # Else the mount point would show this lab's state to a caller who looks for other labs.
    rm -f /run/nologin
}

controller_setup() {
    local name=$1 state disks
    state=$(state_of "$name") disks=$(disks_of "$name")
    hostname controller
    # /sys must be this network namespace's own: libvirt asks /sys/class/net about bridges.
    mount -t sysfs sysfs /sys
    private_run "$name"
    mount -t tmpfs -o mode=755 lab-srv /srv
    mkdir -p "$SHARED_FOLDER" "$LOCAL_FOLDER"
    bind_private "$state/controller" /var/lib/glusterd /var/log/glusterfs
    mount --bind "$state/etc-hosts" /etc/hosts
    mount --bind "$state/etc-passwd" /etc/passwd
    mount --bind "$state/etc-group" /etc/group
    mount --bind "$state/ssh" /root/.ssh
    # A shell over ssh reads these. What they run is the machine's, not the lab's to kill: pyenv
    # leaves a lock then, for which every later shell waits a minute.
    local file
    for file in /root/.bashrc /root/.bash_profile /root/.profile; do
        [[ ! -e $file ]] || mount --bind /dev/null "$file"
    done
    emulator_bind
    ip link set lo up
    ip link add name labbr0 type bridge
    ip addr add "$CONTROLLER_ADDRESS/24" dev labbr0
    address6_add fd77::fe labbr0
    ip link set labbr0 up
    storage_up "$state" "$disks"
}

# At once, without a search for others that have it. Not every machine has IPv6.
address6_add() { [[ ! -e /proc/net/if_inet6 ]] || ip addr add "$1/64" dev "$2" nodad; }

# The newer QEMU in the place of the machine's own: libvirt finds it where it always does.
emulator_bind() {
    local path
    [[ -d $EMULATOR ]] || return 0
    for path in /usr/bin/qemu-system-{x86_64,i386} /usr/share/{qemu,seabios} \
        /usr/lib/x86_64-linux-gnu/qemu; do
        mount --bind "$EMULATOR$path" "$path"
    done
}

# Binds an empty folder of the lab over each given path.
bind_private() {
    local base=$1 path private
    shift
    for path in "$@"; do
        private=$base$path
        mkdir -p "$private"
        mount --bind "$private" "$path"
    done
}

storage_up() {
    local state=$1 disks=$2
    cat >"$state/glusterd.vol" <<'TEXT'
volume management
    type mgmt/glusterd
    option working-directory /var/lib/glusterd
    option transport-type socket
    option transport.socket.keepalive-time 10
    option max-port 60999
end-volume
TEXT
    glusterd -f "$state/glusterd.vol" -p /run/glusterd.pid -l /var/log/glusterfs/glusterd.log
    wait_until 15 "glusterd" gluster --mode=script volume list
    gluster --mode=script volume create "$VOLUME" "controller:$disks/brick" force >/dev/null
    # Without these the first minutes of every volume are spent on locks and self-heal.
    gluster --mode=script volume set "$VOLUME" performance.quick-read off \
        performance.io-cache off performance.readdir-ahead off >/dev/null
    gluster --mode=script volume start "$VOLUME" >/dev/null
    wait_until 15 "the gluster mount" mount_shared
}

mount_shared() {
    mountpoint -q "$SHARED_FOLDER" ||
        mount -t glusterfs "controller:/$VOLUME" "$SHARED_FOLDER"
    mountpoint -q "$SHARED_FOLDER"
}
