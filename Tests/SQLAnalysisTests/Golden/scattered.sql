# Rows
SELECT * FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE foreshard_filter

SELECT o.id FROM orders o WHERE o.total > 5 AND o.id = $1
--> select; $1; public.orders
--> shop: all segments by pg_catalog.hashint8extended("o"."customer_id", 0)
--> part: SELECT o.id FROM orders o WHERE o.total > 5 AND o.id = $1 AND foreshard_filter

SELECT * FROM documents WHERE title = 'a' OR pages > 3
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE (title = 'a' OR pages > 3) AND foreshard_filter

SELECT * FROM app.sessions s JOIN app.sessions t ON s.session_id = t.session_id WHERE s.a = t.b
--> select; app.sessions
--> web: all segments by pg_catalog.uuid_hash_extended("s"."session_id", 0)
--> part: SELECT * FROM app.sessions s JOIN app.sessions t ON s.session_id = t.session_id WHERE s.a = t.b AND foreshard_filter

SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 5
--> select; public.customers public.orders
--> shop: all segments by pg_catalog.hashint8extended("c"."id", 0)
--> part: SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 5 WHERE foreshard_filter

SELECT c.name, o.total FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id
--> select; public.customers public.orders
--> shop: all segments by pg_catalog.hashint8extended("c"."id", 0)
--> part: SELECT c.name, o.total FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id WHERE foreshard_filter

SELECT i.sku FROM orders JOIN items i USING (customer_id) WHERE orders.id = i.order_id
--> select; public.items public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT i.sku FROM orders JOIN items i USING (customer_id) WHERE orders.id = i.order_id AND foreshard_filter

SELECT * FROM "Odd Name" WHERE NOT (a AND b)
--> select; public.Odd Name
--> shop: all segments by pg_catalog.hashint8extended("Odd Name"."Key", 0)
--> part: SELECT * FROM "Odd Name" WHERE NOT (a AND b) AND foreshard_filter

SELECT my_function(total) FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT my_function(total) FROM orders WHERE foreshard_filter
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('my_function')

# Order
SELECT id FROM orders ORDER BY total DESC NULLS LAST, id LIMIT 10 OFFSET $1
--> select; $1; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT id, total AS foreshard_1, id AS foreshard_2 FROM orders WHERE foreshard_filter ORDER BY total DESC NULLS LAST, id LIMIT (10::bigint + COALESCE($1::bigint, 0))
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1 DESC NULLS LAST, foreshard_2 LIMIT 10 OFFSET $1

SELECT * FROM orders ORDER BY 1
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a position in ORDER BY or GROUP BY after * in the select list cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT id, total AS t FROM orders ORDER BY t
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT id, total AS t, total AS foreshard_1 FROM orders WHERE foreshard_filter
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1

SELECT lower(name) FROM customers ORDER BY lower
--> select; public.customers
--> shop: all segments by pg_catalog.hashint8extended("customers"."id", 0)
--> part: SELECT lower(name), lower(name) AS foreshard_1 FROM customers WHERE foreshard_filter
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('lower') UNION SELECT 'v', p.proname::text FROM pg_catalog.pg_proc p WHERE p.provolatile = 'v' AND p.proname IN ('lower')

SELECT * FROM orders LIMIT 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE foreshard_filter LIMIT 5
--> order: SELECT foreshard_row FROM foreshard_source LIMIT 5

SELECT DISTINCT total, id FROM orders ORDER BY id LIMIT 3
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT DISTINCT total, id, total AS foreshard_1, id AS foreshard_2 FROM orders WHERE foreshard_filter ORDER BY id LIMIT 3
--> order: SELECT pg_catalog.min(foreshard_row) FROM foreshard_source GROUP BY foreshard_1, foreshard_2 ORDER BY foreshard_2 LIMIT 3

