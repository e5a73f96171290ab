"""psycopg 3 through the router: text and binary, prepared statements, transactions, refusals, cancel, COPY OUT.

Usage: psycopg_session.py <conninfo>. The server has a table kv(k bigint primary key, v text), sharded by k.
Exits with a traceback when anything differs from what PostgreSQL itself does, or from what the router promises.
"""

import sys
import threading
import time

import psycopg


def autocommit(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("delete from kv where k = %s", (1,))
        connection.execute("insert into kv (k, v) values (%s, %s)", (1, "one"))
        row = connection.execute("select v from kv where k = %s", (1,)).fetchone()
        assert row == ("one",), row
        row = connection.execute("select v from kv where k = any(%s)", ([1, 1],)).fetchone()
        assert row == ("one",), row
        with connection.cursor(binary=True) as cursor:
            cursor.execute("select k, v from kv where k = %b", (1,))
            assert cursor.fetchall() == [(1, "one")]


def prepared(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.prepare_threshold = 2
        connection.prepared_max = 3
        for round in range(40):
            key = round % 7
            for column in ("v", "k", "v || 'x'", "k + 1", "upper(v)"):
                connection.execute(f"select {column} from kv where k = %s", (key,)).fetchall()


def blocks(conninfo):
    with psycopg.connect(conninfo) as connection:
        with connection.transaction():
            connection.execute("insert into kv (k, v) values (%s, 'x') on conflict (k) do update set v = 'x'", (3,))
            with connection.transaction():
                connection.execute("update kv set v = 'y' where k = %s", (3,))
            try:
                with connection.transaction():
                    connection.execute("update kv set v = 'z' where k = %s", (3,))
                    raise KeyError
            except KeyError:
                pass
            assert connection.execute("select v from kv where k = %s", (3,)).fetchone() == ("y",)
        try:
            with connection.transaction():
                connection.execute("update kv set v = 'lost' where k = %s", (3,))
                raise ValueError
        except ValueError:
            pass
        assert connection.execute("select v from kv where k = %s", (3,)).fetchone() == ("y",)
        connection.rollback()


def savepoint_first(conninfo):
    with psycopg.connect(conninfo) as connection:
        with connection.transaction(), connection.transaction():
            connection.execute("update kv set v = 'first' where k = %s", (3,))
        connection.commit()


def several_segments(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for key in range(101, 121):
            connection.execute("insert into kv (k, v) values (%s, %s)", (key, f"several {key % 3}"))
        where = "where k between 101 and 120"
        assert connection.execute(f"select count(*), min(k), max(v) from kv {where}").fetchone() == (20, 101, "several 2")
        for binary in (False, True):
            for prepare in (False, True):
                cursor = connection.cursor(binary=binary)
                cursor.execute(
                    "select k, v from kv where k = any(%s) order by k desc limit %s", ([101, 105, 110, 115, 120], 3),
                    prepare=prepare)
                assert [row[0] for row in cursor] == [120, 115, 110]
                cursor.execute(f"select v, count(*) from kv {where} group by v order by v", prepare=prepare)
                assert cursor.fetchall() == [("several 0", 7), ("several 1", 6), ("several 2", 7)]
        assert len(connection.execute(f"select * from kv {where}").fetchall()) == 20


def refusals(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in ("delete from kv", "listen x", "update kv set k = 2 where k = 1"):
            try:
                connection.execute(statement)
            except psycopg.errors.FeatureNotSupported as error:
                assert error.diag.message_hint, statement
            else:
                raise AssertionError(statement)
        assert connection.execute("select 1").fetchone() == (1,)
    with psycopg.connect(conninfo) as connection:
        connection.execute("update kv set v = 'refused' where k = %s", (3,))
        try:
            connection.execute("select * from kv")
        except psycopg.errors.FeatureNotSupported:
            pass
        try:
            connection.execute("select 1")
        except psycopg.errors.InFailedSqlTransaction:
            pass
        else:
            raise AssertionError("a refused transaction goes on")
        connection.rollback()
        assert connection.execute("select v from kv where k = %s", (3,)).fetchone() != ("refused",)


def settings(conninfo):
    with psycopg.connect(conninfo, autocommit=True, options="-c timezone=Asia/Tokyo") as connection:
        assert connection.execute("show timezone").fetchone() == ("Asia/Tokyo",)
        connection.execute("set timezone = 'Europe/Berlin'")
        with psycopg.connect(conninfo, autocommit=True) as other:
            for _ in range(4):
                assert connection.execute("show timezone").fetchone() == ("Europe/Berlin",)
                assert other.execute("show timezone").fetchone()[0] not in ("Europe/Berlin", "Asia/Tokyo")


def cancel(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        threading.Timer(0.3, connection.cancel).start()
        start = time.monotonic()
        try:
            connection.execute("select pg_sleep(10)")
        except psycopg.errors.QueryCanceled:
            assert time.monotonic() - start < 5
        else:
            raise AssertionError("the query was not cancelled")
        assert connection.execute("select 1").fetchone() == (1,)


def copy_out(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy("copy (select generate_series(1, 100000)) to stdout") as copy:
            assert sum(1 for _ in copy.rows()) == 100000
        assert cursor.execute("select 1").fetchone() == (1,)


def pipeline(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.pipeline():
        cursors = [connection.execute("select %s::int", (number,)) for number in range(100)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(100))


def large_values(conninfo):
    text = "x" * 5_000_000
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "insert into kv (k, v) values (%s, %s) on conflict (k) do update set v = excluded.v", (5, text))
        assert connection.execute("select v from kv where k = %s", (5,)).fetchone()[0] == text
        connection.execute("update kv set v = '' where k = 5")


def disconnect_in_transaction(conninfo):
    connection = psycopg.connect(conninfo)
    connection.execute("update kv set v = 'gone' where k = %s", (3,))
    connection.close()
    with psycopg.connect(conninfo, autocommit=True) as other:
        assert other.execute("select v from kv where k = %s for update", (3,)).fetchone() != ("gone",)


if __name__ == "__main__":
    for check in (
        autocommit, prepared, blocks, savepoint_first, several_segments, refusals, settings, cancel, copy_out, pipeline, large_values,
        disconnect_in_transaction,
    ):
        check(sys.argv[1])
        print("ok", check.__name__)
