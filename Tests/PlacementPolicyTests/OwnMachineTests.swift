import ClusterModel
import PlacementPolicy
import Testing

/// kvmbalance runs on one of the hosts, and its fleet file is written as every virsh guide has it.
@Suite struct OwnMachineTests {
    private func read(_ first: String) throws -> Fleet {
        try FleetReader.read(
            """
            hosts:
              - {name: host1, \(first)}
              - {name: host2, uri: qemu+ssh://root@host2/system}
            """)
    }

    @Test(arguments: [
        "qemu:///system", "qemu:///session", "qemu+unix:///system", "qemu+ssh://localhost/system",
        "qemu+ssh://root@127.0.1.1:22/system", "qemu+tcp://[::1]/system", "qemu:///system?a=b",
        "qemu+tcp://[::1]:16509/system", "qemu+unix:///system?socket=/run/libvirt/libvirt-sock",
    ])
    func `what means this machine on every machine is refused, with what to write`(uri: String) {
        #expect {
            try read("uri: '\(uri)'")
        } throws: {
            let text = "\($0)"
            return text.contains("line 2") && text.contains("means 'this machine' to every host")
                && text.contains("peerURI: qemu+ssh://root@host1/system")
                && text.contains("migrationAddress:")
        }
    }

    @Test func `with its name for the others it is a host like any`() throws {
        let peer = "qemu+ssh://root@host1/system"
        let fleet = try read(
            "uri: 'qemu:///system', peerURI: '\(peer)', migrationAddress: host1")
        #expect(fleet.hosts[0].peerURI == peer && fleet.hosts[0].migrateURI == "tcp://host1")
    }

    @Test(arguments: [
        ("peerURI: 'qemu:///system', migrationAddress: host1", "peerURI"),
        ("peerURI: 'qemu+tcp://localhost/system', migrationAddress: host1", "peerURI"),
        ("peerURI: 'qemu+ssh://h/system', migrationAddress: '127.0.0.1'", "migrationAddress"),
        ("peerURI: 'qemu+ssh://h/system', migrationAddress: localhost", "migrationAddress"),
    ])
    func `nor may the others be told so`(keys: String, key: String) {
        #expect {
            try read("uri: 'qemu:///system', \(keys)")
        } throws: {
            "\($0)".contains("means 'this machine' to every host") && "\($0)".contains(key)
        }
    }

    @Test(arguments: [
        "qemu+ssh://root@host1/system", "qemu+ssh://root@[fd00:10::1]/system",
        "qemu+ssh://localhost1/system", "test:///default", "simulated:///f.json?host=a",
        // Tunnels to other machines.
        "qemu+ssh://root@localhost:2201/system", "qemu+tcp://127.0.0.1:1/system",
        "qemu+tcp://[::1]:26509/system", "qemu+unix:///system?socket=/home/me/host1.sock",
    ])
    func `any other is none of this machine's own`(uri: String) throws {
        #expect(try read("uri: '\(uri)'").hosts.count == 2)
    }

    @Test(arguments: [
        ("uri: 'qemu+ssh://root@fd00:10::1/system'", "[fd00:10::1]"),
        ("uri: 'qemu+shh://root@host1/system'", "no transport 'shh'"),
        ("uri: 'xen+ssh://root@host1/'", "'xen' is no QEMU"),
        ("uri: 'qemu+ssh://root@host1:99999/system'", "':99999' is no port"),
        ("uri: 'qemu+ssh://root@host 1/system'", "a space"),
        ("uri: 'qemu+ssh://h/system', peerURI: 'qemu+ssh://fd00::1/system'", "[fd00::1]"),
        ("uri: 'qemu+ssh://h/system', peerURI: 'qemu+ssh://LOCALHOST./system'", "this machine"),
        ("uri: 'qemu+ssh://h/system', migrationAddress: '0.0.0.0'", "this machine"),
        ("uri: 'qemu+ssh://h/system', migrationAddress: '::ffff:127.0.0.1'", "this machine"),
        ("uri: 'qemu+ssh://h/system', migrationAddress: 'fe80::1'", "migrationAddress"),
        ("uri: 'qemu+ssh://h/system', migrationAddress: host2", "both go to 'host2'"),
    ])
    func `what libvirt would not understand, or understand otherwise, is refused`(
        keys: String, words: String
    ) {
        #expect {
            try read(keys)
        } throws: {
            "\($0)".contains(words) && "\($0)".contains("line ")
        }
    }

    @Test func `two hosts have not one peerURI`() {
        let peer = "peerURI: 'qemu+ssh://root@x/system'"
        #expect {
            try FleetReader.read(
                "hosts: [{name: a, uri: 'qemu+ssh://a/system', \(peer)}, "
                    + "{name: b, uri: 'qemu+ssh://b/system', \(peer)}]")
        } throws: {
            "\($0)".contains("a and b have the same peerURI")
        }
    }

    @Test func `alone it may be called what it is on itself`() throws {
        let fleet = try FleetReader.read("hosts: [{name: h, uri: 'qemu:///system'}]")
        #expect(fleet.hosts[0].uri == "qemu:///system")
    }
}

