# shellcheck shell=bash
# One host: its namespaces are held by a sleeping process; the rest is put into them.

# Runs in the controller's namespace: makes the namespaces and the link.
host_create() {
    local name=$1 host=$2 state
    state=$(host_state "$name" "$host")
    setsid unshare --mount --net --uts --propagation private -- bash -c \
        'exec -a "$0" sleep infinity' "kvmbalance-lab-host:$host" </dev/null >/dev/null 2>&1 &
    local holder=$!
    # unshare execs, so the pid stays; but it needs a moment before the namespaces are new.
    wait_until 5 "namespaces of $host" holder_named "$holder" "kvmbalance-lab-host:$host"
    say "$holder" >"$state/holder.pid"
    ip link add name "$host" type veth peer name eth0 netns "$holder"
    ip link set "$host" master labbr0 up
}

holder_named() { [[ $(tr '\0' ' ' <"/proc/$1/cmdline") == "$2"* ]]; }

# Runs in the host's namespaces: everything that a libvirt host has.
host_setup() {
    local name=$1 host=$2 state disks
    state=$(host_state "$name" "$host") disks=$(disks_of "$name")
    hostname "$host"
    mount -t sysfs sysfs /sys
    usb_bus
    private_run "$name"
    boot_id_bind "$state"
    bind_private "$state" /etc/libvirt /etc/pki/qemu /var/lib/libvirt /var/log/libvirt /var/cache/libvirt
    mkdir -p "$disks/$host" "$CONSOLE_FOLDER" /run/libvirt
    mount --bind "$disks/$host" "$LOCAL_FOLDER"
    ip link set lo up
    ip addr add "$(address_of "$host")/24" dev eth0
    address6_add "$(address6_of "$host")" eth0
    ip link set eth0 up
    ip link add name br0 type bridge
    ip link set br0 up
    hugepages_mount
    # Probing QEMU takes seconds; libvirt checks itself whether a cached answer still holds.
    # Another lab may be replacing it.
    {
        flock --shared 9
        if [[ -d $LAB_CACHE/capabilities ]]; then
            mkdir -p /var/cache/libvirt/qemu
            cp -a "$LAB_CACHE/capabilities" /var/cache/libvirt/qemu/capabilities
        fi
    } 9>>"$LAB_CACHE/capabilities.lock"
    libvirt_configuration "$host"
    certificates "$(state_of "$name")" "$host" addresses
    ssh_start "$name" "$host"
    libvirtd_start
    libvirt_resources
}

# All hosts are one kernel, which has one boot id: each gets its own, in the same place.
boot_id_bind() {
    cat /proc/sys/kernel/random/uuid >"$1/boot_id"
    mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id
}

# Runs in the host's namespaces, as a reboot would: every process of the host ends at once, and
# after SECONDS its daemons are there again, with another boot id and nothing of the old /run.
# With `never` they stay away.
host_reboot() {
    local name=$1 host=$2 seconds=$3 pid own program
    own=$(readlink /proc/self/ns/net)
    for pid in /proc/[0-9]*; do
        [[ $(readlink "$pid/ns/net" 2>/dev/null) == "$own" ]] || continue
        program=$(basename "$(readlink "$pid/exe" 2>/dev/null)")
        [[ $program =~ ^(libvirtd|sshd.*|qemu-.*)$ ]] || continue
        kill -KILL "${pid#/proc/}" 2>/dev/null || true
    done
    [[ $seconds != never ]] || return 0
    sleep "$seconds"
    find /run/libvirt -mindepth 1 -delete 2>/dev/null || true
    rm -f /run/libvirtd.pid /run/sshd.pid
    cat /proc/sys/kernel/random/uuid >"$(host_state "$name" "$host")/boot_id"
    ssh_start "$name" "$host"
    libvirtd_start
}

