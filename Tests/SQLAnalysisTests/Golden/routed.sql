# One table, one key
SELECT * FROM orders WHERE customer_id = 42
--> select; public.orders
--> shop: '42'

SELECT * FROM orders WHERE 42 = customer_id AND total > 10.5
--> select; public.orders
--> shop: '42'

SELECT * FROM public.orders WHERE public.orders.customer_id = $1 AND id = $2
--> select; $2; public.orders
--> shop: $1

SELECT o.id FROM orders AS o WHERE (o.total > 5 OR o.total IS NULL) AND o.customer_id = $1
--> select; $1; public.orders
--> shop: $1

SELECT * FROM orders WHERE customer_id = '42'
--> select; public.orders
--> shop: '42'

SELECT * FROM orders WHERE customer_id = -42
--> select; public.orders
--> shop: '-42'

SELECT * FROM orders WHERE customer_id = - 42::bigint AND total = -1
--> select; public.orders
--> shop: '-42'

SELECT * FROM orders WHERE customer_id = 99999999999
--> select; public.orders
--> shop: '99999999999'

SELECT * FROM orders WHERE customer_id = '42'::bigint
--> select; public.orders
--> shop: '42'

SELECT * FROM orders WHERE customer_id = CAST($3 AS integer)
--> select; $3; public.orders
--> shop: $3

SELECT * FROM orders WHERE customer_id = bigint '42'
--> select; public.orders
--> shop: '42'

SELECT * FROM orders WHERE customer_id IN (7)
--> select; public.orders
--> shop: '7'

SELECT * FROM orders WHERE customer_id IN (7, $1, '9')
--> select; $1; public.orders
--> shop: '7', $1, '9'

SELECT * FROM orders WHERE customer_id = ANY (ARRAY[7, $1])
--> select; $1; public.orders
--> shop: '7', $1

SELECT * FROM orders WHERE customer_id = ANY ($1)
--> select; $1; public.orders
--> shop: each of $1

SELECT * FROM orders WHERE customer_id = ANY ($2::bigint[]) AND id = $1
--> select; $2; public.orders
--> shop: each of $2

DELETE FROM orders WHERE customer_id = ANY (ARRAY[7, $1]::int4[])
--> delete; writes; $1; public.orders
--> shop: '7', $1

SELECT * FROM orders WHERE (customer_id, id) = ($1, $2)
--> select; $2; public.orders
--> shop: $1

SELECT * FROM orders WHERE customer_id OPERATOR(pg_catalog.=) 5
--> select; public.orders
--> shop: '5'

SELECT * FROM orders WHERE customer_id = 1 AND customer_id = 2
--> select; public.orders
--> shop: '1'

SELECT * FROM orders WHERE customer_id = NULL
--> select; public.orders
--> shop: NULL

SELECT * FROM "Odd Name" WHERE "Key" = 5 /* a comment; with 'quotes' */ -- and more
--> select; public.Odd Name
--> shop: '5'

SELECT * FROM documents WHERE owner = 'it''s'
--> select; public.documents
--> library: 'it's'

SELECT * FROM documents WHERE owner = $tag$it's$tag$
--> select; public.documents
--> library: 'it's'

SELECT * FROM documents WHERE owner = E'tab\there'
--> select; public.documents
--> library: 'tab	here'

SELECT * FROM documents WHERE owner = 'x'::text AND "no" = 5
--> select; public.documents
--> library: 'x'

SELECT * FROM documents WHERE owner = 'two '
  'parts'
--> select; public.documents
--> library: 'two parts'

SELECT * FROM app.sessions s WHERE s.session_id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
--> select; app.sessions
--> web: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'

SELECT customer_id, count(*), sum(total) FROM orders WHERE customer_id = $1 GROUP BY 1 HAVING count(*) > 2 ORDER BY 2 DESC LIMIT 10 OFFSET 5
--> select; $1; public.orders
--> shop: $1

SELECT DISTINCT ON (id) id, row_number() OVER (PARTITION BY total ORDER BY id) FROM orders WHERE customer_id = $1
--> select; $1; public.orders
--> shop: $1

SELECT * FROM orders WHERE customer_id = $1 FOR UPDATE
--> select; writes; $1; public.orders
--> shop: $1

SELECT * FROM orders o JOIN items i USING (customer_id) WHERE o.customer_id = $1 FOR SHARE OF o SKIP LOCKED
--> select; writes; $1; public.items public.orders
--> shop: $1

SELECT * FROM ONLY orders TABLESAMPLE SYSTEM (10) WHERE customer_id = 3
--> select; public.orders
--> shop: '3'

