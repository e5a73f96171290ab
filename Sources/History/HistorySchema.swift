// The tables. A released migration is never changed; a new version of the schema is a new migration.
//
// A row of zeros whose time is covered is a segment that served nothing; no row is a time that nobody measured.

import GRDB

enum HistorySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: usage by segment, resolution and time") { database in
            try database.execute(
                sql: """
                    CREATE TABLE segment (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                    CREATE TABLE usage (
                        resolution INTEGER NOT NULL,
                        segment INTEGER NOT NULL REFERENCES segment (id),
                        start INTEGER NOT NULL,
                        covered REAL NOT NULL,
                        statements INTEGER NOT NULL,
                        rows INTEGER NOT NULL,
                        bytes INTEGER NOT NULL,
                        errors INTEGER NOT NULL,
                        busy REAL NOT NULL,
                        offered REAL NOT NULL,
                        waiting REAL NOT NULL,
                        latency BLOB NOT NULL,
                        PRIMARY KEY (resolution, start, segment)
                    ) WITHOUT ROWID;
                    CREATE TABLE rollup (resolution INTEGER PRIMARY KEY, through INTEGER NOT NULL);
                    """
            )
        }
        migrator.registerMigration("2: imported usage and its sources") { database in
            try database.execute(
                sql: """
                    ALTER TABLE usage ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
                    CREATE TABLE import_source (
                        name TEXT PRIMARY KEY,
                        position INTEGER NOT NULL,
                        state BLOB NOT NULL
                    ) WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("3: usage in blocks") { database in
            try database.execute(
                sql: """
                    CREATE TABLE page (
                        resolution INTEGER NOT NULL,
                        start INTEGER NOT NULL,
                        number INTEGER NOT NULL,
                        block BLOB NOT NULL,
                        PRIMARY KEY (resolution, start, number)
                    );
                    CREATE TABLE chunk (
                        resolution INTEGER NOT NULL,
                        start INTEGER NOT NULL,
                        segment INTEGER NOT NULL REFERENCES segment (id),
                        block BLOB NOT NULL,
                        PRIMARY KEY (resolution, start, segment)
                    );
                    CREATE TABLE pruned (resolution INTEGER PRIMARY KEY, before INTEGER NOT NULL);
                    """
            )
            try RowsOfOldFiles(database: database).carryOver()
            try database.execute(sql: "DROP TABLE usage")
        }
        migrator.registerMigration("4: splits and merges") { database in
            try database.execute(
                sql: """
                    CREATE TABLE lineage (
                        child INTEGER NOT NULL REFERENCES segment (id),
                        parent INTEGER NOT NULL REFERENCES segment (id),
                        at INTEGER NOT NULL,
                        share REAL NOT NULL,
                        PRIMARY KEY (child, parent)
                    ) WITHOUT ROWID;
                    """
            )
        }
        return migrator
    }
}
