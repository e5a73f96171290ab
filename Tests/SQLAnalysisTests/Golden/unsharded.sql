SELECT * FROM products
--> select; public.products
--> unsharded on home-2

SELECT p.name, now() FROM stock.products AS p JOIN "Warehouse" w USING (id) WHERE p.price > 3
--> select; public.Warehouse stock.products
--> unsharded on home-2

SELECT * FROM products FOR UPDATE
--> select; writes; public.products
--> unsharded on home-2

SELECT * FROM pg_class
--> select; pg_catalog.pg_class
--> anywhere

SELECT relname FROM pg_class JOIN products ON relname = products.name
--> select; public.products
--> unsharded on home-2

SELECT 1
--> select
--> anywhere

SELECT my_report()
--> select
--> anywhere

INSERT INTO products VALUES (1, 'x') RETURNING id
--> insert; writes; public.products
--> unsharded on home-2

INSERT INTO products SELECT * FROM staging ON CONFLICT DO NOTHING
--> insert; writes; public.products public.staging
--> unsharded on home-2

UPDATE products SET price = price * 2 FROM suppliers WHERE suppliers.id = products.supplier
--> update; writes; public.products public.suppliers
--> unsharded on home-2

DELETE FROM products USING suppliers WHERE suppliers.id = products.supplier AND products.id = $1
--> delete; writes; $1; public.products public.suppliers
--> unsharded on home-2

MERGE INTO products USING staging ON products.id = staging.id WHEN MATCHED THEN DELETE
--> utility("MERGE"); writes; public.products public.staging
--> unsharded on home-2

WITH gone AS (DELETE FROM products RETURNING id) SELECT count(*) FROM gone
--> select; writes; public.products
--> unsharded on home-2

WITH products AS (SELECT * FROM products) SELECT * FROM products
--> select; public.products
--> unsharded on home-2

WITH orders AS (SELECT * FROM products) SELECT * FROM orders
--> select; public.products
--> unsharded on home-2

WITH x AS (SELECT 1) SELECT * FROM x
--> select
--> anywhere

EXPLAIN SELECT * FROM products
--> explain; public.products
--> unsharded on home-2

EXPLAIN ANALYZE DELETE FROM products
--> explain; writes; public.products
--> unsharded on home-2

COPY products FROM STDIN
--> copy; writes; public.products
--> unsharded on home-2

COPY products (id, name) TO STDOUT (FORMAT csv)
--> copy; public.products
--> unsharded on home-2

COPY (SELECT * FROM products) TO STDOUT
--> copy; public.products
--> unsharded on home-2

COPY products FROM '/etc/passwd'
--> copy; public.products
--> refused 0A000 COPY with a file or program: COPY with a file or program cannot be sent through the router
--> hint: Use COPY … TO STDOUT.

CREATE TABLE products (id int REFERENCES suppliers)
--> utility("CREATE TABLE"); writes; public.products public.suppliers
--> unsharded on home-2

CREATE TABLE x AS SELECT * FROM products
--> utility("CREATE TABLE AS"); writes; public.products public.x
--> unsharded on home-2

SELECT * INTO x FROM products
--> select; writes; public.products public.x
--> unsharded on home-2

CREATE TEMP TABLE x (id int)
--> utility("CREATE TABLE"); public.x
--> refused 0A000 temporary table: the temporary table x would belong to one connection, and the session's next statement may run on another
--> hint: Use WITH, or an ordinary table.

CREATE TABLE pg_temp.x (id int)
--> utility("CREATE TABLE"); pg_temp.x
--> refused 0A000 temporary table: the temporary table x would belong to one connection, and the session's next statement may run on another
--> hint: Use WITH, or an ordinary table.

SELECT * INTO TEMP x FROM products
--> select; public.products public.x
--> refused 0A000 temporary table: the temporary table x would belong to one connection, and the session's next statement may run on another
--> hint: Use WITH, or an ordinary table.

CREATE INDEX CONCURRENTLY ON products (name)
--> utility("CREATE INDEX"); writes; public.products
--> unsharded on home-2

CREATE VIEW cheap AS SELECT * FROM products
--> utility("CREATE VIEW"); writes; public.cheap public.products
--> unsharded on home-2

CREATE MATERIALIZED VIEW cheap AS SELECT * FROM products
--> utility("CREATE TABLE AS"); writes; public.cheap public.products
--> unsharded on home-2

REFRESH MATERIALIZED VIEW cheap
--> utility("REFRESH MATERIALIZED VIEW"); writes; public.cheap
--> unsharded on home-2

CREATE SEQUENCE numbers
--> utility("CREATE SEQUENCE"); writes; public.numbers
--> unsharded on home-2

ALTER SEQUENCE numbers RESTART
--> utility("ALTER SEQUENCE"); writes; public.numbers
--> unsharded on home-2

