/// A program that believes a guest to be its own: it starts it elsewhere when it misses it, and two
/// guests then write to one disk.
package struct GuestManager: Hashable, Codable, Sendable {
    /// As people call it: `OpenStack Nova`.
    package var name: String
    /// What shows it, with the value: `<nova:instance> in its metadata`.
    package var sign: String

    package init(name: String, sign: String) {
        self.name = name
        self.sign = sign
    }
}
