/// What a command that is printed for a person must be told, as the one that prints it was: pasted,
/// it does what was shown.
struct CommandFlags: Sendable {
    /// For commands that plan, with a blank before each; empty where all is as usual.
    var planning = ""
    /// For the others.
    var config = ""

    init() {}
}
