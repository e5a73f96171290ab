# No key
SELECT * FROM orders
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE foreshard_filter

SELECT * FROM orders WHERE id = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE id = 5 AND foreshard_filter

SELECT count(*) FROM orders WHERE customer_id > 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT pg_catalog.count(*) AS foreshard_1 FROM orders WHERE customer_id > 5 AND foreshard_filter
--> groups: SELECT COALESCE(pg_catalog.sum(foreshard_1), 0)::bigint FROM foreshard_source

SELECT * FROM orders WHERE customer_id <> 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id <> 5 AND foreshard_filter

SELECT * FROM orders WHERE customer_id BETWEEN 5 AND 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id BETWEEN 5 AND 5 AND foreshard_filter

SELECT * FROM orders WHERE customer_id = 5 OR customer_id = 6
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE (customer_id = 5 OR customer_id = 6) AND foreshard_filter

SELECT * FROM orders WHERE total > 2 AND (customer_id = 5 OR id = 6)
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE total > 2 AND (customer_id = 5 OR id = 6) AND foreshard_filter

SELECT * FROM orders WHERE NOT customer_id = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE NOT customer_id = 5 AND foreshard_filter

SELECT * FROM orders WHERE NOT (customer_id = 5 AND id = 1)
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE NOT (customer_id = 5 AND id = 1) AND foreshard_filter

SELECT * FROM orders WHERE (customer_id = 5) IS TRUE
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = 5 IS TRUE AND foreshard_filter

SELECT * FROM orders WHERE (customer_id = 5) = true
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE (customer_id = 5) = true AND foreshard_filter

SELECT * FROM orders WHERE customer_id NOT IN (5)
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id NOT IN (5) AND foreshard_filter

SELECT * FROM orders WHERE customer_id IN (5, id)
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id IN (5, id) AND foreshard_filter

SELECT * FROM orders WHERE customer_id = ANY ($1::numeric[])
--> select; $1; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = ANY($1::numeric[]) AND foreshard_filter

SELECT * FROM orders WHERE customer_id = ALL (ARRAY[5])
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = ALL(ARRAY[5]) AND foreshard_filter

SELECT * FROM orders WHERE customer_id = id
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = id AND foreshard_filter

SELECT * FROM orders WHERE customer_id = $1 + 1
--> select; $1; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = ($1 + 1) AND foreshard_filter

SELECT * FROM orders WHERE customer_id + 0 = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE (customer_id + 0) = 5 AND foreshard_filter

SELECT * FROM orders WHERE customer_id::text = '5'
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id::text = '5' AND foreshard_filter

SELECT * FROM orders WHERE customer_id = 5.0
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = 5.0 AND foreshard_filter

SELECT * FROM orders WHERE customer_id = 5e0
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = 5e0 AND foreshard_filter

SELECT * FROM orders WHERE customer_id = '5.4'::numeric::bigint
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = '5.4'::numeric::bigint AND foreshard_filter

SELECT * FROM orders WHERE customer_id = $1::text::bigint
--> select; $1; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = $1::text::bigint AND foreshard_filter

SELECT * FROM orders WHERE customer_id = abs(5)
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id = abs(5) AND foreshard_filter
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('abs')

SELECT * FROM orders WHERE customer_id = (SELECT 5)
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders WHERE customer_id IS NOT DISTINCT FROM 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id IS NOT DISTINCT FROM 5 AND foreshard_filter

SELECT * FROM orders WHERE customer_id OPERATOR(public.=) 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE customer_id OPERATOR(public.=) 5 AND foreshard_filter

SELECT * FROM orders WHERE CASE WHEN true THEN customer_id = 5 END
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT * FROM orders WHERE CASE WHEN true THEN customer_id = 5 END AND foreshard_filter

SELECT * FROM documents WHERE owner = 'abc'::varchar(2)
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE owner = 'abc'::varchar(2) AND foreshard_filter

SELECT * FROM documents WHERE owner = 'abc'::char(5)
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE owner = 'abc'::char(5) AND foreshard_filter

SELECT * FROM documents WHERE owner = 5
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE owner = 5 AND foreshard_filter

SELECT * FROM documents WHERE owner = 'x' COLLATE "C"
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE owner = 'x' COLLATE "C" AND foreshard_filter

SELECT * FROM documents WHERE owner LIKE 'x'
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE owner LIKE 'x' AND foreshard_filter

