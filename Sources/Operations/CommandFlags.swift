/// What a command that is printed for a person must be told, as the one that prints it was: pasted,
/// it does what was shown.
package struct CommandFlags: Sendable {
    /// For commands that plan, with a blank before each; empty where all is as usual.
    package var planning = ""
    /// For the others.
    package var config = ""

    package init() {}
}
