/// Must the others be able to take over what runs on any one host, should it fail?
package enum NPlusOne: String, Hashable, Sendable, CaseIterable {
    case off
    /// Once the plan is carried out.
    case after
    /// At every moment of the plan, and after it.
    case during
}