SELECT * FROM documents WHERE lower(owner) = 'x'
--> select; public.documents
--> library: all segments by pg_catalog.hashtextextended("documents"."owner", 0)
--> part: SELECT * FROM documents WHERE lower(owner) = 'x' AND foreshard_filter
--> unless: SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN ('lower')

SELECT * FROM orders ORDER BY customer_id = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT *, customer_id = 5 AS foreshard_1 FROM orders WHERE foreshard_filter
--> order: SELECT foreshard_row FROM foreshard_source ORDER BY foreshard_1

SELECT customer_id FROM orders GROUP BY customer_id HAVING customer_id = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("orders"."customer_id", 0)
--> part: SELECT customer_id FROM orders WHERE foreshard_filter GROUP BY customer_id HAVING customer_id = 5

SELECT * FROM orders AS o(customer_id, id) WHERE o.customer_id = 5
--> select; public.orders
--> refused 0A000 column aliases: the column aliases of public.orders hide its shard key customer_id
--> hint: Give the table an alias without a column list.

SELECT * FROM orders AS o WHERE orders.customer_id = 5
--> select; public.orders
--> shop: all segments by pg_catalog.hashint8extended("o"."customer_id", 0)
--> part: SELECT * FROM orders o WHERE orders.customer_id = 5 AND foreshard_filter

# Joins
SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o, items i WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id AND o.customer_id = 5
--> select; public.items public.orders
--> shop: all segments by pg_catalog.hashint8extended("o"."customer_id", 0)
--> part: SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id AND o.customer_id = 5 WHERE foreshard_filter

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = 5 AND o.customer_id = i.customer_id
--> select; public.items public.orders
--> shop: all segments by pg_catalog.hashint8extended("o"."customer_id", 0)
--> part: SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = 5 AND o.customer_id = i.customer_id WHERE foreshard_filter

SELECT * FROM orders o FULL JOIN items i ON i.customer_id = o.customer_id WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o FULL JOIN items i USING (customer_id) WHERE customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o NATURAL JOIN items i WHERE customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and NATURAL JOIN cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o LEFT JOIN items i ON i.customer_id = o.customer_id OR i.id = 5 WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN items i ON i.customer_id = o.id WHERE c.id = 5
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM customers c LEFT JOIN (orders o LEFT JOIN items i ON o.customer_id = i.customer_id) ON c.id = o.id WHERE c.id = 5
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o JOIN items i ON i.customer_id = o.id AND o.id = 5 WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a join that is not by equality of the shard keys cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (orders o JOIN items i USING (customer_id)) AS j WHERE j.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a join with an alias cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (orders o JOIN items i USING (customer_id)) AS j WHERE customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a join with an alias cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders, documents WHERE customer_id = 5 AND owner = 'x'
--> select; public.documents public.orders
--> refused 0A000 two groups: the statement touches tables of the groups shop and library, which need not live together
--> hint: Send one statement for each group, or shard these tables in one group.

SELECT * FROM orders o JOIN app.sessions s ON s.session_id = $1 WHERE o.customer_id = 5
--> select; $1; app.sessions public.orders
--> refused 0A000 two groups: the statement touches tables of the groups shop and web, which need not live together
--> hint: Send one statement for each group, or shard these tables in one group.

SELECT * FROM orders JOIN countries ON true WHERE customer_id = 5
--> select; public.countries public.orders
--> refused 0A000 unsharded table: public.countries belongs to no group
--> hint: Add the table to a group with its shard key, or name the instance that has the tables of no group under `unsharded` in the configuration.

SELECT * FROM sessions WHERE session_id = $1
--> select; $1; public.sessions
--> refused 0A000 unsharded table: public.sessions belongs to no group
--> hint: Add the table to a group with its shard key, or name the instance that has the tables of no group under `unsharded` in the configuration.

SELECT * FROM other.orders WHERE customer_id = 5
--> select; other.orders
--> refused 0A000 unsharded table: other.orders belongs to no group
--> hint: Add the table to a group with its shard key, or name the instance that has the tables of no group under `unsharded` in the configuration.