# Joins
SELECT * FROM orders o JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o, items i, customers c WHERE c.id = o.customer_id AND o.customer_id = i.customer_id AND i.customer_id = 9
--> select; public.customers public.items public.orders
--> shop: '9'

SELECT * FROM orders o JOIN items i USING (customer_id) WHERE customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o LEFT JOIN items i USING (customer_id) WHERE customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o RIGHT JOIN items i USING (customer_id) WHERE customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = $1 WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM items i RIGHT JOIN orders o ON i.customer_id = o.customer_id WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

# A condition on the nullable side makes the join an inner one
SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id WHERE i.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o FULL JOIN items i ON i.customer_id = o.customer_id WHERE i.customer_id = $1 AND o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM customers c LEFT JOIN (orders o JOIN items i ON o.customer_id = i.customer_id) ON o.customer_id = c.id WHERE c.id = 5
--> select; public.customers public.items public.orders
--> shop: '5'

SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN items i ON i.customer_id = c.id AND i.order_id = o.id WHERE c.id = $1
--> select; $1; public.customers public.items public.orders
--> shop: $1

SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id AND c.id = $1
--> select; $1; public.customers public.orders
--> shop: $1

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id WHERE o.customer_id = $1 AND i.customer_id IS NULL
--> select; $1; public.items public.orders
--> shop: $1

# Subqueries
SELECT * FROM orders o WHERE o.customer_id = $1 AND EXISTS (SELECT 1 FROM items i WHERE i.customer_id = o.customer_id AND i.order_id = o.id)
--> select; $1; public.items public.orders
--> shop: $1

SELECT (SELECT count(*) FROM items i WHERE i.customer_id = o.customer_id) FROM orders o WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders WHERE customer_id = $1 AND id NOT IN (SELECT order_id FROM items WHERE customer_id = $1)
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM (SELECT * FROM orders WHERE customer_id = $1) o WHERE o.total > 5
--> select; $1; public.orders
--> shop: $1

SELECT * FROM (SELECT customer_id AS c FROM orders WHERE customer_id = $1) o JOIN items i ON i.customer_id = o.c
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM orders o, LATERAL (SELECT * FROM items i WHERE i.customer_id = o.customer_id LIMIT 3) x WHERE o.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

SELECT * FROM customers c LEFT JOIN LATERAL (SELECT max(id) FROM orders o WHERE o.customer_id = c.id) m ON true WHERE c.id = $1
--> select; $1; public.customers public.orders
--> shop: $1

WITH o AS (SELECT * FROM orders WHERE customer_id = $1), n AS (SELECT count(*) FROM o) SELECT * FROM o, n JOIN items i ON i.customer_id = $1
--> select; $1; public.items public.orders
--> shop: $1

WITH o AS (SELECT * FROM orders WHERE customer_id = $1) SELECT * FROM o JOIN items i USING (customer_id)
--> select; $1; public.items public.orders
--> shop: $1

WITH RECURSIVE t AS (SELECT id, parent FROM orders WHERE customer_id = 1 UNION ALL SELECT o.id, o.parent FROM orders o JOIN t ON o.parent = t.id WHERE o.customer_id = 1) SELECT * FROM t
--> select; public.orders
--> shop: '1', '1'

SELECT id FROM orders WHERE customer_id = 1 UNION ALL SELECT order_id FROM items WHERE customer_id = 2 ORDER BY 1
--> select; public.items public.orders
--> shop: '1', '2'

SELECT * FROM orders o WHERE o.customer_id = $1 AND o.total = (SELECT max(total) FROM orders x WHERE x.customer_id = o.customer_id)
--> select; $1; public.orders
--> shop: $1

SELECT * FROM generate_series(1, 10) AS g(n) LEFT JOIN orders o ON o.customer_id = $1 AND o.id = g.n
--> select; $1; public.orders
--> shop: $1

SELECT * FROM orders o, unnest(o.tags) WHERE o.customer_id = $1
--> select; $1; public.orders
--> shop: $1

# Changes
INSERT INTO orders (id, customer_id, total) VALUES ($1, $2, $3)
--> insert; inserts; $3; public.orders
--> shop: $2

INSERT INTO orders (id, customer_id) VALUES (1, 10), (2, 10), ($1, $2) RETURNING id
--> insert; inserts; $2; public.orders
--> shop: '10', '10', $2

INSERT INTO orders VALUES (1, 10, 99.5)
--> insert; inserts; public.orders
--> shop: '10'

INSERT INTO documents (owner, body) VALUES ('ann', E'line\nbreak')
--> insert; inserts; public.documents
--> library: 'ann'

