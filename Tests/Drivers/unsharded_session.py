"""Tables of no group through the router: definitions, COPY both ways in all formats and protocols, transactions, errors.

Usage: unsharded_session.py <conninfo>. The server has a table kv(k bigint primary key, v text), sharded by k; its role
may create tables.
"""

import asyncio
import sys

import asyncpg
import psycopg
from psycopg import pq


def definitions(conninfo):
    with psycopg.connect(conninfo) as connection:
        connection.execute("create table city (id serial primary key, name text unique, area numeric)")
        connection.execute("insert into city (name) values ('Rome'), ('Oslo')")
        assert connection.execute("select count(*) from city").fetchone() == (2,)
        connection.commit()
        connection.execute("create table doomed (id int)")
        connection.execute("insert into doomed values (1)")
        connection.rollback()
        try:
            connection.execute("select * from doomed")
        except psycopg.errors.UndefinedTable:
            connection.rollback()
        else:
            raise AssertionError("doomed was rolled back")
        connection.execute("alter table city add column note text default 'n'")
        connection.execute("create index on city (note)")
        connection.execute("create view big_city as select * from city where area > 100")
        assert connection.execute("select * from big_city").fetchall() == []
        connection.execute(
            "merge into city using (values ('Rome', 1285), ('Bonn', 141)) as new (name, area) on city.name = new.name "
            "when matched then update set area = new.area when not matched then insert (name, area) values (new.name, new.area)")
        rows = connection.execute("select name from big_city order by area desc").fetchall()
        assert rows == [("Rome",), ("Bonn",)], rows
        assert connection.execute("select nextval('city_id_seq')").fetchone() == (4,)
        connection.commit()


def prepared_over_a_change(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.prepare_threshold = 0
        connection.execute("create table wide (a int)")
        assert len(connection.execute("select * from wide").description) == 1
        connection.execute("alter table wide add column b int")
        try:
            columns = len(connection.execute("select * from wide").description)
        except psycopg.errors.FeatureNotSupported:
            # As without a router: the result of what this session has prepared must not change.
            columns = 2
        assert columns == 2
    for _ in range(10):
        with psycopg.connect(conninfo, autocommit=True) as other:
            other.prepare_threshold = 0
            assert len(other.execute("select * from wide").description) == 2


def copies(conninfo):
    with psycopg.connect(conninfo) as connection:
        with connection.cursor() as cursor:
            cursor.execute("create table goods (id int primary key, name text, price numeric)")
            with cursor.copy("copy goods from stdin") as copy:
                for number in range(20000):
                    copy.write_row((number, f"name\t{number}", None if number % 7 == 0 else number / 10))
            connection.commit()
            with cursor.copy("copy goods (id, name) from stdin (format binary)") as copy:
                copy.set_types(["int4", "text"])
                for number in range(20000, 20500):
                    copy.write_row((number, "x" * number))
            cursor.execute("select count(*), sum(length(name)), sum(price) from goods")
            count, length, price = cursor.fetchone()
            assert (count, str(price)) == (20500, "17141142.9"), (count, price)
            with cursor.copy("copy goods to stdout (format csv)") as copy:
                assert sum(bytes(block).count(b"\n") for block in copy) == 20500
            connection.commit()


def failed_copies(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for rows, error in (
            (["1\tx\t1\n"], psycopg.errors.UniqueViolation),
            (["99999\tx\n"], psycopg.errors.BadCopyFileFormat),
            (["x\tx\t1\n"] + ["7\tx\t1\n"] * 50000, psycopg.errors.InvalidTextRepresentation),
        ):
            try:
                with connection.cursor().copy("copy goods from stdin") as copy:
                    for row in rows:
                        copy.write(row)
            except error:
                pass
            else:
                raise AssertionError(rows[0])
            assert connection.execute("select count(*) from goods").fetchone() == (20500,)
        try:
            with connection.cursor().copy("copy goods from stdin") as copy:
                copy.write("99999\tx\t1\n")
                raise KeyError
        except (KeyError, psycopg.errors.QueryCanceled):
            pass
        else:
            raise AssertionError("the copy was given up")
        assert connection.execute("select count(*) from goods").fetchone() == (20500,)


def extended_copy(conninfo):
    """COPY by Parse, Bind and Execute: libpq sends a Sync with them, and one more after the data."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        session = connection.pgconn
        for data, status in ((b"30001\ta\t1\n", pq.ExecStatus.COMMAND_OK), (b"broken\n", pq.ExecStatus.FATAL_ERROR)):
            result = session.exec_params(b"copy goods from stdin", [])
            assert result.status == pq.ExecStatus.COPY_IN, result.status
            session.put_copy_data(data)
            session.put_copy_end()
            assert session.get_result().status == status
            assert session.get_result() is None
            assert connection.execute("select count(*) from goods").fetchone() == (20501,)
        session.exec_params(b"copy goods from stdin", [])
        session.put_copy_data(b"30002\ta\t1\n")
        session.put_copy_end(b"changed my mind")
        assert session.get_result().status == pq.ExecStatus.FATAL_ERROR
        assert session.get_result() is None
        assert connection.execute("select count(*) from goods").fetchone() == (20501,)


def lost_copies(conninfo):
    """A client that leaves in the middle of COPY leaves nothing behind, and no connection in a state of its own."""
    for _ in range(12):
        connection = psycopg.connect(conninfo, autocommit=True)
        connection.pgconn.exec_(b"copy goods from stdin")
        connection.pgconn.put_copy_data(b"40000\ta\t1\n")
        connection.pgconn.flush()
        connection.pgconn.finish()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(20):
            assert connection.execute("select count(*) from goods where id = 40000").fetchone() == (0,)


def beside_sharded(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("insert into kv (k, v) values (5, 'five') on conflict do nothing")
        for sql in (
            "select * from kv join city on kv.v = city.name where kv.k = 5",
            "insert into goods (id, name) select k, v from kv where k = 5",
            "insert into kv (k, v) select 5, name from city",
            "create view bad as select * from kv",
            "create table bad (like kv)",
            "drop table kv",
            "truncate kv",
            "drop index kv_pkey",
            "create temp table bad (id int)",
            "alter table city add foreign key (id) references kv (k)",
        ):
            try:
                connection.execute(sql)
            except psycopg.errors.FeatureNotSupported as error:
                assert error.diag.message_hint, sql
            else:
                raise AssertionError(sql)


async def asyncpg_copies(url):
    connection = await asyncpg.connect(url)
    await connection.execute("create table points (id int, x float8)")
    rows = [(number, number / 3) for number in range(5000)]
    assert await connection.copy_records_to_table("points", records=rows) == "COPY 5000"
    assert [tuple(row) for row in await connection.fetch("select id, x from points order by id")] == rows
    try:
        await connection.copy_records_to_table("points", records=[(1, 2.0), ("x", 1.0)])
    except asyncpg.PostgresError:
        raise
    except Exception:
        pass
    assert await connection.fetchval("select count(*) from points") == 5000
    async with connection.transaction():
        await connection.execute("truncate points")
        await connection.copy_records_to_table("points", records=rows[:10])
    assert await connection.fetchval("select count(*) from points") == 10
    await connection.close()


if __name__ == "__main__":
    for check in (
        definitions, prepared_over_a_change, copies, failed_copies, extended_copy, lost_copies, beside_sharded
    ):
        check(sys.argv[1])
        print("ok", check.__name__)
    asyncio.run(asyncio.wait_for(asyncpg_copies(sys.argv[2]), 60))
    print("ok asyncpg_copies")
