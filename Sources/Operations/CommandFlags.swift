/// The flags that a printed command needs, as given to the command that prints it: pasted,
/// it does what was shown.
package struct CommandFlags: Sendable {
    /// For commands that plan, with a blank before each; empty where all is as usual.
    package var planning = ""
    /// For the others.
    package var config = ""

    package init() {}
}