INSERT INTO orders (customer_id, id) VALUES ($1, $2) ON CONFLICT (customer_id, id) DO UPDATE SET total = excluded.total
--> insert; inserts; $2; public.orders
--> shop: $1

INSERT INTO orders (customer_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING
--> insert; inserts; $2; public.orders
--> shop: $1

INSERT INTO orders (customer_id, id) SELECT $1, n FROM generate_series(1, 5) n
--> insert; inserts; $1; public.orders
--> shop: $1

INSERT INTO items (order_id, customer_id) SELECT id, customer_id FROM orders WHERE customer_id = $1
--> insert; inserts; $1; public.items public.orders
--> shop: $1

INSERT INTO orders (customer_id, total) VALUES ($1, (SELECT sum(price) FROM items WHERE customer_id = $1))
--> insert; inserts; $1; public.items public.orders
--> shop: $1

UPDATE orders SET total = total + 1 WHERE customer_id = $1 AND id = $2
--> update; writes; $2; public.orders
--> shop: $1

UPDATE orders o SET total = i.price FROM items i WHERE i.customer_id = o.customer_id AND o.customer_id = 5
--> update; writes; public.items public.orders
--> shop: '5'

UPDATE orders SET (total, note) = (SELECT sum(price), 'x' FROM items i WHERE i.customer_id = orders.customer_id) WHERE customer_id = $1
--> update; writes; $1; public.items public.orders
--> shop: $1

DELETE FROM orders WHERE customer_id = $1 RETURNING *
--> delete; writes; $1; public.orders
--> shop: $1

DELETE FROM items i USING orders o WHERE i.customer_id = o.customer_id AND o.customer_id = $1 AND o.total = 0
--> delete; writes; $1; public.items public.orders
--> shop: $1

WITH gone AS (DELETE FROM items WHERE customer_id = $1 RETURNING *) INSERT INTO orders (customer_id, id) SELECT $1, count(*) FROM gone
--> insert; inserts; $1; public.items public.orders
--> shop: $1

WITH x AS (INSERT INTO orders (customer_id) VALUES ($1) RETURNING id) SELECT * FROM x
--> select; inserts; $1; public.orders
--> shop: $1

INSERT INTO orders (customer_id, id) OVERRIDING SYSTEM VALUE VALUES ($1, $2)
--> insert; inserts; $2; public.orders
--> shop: $1

# Sequences and locks of the key's instance
INSERT INTO orders (customer_id, id) VALUES ($1, nextval('s'))
--> insert; inserts; $1; public.orders
--> shop: $1

SELECT pg_catalog.pg_advisory_xact_lock(id) FROM orders WHERE customer_id = $1
--> select; $1; public.orders
--> shop: $1

SELECT app.currval('s'), app.pg_notify('c')
--> select
--> anywhere

SELECT * FROM (SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = $1) x JOIN items i ON i.customer_id = x.customer_id
--> select; $1; public.customers public.items public.orders
--> shop: $1

# Around a query
EXPLAIN SELECT * FROM orders WHERE customer_id = $1
--> explain; $1; public.orders
--> shop: $1

EXPLAIN (ANALYZE, BUFFERS) UPDATE orders SET total = 0 WHERE customer_id = 7
--> explain; writes; public.orders
--> shop: '7'

COPY (SELECT * FROM orders WHERE customer_id = 7) TO STDOUT
--> copy; public.orders
--> shop: '7'

# Several statements
BEGIN; UPDATE orders SET total = 1 WHERE customer_id = 7; SELECT * FROM orders WHERE customer_id = 8; COMMIT
--> begin
--> anywhere
--> update; writes; public.orders
--> shop: '7'
--> select; public.orders
--> shop: '8'
--> commit
--> anywhere

# No sharded table
SELECT 1
--> select
--> anywhere

SELECT pg_advisory_unlock_all()
--> select
--> anywhere

SELECT pg_sleep($1), now()
--> select; $1
--> anywhere

SELECT * FROM generate_series(1, 3)
--> select
--> anywhere

VALUES (1, 'a'), (2, 'b')
--> select
--> anywhere

SELECT relname FROM pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public'
--> select; pg_catalog.pg_class pg_catalog.pg_namespace
--> anywhere

SELECT * FROM information_schema.tables
--> select; information_schema.tables
--> anywhere

SELECT set_config('app.tenant', '5', true)
--> select
--> anywhere

;
--> empty
--> anywhere

# A WITH query may have the name of the table that it reads
WITH orders AS (SELECT * FROM orders WHERE customer_id = 5) SELECT * FROM orders
--> select; public.orders
--> shop: '5'
