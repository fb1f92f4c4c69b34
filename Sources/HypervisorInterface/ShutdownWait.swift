package import ClusterModel

/// Asks a guest to shut down, as its power button would, and waits until it is down. It is never
/// powered off.
package struct ShutdownWait {
    /// A guest that was booting has not heard the first time.
    private static let repeatMilliseconds: Int64 = 15_000
    private static let pauseMilliseconds: Int64 = 250

    private let domain: DomainID
    private let host: HostName
    private let seconds: Int

    /// It is given this many seconds.
    package init(for domain: DomainID, on host: HostName, seconds: Int) {
        self.domain = domain
        self.host = host
        self.seconds = seconds
    }

    /// `elapsed` gives the milliseconds since the start, `sleep` takes some. Throws a
    /// `HypervisorError` where the guest is still up when its time is over, or when `control` is
    /// cancelled, and whatever the closures throw.
    package func run(
        _ control: any CancellableProgress, elapsed: () -> Int64,
        sleep: (Int64) async throws -> Void, isDown: () async throws -> Bool,
        ask: () async throws -> Void
    ) async throws {
        var asked: Int64?
        while true {
            if try await isDown() { return }
            let now = elapsed()
            guard !control.isCancelled, now < Int64(seconds) * 1000 else { break }
            if asked.map({ now - $0 > Self.repeatMilliseconds }) ?? true {
                try await ask()
                asked = now
            }
            try await sleep(Self.pauseMilliseconds)
        }
        throw HypervisorError(
            kind: .failed, operation: "shut down", host: host, domain: domain.rawValue,
            message: control.isCancelled
                ? "it was aborted"
                : "it did not shut down within \(seconds) s; it was not powered off, and it "
                    + "may still go down later",
            remedy: "shut it down from inside, give it longer (--shutdown-timeout), or move it "
                + "live")
    }
}
