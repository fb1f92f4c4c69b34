import ClusterModel
import Foundation
import PlacementPolicy
import Testing

@testable import Operations

/// From what a person types, or this machine knows, to hosts and their URIs.
struct HostCandidatesTests {
    private let aliases = LibvirtAliases(
        "uri_aliases = [ \"big=qemu+ssh://admin@big.example.org/system\" ]", place: "libvirt.conf")

    private func asked(_ words: String...) throws -> [String: String] {
        var candidates = HostCandidates(aliases: aliases)
        for word in words { try candidates.ask(for: word) }
        #expect(candidates.list.allSatisfy { $0.isAsked })
        return Dictionary(
            uniqueKeysWithValues: candidates.list.map { ($0.host.name.rawValue, $0.host.uri) })
    }

    @Test func `a host is named in five forms`() throws {
        let found = try asked(
            "host1", "ops@host2", "qemu+tls://host3.example.org/system", "here=qemu:///system",
            "big", "fd00::7", "qemu+ssh://[fd00::8]/system")
        #expect(
            found == [
                "host1": "qemu+ssh://root@host1/system", "host2": "qemu+ssh://ops@host2/system",
                "host3.example.org": "qemu+tls://host3.example.org/system",
                "here": "qemu:///system", "big": "qemu+ssh://admin@big.example.org/system",
                "fd00::7": "qemu+ssh://root@[fd00::7]/system",
                "fd00::8": "qemu+ssh://[fd00::8]/system",
            ])
    }

    @Test(arguments: ["", "a b", "a/b", "@host", "a@", "a@b@c", "--all", "a,b", "=qemu:///system"])
    func `what names no host is refused`(word: String) {
        #expect { try asked(word) } throws: { "\($0)".contains("'\(word)' is no host") }
    }

    @Test func `a URI without a host wants a name`() {
        #expect { try asked("qemu:///system") } throws: {
            "\($0)".contains("as in host1=qemu:///system")
        }
    }

    @Test func `this machine's files are tried, each host once`() {
        var candidates = HostCandidates(aliases: aliases)
        candidates.addAliases()
        candidates.add(
            sshConfig: """
                # Host none
                Host *
                  User root
                Host kvm1 kvm2 !kvm3 web-*
                  HostName 10.0.0.1
                host = kvm1
                  Hostname kvm9
                Match host kvm7
                """, from: "config")
        #expect(candidates.list.map(\.host.name.rawValue) == ["big", "kvm1", "kvm2"])
        #expect(candidates.list[1].host.uri == "qemu+ssh://kvm1/system")
        #expect(candidates.list.allSatisfy { !$0.isAsked })
    }

    /// As ansible-core 2.14 prints it.
    private static let inventory = Data(
        """
        {"_meta": {"hostvars": {"kvm1": {"ansible_host": "10.0.0.1", "ansible_user": "ops",
          "ansible_port": 2222, "rack": {"row": 1}}, "web1": {}}},
         "all": {"children": ["ungrouped", "hypervisors", "web"]},
         "hypervisors": {"children": ["old"], "hosts": ["kvm1", "kvm2"]},
         "old": {"hosts": ["kvm0"]}, "web": {"hosts": ["web1"]}}
        """.utf8)

    @Test func `a group of an inventory has its children's hosts`() throws {
        var candidates = HostCandidates(aliases: aliases)
        try candidates.add(inventory: Self.inventory, group: "hypervisors", from: "inv")
        #expect(
            candidates.list.map(\.host.uri) == [
                "qemu+ssh://root@kvm0/system", "qemu+ssh://ops@10.0.0.1:2222/system",
                "qemu+ssh://root@kvm2/system",
            ])
        #expect(candidates.list.map(\.host.name.rawValue) == ["kvm0", "kvm1", "kvm2"])
        try candidates.add(inventory: Self.inventory, group: nil, from: "inv")
        #expect(candidates.list.map(\.host.name.rawValue).contains("web1"))
    }

    /// libvirt executes what `command=` names.
    @Test(arguments: ["h/system?command=reboot&x=", "-oProxyCommand=reboot", "a b", "x@y", ""])
    func `an inventory puts nothing but names into a URI`(address: String) {
        for key in ["ansible_host", "ansible_user"] {
            let text =
                "{\"_meta\": {\"hostvars\": {\"kvm1\": {\"\(key)\": \"\(address)\"}}}, "
                + "\"all\": {\"hosts\": [\"kvm1\"]}}"
            var candidates = HostCandidates(aliases: aliases)
            #expect {
                try candidates.add(inventory: Data(text.utf8), group: nil, from: "inv")
            } throws: {
                "\($0)".contains("'\(address)' of host 'kvm1' is not a plain name")
            }
        }
    }

    @Test func `an inventory that is none, or lacks the group, is told`() {
        var candidates = HostCandidates(aliases: aliases)
        #expect {
            try candidates.add(inventory: Data("[web]\nweb1".utf8), group: nil, from: "inv")
        } throws: {
            "\($0)".contains("ansible-inventory -i FILE --list")
        }
        #expect {
            try candidates.add(inventory: Self.inventory, group: "kvm", from: "inv")
        } throws: {
            "\($0)".contains("inv has no group 'kvm'; it has all, hypervisors, old, web")
        }
    }
}
