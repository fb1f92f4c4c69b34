import ClusterModel
import HypervisorInterface
import PlacementPolicy
import Synchronization
import Testing

@testable import Operations

/// What a host's shell tells, read without one.
struct ShellFactsTests {
    struct FakeShell: HostShell {
        let host: HostName = "host1"
        let answer: HostShellAnswer
        func run(_ script: String) -> HostShellAnswer { answer }
    }

    private let other = FleetHost(name: "host2", uri: "qemu+ssh://host2/system")

    /// Asked from second 100 to second 101 by our clock.
    private func ask(_ output: String, errors: String = "") async -> ShellFacts {
        let times = Mutex([Timestamp(seconds: 100), Timestamp(seconds: 101)])
        return await ShellFacts.ask(
            FakeShell(answer: HostShellAnswer(output: output, errors: errors)), about: [other]
        ) { times.withLock { $0.removeFirst() } }
    }

    @Test func aClockIsAheadByTheMiddleOfWhatCanBe() async throws {
        let probe = await ask("now=105200\nasked=yes\nnow=105600\n")
        let clock = try #require(probe.clock)
        // Between 4600 and 5200 ms.
        #expect(clock.ahead == 4900 && clock.error == 300)
        #expect(probe.silence == nil)
    }

    @Test func portsLocksAndCertificatesAreRead() async {
        let probe = await ask(
            "now=1\nlock=sanlock\nfile=ca-cert.pem\nport=host2 1 Connection refused\nnow=2\n")
        #expect(probe.ports == ["host2": .open])
        #expect(probe.lockManager == "sanlock" && probe.certificates == ["ca-cert.pem"])
        #expect(
            await ask("now=1\nport=host2 124 \nnow=2\n").ports
                == ["host2": .closed("no answer: a firewall drops it, or there is no route")])
    }

    @Test func whoDoesNotAnswerIsSilent() async {
        #expect(await ask("", errors: "Permission denied").silence == "ssh: Permission denied")
        #expect(await ask("").silence == "ssh: no answer")
        let unasked = await ShellFacts.ask(nil, about: [other]) { Timestamp(seconds: 1) }
        #expect(unasked.silence == "not asked: its URI is not over ssh")
    }
}
