/// Domain XML for the tests, in the form in which libvirt 9.0 writes it.
enum DomainFixtures {
    static let uuid = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"

    /// The smallest domain, with whatever a test puts into it.
    static func domain(
        name: String = "web1", type: String = "kvm", top: String = "", os: String = "",
        devices: String = "", memory: String = "<memory unit='KiB'>1048576</memory>"
    ) -> String {
        """
        <domain type='\(type)' id='7'>
          <name>\(name)</name>
          <uuid>\(uuid)</uuid>
          \(memory)
          <currentMemory unit='KiB'>524288</currentMemory>
          <vcpu placement='static'>2</vcpu>
          <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\(os)</os>
          \(top)
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            \(devices)
          </devices>
        </domain>
        """
    }

    /// A busy production domain: disks of every kind, cards of every kind, its own metadata.
    static let rich = domain(
        name: "db &quot;one&quot; &amp; 'two'",
        top: """
              <metadata>
                <other:thing xmlns:other="https://example.org/1"><other:pinned/></other:thing>
                <kvmbalance:domain xmlns:kvmbalance="https://kvmbalance.dev/xmlns/domain/1">
                  <kvmbalance:affinity group="shop"/>
                  <kvmbalance:anti-affinity group="db"/>
                  <kvmbalance:anti-affinity group="core"/>
                  <kvmbalance:pinned/>
                </kvmbalance:domain>
              </metadata>
              <maxMemory slots='16' unit='KiB'>4194304</maxMemory>
              <memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>
              <numatune>
                <memory mode='preferred' nodeset='0'/>
                <memnode cellid='0' mode='strict' nodeset='1-2,^2'/>
              </numatune>
              <cputune><vcpupin vcpu='0' cpuset='3'/></cputune>
              <cpu mode='custom' match='exact' check='full'>
                <model fallback='forbid'>Skylake-Server-IBRS</model>
                <feature policy='require' name='vmx'/>
                <feature policy='disable' name='hle'/>
                <feature policy='force' name='aes'/>
              </cpu>
            """,
        devices: """
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2' cache='writeback'/>
              <source file='/srv/shared/db.qcow2' index='2'/>
              <backingStore type='file' index='3'>
                <format type='qcow2'/>
                <source file='/srv/local/base.qcow2'/>
                <backingStore/>
              </backingStore>
              <target dev='vda' bus='virtio'/>
            </disk>
            <disk type='block' device='lun'>
              <source dev='/dev/mapper/lun1'/><target dev='sda'/><shareable/>
            </disk>
            <disk type='network' device='disk'>
              <source protocol='rbd' name='vms/db'><host name='mon1' port='6789'/></source>
              <target dev='vdb'/>
            </disk>
            <disk type='volume' device='disk'>
              <source pool='fast' volume='db2'/><target dev='vdc'/>
            </disk>
            <disk type='file' device='cdrom'>
              <source file='/iso/debian.iso'/><target dev='sdb'/><readonly/>
            </disk>
            <disk type='file' device='cdrom'><target dev='sdc'/><readonly/></disk>
            <interface type='network'>
              <mac address='52:54:00:00:00:01'/><source network='lan' bridge='virbr0'/>
            </interface>
            <interface type='bridge'><source bridge='br0'/></interface>
            <interface type='direct'><source dev='eth1' mode='bridge'/></interface>
            <interface type='direct'><source network='dmz' dev='eth2' mode='vepa'/></interface>
            <interface type='user'/>
            <graphics type='vnc' port='5900' listen='10.1.2.3'>
              <listen type='address' address='10.1.2.3'/>
            </graphics>
            <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
            """)

    /// Five megabytes and more: a domain with thousands of disks.
    static func huge(disks: Int) -> String {
        let one = """
            <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>
            <source file='/srv/shared/volumes/a-rather-long-name-for-a-disk-%.qcow2' index='1'/>
            <backingStore/><target dev='vd%' bus='virtio'/>
            <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>

            """
        var devices = ""
        for number in 0..<disks {
            devices += one.split(separator: "%", omittingEmptySubsequences: false)
                .joined(separator: String(number))
        }
        return domain(devices: devices)
    }
}
