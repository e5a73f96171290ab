"""asyncpg through the router: Flush-ended prepares, statement cache, pools with their reset query, transactions.

Usage: asyncpg_session.py <postgresql://... URL>. The server has a table kv(k bigint primary key, v text), sharded by k.
"""

import asyncio
import sys

import asyncpg


async def statements(url):
    connection = await asyncpg.connect(url)
    await connection.execute("delete from kv where k = 11")
    await connection.execute("insert into kv (k, v) values ($1, $2)", 11, "eleven")
    for key in (11, 12, 13):
        rows = await connection.fetch("select k, v from kv where k = $1", key)
        assert [tuple(row) for row in rows] == ([(11, "eleven")] if key == 11 else []), rows
    assert await connection.fetchval("select count(v) from kv where k = any($1)", [11, 11, None]) == 1
    assert await connection.fetchval("select count(v) from kv where k = any($1::int[])", []) == 0
    statement = await connection.prepare("select v from kv where k = $1")
    assert await statement.fetchval(11) == "eleven"
    await connection.executemany(
        "insert into kv (k, v) values ($1, $2) on conflict (k) do nothing", [(11, "a"), (11, "b")])
    await connection.close()


async def several_segments(url):
    connection = await asyncpg.connect(url)
    for key in range(201, 221):
        await connection.execute("insert into kv (k, v) values ($1, 'several') on conflict (k) do nothing", key)
    # One row is asked for, and the portal is left.
    for _ in range(3):
        assert await connection.fetchval("select count(*) from kv where v = $1", "several") == 20
        assert await connection.fetchval("select k from kv where v = 'several'") in range(201, 221)
    rows = await connection.fetch("select k from kv where k = any($1) order by k limit $2", [220, 202, 211, 203], 3)
    assert [row["k"] for row in rows] == [202, 203, 211]
    statement = await connection.prepare("select v, sum(k), avg(k) from kv where v = $1 group by v")
    assert (await statement.fetchrow("several"))["sum"] == 4210
    await connection.close()


async def errors(url):
    connection = await asyncpg.connect(url)
    for sql, error in (
        ("select * from no_such_schema.no_such_table", asyncpg.PostgresError),
        ("select nonsense($1)", asyncpg.PostgresError),
        ("selec", asyncpg.PostgresSyntaxError),
        ("delete from kv", asyncpg.FeatureNotSupportedError),
    ):
        try:
            await connection.fetch(sql)
        except error:
            pass
        else:
            raise AssertionError(sql)
        assert await connection.fetchval("select 1") == 1
    await connection.close()


async def transactions(url):
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("insert into kv (k, v) values ($1, 'x') on conflict (k) do update set v = 'x'", 14)
        async with connection.transaction():
            await connection.execute("update kv set v = 'y' where k = $1", 14)
    try:
        async with connection.transaction(isolation="serializable"):
            await connection.execute("update kv set v = 'z' where k = $1", 14)
            raise KeyError
    except KeyError:
        pass
    assert await connection.fetchval("select v from kv where k = $1", 14) == "y"
    async with connection.transaction():
        rows = [row async for row in connection.cursor("select generate_series(1, 1000)")]
        assert len(rows) == 1000
    await connection.close()


async def pool(url):
    async with asyncpg.create_pool(url, min_size=2, max_size=8) as pool:
        async def work(number):
            for _ in range(20):
                async with pool.acquire() as connection:
                    assert await connection.fetchval("select $1::int", number) == number
                    await connection.fetch("select v from kv where k = $1", number)
        await asyncio.gather(*(work(number) for number in range(30)))


async def timeouts(url):
    connection = await asyncpg.connect(url)
    try:
        await connection.fetch("select pg_sleep(10)", timeout=0.3)
    except asyncio.TimeoutError:
        pass
    assert await connection.fetchval("select 2") == 2
    await connection.close()


async def main(url):
    for check in (statements, several_segments, errors, transactions, pool, timeouts):
        await asyncio.wait_for(check(url), 60)
        print("ok", check.__name__)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
