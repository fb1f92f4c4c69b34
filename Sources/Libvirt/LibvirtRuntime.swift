internal import CLibvirt
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What has to be done once in a process before libvirt may be used.
enum LibvirtRuntime {
    /// Does it all on first use; later calls only look.
    static func start() { _ = started }

    private static let started: Bool = {
        // Any other libvirt function before this one can abort the process (seen in 9.0.0): even
        // building a list of parameters resets the thread's last error, under a key that is 0 until
        // now. Key 0 is glib's, which frees that error as its own when the thread ends.
        virInitialize()
        MarkupReader.prepare()
        // libvirt writes into the pipe of an ssh that may have died: that must be an error, not the
        // end of the process.
        signal(SIGPIPE, SIG_IGN)
        ChildProcesses.standApart()
        // Errors are returned to the caller, and printed by whoever has the terminal. (libxml2
        // may still print inside the client-side drivers; no ordinary remote call parses XML.)
        virSetErrorFunc(nil) { _, _ in }
        // Before the first open: a connection looks for the event loop when it is made, and
        // without one there are no keepalives and no events.
        guard virEventRegisterDefaultImpl() == 0 else { return false }
        // A lost wake-up then costs a second and not eternity.
        virEventAddTimeout(1000, { _, _ in }, nil, nil)
        let loop = Thread {
            while true {
                if virEventRunDefaultImpl() < 0 { usleep(100_000) }
            }
        }
        loop.name = "libvirt-events"
        loop.start()
        return true
    }()
}
