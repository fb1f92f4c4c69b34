import Glibc

extension FleetLock {
    /// Who has the lock at this moment; nil where nobody has. Nothing is taken or changed.
    package static func holder(directory: String) -> Holder? {
        let path = directory + "/" + fileName
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let named = holder(in: path)
        // Whoever was killed stays named, and a number that is in use may be another's by now: the
        // kernel knows, and asking it disturbs nobody while the lock is held.
        if let process = named.process, kill(process, 0) != 0, errno == ESRCH { return nil }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else {
            flock(descriptor, LOCK_UN)
            return nil
        }
        return named
    }
}
