// The catalog queries behind a precheck: a few for the whole group, whatever its number of tables.
import ClusterModel
import PostgresClient

extension MoveSQL {
    static let serverFacts = """
        SELECT current_setting('server_version_num'), current_setting('server_encoding'), \
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), pg_is_in_recovery(), \
        current_setting('wal_level'), current_setting('max_replication_slots'), \
        (SELECT count(*) FROM pg_replication_slots), current_setting('max_wal_senders'), \
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'), \
        least(current_setting('max_logical_replication_workers')::int, current_setting('max_worker_processes')::int), \
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'logical replication worker'), \
        (SELECT setting FROM pg_settings WHERE name = 'wal_retrieve_retry_interval'), \
        concat_ws(' ', (SELECT system_identifier FROM pg_control_system()), pg_postmaster_start_time(), \
        inet_server_port(), current_database()), \
        (SELECT concat_ws(' ', datcollate, datctype, 'provider', datlocprovider, daticulocale) FROM pg_database \
        WHERE datname = current_database())
        """

    /// Guards, streams and registers that stand in the way: this segment's, or this move's.
    var leftovers: String {
        """
        SELECT 'register ' || relname FROM pg_class WHERE relnamespace = to_regnamespace('foreshard') \
        AND relname = \(quoteLiteral(names.register)) \
        UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE slot_name IN (\(streamList)) \
        UNION ALL SELECT 'publication ' || pubname FROM pg_publication WHERE pubname IN (\(streamList)) \
        UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE subname IN (\(streamList)) \
        AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    }

    private var streamList: String {
        StreamDirection.allCases.map { quoteLiteral(names.stream($0)) }.joined(separator: ", ")
    }

    /// The group's tables as `(oid, schema, name, key)`; only those that exist.
    private var groupTables: String {
        let values = tables.map { table in
            "(to_regclass(\(quoteLiteral(qualified(table)))), \(quoteLiteral(table.table.schema)), "
                + "\(quoteLiteral(table.table.name)), \(quoteLiteral(table.keyColumn)))"
        }
        return "(VALUES \(values.joined(separator: ", "))) AS g (oid, schema, name, key)"
    }

    var tableFacts: String {
        """
        SELECT g.schema, g.name, c.relkind, c.relpersistence, \
        EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent)), c.relreplident, \
        format_type(a.atttypid, a.atttypmod), coalesce(l.collisdeterministic, true), a.attgenerated <> '' \
        FROM \(groupTables) JOIN pg_class c ON c.oid = g.oid \
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = g.key AND NOT a.attisdropped \
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        """
    }

    var uniqueIndexes: String {
        """
        SELECT g.schema, g.name, i.relname, x.indisprimary, x.indisreplident, \
        x.indisvalid AND x.indimmediate AND x.indpred IS NULL AND NOT EXISTS (SELECT FROM unnest(x.indkey) k \
        LEFT JOIN pg_attribute a ON a.attrelid = g.oid AND a.attnum = k WHERE a.attnotnull IS NOT TRUE), \
        (SELECT string_agg(a.attname, chr(31) ORDER BY o) FROM unnest(x.indkey[0:x.indnkeyatts - 1]) WITH ORDINALITY AS k (n, o) \
        JOIN pg_attribute a ON a.attrelid = g.oid AND a.attnum = k.n) \
        FROM \(groupTables) JOIN pg_index x ON x.indrelid = g.oid AND x.indisunique \
        JOIN pg_class i ON i.oid = x.indexrelid ORDER BY 1, 2, 3
        """
    }

    var foreignKeys: String {
        """
        SELECT g.schema, g.name, k.conname, fn.nspname, f.relname, tn.nspname, t.relname \
        FROM \(groupTables) JOIN pg_constraint k ON k.contype = 'f' AND g.oid IN (k.conrelid, k.confrelid) \
        JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace \
        JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace ORDER BY 1, 2, 3
        """
    }

    var applierTriggers: String {
        """
        SELECT g.schema, g.name, t.tgname FROM \(groupTables) \
        JOIN pg_trigger t ON t.tgrelid = g.oid AND NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') ORDER BY 1, 2, 3
        """
    }

    var foreignPublications: String {
        """
        SELECT g.schema, g.name, p.pubname FROM \(groupTables) JOIN pg_publication_tables p \
        ON p.schemaname = g.schema AND p.tablename = g.name AND p.pubname NOT LIKE 'foreshard\\_%' ORDER BY 1, 2, 3
        """
    }

    /// Everything that both sides must have in common, as lines of text. Our own guards are left out.
    var schemaLines: String {
        """
        SELECT g.schema, g.name, format('column %I %s%s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), \
        CASE WHEN a.attnotnull THEN ' NOT NULL' END, ' COLLATE ' || l.collname, \
        CASE WHEN a.attidentity <> '' THEN ' IDENTITY' END, CASE WHEN a.attgenerated <> '' THEN ' GENERATED' END, \
        ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)), a.attnum FROM \(groupTables) \
        JOIN pg_attribute a ON a.attrelid = g.oid AND a.attnum > 0 AND NOT a.attisdropped \
        LEFT JOIN pg_collation l ON l.oid = a.attcollation \
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
        UNION ALL SELECT g.schema, g.name, format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), 10001 \
        FROM \(groupTables) JOIN pg_constraint k ON k.conrelid = g.oid \
        UNION ALL SELECT g.schema, g.name, pg_get_indexdef(x.indexrelid), 10002 \
        FROM \(groupTables) JOIN pg_index x ON x.indrelid = g.oid \
        UNION ALL SELECT g.schema, g.name, pg_get_triggerdef(t.oid), 10003 FROM \(groupTables) \
        JOIN pg_trigger t ON t.tgrelid = g.oid AND NOT t.tgisinternal AND t.tgname NOT LIKE 'foreshard\\_%' \
        ORDER BY 1, 2, 4, 3
        """
    }
}