# On a machine without USB, libvirt cannot even look for a USB device that may be missing (see
# `--hostdev`): such a host gets an empty bus. A directory cannot be made in sysfs, so /sys/bus
# is laid anew from its parts.
usb_bus() {
    [[ ! -d /sys/bus/usb/devices ]] || return 0
    local bus
    mount --bind /sys/bus /mnt
    mount -t tmpfs -o mode=755 lab-bus /sys/bus
    for bus in /mnt/*/; do
        bus=$(basename "$bus")
        mkdir "/sys/bus/$bus"
        mount --bind "/mnt/$bus" "/sys/bus/$bus"
    done
    umount /mnt
    mkdir -p /sys/bus/usb/devices
}

# libvirtd looks for such mounts when it starts; the pool is the machine's, and empty as a rule.
hugepages_mount() {
    mkdir /run/hugepages
    mount -t hugetlbfs hugetlbfs /run/hugepages || say "no huge pages on this kernel"
}

libvirt_configuration() {
    cat >/etc/libvirt/libvirtd.conf <<TEXT
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
TEXT
    cat >/etc/libvirt/qemu.conf <<'TEXT'
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
TEXT
}

# For encrypted migrations: one authority for the lab, one certificate for a host as server and client.
# Certificates of hosts out there often have no address in them.
certificates() {
    local state=$1 host=$2 proves=$3 folder=/etc/pki/qemu
    local names=DNS:$host
    [[ $proves == names ]] || names+=,IP:$(address_of "$host"),IP:$(address6_of "$host")
    cp "$state/ca-cert.pem" "$folder"
    certificate "$folder/server-cert.pem" "$folder/server-key.pem" "$host" \
        -CA "$state/ca-cert.pem" -CAkey "$state/ca-key.pem" \
        -addext basicConstraints=critical,CA:FALSE \
        -addext "subjectAltName=$names"
    cp "$folder/server-cert.pem" "$folder/client-cert.pem"
    cp "$folder/server-key.pem" "$folder/client-key.pem"
}

# Returns when it answers. While it starts it is held on one processor: it compares the CPUID of the
# one that it happens to run on with what it has cached of QEMU, and asks QEMU anew if they differ;
# but on CPUs with leaf 1Fh that leaf tells the processor's own number.
libvirtd_start() {
    local mask task
    mask=$(taskset --pid $BASHPID)
    taskset --cpu-list "$(first_processor)" \
        libvirtd --daemon --listen --config /etc/libvirt/libvirtd.conf
    wait_until 20 "libvirtd of $(hostname)" virsh -q -c qemu:///system uri
    # Threads come and go meanwhile.
    for task in "/proc/$(cat /run/libvirtd.pid)/task/"*; do
        taskset --pid "${mask##*: }" "${task##*/}" >/dev/null 2>&1 || true
    done
}

first_processor() { taskset --cpu-list --pid $BASHPID | sed 's/.*: \([0-9]*\).*/\1/'; }

ssh_start() {
    local folder
    folder=$(host_state "$1" "$2")
    /usr/sbin/sshd -f "$folder/sshd_config" -E "$folder/sshd.log"
}

# The pools carry the storage's identity: the same source on every host is the same storage.
libvirt_resources() {
    local folder=/etc/libvirt/lab-resources
    mkdir -p "$folder"
    cat >"$folder/shared.xml" <<TEXT
<pool type='netfs'>
  <name>shared</name>
  <source><host name='controller'/><dir path='/$VOLUME'/><format type='glusterfs'/></source>
  <target><path>$SHARED_FOLDER</path></target>
</pool>
TEXT
    cat >"$folder/local.xml" <<TEXT
<pool type='dir'><name>local</name><target><path>$LOCAL_FOLDER</path></target></pool>
TEXT
    network_xml labnet "<bridge name='br0'/>" >"$folder/labnet.xml"
    virsh -q -c qemu:///system "
        pool-define $folder/shared.xml; pool-autostart shared; pool-start shared;
        pool-define $folder/local.xml; pool-autostart local; pool-start local;
        net-define $folder/labnet.xml; net-autostart labnet; net-start labnet" >/dev/null
}

# network_xml NAME ELEMENTS: what it leads to.
network_xml() {
    say "<network><name>$(xml_escape "$1")</name><forward mode='bridge'/>$2</network>"
}

# Runs in the host's namespaces.
network_add() {
    local file=/etc/libvirt/lab-resources/extra.xml
    network_xml "$1" "${2:-<bridge name='br0'/>}" >"$file"
    virsh -q -c qemu:///system net-define "$file" >/dev/null
    virsh -q -c qemu:///system net-autostart "$1" >/dev/null
    virsh -q -c qemu:///system net-start "$1" >/dev/null
}
