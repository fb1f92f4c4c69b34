import GRDB

/// The tables of the journal, with triggers that let runs and records be added and nothing else:
/// neither a slip of ours nor a hand at `sqlite3` rewrites what happened.
enum JournalSchema {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 runs and maintenance") { database in
            try database.execute(
                sql: "PRAGMA application_id = \(DatabaseFile.Identity.journal.rawValue)")
            try database.execute(sql: tables + triggers)
        }
        migrator.registerMigration("2 what the timer remembers") { database in
            try database.execute(
                sql: "CREATE TABLE memory (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT")
        }
        return migrator
    }

    private static let tables = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL,
            kind TEXT NOT NULL, hosts TEXT NOT NULL
        ) STRICT;
        CREATE TABLE record (
            run INTEGER NOT NULL REFERENCES run, sequence INTEGER NOT NULL,
            time INTEGER NOT NULL, version INTEGER NOT NULL, event TEXT NOT NULL,
            PRIMARY KEY (run, sequence)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE maintenance (
            host TEXT PRIMARY KEY, since INTEGER NOT NULL, run INTEGER REFERENCES run
        ) STRICT;

        """

    /// The triggers on INSERT stop `INSERT OR REPLACE`, which SQLite carries out without firing the
    /// ones on DELETE, and holes in the sequence.
    private static let triggers = """
        CREATE TRIGGER recordIsNeverChanged BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never changed'); END;
        CREATE TRIGGER recordIsNeverDeleted BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never deleted'); END;
        CREATE TRIGGER recordIsAppended BEFORE INSERT ON record
        WHEN NEW.sequence <> (
            SELECT coalesce(max(sequence), 0) + 1 FROM record WHERE run = NEW.run)
        BEGIN SELECT RAISE(ABORT, 'records of the journal are only appended'); END;
        CREATE TRIGGER runIsNeverChanged BEFORE UPDATE ON run
        BEGIN SELECT RAISE(ABORT, 'runs of the journal are never changed'); END;
        CREATE TRIGGER runIsNeverDeleted BEFORE DELETE ON run
        BEGIN SELECT RAISE(ABORT, 'runs of the journal are never deleted'); END;
        CREATE TRIGGER runIsNew BEFORE INSERT ON run
        WHEN EXISTS (SELECT 1 FROM run WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'runs of the journal are never replaced'); END;
        """
}
