import GRDB

// The tables. A migration that was ever released is never changed; a change is a new one.
// Times are milliseconds of cluster time. JSON columns are read whole and never searched.

enum CatalogSchema {
    /// In the header of the file: "FrSh".
    static let applicationID = 0x4672_5368

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first tables") { try $0.execute(sql: firstTables) }
        migrator.registerMigration("2 leases") { try $0.execute(sql: leases) }
        migrator.registerMigration("3 takeovers") { try $0.execute(sql: takeovers) }
        migrator.registerMigration("4 standbys of the pool") { try $0.execute(sql: poolStandbys) }
        migrator.registerMigration("5 commits over several instances") { try $0.execute(sql: commits) }
        return migrator
    }

    private static let firstTables = """
        PRAGMA application_id = \(applicationID);

        -- One row. `epoch` is the routing table's, NULL before there is one.
        CREATE TABLE cluster (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            term INTEGER NOT NULL,
            epoch INTEGER CHECK (epoch & 1 = 0),
            controller_memory BLOB
        ) STRICT;
        INSERT INTO cluster (id, term) VALUES (1, 0);

        CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

        CREATE TABLE groups (id TEXT PRIMARY KEY, position INTEGER NOT NULL, definition TEXT NOT NULL) STRICT;

        CREATE TABLE segments (
            id TEXT PRIMARY KEY,
            group_id TEXT NOT NULL REFERENCES groups,
            lower INTEGER NOT NULL,
            upper INTEGER NOT NULL CHECK (lower <= upper),
            location TEXT NOT NULL,
            epoch INTEGER NOT NULL CHECK (epoch & 1 = 0),
            UNIQUE (group_id, lower)
        ) STRICT;
        CREATE INDEX segments_by_location ON segments (location);

        CREATE TABLE pool_members (
            id TEXT PRIMARY KEY,
            provider TEXT NOT NULL,
            zone TEXT NOT NULL,
            state TEXT NOT NULL,
            holder_move TEXT,
            holder_name TEXT,
            reason TEXT,
            endpoint TEXT
        ) STRICT;

        CREATE TABLE pool_timings (
            id INTEGER PRIMARY KEY,
            provider TEXT NOT NULL,
            operation TEXT NOT NULL,
            seconds REAL NOT NULL
        ) STRICT;

        CREATE TABLE moves (
            id TEXT PRIMARY KEY,
            segment TEXT NOT NULL,
            source TEXT NOT NULL,
            target TEXT NOT NULL,
            state TEXT NOT NULL,
            is_over INTEGER NOT NULL,
            term INTEGER NOT NULL,
            epoch INTEGER NOT NULL CHECK (epoch & 1 = 0),
            definition TEXT NOT NULL,
            report TEXT NOT NULL,
            created INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX one_unfinished_move_of_a_segment ON moves (segment) WHERE is_over = 0;

        -- `move` is empty for what belongs to no move: NULL would never equal itself in the key.
        CREATE TABLE ledger (
            move TEXT NOT NULL,
            instance TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            extra TEXT NOT NULL,
            PRIMARY KEY (instance, move, kind, name, extra)
        ) STRICT;

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            move TEXT,
            segment TEXT,
            instance TEXT,
            sentence TEXT NOT NULL,
            details TEXT
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_by_move ON audit (move) WHERE move IS NOT NULL;
        CREATE INDEX audit_by_segment ON audit (segment) WHERE segment IS NOT NULL;
        CREATE INDEX audit_by_instance ON audit (instance) WHERE instance IS NOT NULL;
        """

    private static let leases = """
        -- `lease` is that of a member in the states granting and leased, the revocation in revoking and ending.
        ALTER TABLE pool_members ADD COLUMN lease TEXT;
        ALTER TABLE pool_members ADD COLUMN lease_epoch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE pool_members ADD COLUMN claim TEXT;
        ALTER TABLE pool_members ADD COLUMN since INTEGER;

        -- Leases that are over.
        CREATE TABLE pool_leases (
            member TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            holder TEXT NOT NULL,
            purpose TEXT NOT NULL,
            price REAL NOT NULL,
            granted INTEGER NOT NULL,
            revoked INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            reason TEXT NOT NULL,
            is_revocation INTEGER NOT NULL,
            income REAL NOT NULL,
            PRIMARY KEY (member, epoch)
        ) STRICT;
        CREATE INDEX pool_leases_by_end ON pool_leases (ended);

        -- What members cost while they stood warm and nobody had them.
        CREATE TABLE pool_idle (member TEXT PRIMARY KEY, seconds REAL NOT NULL, cost REAL NOT NULL) STRICT;
        """

    private static let takeovers = """
        -- The newest of an instance that is `completed` says where the instance is. Positions are LSNs as text.
        CREATE TABLE takeovers (
            instance TEXT NOT NULL,
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            old_host TEXT NOT NULL,
            old_port INTEGER NOT NULL,
            new_host TEXT NOT NULL,
            new_port INTEGER NOT NULL,
            zone TEXT NOT NULL,
            detected INTEGER NOT NULL,
            completed INTEGER,
            primary_position TEXT,
            unseen_ms INTEGER,
            standby_position TEXT,
            loss_bytes INTEGER,
            was_synchronous INTEGER NOT NULL,
            timeline INTEGER,
            reason TEXT NOT NULL,
            PRIMARY KEY (instance, number)
        ) STRICT;
        """

    private static let commits = """
        -- Decided commits, until no instance has a branch of them any more. What is not here was not committed.
        CREATE TABLE commits (
            term INTEGER NOT NULL,
            number INTEGER NOT NULL,
            instances TEXT NOT NULL,
            PRIMARY KEY (term, number)
        ) STRICT;
        """

    private static let poolStandbys = """
        -- Of a member in the states seeding, standby and promoted.
        ALTER TABLE pool_members ADD COLUMN home TEXT;
        -- The pool's member that takes over; NULL where the standby is not the pool's.
        ALTER TABLE takeovers ADD COLUMN member TEXT;
        """
}
