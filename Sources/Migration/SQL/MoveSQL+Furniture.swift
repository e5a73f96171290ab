// What the moves of an instance share: schema `foreshard`. It is made once, by every move that finds it missing, and
// costs nothing while no move is under way.
import ClusterModel
import PostgresClient

extension MoveSQL {
    /// Idempotent; the lock keeps two moves from making the same thing at once.
    package static func furnish(term: Int64) -> [String] {
        [
            "SELECT pg_advisory_xact_lock(\(MoveNames.lockClass), 0)",
            "CREATE SCHEMA IF NOT EXISTS foreshard",
            "GRANT USAGE ON SCHEMA foreshard TO PUBLIC",
            "CREATE TABLE IF NOT EXISTS foreshard.token (stream text, n bigint, PRIMARY KEY (stream, n))",
            """
            CREATE TABLE IF NOT EXISTS foreshard.coordinator (
              only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), term bigint NOT NULL)
            """,
            guardFunction, keyChangeFunction, truncateFunction, setRegisterFunction,
            "REVOKE ALL ON FUNCTION foreshard.set_register FROM PUBLIC",
            claim(term: term),
        ]
    }

    /// Raises the instance's term; an older coordinator's `set_register` is refused from then on.
    package static func claim(term: Int64) -> String {
        """
        INSERT INTO foreshard.coordinator (term) VALUES (\(term)) ON CONFLICT (only_row) DO UPDATE \
        SET term = greatest(coordinator.term, excluded.term) RETURNING term
        """
    }

    package static let isFurnished = "SELECT to_regclass('foreshard.coordinator') IS NOT NULL"

    package static let unfurnish = "DROP SCHEMA IF EXISTS foreshard CASCADE"

    /// A predecessor may have died with a statement in flight; nothing of ours may begin before that has ended.
    package static func endSessions(application: String) -> String {
        """
        SELECT count(*), count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE application_name = \(quoteLiteral(application)) AND pid <> pg_backend_pid()
        """
    }

    /// A shared lock and the register: right in every isolation level, since neither is read through the snapshot.
    private static let guardFunction = """
        CREATE OR REPLACE FUNCTION foreshard.guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_catalog.pg_advisory_xact_lock_shared(\(MoveNames.lockClass), TG_ARGV[1]::int);
          IF pg_catalog.pg_sequence_last_value(TG_ARGV[0]::regclass) & 1 = 1 THEN
            RAISE EXCEPTION 'this instance does not own segment %', TG_ARGV[2]
              USING ERRCODE = '\(notOwnerState)', HINT = 'Connect through Foreshard, which knows the owner.';
          END IF;
          IF TG_OP = 'DELETE' THEN
            RETURN OLD;
          END IF;
          RETURN NEW;
        END $$
        """

    private static let keyChangeFunction = """
        CREATE OR REPLACE FUNCTION foreshard.refuse_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'the shard key of a row of % cannot enter or leave segment % while that moves',
            TG_RELID::regclass, TG_ARGV[0] USING ERRCODE = '0A000', HINT = 'Delete the row and insert it anew.';
        END $$
        """

    private static let truncateFunction = """
        CREATE OR REPLACE FUNCTION foreshard.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% cannot be truncated while segment % moves', TG_RELID::regclass, TG_ARGV[0]
            USING ERRCODE = '0A000', HINT = 'Use DELETE, which is replicated, or abort the move.';
        END $$
        """

    /// The row lock makes a successor's claim wait for an order that is being carried out.
    private static let setRegisterFunction = """
        CREATE OR REPLACE FUNCTION foreshard.set_register(register regclass, epoch bigint, by_term bigint)
        RETURNS bigint LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM FROM foreshard.coordinator c WHERE c.term <= by_term FOR SHARE;
          IF NOT FOUND THEN
            RAISE EXCEPTION 'a coordinator of a newer term than % is in charge', by_term
              USING ERRCODE = '\(supersededState)';
          END IF;
          RETURN pg_catalog.setval(register, epoch);
        END $$
        """
}