ALTER TABLE products ADD COLUMN note text
--> utility("ALTER TABLE"); writes; public.products
--> unsharded on home-2

ALTER TABLE products RENAME COLUMN note TO notes
--> utility("RENAME"); writes; public.products
--> unsharded on home-2

ALTER TABLE products SET SCHEMA stock
--> utility("ALTER OBJECT SCHEMA"); writes; public.products
--> unsharded on home-2

ALTER INDEX products_name_idx RENAME TO x
--> utility("RENAME"); writes; public.products_name_idx
--> unsharded on home-2

DROP TABLE products, stock.products CASCADE
--> utility("DROP"); writes; public.products stock.products
--> unsharded on home-2

DROP VIEW IF EXISTS cheap
--> utility("DROP"); writes; public.cheap
--> unsharded on home-2

DROP INDEX products_name_idx
--> utility("DROP"); writes; public.products_name_idx
--> unsharded on home-2

DROP TRIGGER t ON products
--> utility("DROP"); writes; public.products
--> unsharded on home-2

TRUNCATE products, suppliers
--> utility("TRUNCATE"); writes; public.products public.suppliers
--> unsharded on home-2

LOCK TABLE products IN SHARE MODE
--> utility("LOCK"); writes; public.products
--> unsharded on home-2

VACUUM ANALYZE products
--> utility("VACUUM"); writes; public.products
--> unsharded on home-2

VACUUM
--> utility("VACUUM")
--> refused 0A000 VACUUM: VACUUM cannot be sent through the router
--> hint: Connect to the instances directly.

GRANT SELECT ON products TO reader
--> utility("GRANT"); writes; public.products
--> unsharded on home-2

GRANT USAGE ON SCHEMA stock TO reader
--> utility("GRANT")
--> refused 0A000 GRANT: GRANT cannot be sent through the router
--> hint: Connect to the instances directly.

COMMENT ON COLUMN products.name IS 'what it is called'
--> utility("COMMENT"); writes; public.products
--> unsharded on home-2

COMMENT ON TABLE products IS 'goods'
--> utility("COMMENT"); writes; public.products
--> unsharded on home-2

SELECT nextval('numbers')
--> select
--> unsharded on home-2

SELECT setval('stock.numbers'::regclass, 7)
--> select
--> unsharded on home-2

SELECT setval('numbers', max(id)) FROM products
--> select; public.products
--> unsharded on home-2

SELECT nextval('orders_id_seq')
--> select
--> refused 0A000 nextval: each instance has its own state for nextval, and no shard key says which instance is meant
--> hint: Draw the number in a statement with a shard key, or by the column's default in an INSERT.

SELECT nextval($1)
--> select; $1
--> refused 0A000 nextval: each instance has its own state for nextval, and no shard key says which instance is meant
--> hint: Draw the number in a statement with a shard key, or by the column's default in an INSERT.

SELECT setval('orders_id_seq', max(id)) FROM products
--> select; public.products
--> refused 0A000 setval: what setval does is not in the rows of one segment, and does not move with them
--> hint: Set the sequence on each instance directly.

SELECT currval('numbers')
--> select
--> refused 0A000 currval: currval reads or leaves something in the session, whose next statement may run on another connection
--> hint: Read the number with RETURNING in the INSERT itself.

SELECT pg_advisory_lock(id) FROM products
--> select; public.products
--> refused 0A000 pg_advisory_lock: pg_advisory_lock reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

SELECT pg_advisory_xact_lock(1)
--> select
--> refused 0A000 pg_advisory_xact_lock: each instance has its own state for pg_advisory_xact_lock, and no shard key says which instance is meant
--> hint: Call pg_advisory_xact_lock in a statement on rows of one shard key, or lock the rows FOR UPDATE.

SELECT * FROM products, orders WHERE orders.customer_id = 1
--> select; public.orders public.products
--> refused 0A000 unsharded table: public.products belongs to no group, and public.orders to group shop: they need not live together
--> hint: Send one statement for each of them.

SELECT * FROM orders, products WHERE orders.customer_id = 1
--> select; public.orders public.products
--> refused 0A000 unsharded table: public.products belongs to no group, and public.orders to group shop: they need not live together
--> hint: Send one statement for each of them.

SELECT (SELECT name FROM products LIMIT 1) FROM orders WHERE customer_id = 1
--> select; public.orders public.products
--> refused 0A000 unsharded table: public.products belongs to no group, and public.orders to group shop: they need not live together
--> hint: Send one statement for each of them.

INSERT INTO products (id) SELECT id FROM orders WHERE customer_id = 1
--> insert; inserts; public.orders public.products
--> refused 0A000 unsharded table: public.products belongs to no group, and is changed in a statement that names tables of a group
--> hint: Read the rows first, then change public.products in a statement of its own.