# Subqueries
SELECT * FROM orders WHERE customer_id = 5 AND id IN (SELECT order_id FROM items)
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders WHERE customer_id IN (SELECT customer_id FROM items WHERE customer_id = 5)
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM items i WHERE i.customer_id = o.customer_id AND i.customer_id = 5)
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict o.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT (SELECT count(*) FROM items) FROM orders WHERE customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (SELECT * FROM orders) o WHERE o.customer_id = 5
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (SELECT customer_id, count(*) FROM orders GROUP BY 1) o WHERE o.customer_id = 5
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (SELECT * FROM orders WHERE customer_id = 5 LIMIT 1) o(a, b) JOIN items i ON i.customer_id = o.a
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM (SELECT customer_id FROM orders WHERE customer_id = 5 GROUP BY ROLLUP (customer_id)) o JOIN items i USING (customer_id)
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders o, (SELECT * FROM items i WHERE i.customer_id = o.customer_id) x WHERE o.customer_id = 5
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

# The inner x is meant to the right of its place, the outer one before it
SELECT * FROM orders x WHERE x.customer_id = 1 AND EXISTS (SELECT 1 FROM orders x LEFT JOIN items i ON i.customer_id = x.id)
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict x.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders x WHERE x.customer_id = 1 AND EXISTS (SELECT 1 FROM orders x, items i JOIN customers c ON c.id = x.customer_id AND i.customer_id = 2 WHERE x.customer_id = 2)
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT * FROM orders WHERE customer_id = 1 AND EXISTS (SELECT 1 FROM generate_series(1, 2) g, customers c WHERE c.id = customer_id)
--> select; public.customers public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.customers in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict c.id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

WITH o AS (SELECT * FROM orders) SELECT * FROM o WHERE o.customer_id = 5
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and WITH cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

WITH orders AS (SELECT 1 AS customer_id) SELECT * FROM orders, items WHERE orders.customer_id = 5
--> select; public.items
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and WITH cannot be computed exactly over several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

WITH x AS (DELETE FROM items RETURNING *) SELECT 1
--> select; writes; public.items
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and WITH cannot be computed exactly over several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT id FROM orders WHERE customer_id = 5 UNION SELECT order_id FROM items
--> select; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and UNION, INTERSECT or EXCEPT cannot be computed exactly over several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT 1 UNION SELECT id FROM orders
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and UNION, INTERSECT or EXCEPT cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

SELECT 1 LIMIT (SELECT count(*) FROM orders)
--> select; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

# x.id is the order's, not the customer's
SELECT * FROM (SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = 5) x JOIN items i ON i.customer_id = x.id
--> select; public.customers public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments, and a subquery cannot be computed exactly over several segments
--> hint: Restrict i.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

# Changes
INSERT INTO orders (id, total) VALUES (1, 2)
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO items VALUES (1, 2, 3)
--> insert; inserts; public.items
--> refused 0A000 INSERT without column list: the position of the shard key customer_id of public.items is not known
--> hint: Write the column list: INSERT INTO public.items (customer_id, …) VALUES ….

INSERT INTO orders VALUES (1)
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders DEFAULT VALUES
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) VALUES (DEFAULT)
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) VALUES (NULL)
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) VALUES (1), (nextval('s'))
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) VALUES (1.5)
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) SELECT customer_id FROM items
--> insert; inserts; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

INSERT INTO orders (customer_id) SELECT n FROM generate_series(1, 5) n
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders (customer_id) SELECT 1 UNION SELECT 2
--> insert; inserts; public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO orders SELECT * FROM items WHERE customer_id = 5
--> insert; inserts; public.items public.orders
--> refused 0A000 INSERT without shard key: a row of public.orders has no constant or parameter for its shard key customer_id
--> hint: Name customer_id in the column list and give it a literal or a parameter in every row.

INSERT INTO countries VALUES ('x')
--> insert; inserts; public.countries
--> refused 0A000 unsharded table: public.countries belongs to no group
--> hint: Add the table to a group with its shard key, or name the instance that has the tables of no group under `unsharded` in the configuration.

INSERT INTO orders (customer_id, id) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET total = 3
--> insert; inserts; public.orders
--> refused 0A000 ON CONFLICT without shard key: the conflict target of public.orders lacks the shard key customer_id, so the row in conflict may be in another segment
--> hint: Add customer_id to the conflict target and to its unique index.

INSERT INTO orders (customer_id, id) VALUES (1, 2) ON CONFLICT (customer_id, id) DO UPDATE SET customer_id = 3
--> insert; inserts; public.orders
--> refused 0A000 shard key update: customer_id is the shard key of public.orders: changing it may move the row to another segment
--> hint: Delete the row and insert it again under the new key.

