import Foundation
import Testing

/// What hosts out there are made of: every part that this machine can run, with a guest that
/// moves live, and cold where that differs (Tests/Lab/README.md tells which cannot run here).
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct PartsTests {
    /// Each with what it is there for; all but one have a disk that both hosts reach alike.
    private static let guests: [(name: String, options: [String])] = [
        ("iscsi", ["--storage", "iscsi", "--network", "ovs:ovsbr0"]),
        ("nfs", ["--storage", "nfs", "--network", "ovsnet"]),
        ("nbd", ["--storage", "nbd"]),
        ("luks", ["--storage", "luks"]),
        ("device", ["--storage", "device"]),
        ("huge", ["--storage", "none", "--hugepages"]),
    ]
    /// Where a cold move needs what a live one does not: the secret, the device, the server and
    /// the bridge are asked for by a QEMU that starts anew.
    private static let cold = ["device", "iscsi", "luks"]

    @Test func everyPartMovesLiveAndComesBack() async throws {
        let before = Machine()
        try await withLab("parts", hosts: 2) { lab in
            try Self.populate(lab)
            #expect(Machine() != before, "neither huge pages nor merging of same pages")
            try Self.saveAndRestore(lab, "nbd")

            // To the host with modular daemons, over IPv6.
            try lab.writeConfig(address: "ipv6")
            let drain = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(try Set(lab.placement().values) == ["host2"], "\(drain.text)")
            try lab.expectAllWell("over IPv6")

            // And back by name: encrypted, or started anew.
            try lab.lab("certificates", "names")
            try lab.writeConfig(address: "name")
            for guest in Self.cold { try lab.lab("expect", guest, "restarted") }
            let back = try lab.kvmbalance(
                "return", "host1", "--yes", "--tls",
                "--offline", "--offline-domains", Self.cold.joined(separator: ","))
            #expect(back.status == 0, "\(back.text)")
            #expect(try Set(lab.placement().values) == ["host1"], "\(back.text)")
            try Self.saveAndRestore(lab, "huge")
            try await WayTests.expectAllWellSoon(lab, "by name")
        }
        #expect(Machine() == before, "the lab left the machine's settings as it set them")
    }

    private static func populate(_ lab: Lab) throws {
        try lab.lab("ovs")
        // Twice a guest: while it moves, both ends have it, and all hosts share this machine's.
        try lab.lab("hugepages", "112")
        try lab.lab("ksm")
        try lab.lab("modular", "host2")
        for guest in guests {
            let words = [Lab.program, "guest", lab.name, guest.name, "--host", "host1"]
            let made = try shell(words + guest.options)
            guard made.status == 0 else { throw LabError("guest \(guest.name): \(made.text)") }
        }
        try lab.lab("wait")
    }

    /// Its memory goes to a file and comes from there: for the oracle it was never restarted.
    private static func saveAndRestore(_ lab: Lab, _ guest: String) throws {
        let saved = try lab.virsh("host1", "managedsave", guest)
        #expect(saved.status == 0, "\(saved.text)")
        let started = try lab.virsh("host1", "start", guest)
        #expect(started.status == 0, "\(started.text)")
    }

    /// What the lab sets on the machine itself, and not in a namespace.
    private struct Machine: Equatable {
        let hugePages = Self.text("/proc/sys/vm/nr_hugepages")
        let merging = Self.text("/sys/kernel/mm/ksm/run")
        let pagesToScan = Self.text("/sys/kernel/mm/ksm/pages_to_scan")

        private static func text(_ path: String) -> String? {
            try? String(contentsOfFile: path, encoding: .utf8)
        }
    }
}
