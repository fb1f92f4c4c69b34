/// How what a person asked for ended. The numbers are exit codes, fixed by the interface.
package enum Exit: Int32, Sendable {
    case done = 0
    /// Failed; nothing was left half done.
    case failed = 1
    /// The plan is infeasible; its blockers were listed.
    case infeasible = 3
    case rolledBack = 4
    /// A person must look; `runs show` says at what. Also where a run that ended halfway waits for
    /// one, so that nothing else is begun.
    case halted = 5
    case usage = 64
    /// Another run holds the fleet: it lives, and asking again later helps.
    case busy = 75
}

/// Why something was not done, in words for the person who asked for it.
package struct CommandError: Error, CustomStringConvertible {
    package var message: String
    package var exit: Exit

    package init(_ message: String, exit: Exit = .usage) {
        self.message = message
        self.exit = exit
    }

    package var description: String { message }
}
