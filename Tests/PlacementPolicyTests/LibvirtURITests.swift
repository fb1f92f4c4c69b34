import PlacementPolicy
import Testing

/// What a URI asks for that not every file may ask for.
struct LibvirtURITests {
    @Test(arguments: [
        ("qemu+ssh://root@host1/system", []),
        ("qemu+ssh://root@host1/system?keyfile=/k&no_tty=1&proxy=auto&mode=direct", []),
        ("qemu+ssh://h/system?command=/x", ["command"]),
        ("qemu+ssh://h/system?a=1;b&CoMmAnD=/x", ["command"]),
        ("qemu+ssh://h/system?%63omman%64=/x", ["command"]),
        ("qemu+ssh://h/system?command%00tail=/x", ["command"]),
        ("qemu+ssh://h/system?command", ["command"]),
        ("qemu+ext:///system?x=%zz&command=/x&netcat=/y", ["command", "netcat"]),
        ("qemu+tls://h/system?no_verify=1&pkipath=/p", ["no_verify", "pkipath"]),
        (
            "qemu+libssh://h/system?known_hosts=/k&known_hosts_verify=ignore",
            ["known_hosts", "known_hosts_verify"]
        ),
        ("qemu+ssh://h/system?name=qemu:///system", []),
        ("qemu+ssh://h/?name=qemu%2Bext:///system%3Fcommand=/x", ["command"]),
        ("qemu+ssh://command=/system", []),
        ("qemu+ssh://h/command=x", []),
        ("qemu+ssh://h/system#?command=/x", []),
    ])
    func privileged(_ uri: String, _ names: [String]) {
        #expect(LibvirtURI.privileged(in: uri).map(\.name) == names)
    }

    @Test func whatTheDaemonOpensRunsThere() {
        let within = LibvirtURI.privileged(in: "qemu+ssh://h/?name=qemu%2Bext:///%3Fcommand=/x")
        #expect(within.map(\.effect) == [.runsThere])
        #expect(
            LibvirtURI.privileged(in: "qemu+ssh://h/?command=/x").map(\.effect) == [.runsHere])
    }

    /// A URI in a URI in a URI, each written in percents once more.
    @Test func deepOnesEnd() {
        var uri = "qemu:///?command=/x"
        for _ in 0..<12 {
            uri =
                "qemu:///?name="
                + uri.replacing("%", with: "%25").replacing("&", with: "%26")
                .replacing("=", with: "%3D").replacing("?", with: "%3F")
        }
        #expect(!LibvirtURI.privileged(in: uri).isEmpty)
    }
}
