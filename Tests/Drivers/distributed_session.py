"""Transactions over several instances, as drivers make them: blocks, pipelines, batches, many rows at once.

usage: distributed_session.py HOST:PORT/DATABASE; keys 5000 to 9999 of kv are this program's.
"""
import asyncio
import sys

import asyncpg
import psycopg
import psycopg2
import psycopg2.extras
import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


def values(connection, low, high):
    rows = []
    for key in range(low, high):
        rows += connection.execute("select v from kv where k = %s", (key,)).fetchall()
    return [row[0] for row in rows]


def psycopg_three(url):
    with psycopg.connect(url) as connection:
        # One block over all keys; what it wrote it sees.
        with connection.transaction():
            for key in range(5000, 5020):
                connection.execute("insert into kv (k, v) values (%s, 'a')", (key,))
            assert values(connection, 5000, 5020) == ["a"] * 20
            # psycopg begins a block by itself: it reads all instances, and sees what it wrote.
            found = connection.execute("select count(*), min(k), max(k) from kv where v = 'a'").fetchone()
            assert found == (20, 5000, 5019), found
        # A savepoint undoes what was done on every instance since.
        with connection.transaction():
            connection.execute("update kv set v = 'b' where k = 5000")
            try:
                with connection.transaction():
                    for key in range(5000, 5020):
                        connection.execute("update kv set v = 'c' where k = %s", (key,))
                    raise ValueError
            except ValueError:
                pass
            for key in range(5010, 5020):
                connection.execute("update kv set v = 'd' where k = %s", (key,))
        assert values(connection, 5000, 5020) == ["b"] + ["a"] * 9 + ["d"] * 10
        # Many rows: in a pipeline, and in one statement.
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into kv (k, v) values (%s, %s) returning k", [(key, "e") for key in range(5100, 5140)],
                returning=True)
            returned = [cursor.fetchone()[0]]
            while cursor.nextset():
                returned.append(cursor.fetchone()[0])
            assert returned == list(range(5100, 5140)), returned
        connection.commit()
        # All or nothing.
        try:
            with connection.cursor() as cursor:
                cursor.executemany("insert into kv (k, v) values (%s, 'f')", [(k,) for k in [5141, 5142, 5143, 5100]])
            raise AssertionError("a key was inserted twice")
        except psycopg.errors.UniqueViolation:
            connection.rollback()
        assert values(connection, 5141, 5144) == []
        connection.rollback()


def psycopg_two(url):
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        rows = [(key, f"it's {key}") for key in range(5200, 5300)]
        returned = psycopg2.extras.execute_values(
            cursor, "insert into kv (k, v) values %s returning k, v", rows, page_size=50, fetch=True)
        assert returned == rows, returned
    with connection, connection.cursor() as cursor:
        psycopg2.extras.execute_values(
            cursor, "insert into kv (k, v) values %s on conflict (k) do update set v = excluded.v || '!'", rows)
        assert cursor.rowcount == 100, cursor.rowcount
    connection.close()


async def async_pg(url):
    connection = await asyncpg.connect(url)
    await connection.executemany("insert into kv (k, v) values ($1, $2)", [(k, "g") for k in range(5400, 5500)])
    async with connection.transaction():
        for key in range(5400, 5500):
            await connection.execute("update kv set v = 'h' where k = $1", key)
    found = [await connection.fetchval("select v from kv where k = $1", key) for key in range(5400, 5500)]
    assert found == ["h"] * 100
    try:
        await connection.executemany("insert into kv (k, v) values ($1, '')", [(5501,), (5502,), (5503,), (5400,)])
        raise AssertionError("a key was inserted twice")
    except asyncpg.UniqueViolationError:
        pass
    assert await connection.fetchval("select count(*) from kv where k between 5501 and 5503") == 0
    await connection.close()


class Pair(Base):
    __tablename__ = "kv"
    k = sa.Column(sa.BigInteger, primary_key=True, autoincrement=False)
    v = sa.Column(sa.Text)


def sqlalchemy(url):
    engine = sa.create_engine(url)
    with Session(engine) as session:
        session.add_all([Pair(k=key, v="i") for key in range(5600, 5700)])
        session.commit()
        for key in range(5600, 5700):
            session.get(Pair, key).v = "j"
        session.commit()
        assert {session.get(Pair, key).v for key in range(5600, 5700)} == {"j"}
        pairs = session.query(Pair).filter(Pair.v == "j").order_by(Pair.k.desc()).limit(3).all()
        assert [pair.k for pair in pairs] == [5699, 5698, 5697]
        with session.begin_nested():
            session.add_all([Pair(k=key, v="k") for key in range(5700, 5720)])
        session.commit()
        session.add_all([Pair(k=key, v="l") for key in [5721, 5722, 5723, 5700]])
        try:
            session.commit()
            raise AssertionError("a key was inserted twice")
        except sa.exc.IntegrityError:
            session.rollback()
        assert [session.get(Pair, key) for key in (5721, 5722, 5723)] == [None] * 3
    with engine.begin() as connection:
        returned = connection.execute(
            sa.insert(Pair).values([{"k": key, "v": "m"} for key in range(5800, 5900)]).returning(Pair.k)).all()
        assert [row.k for row in returned] == list(range(5800, 5900))
    engine.dispose()


def main():
    place = sys.argv[1]
    url = f"postgresql://app@{place}?sslmode=disable"
    psycopg_three(url)
    psycopg_two(url)
    asyncio.run(async_pg(url))
    sqlalchemy(f"postgresql+psycopg2://app@{place}?sslmode=disable")


main()
