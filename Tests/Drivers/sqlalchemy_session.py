"""SQLAlchemy through the router: psycopg2 and asyncpg beneath it, the core, the ORM, pools, reflection, refusals.

Usage: sqlalchemy_session.py <host:port/database> <sslmode>. The server has a table kv(k bigint primary key, v text), sharded by k,
and trusts the user app. Exits with a traceback when anything differs from what PostgreSQL itself does, or from what the
router promises.
"""

import asyncio
import sys

from sqlalchemy import BigInteger, Column, Text, create_engine, exc, inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class Pair(Base):
    __tablename__ = "kv"
    k = Column(BigInteger, primary_key=True, autoincrement=False)
    v = Column(Text)


def core(engine):
    with engine.begin() as connection:
        for value in ("a", "b"):
            statement = insert(Pair).values(k=201, v=value)
            connection.execute(statement.on_conflict_do_update(index_elements=["k"], set_={"v": value}))
        assert connection.execute(select(Pair.v).where(Pair.k == 201)).scalar() == "b"
        changed = connection.execute(Pair.__table__.update().where(Pair.k == 201).values(v="c").returning(Pair.v))
        assert changed.fetchall() == [("c",)]
        with connection.begin_nested() as savepoint:
            connection.execute(text("update kv set v = 'lost' where k = :k"), {"k": 201})
            savepoint.rollback()
        assert connection.execute(select(Pair.v).where(Pair.k.in_([201]))).scalar() == "c"
    with engine.connect() as connection:
        try:
            connection.execute(text("insert into kv (k, v) values (201, 'again')"))
        except exc.IntegrityError:
            connection.rollback()
        else:
            raise AssertionError("a duplicate key is taken")
        assert connection.execute(select(Pair.v).where(Pair.k == 201)).scalar() == "c"


def several_rows(engine):
    with engine.begin() as connection:
        statement = text("update kv set v = v || :more where k = :k")
        connection.execute(statement, [{"more": str(number), "k": 201} for number in range(20)])
        assert connection.execute(select(Pair.v).where(Pair.k == 201)).scalar() == "c" + "".join(map(str, range(20)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        keys = range(300, 340)
        try:
            # One INSERT of all rows.
            connection.execute(insert(Pair), [{"k": key, "v": "many"} for key in keys])
        except exc.NotSupportedError as error:
            assert error.orig.pgcode == "0A000"
        else:
            raise AssertionError("rows for several segments are taken")
        for key in keys:
            connection.execute(insert(Pair).values(k=key, v="many"))
        where = Pair.k.between(300, 339)
        rows = connection.execute(select(Pair.k).where(where).order_by(Pair.k.desc()).limit(3)).scalars().all()
        assert rows == [339, 338, 337], rows
        for key in keys:
            connection.execute(Pair.__table__.delete().where(Pair.k == key))
        assert connection.execute(select(Pair).where(where)).fetchall() == []


def orm(engine):
    with Session(engine) as session:
        session.merge(Pair(k=202, v="new"))
        session.commit()
        pair = session.get(Pair, 202)
        pair.v = "changed"
        session.commit()
        session.expire_all()
        assert session.query(Pair).filter_by(k=202).one().v == "changed"
        session.delete(pair)
        session.commit()
        assert session.get(Pair, 202) is None


def isolation(engine):
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        assert connection.execute(text("show transaction_isolation")).scalar() == "serializable"
    with engine.connect() as connection:
        assert connection.execute(text("show transaction_isolation")).scalar() == "read committed"


def reflection(engine):
    columns = {column["name"]: str(column["type"]) for column in inspect(engine).get_columns("kv")}
    assert columns == {"k": "BIGINT", "v": "TEXT"}, columns
    assert inspect(engine).get_pk_constraint("kv")["constrained_columns"] == ["k"]


def refusal(engine):
    with engine.connect() as connection:
        try:
            connection.execute(text("delete from kv"))
        except exc.NotSupportedError as error:
            assert error.orig.pgcode == "0A000"
        else:
            raise AssertionError("a statement over all segments is taken")
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1


async def asynchronous(target, encryption):
    engine = create_async_engine(f"postgresql+asyncpg://app@{target}", pool_size=3, connect_args={"ssl": encryption})
    try:
        async def change(number):
            async with engine.begin() as connection:
                await connection.execute(text("update kv set v = v where k = :k"), {"k": 201})
                return (await connection.execute(select(Pair.k).where(Pair.k == 201))).scalar()

        assert await asyncio.gather(*(change(number) for number in range(12))) == [201] * 12
    finally:
        await engine.dispose()


def main(target, encryption):
    engine = create_engine(f"postgresql+psycopg2://app@{target}?sslmode={encryption}", pool_size=2, future=True)
    try:
        for part in (core, several_rows, orm, isolation, reflection, refusal):
            part(engine)
            print("passed:", part.__name__, flush=True)
    finally:
        engine.dispose()
    asyncio.run(asynchronous(target, encryption))
    print("passed: asynchronous")


main(*sys.argv[1:])
