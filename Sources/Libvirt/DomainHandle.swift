internal import CLibvirt
import Foundation

/// A reference to a domain of an open connection; freed when it is let go. It stays on the thread
/// of its connection.
final class DomainHandle {
    let pointer: virDomainPtr

    init(owning pointer: virDomainPtr) { self.pointer = pointer }

    deinit { virDomainFree(pointer) }

    /// State and reason. A high-priority call that waits neither for a job nor for the monitor
    /// (qemuDomainGetState).
    func state() throws(LibvirtFailure) -> DomainCondition {
        var state: Int32 = 0
        var reason: Int32 = 0
        try checked(virDomainGetState(pointer, &state, &reason, 0))
        return DomainCondition(state: state, reason: reason)
    }

    var name: String { virDomainGetName(pointer).map { String(cString: $0) } ?? "" }

    func uuid() throws(LibvirtFailure) -> String {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try checked(virDomainGetUUIDString(pointer, &buffer))
        return buffer.withUnsafeBufferPointer { text in
            text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// Live XML of an active domain, the definition of another. Takes no job and does not enter
    /// the monitor (qemuDomainGetXMLDesc in 9.0).
    func xml() throws(LibvirtFailure) -> String {
        try ownedString(virDomainGetXMLDesc(pointer, 0))
    }

    func isActive() throws(LibvirtFailure) -> Bool { try checked(virDomainIsActive(pointer)) == 1 }

    func isPersistent() throws(LibvirtFailure) -> Bool {
        try checked(virDomainIsPersistent(pointer)) == 1
    }

    func hasManagedSave() throws(LibvirtFailure) -> Bool {
        try checked(virDomainHasManagedSaveImage(pointer, 0)) == 1
    }

    func autostart() throws(LibvirtFailure) -> Bool {
        var value: Int32 = 0
        try checked(virDomainGetAutostart(pointer, &value))
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
