import ClusterModel
import HypervisorInterface
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

    @Test(.timeLimit(.minutes(1))) func muchOnOneStreamDoesNotStopTheOther() async {
        let shell = SecureShell(host: "host1", words: ["sh", "-c"])
        let begun = ContinuousClock.now
        let answer = await shell.run(
            "head -c 3000000 /dev/zero | tr '\\0' e >&2; head -c 3000000 /dev/zero | tr '\\0' o")
        #expect(begun.duration(to: .now) < .seconds(25))
        #expect(answer.errors.count == 1 << 20 && answer.errors.allSatisfy { $0 == "e" })
        #expect(answer.output.count == 1 << 20 && answer.output.allSatisfy { $0 == "o" })
    }

    @Test(arguments: ["qemu:///system", "qemu+tls://host1/system", "test:///default"])
    func whatGoesAnotherWayHasNone(_ uri: String) {
        #expect(SecureShell(host: "host1", uri: uri) == nil)
    }
}
