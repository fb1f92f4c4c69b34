package import Execution

extension VirtualRun {
    /// A deliberate bug of what surrounds the executor, for tests of the rules.
    package enum Shortcut: String, Hashable, Sendable, CaseIterable {
        /// A record that cannot be written is said to be.
        case goesOnWithoutJournal
        /// No host is ever said to be in maintenance.
        case ignoresMaintenance
    }

    /// What goes wrong on our side, and when a person speaks up.
    package struct Interruptions: Hashable, Sendable {
        /// Our process dies after this many records and effects, counted over all its lives.
        package var crashes: Set<Int> = []
        /// Our process dies after the record with this number in the journal.
        package var crashesAfterRecords: Set<Int> = []
        /// kvmbalance dies at these times, in milliseconds after the start of the run.
        package var crashTimes: Set<Int64> = []
        /// Records with these numbers cannot be written: the disk is full.
        package var unwritable: Set<Int> = []
        /// What a person asks for, in milliseconds after the start of the run.
        package var wishes: [Int64: RunEvent] = [:]
        /// Our wall clock is set: by this many milliseconds, this long after the start of the run.
        package var clockSteps: [Int64: Int64] = [:]

        package init() {}
    }
}
