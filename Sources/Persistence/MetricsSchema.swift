import GRDB

/// The tables of the metrics database. Raw counters as they came; times in milliseconds since 1970.
///
/// Keys begin with the time: appending then goes to the end of one tree, and an hour of all domains
/// is one stretch of the file. A key that began with the domain would write 30 times slower. The
/// host is in the domain's key because both ends of a migration report the domain.
enum MetricsSchema {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 raw samples") { database in
            try database.execute(
                sql: "PRAGMA application_id = \(DatabaseFile.Identity.metrics.rawValue)")
            try database.execute(sql: names + hostTables + domainTable)
        }
        migrator.registerMigration("2 tiers") { try $0.execute(sql: TierTables.creation) }
        migrator.registerMigration("3 load of cells") { database in
            for counter in ["user", "system", "idle", "iowait"] {
                try database.execute(
                    sql: "ALTER TABLE cellSample ADD COLUMN \(counter) INTEGER")
            }
        }
        migrator.registerMigration("4 dirty rates") { database in
            try database.execute(sql: dirtyingTable)
        }
        migrator.registerMigration("5 when a domain was seen last") { database in
            try database.execute(
                sql: """
                    ALTER TABLE domain ADD COLUMN newest INTEGER;
                    UPDATE domain SET newest = (SELECT max(time) FROM hostSample);
                    """)
        }
        return migrator
    }

    /// `host` also holds when it was last heard of and last failed: `status` would otherwise have
    /// to search all samples.
    private static let names = """
        CREATE TABLE host (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
            newestSample INTEGER, newestFailure INTEGER, failureReason TEXT
        ) STRICT;
        CREATE TABLE domain (
            id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL
        ) STRICT;
        CREATE TABLE observation (
            host INTEGER PRIMARY KEY REFERENCES host, time INTEGER NOT NULL,
            version INTEGER NOT NULL, json TEXT NOT NULL
        ) STRICT;

        """

    private static let hostTables = """
        CREATE TABLE hostSample (
            time INTEGER NOT NULL, host INTEGER NOT NULL,
            user INTEGER, system INTEGER, idle INTEGER, iowait INTEGER,
            memoryTotal INTEGER, memoryFree INTEGER, memoryBuffers INTEGER, memoryCached INTEGER,
            ksmShared INTEGER, ksmSharing INTEGER,
            PRIMARY KEY (time, host)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE cellSample (
            time INTEGER NOT NULL, host INTEGER NOT NULL, cell INTEGER NOT NULL,
            memoryTotal INTEGER, memoryFree INTEGER,
            PRIMARY KEY (time, host, cell)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE hostFailure (
            time INTEGER NOT NULL, host INTEGER NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (time, host)
        ) WITHOUT ROWID, STRICT;

        """

    /// What demand is read from comes first: SQLite walks a row from its beginning.
    private static let domainTable = """
        CREATE TABLE domainSample (
            time INTEGER NOT NULL, domain INTEGER NOT NULL, host INTEGER NOT NULL,
            cpuTime INTEGER, vcpus INTEGER, dirtyRate INTEGER, state INTEGER NOT NULL,
            vcpuWait INTEGER, vcpuDelay INTEGER,
            balloonCurrent INTEGER, balloonMaximum INTEGER, rss INTEGER,
            guestAvailable INTEGER, guestUnused INTEGER, swapIn INTEGER, swapOut INTEGER,
            blockRead INTEGER, blockWritten INTEGER,
            networkReceived INTEGER, networkSent INTEGER,
            PRIMARY KEY (time, domain, host)
        ) WITHOUT ROWID, STRICT;
        """

    /// Two windows a row: milliseconds, and bytes a second.
    private static let dirtyingTable = """
        CREATE TABLE dirtying (
            uuid TEXT NOT NULL, time INTEGER NOT NULL,
            shortTime INTEGER NOT NULL, shortRate INTEGER NOT NULL,
            longTime INTEGER NOT NULL, longRate INTEGER NOT NULL,
            PRIMARY KEY (uuid, time)
        ) WITHOUT ROWID, STRICT;
        """
}
