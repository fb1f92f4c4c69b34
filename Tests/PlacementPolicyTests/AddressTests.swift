import ClusterModel
import PlacementPolicy
import Testing

/// Addresses in the fleet file: literals, names, and what is neither.
@Suite struct AddressTests {
    private func fleet(_ addresses: String...) throws -> Fleet {
        let hosts = addresses.enumerated().map {
            "{name: host\($0 + 1), uri: 'qemu+ssh://root@host\($0 + 1)/system', "
                + "migrationAddress: '\($1)'}"
        }
        return try FleetReader.read("hosts: [\(hosts.joined(separator: ", "))]")
    }

    @Test(arguments: [
        ("fd00:10::2", "tcp://[fd00:10::2]"), ("[fd00:10::2]", "tcp://[fd00:10::2]"),
        ("::1", "tcp://[::1]"), ("10.10.10.1", "tcp://10.10.10.1"),
        ("host1-mig.example.org", "tcp://host1-mig.example.org"),
        ("64:ff9b::10.0.0.1", "tcp://[64:ff9b::10.0.0.1]"),
    ])
    func `a migration goes to any kind of address`(text: String, uri: String) throws {
        let host = try #require(try fleet(text).hosts.first)
        #expect(host.migrateURI == uri)
        #expect(host.bareAddresses.last?.contains("[") == false)
    }

    @Test func `an address of IPv6 in the URI needs no other`() throws {
        let host = try FleetReader.read(
            "hosts: [{name: h, uri: 'qemu+ssh://root@[fd00:10::2]/system'}]"
        ).hosts[0]
        #expect(host.migrateURI == "tcp://[fd00:10::2]")
        #expect(host.bareAddresses == ["fd00:10::2", "fd00:10::2"])
    }

    @Test(arguments: [
        "10.10.10", "10.10.10.1/24", "10.10.10.256", "10.10.010.1", "fd00::1::2", "fd00:::1",
        "fd00::10000", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "[fd00::1", "[10.0.0.1]",
        "host1:49152", "fe80::1%eth0", "a b", "host..1", "tcp://host1", "-:",
    ])
    func `what is no address is refused with its place`(_ text: String) {
        #expect {
            try fleet(text)
        } throws: { error in
            "\(error)".contains("line 1") && "\(error)".contains("migrationAddress")
                && "\(error)".contains("an IPv4 or IPv6 address or a host name")
        }
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("fd00::1", "[fd00:0:0::0001]"), ("Mig1", "mig1"),
    ])
    func `two hosts cannot share one`(first: String, second: String) {
        #expect {
            try fleet(first, second)
        } throws: { error in
            "\(error)".contains("host1 and host2 have the same migrationAddress")
        }
        #expect(throws: Never.self) { try fleet(first, "10.0.0.9") }
    }
}
