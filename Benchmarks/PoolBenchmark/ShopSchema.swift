// A schema as an application of some years has it: tables with keys, indexes, references, checks and comments, some types,
// functions, triggers and views, and roles with grants. As text, made the same way every time.

struct ShopSchema {
    let tables: Int
    private static let roles = ["shop_owner", "shop_app", "shop_reader", "shop_reports", "shop_support"]

    /// Statements for one query of the simple protocol.
    var sql: String {
        let parts = [
            roles, types, (0..<tables).map(table).joined(), (0..<max(1, tables / 10)).map(view).joined(), grants,
        ]
        return parts.joined(separator: "\n")
    }

    private var roles: String {
        Self.roles.map { "CREATE ROLE \($0)\($0 == "shop_owner" ? "" : " LOGIN PASSWORD 'secret of \($0)'");" }
            .joined(separator: "\n") + "\nGRANT shop_reader TO shop_reports, shop_support;"
    }

    private var types: String {
        """
        CREATE TYPE phase AS ENUM ('new', 'paid', 'sent', 'returned');
        CREATE DOMAIN price AS numeric(12, 2) CHECK (VALUE >= 0);
        CREATE SEQUENCE documents;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.changed_at := now(); RETURN NEW; END';
        CREATE FUNCTION total(amount price, count integer) RETURNS price LANGUAGE sql IMMUTABLE AS
            'SELECT (amount * count)::price';
        CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
        """
    }

    /// Fourteen columns, a primary key, four further indexes, a reference, two checks, a trigger and a comment.
    private func table(_ number: Int) -> String {
        let name = "records_\(number)"
        return """
            CREATE TABLE \(name) (
                customer_id bigint NOT NULL REFERENCES customers, id bigserial, reference uuid NOT NULL,
                phase phase NOT NULL DEFAULT 'new', amount price NOT NULL DEFAULT 0, count integer NOT NULL DEFAULT 1,
                title text NOT NULL, body text, tags text[] NOT NULL DEFAULT '{}', details jsonb,
                made_at timestamptz NOT NULL DEFAULT now(), changed_at timestamptz, due date,
                is_open boolean NOT NULL DEFAULT true,
                PRIMARY KEY (customer_id, id), CHECK (count > 0), CHECK (due IS NULL OR due > '2000-01-01'));
            CREATE UNIQUE INDEX \(name)_reference ON \(name) (customer_id, reference);
            CREATE INDEX \(name)_made_at ON \(name) (made_at);
            CREATE INDEX \(name)_open ON \(name) (customer_id, due) WHERE is_open;
            CREATE INDEX \(name)_details ON \(name) USING gin (details);
            CREATE TRIGGER \(name)_touch BEFORE UPDATE ON \(name) FOR EACH ROW EXECUTE FUNCTION touch();
            COMMENT ON TABLE \(name) IS 'Records of kind \(number).';
            ALTER TABLE \(name) OWNER TO shop_owner;

            """
    }

    private func view(_ number: Int) -> String {
        """
        CREATE VIEW open_\(number) AS SELECT r.id, c.name, total(r.amount, r.count) AS total
            FROM records_\(number) r JOIN customers c ON c.id = r.customer_id WHERE r.is_open;

        """
    }

    private var grants: String {
        """
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO shop_reader;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_app;
        """
    }
}