/// Hosts by the short names that libvirt's own configuration gives.
@Suite struct LibvirtAliasTests {
    private static let text = """
        # uri_aliases = [ "no=qemu://commented/system" ]
        uri_default = "qemu:///system"
        uri_aliases = [
          "hail=qemu+ssh://root@hail.example.org/system", # the big one
          'sleet=qemu+ssh://root@sleet/system',
          "broken"
        ]
        """

    @Test func `a list over several lines is read, comments are not`() {
        let aliases = LibvirtAliases(Self.text, place: "libvirt.conf")
        #expect(
            aliases.uris == [
                "hail": "qemu+ssh://root@hail.example.org/system",
                "sleet": "qemu+ssh://root@sleet/system",
            ])
        #expect(LibvirtAliases("uri_aliases = [", place: "").uris.isEmpty)
        #expect(LibvirtAliases("uri_aliases\n", place: "").uris.isEmpty)
        #expect(LibvirtAliases("", place: "").uris.isEmpty)
    }

    @Test func `a host may be given by its alias`() throws {
        let aliases = LibvirtAliases(Self.text, place: "libvirt.conf")
        let fleet = try FleetReader.read("hosts: [{name: a, uri: hail}]", aliases: aliases)
        #expect(fleet.hosts[0].uri == "qemu+ssh://root@hail.example.org/system")
        #expect(fleet.hosts[0].migrateURI == "tcp://hail.example.org")
    }

    @Test func `one that is not there is refused, with where it was looked for`() {
        #expect {
            try FleetReader.read(
                "hosts: [{name: a, uri: rain}]",
                aliases: LibvirtAliases(Self.text, place: "/etc/libvirt/libvirt.conf"))
        } throws: {
            "\($0)".contains("'rain'") && "\($0)".contains("an alias of /etc/libvirt/libvirt.conf")
        }
    }

    @Test func `the other hosts have no aliases of ours`() {
        #expect {
            try FleetReader.read(
                "hosts: [{name: a, uri: hail, peerURI: hail}]",
                aliases: LibvirtAliases(Self.text, place: "libvirt.conf"))
        } throws: {
            "\($0)".contains("peerURI") && "\($0)".contains("known to one machine")
        }
    }
}

/// The name that a certificate is checked for.
@Suite struct CertificateNameTests {
    private func host(_ keys: String) throws -> FleetHost {
        try FleetReader.read("hosts: [{name: host2, \(keys)}]").hosts[0]
    }

    @Test func `where migrations go to an address, it is the host's name`() throws {
        let host = try host(
            "uri: 'qemu+ssh://root@kvm2.example.org/system', migrationAddress: 10.20.0.2")
        #expect(host.tlsDestination == "kvm2.example.org")
        #expect(host.migrateURI == "tcp://10.20.0.2")
        let other = try self.host("uri: 'qemu+ssh://kvm2/system', migrationAddress: 'fd00::2'")
        #expect(other.tlsDestination == "kvm2" && other.certifiedName == "kvm2")
    }

    @Test func `where they go to a name, or nothing has one, it is that`() throws {
        let named = try host("uri: 'qemu+ssh://h/system', migrationAddress: h-mig")
        #expect(named.tlsDestination == nil && named.certifiedName == "h-mig")
        let bare = try host("uri: 'qemu+ssh://10.0.0.2/system', migrationAddress: 10.20.0.2")
        #expect(bare.tlsDestination == nil && bare.certifiedName == "10.20.0.2")
        let plain = try host("uri: 'qemu+ssh://h/system'")
        #expect(plain.tlsDestination == nil && plain.certifiedName == "h")
    }

    @Test func `whoever knows better says so`() throws {
        let host = try host(
            "uri: 'qemu+ssh://h/system', migrationAddress: 10.20.0.2, tlsName: 10.20.0.2")
        #expect(host.tlsDestination == "10.20.0.2")
    }
}
