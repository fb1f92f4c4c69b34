import ClusterModel
import Testing

@testable import Libvirt

/// Which ssh a libvirt URI means.
struct SecureShellTests {
    @Test func userAndPortAreThoseOfTheURI() {
        #expect(
            SecureShell.command(for: "qemu+ssh://root@host1:2222/system")?.suffix(4)
                == ["-p", "2222", "--", "root@host1"])
        #expect(SecureShell.command(for: "qemu+ssh://[fd00::1]/system")?.last == "fd00::1")
    }

    @Test(arguments: ["qemu:///system", "qemu+tls://host1/system", "test:///default"])
    func whatGoesAnotherWayHasNone(_ uri: String) {
        #expect(SecureShell(host: "host1", uri: uri) == nil)
    }
}