# Groups
SELECT count(*), sum(total), avg(total) FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT pg_catalog.count(*) AS foreshard_1, pg_catalog.sum(total) AS foreshard_2, pg_catalog.count(total) AS foreshard_3 FROM orders WHERE foreshard_filter
--> groups: SELECT COALESCE(pg_catalog.sum(foreshard_1), 0)::bigint, pg_catalog.sum(foreshard_2)::foreshard_type_2_, pg_catalog.sum(foreshard_2) / pg_catalog.sum(foreshard_3) FROM foreshard_source

SELECT status, count(*) FILTER (WHERE total > 5) * 2 AS n FROM orders GROUP BY 1 HAVING max(id) > 3 ORDER BY n DESC LIMIT 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT status AS foreshard_1, pg_catalog.count(*) FILTER (WHERE total > 5) AS foreshard_2, pg_catalog.max(id) AS foreshard_3 FROM orders WHERE foreshard_filter GROUP BY 1
--> groups: SELECT foreshard_1, COALESCE(pg_catalog.sum(foreshard_2), 0)::bigint * 2 AS n FROM foreshard_source GROUP BY foreshard_1 HAVING pg_catalog.max(foreshard_3) > 3 ORDER BY 2 DESC LIMIT 5

SELECT date_trunc('day', created) AS day, min(total) FROM orders GROUP BY day ORDER BY day
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT date_trunc('day', created) AS foreshard_1, pg_catalog.min(total) AS foreshard_2 FROM orders WHERE foreshard_filter GROUP BY 1
--> groups: SELECT foreshard_1 AS day, pg_catalog.min(foreshard_2) FROM foreshard_source GROUP BY foreshard_1 ORDER BY 1
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('date_trunc') UNION SELECT 'c', a.attname::text FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace WHERE NOT a.attisdropped AND (s.nspname, c.relname) IN (('public', 'orders')) AND a.attname IN ('day')

SELECT count(DISTINCT customer_id) FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT pg_catalog.count(DISTINCT customer_id) AS foreshard_1 FROM orders WHERE foreshard_filter
--> groups: SELECT COALESCE(pg_catalog.sum(foreshard_1), 0)::bigint FROM foreshard_source

SELECT customer_id, string_agg(note, ',') FROM orders GROUP BY customer_id ORDER BY 1
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT customer_id, string_agg(note, ','), customer_id AS foreshard_1 FROM orders WHERE foreshard_filter GROUP BY customer_id
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1

# Refused
SELECT * FROM orders NATURAL JOIN items
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and NATURAL JOIN cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND true FULL JOIN items i ON i.customer_id = c.id
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT c.id FROM customers c JOIN orders o ON o.id = c.id
--> select; public.customers public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT c.id FROM customers c LEFT JOIN orders o ON o.id = c.id
--> select; public.customers public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN items i ON i.customer_id = o.id
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id JOIN documents d ON d.owner = c.name
--> select; public.customers public.documents public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and the statement touches tables of the groups shop and library, which need not live together
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT string_agg(status, ',') FROM orders
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and the aggregate string_agg cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT count(*) OVER () FROM orders
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a window function cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT total FROM orders GROUP BY status
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a column that is not written in the same way in GROUP BY cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT id FROM orders ORDER BY extract
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT id, "extract" AS foreshard_1 FROM orders WHERE foreshard_filter
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1

SELECT extract(day FROM created), now()::date FROM orders ORDER BY extract
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT extract ('day' FROM created), now()::date, extract ('day' FROM created) AS foreshard_1 FROM orders WHERE foreshard_filter
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('extract', 'now') UNION SELECT 'v', p.proname::text FROM pg_catalog.pg_proc p WHERE p.provolatile = 'v' AND p.proname IN ('extract')

SELECT current_user FROM orders ORDER BY id
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and ORDER BY or GROUP BY id beside an output column without AS cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT foreshard_1 FROM orders
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a name that begins with foreshard_ cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT ctid FROM orders
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and the system column ctid cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT total + 1, 'x' FROM orders GROUP BY 2, total
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT 'x' AS foreshard_1, total AS foreshard_2 FROM orders WHERE foreshard_filter GROUP BY 1, 2
--> groups: SELECT foreshard_2 + 1, foreshard_1 FROM foreshard_source GROUP BY foreshard_1, foreshard_2