INSERT INTO orders (customer_id, id) OVERRIDING USER VALUE VALUES (5, 1)
--> insert; inserts; public.orders
--> refused 0A000 OVERRIDING USER VALUE: with OVERRIDING USER VALUE the server may store another customer_id in public.orders than the statement gives
--> hint: Use OVERRIDING SYSTEM VALUE, which stores the values as they are given.

UPDATE orders SET total = 1
--> update; writes; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

UPDATE orders SET customer_id = 6 WHERE customer_id = 5
--> update; writes; public.orders
--> refused 0A000 shard key update: customer_id is the shard key of public.orders: changing it may move the row to another segment
--> hint: Delete the row and insert it again under the new key.

UPDATE orders SET (total, customer_id) = (1, 5) WHERE customer_id = 5
--> update; writes; public.orders
--> refused 0A000 shard key update: customer_id is the shard key of public.orders: changing it may move the row to another segment
--> hint: Delete the row and insert it again under the new key.

UPDATE orders SET total = price FROM items WHERE orders.customer_id = 5
--> update; writes; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

UPDATE orders SET total = 1 WHERE customer_id = 5 OR true
--> update; writes; public.orders
--> refused 0A000 OR: OR does not restrict orders.customer_id to one segment of public.orders
--> hint: Write orders.customer_id IN (…), or join the key's condition to the rest by AND.

UPDATE orders SET total = 1 WHERE CURRENT OF c
--> update; writes; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

UPDATE pg_settings SET setting = 'x' WHERE name = 'search_path'
--> update; writes; pg_catalog.pg_settings
--> refused 0A000 catalog write: the system catalog pg_settings cannot be changed through the router
--> hint: Connect to each instance directly.

DELETE FROM orders
--> delete; writes; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

DELETE FROM orders USING items WHERE orders.customer_id = 5
--> delete; writes; public.items public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.items in several segments
--> hint: Restrict items.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

# Commands
TRUNCATE orders
--> utility("TRUNCATE"); public.orders
--> refused 0A000 TRUNCATE: TRUNCATE cannot be sent through the router
--> hint: Delete by shard key, or truncate on each instance.

COPY orders FROM STDIN
--> copy; writes; public.orders
--> refused 0A000 COPY FROM: COPY FROM cannot be sent through the router
--> hint: Use INSERT with several rows of one segment, COPY (SELECT … with the shard key) TO STDOUT, or connect to the instances directly.

COPY orders TO STDOUT
--> copy; public.orders
--> refused 0A000 COPY of a table: COPY of a table cannot be sent through the router
--> hint: Use INSERT with several rows of one segment, COPY (SELECT … with the shard key) TO STDOUT, or connect to the instances directly.

COPY (SELECT * FROM orders) TO STDOUT
--> copy; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

COPY (SELECT * FROM orders WHERE customer_id = 5) TO PROGRAM 'sh'
--> copy; public.orders
--> refused 0A000 COPY with a file or program: COPY with a file or program cannot be sent through the router
--> hint: Use COPY … TO STDOUT.

CREATE TABLE t (id int)
--> utility("CREATE TABLE"); public.t
--> refused 0A000 CREATE TABLE: CREATE TABLE cannot be sent through the router
--> hint: Connect to the instances directly.

CREATE TEMP TABLE t AS SELECT * FROM orders WHERE customer_id = 5
--> utility("CREATE TABLE AS"); public.orders public.t
--> refused 0A000 CREATE TABLE AS: CREATE TABLE AS cannot be sent through the router
--> hint: Create the table on the instances directly.

SELECT * INTO t FROM orders WHERE customer_id = 5
--> select; public.orders public.t
--> refused 0A000 SELECT INTO: SELECT INTO cannot be sent through the router
--> hint: Create the table on the instances directly.

ALTER TABLE orders ADD COLUMN x int
--> utility("ALTER TABLE"); public.orders
--> refused 0A000 ALTER TABLE: ALTER TABLE cannot be sent through the router
--> hint: Connect to the instances directly.

DROP TABLE orders
--> utility("DROP")
--> refused 0A000 DROP: DROP cannot be sent through the router
--> hint: Connect to the instances directly.

CREATE INDEX ON orders (id)
--> utility("CREATE INDEX"); public.orders
--> refused 0A000 CREATE INDEX: CREATE INDEX cannot be sent through the router
--> hint: Connect to the instances directly.

LOCK TABLE orders
--> utility("LOCK"); public.orders
--> refused 0A000 LOCK: LOCK cannot be sent through the router
--> hint: Lock rows of one shard key with SELECT … FOR UPDATE.