INSERT INTO orders (id, customer_id) SELECT 1, id FROM products
--> insert; inserts; public.orders public.products
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

SELECT * FROM open_orders
--> select; public.open_orders
--> refused 0A000 relation of a sharded table: public.open_orders is a view of public.orders, whose rows may be on several instances
--> hint: Use the sharded table itself with its shard key, or connect to the instances directly.

SELECT * FROM products JOIN open_orders USING (id)
--> select; public.open_orders public.products
--> refused 0A000 relation of a sharded table: public.open_orders is a view of public.orders, whose rows may be on several instances
--> hint: Use the sharded table itself with its shard key, or connect to the instances directly.

WITH open_orders AS (SELECT 1) SELECT * FROM open_orders, products
--> select; public.products
--> unsharded on home-2

DROP INDEX orders_pkey
--> utility("DROP")
--> refused 0A000 relation of a sharded table: public.orders_pkey is an index of public.orders, whose rows may be on several instances
--> hint: Use the sharded table itself with its shard key, or connect to the instances directly.

ALTER SEQUENCE orders_id_seq RESTART
--> utility("ALTER SEQUENCE"); public.orders_id_seq
--> refused 0A000 relation of a sharded table: public.orders_id_seq is a sequence of public.orders, whose rows may be on several instances
--> hint: Use the sharded table itself with its shard key, or connect to the instances directly.

SELECT * FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE foreshard_filter

SELECT * FROM orders WHERE customer_id = 5
--> select; public.orders
--> shop: '5'

CREATE VIEW bad AS SELECT * FROM orders
--> utility("CREATE VIEW"); public.bad public.orders
--> refused 0A000 CREATE VIEW: CREATE VIEW cannot be sent through the router
--> hint: Connect to the instances directly.

CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES IN (1)
--> utility("CREATE TABLE"); public.orders public.orders_2024
--> refused 0A000 CREATE TABLE: CREATE TABLE cannot be sent through the router
--> hint: Connect to the instances directly.

ALTER TABLE products ADD FOREIGN KEY (id) REFERENCES customers
--> utility("ALTER TABLE"); public.customers public.products
--> refused 0A000 ALTER TABLE: ALTER TABLE cannot be sent through the router
--> hint: Connect to the instances directly.

DROP TABLE products, orders
--> utility("DROP")
--> refused 0A000 DROP: DROP cannot be sent through the router
--> hint: Connect to the instances directly.

TRUNCATE products, orders
--> utility("TRUNCATE"); public.orders public.products
--> refused 0A000 TRUNCATE: TRUNCATE cannot be sent through the router
--> hint: Delete by shard key, or truncate on each instance.

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
--> utility("CREATE FUNCTION")
--> refused 0A000 CREATE FUNCTION: CREATE FUNCTION cannot be sent through the router
--> hint: Connect to the instances directly.

CREATE SCHEMA x
--> utility("CREATE SCHEMA")
--> refused 0A000 CREATE SCHEMA: CREATE SCHEMA cannot be sent through the router
--> hint: Connect to the instances directly.

DROP SCHEMA stock
--> utility("DROP")
--> refused 0A000 DROP: DROP cannot be sent through the router
--> hint: Connect to the instances directly.

PREPARE p AS SELECT * FROM products
--> utility("PREPARE"); public.products
--> refused 0A000 PREPARE: PREPARE cannot be sent through the router
--> hint: Prepare with the protocol's Parse message, as drivers do.

DECLARE c CURSOR FOR SELECT * FROM products
--> utility("DECLARE CURSOR"); public.products
--> refused 0A000 DECLARE CURSOR: DECLARE CURSOR cannot be sent through the router
--> hint: Read the rows with one SELECT, by LIMIT and key, or with the protocol's own portals.

UPDATE pg_class SET relname = 'x'
--> update; writes; pg_catalog.pg_class
--> refused 0A000 catalog write: the system catalog pg_class cannot be changed through the router
--> hint: Connect to each instance directly.

DELETE FROM pg_class USING products
--> delete; writes; public.products
--> unsharded on home-2

SELECT * FROM orders, products
--> select; public.orders public.products
--> refused 0A000 unsharded table: public.products belongs to no group, and public.orders to group shop: they need not live together
--> hint: Send one statement for each of them.

SELECT id FROM orders WHERE id IN (SELECT id FROM products)
--> select; public.orders public.products
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT customer_id, count(*) FROM orders JOIN open_orders USING (id) GROUP BY 1
--> select; public.open_orders public.orders
--> refused 0A000 relation of a sharded table: public.open_orders is a view of public.orders, whose rows may be on several instances
--> hint: Use the sharded table itself with its shard key, or connect to the instances directly.
