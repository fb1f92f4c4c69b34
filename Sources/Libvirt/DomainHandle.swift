internal import CLibvirt
import Foundation

/// A reference to a domain of an open connection; freed when it is let go. It stays on the thread
/// of its connection.
final class DomainHandle {
    private let pointer: virDomainPtr

    init(owning pointer: virDomainPtr) { self.pointer = pointer }

    deinit { virDomainFree(pointer) }

    /// Lends the pointer for one call and keeps the domain meanwhile (see `ConnectionHandle.use`).
    func use<Value>(_ call: (virDomainPtr) -> Value) -> Value {
        withExtendedLifetime(self) { call(pointer) }
    }

    /// State and reason. A high-priority call that waits neither for a job nor for the monitor
    /// (qemuDomainGetState).
    func state() throws(LibvirtFailure) -> DomainCondition {
        var state: Int32 = 0
        var reason: Int32 = 0
        try checked(use { virDomainGetState($0, &state, &reason, 0) })
        return DomainCondition(state: state, reason: reason)
    }

    var name: String { use { virDomainGetName($0) }.map { String(cString: $0) } ?? "" }

    func uuid() throws(LibvirtFailure) -> String {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try checked(use { virDomainGetUUIDString($0, &buffer) })
        return buffer.withUnsafeBufferPointer { text in
            text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// Live XML of an active domain, the definition of another. Takes no job and does not enter
    /// the monitor (qemuDomainGetXMLDesc in 9.0).
    func xml(flags: UInt32 = 0) throws(LibvirtFailure) -> String {
        try ownedString(use { virDomainGetXMLDesc($0, flags) })
    }

    func isActive() throws(LibvirtFailure) -> Bool {
        try checked(use { virDomainIsActive($0) }) == 1
    }

    func isPersistent() throws(LibvirtFailure) -> Bool {
        try checked(use { virDomainIsPersistent($0) }) == 1
    }

    func hasManagedSave() throws(LibvirtFailure) -> Bool {
        try checked(use { virDomainHasManagedSaveImage($0, 0) }) == 1
    }

    func autostart() throws(LibvirtFailure) -> Bool {
        var value: Int32 = 0
        try checked(use { virDomainGetAutostart($0, &value) })
        return value == 1
    }
}

/// Takes over a string that libvirt allocated for its caller.
func ownedString(_ text: UnsafeMutablePointer<CChar>?) throws(LibvirtFailure) -> String {
    let pointer = try checked(text)
    defer { free(pointer) }
    return String(cString: pointer)
}

/// Takes over an array of handles that libvirt allocated for its caller.
func ownedArray(
    _ count: Int32, _ array: UnsafeMutablePointer<OpaquePointer?>?
) throws(LibvirtFailure) -> [OpaquePointer] {
    try checked(count)
    defer { free(array) }
    return UnsafeBufferPointer(start: array, count: Int(count)).compactMap { $0 }
}