LISTEN channel
--> utility("LISTEN")
--> refused 0A000 LISTEN: LISTEN cannot be sent through the router
--> hint: Listen on a direct connection to one instance.

NOTIFY channel
--> utility("NOTIFY")
--> refused 0A000 NOTIFY: NOTIFY cannot be sent through the router
--> hint: Notify on a direct connection to one instance.

UNLISTEN orders
--> utility("UNLISTEN")
--> refused 0A000 UNLISTEN: UNLISTEN cannot be sent through the router
--> hint: Listen on a direct connection to one instance.

DECLARE c CURSOR FOR SELECT * FROM orders WHERE customer_id = 5
--> utility("DECLARE CURSOR"); public.orders
--> refused 0A000 DECLARE CURSOR: DECLARE CURSOR cannot be sent through the router
--> hint: Read the rows with one SELECT, by LIMIT and key, or with the protocol's own portals.

FETCH 10 FROM c
--> utility("FETCH")
--> refused 0A000 FETCH: FETCH cannot be sent through the router
--> hint: Read the rows with one SELECT, by LIMIT and key, or with the protocol's own portals.

CLOSE c
--> utility("CLOSE")
--> refused 0A000 CLOSE: CLOSE cannot be sent through the router
--> hint: Read the rows with one SELECT, by LIMIT and key, or with the protocol's own portals.

VACUUM orders
--> utility("VACUUM"); public.orders
--> refused 0A000 VACUUM: VACUUM cannot be sent through the router
--> hint: Connect to the instances directly.

MERGE INTO orders o USING items i ON o.customer_id = i.customer_id WHEN MATCHED THEN DELETE
--> utility("MERGE"); public.items public.orders
--> refused 0A000 MERGE: MERGE cannot be sent through the router
--> hint: Use INSERT … ON CONFLICT with the shard key.

DO $$ BEGIN NULL; END $$
--> utility("DO")
--> refused 0A000 DO: DO cannot be sent through the router
--> hint: Run the block on each instance directly.

CALL p(1)
--> utility("CALL")
--> refused 0A000 CALL: CALL cannot be sent through the router
--> hint: Call a function with SELECT, or the procedure on the instance directly.

PREPARE q AS SELECT * FROM orders WHERE customer_id = $1
--> utility("PREPARE"); $1; public.orders
--> refused 0A000 PREPARE: PREPARE cannot be sent through the router
--> hint: Prepare with the protocol's Parse message, as drivers do.

EXECUTE q (5)
--> utility("EXECUTE")
--> refused 0A000 EXECUTE: EXECUTE cannot be sent through the router
--> hint: Execute with the protocol's Bind message, as drivers do.

EXPLAIN EXECUTE q (5)
--> explain
--> refused 0A000 EXPLAIN of this statement: EXPLAIN of this statement cannot be sent through the router
--> hint: Explain a SELECT, INSERT, UPDATE or DELETE.

EXPLAIN SELECT * FROM orders
--> explain; public.orders
--> refused 0A000 no shard key: the statement may touch rows of public.orders in several segments
--> hint: Restrict orders.customer_id to a constant or a parameter with = or IN, joined by AND to the other conditions (in WHERE, or in the ON of an inner join).

GRANT SELECT ON orders TO someone
--> utility("GRANT"); public.orders
--> refused 0A000 GRANT: GRANT cannot be sent through the router
--> hint: Connect to the instances directly.

SELECT set_config('app.tenant', '5', false)
--> select
--> refused 0A000 set_config: set_config is only sent when its name is a literal and its last argument is the literal true
--> hint: Use SET for the session, or set_config('name', value, true) for the transaction.

SELECT set_config('search_path', 'other', true)
--> select
--> refused 0A000 SET search_path: changing search_path in a session would change how the router must read its statements
--> hint: Leave search_path at the router's configuration; qualify the names of tables in other schemas.

SELECT set_config($1, '5', true)
--> select; $1
--> refused 0A000 set_config: set_config is only sent when its name is a literal and its last argument is the literal true
--> hint: Use SET for the session, or set_config('name', value, true) for the transaction.

# Functions with an effect beyond the statement
SELECT pg_advisory_lock(1)
--> select
--> refused 0A000 pg_advisory_lock: pg_advisory_lock reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

SELECT PG_CATALOG.Pg_Try_Advisory_Lock_Shared(1, 2) FROM orders WHERE customer_id = 5
--> select; public.orders
--> refused 0A000 pg_try_advisory_lock_shared: pg_try_advisory_lock_shared reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

