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
        migrator.registerMigration("3 what ended runs came to") { database in
            try database.execute(sql: index)
        }
        migrator.registerMigration("4 rolling reboots") { database in
            try database.execute(sql: reboots)
        }
        migrator.registerMigration("5 guests that were stopped where they were") { database in
            try database.execute(sql: "ALTER TABLE displacement ADD COLUMN mode TEXT")
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

    static let deletionTrigger = """
        CREATE TRIGGER recordIsNeverDeleted BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never deleted'); END;
        """

    /// The triggers on INSERT stop `INSERT OR REPLACE`, which SQLite carries out without firing the
    /// ones on DELETE, and holes in the sequence.
    private static let triggers = """
        CREATE TRIGGER recordIsNeverChanged BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never changed'); END;
        \(deletionTrigger)
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

    /// What the records of ended runs come to, so that nobody needs to read them again. It can be
    /// made again at any time, and goes as soon as its run is taken up. When its form changes,
    /// empty it: the next command fills it.
    private static let index = """
        CREATE TABLE summary (
            run INTEGER PRIMARY KEY REFERENCES run, state TEXT NOT NULL, json TEXT NOT NULL
        ) STRICT;
        CREATE TABLE displacement (
            run INTEGER NOT NULL, position INTEGER NOT NULL, domain TEXT NOT NULL,
            source TEXT NOT NULL, target TEXT NOT NULL, drained INTEGER NOT NULL,
            PRIMARY KEY (run, position)
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX displacementByDomain ON displacement (domain);
        CREATE INDEX displacementFromDrained ON displacement (source) WHERE drained = 1;
        CREATE TABLE transfer (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, step INTEGER NOT NULL,
            ended INTEGER NOT NULL, domain TEXT NOT NULL, source TEXT NOT NULL,
            target TEXT NOT NULL, cold INTEGER NOT NULL, helped INTEGER NOT NULL,
            content INTEGER, json TEXT NOT NULL
        ) STRICT;
        CREATE INDEX transferByRun ON transfer (run);
        CREATE INDEX transferByTime ON transfer (cold, ended, run, step) WHERE helped = 0;
        CREATE INDEX transferByPair ON transfer (cold, source, target, ended, run, step)
        WHERE helped = 0;
        CREATE TRIGGER summaryEndsWithTheNextRecord AFTER INSERT ON record
        WHEN EXISTS (SELECT 1 FROM summary WHERE run = NEW.run)
        BEGIN
            DELETE FROM summary WHERE run = NEW.run;
            DELETE FROM displacement WHERE run = NEW.run;
            DELETE FROM transfer WHERE run = NEW.run;
        END;
        """

    /// Records of rolling reboots. Each has its number in `run` and none in `record`: its drains
    /// and returns are ordinary runs.
    private static let reboots = """
        CREATE TABLE rebootRecord (
            run INTEGER NOT NULL REFERENCES run, sequence INTEGER NOT NULL,
            time INTEGER NOT NULL, version INTEGER NOT NULL, event TEXT NOT NULL,
            PRIMARY KEY (run, sequence)
        ) WITHOUT ROWID, STRICT;
        CREATE TRIGGER rebootRecordIsNeverChanged BEFORE UPDATE ON rebootRecord
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never changed'); END;
        CREATE TRIGGER rebootRecordIsNeverDeleted BEFORE DELETE ON rebootRecord
        BEGIN SELECT RAISE(ABORT, 'records of the journal are never deleted'); END;
        CREATE TRIGGER rebootRecordIsAppended BEFORE INSERT ON rebootRecord
        WHEN NEW.sequence <> (
            SELECT coalesce(max(sequence), 0) + 1 FROM rebootRecord WHERE run = NEW.run)
        BEGIN SELECT RAISE(ABORT, 'records of the journal are only appended'); END;
        """
}
