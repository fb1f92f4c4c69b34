# shellcheck shell=bash
# A guest's domain XML from the variables that `lab guest` parsed (see guest.sh).

domain_xml() {
    cat <<TEXT
<domain type='qemu'>
  <name>$(xml_escape "$guest")</name>
  <uuid>$uuid</uuid>
  ${title:+<title>$(xml_escape "$title")</title>}
  $(metadata_xml)
  <memory unit='MiB'>$memory</memory>
  $(hugepages_xml)
  <vcpu>$vcpus</vcpu>
  <os>
    <type arch='x86_64' machine='$(xml_escape "$machine")'>hvm</type>
    $(uefi_xml)
    <kernel>$KERNEL</kernel>
    <initrd>$INITRAMFS</initrd>
    <cmdline>console=ttyS0 quiet loglevel=1 panic=-1 lab.dirty=$dirty lab.size=$dirty_size lab.cpu=$cpu lab.off=$off_after</cmdline>
  </os>
  <features><acpi/></features>
  $(cpu_xml)
  <clock offset='utc'/>
  <devices>
    $(disk_xml)
    $(interface_xml)
    $(hostdev_xml)
    $(tpm_xml)
    <serial type='file'><source path='$CONSOLE_FOLDER/$file_name.log' append='on'/></serial>
    <memballoon model='virtio'><stats period='5'/></memballoon>
  </devices>
</domain>
TEXT
}

hugepages_xml() { ((hugepages == 0)) || say "<memoryBacking><hugepages/></memoryBacking>"; }

# The two forms in which libvirt keeps the file of UEFI variables in the XML.
uefi_xml() {
    [[ $uefi != none ]] || return 0
    local file=/var/lib/libvirt/qemu/nvram/${file_name}_VARS.fd
    local template="template='/usr/share/OVMF/OVMF_VARS_4M.fd'"
    say "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
    case $uefi in
    plain) say "<nvram $template>$file</nvram>" ;;
    source) say "<nvram $template type='file'><source file='$file'/></nvram>" ;;
    esac
}

metadata_xml() {
    [[ -n $metadata || ${#groups[@]} -gt 0 ]] || return 0
    local group
    say "<metadata><kvmbalance:domain xmlns:kvmbalance='https://kvmbalance.dev/xmlns/domain/1'>"
    for group in "${groups[@]}"; do
        say "<kvmbalance:${group%%=*} group='$(xml_escape "${group#*=}")'/>"
    done
    say "$metadata</kvmbalance:domain></metadata>"
}

cpu_xml() {
    [[ -n $cpu_model || $numa_cells -gt 0 ]] || return 0
    if [[ -n $cpu_model ]]; then
        say "<cpu mode='custom' match='exact' check='none'><model>$(xml_escape "$cpu_model")</model>"
    else
        say "<cpu>"
    fi
    ((numa_cells == 0)) || numa_xml
    say "</cpu>"
}

# CPUs and memory are dealt out evenly; the first cells take the remainders.
numa_xml() {
    local cell first=0 cpus mib
    say "<numa>"
    for ((cell = 0; cell < numa_cells; cell++)); do
        cpus=$((vcpus / numa_cells + (cell < vcpus % numa_cells ? 1 : 0)))
        mib=$((memory / numa_cells + (cell == 0 ? memory % numa_cells : 0)))
        say "<cell id='$cell' cpus='$first-$((first + cpus - 1))' memory='$mib' unit='MiB'/>"
        first=$((first + cpus))
    done
    say "</numa>"
}

# The secrets are found in both ways that libvirt has: by usage for iSCSI, by UUID for LUKS.
disk_xml() {
    local server="<host name='controller'"
    case $storage in
    none) ;;
    shared | local | layered) one_disk file qcow2 "<source file='$disk'/>" ;;
    luks)
        one_disk file raw "<source file='$disk'><encryption format='luks'>
            <secret type='passphrase' uuid='$(secret_uuid "$disk")'/></encryption></source>"
        ;;
    iscsi)
        one_disk network raw "<source protocol='iscsi' name='$served'>$server port='3260'/>
            <auth username='$ISCSI_USER'><secret type='iscsi' usage='$ISCSI_SECRET'/></auth></source>"
        ;;
    nfs)
        one_disk network raw "<source protocol='nfs' name='$served'>$server/>
            <identity user='0' group='0'/></source>"
        ;;
    nbd) one_disk network raw "<source protocol='nbd' name='lab'>$server port='$served'/></source>" ;;
    device) one_disk block raw "<source dev='$served'/>" ;;
    esac
}

# one_disk TYPE FORMAT SOURCE
one_disk() {
    say "<disk type='$1' device='disk'>
      <driver name='qemu' type='$2' cache='$(xml_escape "$cache")'/>
      $3<target dev='vda' bus='virtio'/></disk>"
}

tpm_xml() {
    ((tpm == 0)) ||
        say "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
}

interface_xml() {
    case $network in
    none) return ;;
    ovs:*)
        say "<interface type='bridge'><source bridge='$(xml_escape "${network#ovs:}")'/>
            <virtualport type='openvswitch'/>"
        ;;
    bridge:*)
        say "<interface type='bridge'><source bridge='$(xml_escape "${network#bridge:}")'/>"
        ;;
    *) say "<interface type='network'><source network='$(xml_escape "$network")'/>" ;;
    esac
    # No boot ROM: the kernel is given directly, and the ROM costs boot time under emulation.
    say "<model type='virtio'/><rom enabled='no'/></interface>"
}

# A USB device that is not there: with this policy the guest runs without it, and its live XML
# still has the element.
hostdev_xml() {
    ((hostdev)) || return 0
    say "<hostdev mode='subsystem' type='usb' managed='no'>
      <source startupPolicy='optional'><vendor id='0x1234'/><product id='0x5678'/></source>
    </hostdev>"
}