SELECT * FROM pg_try_advisory_lock(1) AS l
--> select
--> refused 0A000 pg_try_advisory_lock: pg_try_advisory_lock reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

SELECT pg_advisory_xact_lock(1)
--> select
--> refused 0A000 pg_advisory_xact_lock: each instance has its own state for pg_advisory_xact_lock, and no shard key says which instance is meant
--> hint: Call pg_advisory_xact_lock in a statement on rows of one shard key, or lock the rows FOR UPDATE.

SELECT now(), pg_try_advisory_xact_lock_shared(1)
--> select
--> refused 0A000 pg_try_advisory_xact_lock_shared: each instance has its own state for pg_try_advisory_xact_lock_shared, and no shard key says which instance is meant
--> hint: Call pg_try_advisory_xact_lock_shared in a statement on rows of one shard key, or lock the rows FOR UPDATE.

SELECT nextval('s')
--> select
--> refused 0A000 nextval: each instance has its own state for nextval, and no shard key says which instance is meant
--> hint: Draw the number in a statement with a shard key, or by the column's default in an INSERT.

SELECT nextval('s') FROM pg_class
--> select; pg_catalog.pg_class
--> refused 0A000 nextval: each instance has its own state for nextval, and no shard key says which instance is meant
--> hint: Draw the number in a statement with a shard key, or by the column's default in an INSERT.

SELECT currval('s') FROM orders WHERE customer_id = 5
--> select; public.orders
--> refused 0A000 currval: currval reads or leaves something in the session, whose next statement may run on another connection
--> hint: Read the number with RETURNING in the INSERT itself.

SELECT lastval()
--> select
--> refused 0A000 lastval: lastval reads or leaves something in the session, whose next statement may run on another connection
--> hint: Read the number with RETURNING in the INSERT itself.

INSERT INTO orders (customer_id, id) VALUES (5, setval('s', 1))
--> insert; inserts; public.orders
--> refused 0A000 setval: what setval does is not in the rows of one segment, and does not move with them
--> hint: Set the sequence on each instance directly.

SELECT setseed(0.5)
--> select
--> refused 0A000 setseed: setseed reads or leaves something in the session, whose next statement may run on another connection
--> hint: Draw repeatable random numbers in the application.

SELECT pg_notify('c', 'x')
--> select
--> refused 0A000 pg_notify: what pg_notify does is not in the rows of one segment, and does not move with them
--> hint: Notify on a direct connection to one instance.

SELECT lo_create(0)
--> select
--> refused 0A000 lo_create: what lo_create does is not in the rows of one segment, and does not move with them
--> hint: Keep the data in a bytea column: large objects stay behind when a segment moves.

SELECT * FROM public.dblink('host=other', 'SELECT 1') AS t(i int)
--> select
--> refused 0A000 dblink: what dblink does is not in the rows of one segment, and does not move with them
--> hint: Connect to the other server from the application.

INSERT INTO orders (customer_id, tags[pg_try_advisory_lock(1)::int]) VALUES (5, 1)
--> insert; inserts; public.orders
--> refused 0A000 pg_try_advisory_lock: pg_try_advisory_lock reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

COPY (SELECT nextval('s')) TO STDOUT
--> copy
--> refused 0A000 nextval: each instance has its own state for nextval, and no shard key says which instance is meant
--> hint: Draw the number in a statement with a shard key, or by the column's default in an INSERT.

EXPLAIN ANALYZE SELECT pg_advisory_lock(1)
--> explain
--> refused 0A000 pg_advisory_lock: pg_advisory_lock reads or leaves something in the session, whose next statement may run on another connection
--> hint: Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.

# More than 200 tables
SELECT 1 FROM f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(),
  f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f(), f()
--> select
--> refused 54001 too many tables: the statement has more than 200 tables, subqueries and functions in FROM and WITH
--> hint: Split the statement.

# Errors of syntax
SELEC 1
--> error 42601 at 1: syntax error at or near "SELEC"

SELECT * FROM orders WHERE customer_id =
--> error 42601 at 41: syntax error at end of input

SELECT 'unterminated
--> error 42601 at 8: unterminated quoted string at or near "'unterminated"

DELETE FROM orders WHERE customer_id = 5 AND CURRENT OF c
--> error 42601 at 54: syntax error at or near "OF"

SELECT /**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**/ 1
--> error 54001 at 0: more than 100 comments stand together; put spaces between them
