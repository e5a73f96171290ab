// JDBC through the router: prepared statements, batches, transactions, fetch sizes, COPY OUT, cancel, time-outs, metadata,
// refusals.
//
// Usage: java -cp postgresql.jar JdbcSession.java <JDBC URL>. The server has a table kv(k bigint primary key, v text),
// sharded by k. Ends with an exception when anything differs from what PostgreSQL itself does, or from what the router
// promises.

import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Timer;
import java.util.TimerTask;
import org.postgresql.PGConnection;

public class JdbcSession {
    static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(String.valueOf(what));
    }

    interface Part {
        void run() throws Exception;
    }

    static void refused(String state, Part part) throws Exception {
        try {
            part.run();
        } catch (SQLException error) {
            check(state.equals(error.getSQLState()), error);
            return;
        }
        throw new AssertionError("not refused with " + state);
    }

    static String value(Connection connection, long key) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT v FROM kv WHERE k = ?")) {
            select.setLong(1, key);
            ResultSet rows = select.executeQuery();
            return rows.next() ? rows.getString(1) : null;
        }
    }

    /** Named by the driver from the fifth execution on. */
    static void prepared(Connection connection) throws Exception {
        String upsert = "INSERT INTO kv (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v";
        try (PreparedStatement insert = connection.prepareStatement(upsert)) {
            for (int round = 0; round < 30; round++) {
                insert.setLong(1, 400 + round % 8);
                insert.setString(2, "round " + round);
                check(insert.executeUpdate() == 1, round);
            }
        }
        for (int round = 0; round < 10; round++) check("round 29".equals(value(connection, 405)), round);
        try (PreparedStatement any = connection.prepareStatement("SELECT v FROM kv WHERE k = ANY(?)")) {
            any.setArray(1, connection.createArrayOf("bigint", new Long[] {405L, 405L}));
            ResultSet rows = any.executeQuery();
            check(rows.next() && "round 29".equals(rows.getString(1)) && !rows.next(), "= ANY");
        }
    }

    static void transactions(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE kv SET v = 'one' WHERE k = 400");
            Savepoint savepoint = connection.setSavepoint("before");
            statement.executeUpdate("UPDATE kv SET v = 'two' WHERE k = 400");
            connection.rollback(savepoint);
            connection.commit();
            check("one".equals(value(connection, 400)), "savepoint");
            statement.executeUpdate("UPDATE kv SET v = 'lost' WHERE k = 400");
            connection.rollback();
            check("one".equals(value(connection, 400)), "rollback");
            refused("23505", () -> statement.executeUpdate("INSERT INTO kv (k, v) VALUES (400, '')"));
            refused("25P02", () -> value(connection, 400));
            connection.rollback();
        }
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("SHOW transaction_isolation");
            check(rows.next() && "serializable".equals(rows.getString(1)), "isolation");
        }
        connection.rollback();
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        connection.setAutoCommit(true);
    }

    static void batches(Connection connection) throws Exception {
        try (PreparedStatement update = connection.prepareStatement("UPDATE kv SET v = v || ? WHERE k = ?")) {
            for (int number = 0; number < 100; number++) {
                update.setString(1, "x");
                update.setLong(2, 400);
                update.addBatch();
            }
            check(Arrays.stream(update.executeBatch()).sum() == 100, "batch");
        }
        check(value(connection, 400).endsWith("x".repeat(100)), "batch");
        // A batch is one transaction: not of keys on two instances.
        try (PreparedStatement update = connection.prepareStatement("UPDATE kv SET v = 'lost' WHERE k = ?")) {
            for (int key = 400; key < 408; key++) {
                update.setLong(1, key);
                update.addBatch();
            }
            refused("0A000", update::executeBatch);
        }
        for (int key = 400; key < 408; key++) check(!"lost".equals(value(connection, key)), key);
    }

    /** Rows a few at a time, from a portal. */
    static void fetchSize(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(7);
            ResultSet rows = statement.executeQuery("SELECT i FROM kv, generate_series(1, 100) i WHERE k = 400 ORDER BY i");
            int sum = 0;
            while (rows.next()) sum += rows.getInt(1);
            check(sum == 5050, sum);
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void severalSegments(Connection connection) throws Exception {
        try (PreparedStatement all = connection.prepareStatement("SELECT k FROM kv WHERE k BETWEEN ? AND ? ORDER BY k DESC")) {
            for (int round = 0; round < 8; round++) {
                all.setLong(1, 400);
                all.setLong(2, 407);
                ResultSet rows = all.executeQuery();
                for (int key = 407; key >= 400; key--) check(rows.next() && rows.getLong(1) == key, key);
                check(!rows.next(), "more rows");
            }
        }
    }

    static void copyOut(Connection connection) throws Exception {
        StringWriter text = new StringWriter();
        long rows = connection.unwrap(PGConnection.class).getCopyAPI()
            .copyOut("COPY (SELECT generate_series(1, 1000)) TO STDOUT (FORMAT csv)", text);
        check(rows == 1000 && text.toString().startsWith("1\n2\n"), rows);
    }

    static void cancelAndTimeouts(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            Timer timer = new Timer(true);
            timer.schedule(new TimerTask() {
                @Override public void run() {
                    try {
                        statement.cancel();
                    } catch (SQLException error) {
                        throw new IllegalStateException(error);
                    }
                }
            }, 300);
            refused("57014", () -> statement.execute("SELECT pg_sleep(20)"));
            statement.setQueryTimeout(1);
            refused("57014", () -> statement.execute("SELECT pg_sleep(20)"));
            statement.setQueryTimeout(0);
            ResultSet rows = statement.executeQuery("SELECT 1");
            check(rows.next() && rows.getInt(1) == 1, "after a cancel");
        }
    }

    static void metadata(Connection connection) throws Exception {
        ResultSet tables = connection.getMetaData().getTables(null, "public", "kv", new String[] {"TABLE"});
        check(tables.next() && "kv".equals(tables.getString("TABLE_NAME")) && !tables.next(), "tables");
        ResultSet columns = connection.getMetaData().getColumns(null, "public", "kv", "%");
        check(columns.next() && "k".equals(columns.getString("COLUMN_NAME")) && columns.next(), "columns");
        ResultSet keys = connection.getMetaData().getPrimaryKeys(null, "public", "kv");
        check(keys.next() && "k".equals(keys.getString("COLUMN_NAME")), "primary key");
    }

    static void refusals(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            refused("0A000", () -> statement.execute("DELETE FROM kv"));
            refused("42601", () -> statement.execute("SELEC 1"));
            refused("42P01", () -> statement.execute("SELECT * FROM pg_catalog.nowhere"));
            check(statement.executeQuery("SELECT 1").next(), "after refusals");
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (String mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) {
            String url = arguments[0] + (arguments[0].contains("?") ? "&" : "?") + "preferQueryMode=" + mode;
            try (Connection connection = DriverManager.getConnection(url)) {
                prepared(connection);
                transactions(connection);
                if (!mode.equals("simple")) batches(connection);
                fetchSize(connection);
                severalSegments(connection);
                if (!mode.equals("simple")) copyOut(connection);
                cancelAndTimeouts(connection);
                metadata(connection);
                refusals(connection);
            }
            System.out.println("passed: " + mode);
        }
    }
}
