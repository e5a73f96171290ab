/// Statements for LiveScatterTests, over the tables of ScatterFixture.
enum ScatterStatements {
    static let plain: [(String, LiveScatterTests.Expected)] = [
        // Rows.
        ("select * from orders", .rows),
        ("select id, name from customers", .rows),
        ("select id, mood, note from customers where region = 'north'", .rows),
        ("select c.*, o.total from customers c join orders o on o.customer_id = c.id", .rows),
        (
            "select c.name, o.id, i.sku from customers c join orders o on o.customer_id = c.id "
                + "join items i on i.customer_id = o.customer_id and i.order_id = o.id where i.price > 10", .rows
        ),
        ("select c.id, o.id from customers c left join orders o on o.customer_id = c.id and o.paid", .rows),
        ("select c.id, o.id from orders o right join customers c on o.customer_id = c.id", .rows),
        ("select customer_id, total, sku from orders join items using (customer_id) where id = order_id", .rows),
        ("select o.id from orders o, items i where o.customer_id = i.customer_id and o.id = i.order_id", .rows),
        (
            "select thrice(total), upper(status), tags[1] from orders where total between 10 and 500 or paid is null",
            .rows
        ),
        ("select case when paid then 'y' else 'n' end, coalesce(status, '-'), nullif(quantity, 3) from orders", .rows),
        ("select 1 from orders where false", .rows),
        ("select extract(hour from created), created::date, total::int from orders where status like 'p%'", .rows),
        ("select greatest(quantity, 5), shape, extra ->> 'k', code from orders where tags is not null", .rows),
        ("select unnest(tags) from orders", .rows),
        ("select o from orders o", .rows),
        ("SELECT * FROM orders WHERE NOT (paid AND quantity > 3) AND (total > 3 AND weight < 20)", .rows),
        ("select * from public.orders where orders.customer_id > 100", .rows),
        ("select * from orders where customer_id in (1, 2, 3, 4, 5, 6, 7)", .rows),
        ("select * from orders where customer_id = any (array[11, 12, 13, 14, 15, 5000])", .rows),
        ("select count(*), sum(total) from orders where customer_id in (1, 2, 3, 4, 5, 6, 7)", .ordered),
        ("select * from customers where id in (5, 10, 15, 20, 25) order by id desc", .ordered),
        ("select * from orders where customer_id in (17)", .rows),
        // Aggregates of all.
        ("select count(*) from orders", .ordered),
        ("select count(*) from orders where false", .ordered),
        ("select count(*), count(quantity), count(distinct customer_id) from orders", .ordered),
        (
            "select sum(total), sum(quantity), sum(customer_id), sum(ratio), sum(weight), sum(took), sum(small) from orders",
            .ordered
        ),
        ("select sum(total), min(total), avg(total), bool_and(paid) from orders where false", .ordered),
        (
            "select min(total), max(created), min(status), max(code), max(took), min(created::date) from orders",
            .ordered
        ),
        ("select avg(total), avg(quantity), avg(customer_id), avg(ratio), avg(took), avg(small) from orders", .ordered),
        ("select bool_and(paid), bool_or(paid), every(quantity > 2) from orders where quantity is not null", .ordered),
        ("select count(*) filter (where paid), sum(total) filter (where status = 'new') from orders", .ordered),
        ("select sum(total) / count(*) as mean, round(avg(total), 3), 'x' || max(status) from orders", .ordered),
        ("select coalesce(sum(quantity), 0)::text, count(*) * 2 + 1 as twice, 7 as seven from orders", .ordered),
        ("select sum(total * quantity), max(total - 5), sum(case when paid then 1 else 0 end) from orders", .ordered),
        ("select min(note), max(note), min(name), max(name) from customers", .ordered),
        ("select count(*) from customers c join orders o on o.customer_id = c.id where c.region = 'south'", .ordered),
        ("select count(*), count(o.id) from customers c left join orders o on o.customer_id = c.id", .ordered),
        ("select sum(i.price), count(distinct c.id) from customers c join items i on i.customer_id = c.id", .ordered),
        ("select count(*) from orders having count(*) > 5", .ordered),
        ("select 'many' from orders having sum(total) > 1000000000", .ordered),
        ("select max(customer_id) from orders order by 1 limit 1", .ordered),
        ("select pg_catalog.count(*) from orders", .ordered),
        // Groups.
        ("select status, count(*) from orders group by status", .rows),
        ("select status, count(*) from orders group by status order by status", .ordered),
        ("select status, count(*) as n from orders group by 1 order by n desc, 1 nulls first", .ordered),
        ("select status, paid, sum(total), avg(quantity) from orders group by status, paid order by 1, 2", .ordered),
        ("select status from orders group by status order by 1 desc", .ordered),
        ("select lower(status) as s, count(*) from orders group by lower(status) order by lower(status)", .ordered),
        ("select date_trunc('day', created) as day, sum(total) from orders group by day order by day", .ordered),
        (
            "select date_trunc('month', created), count(*) from orders group by 1 having count(*) > 3 order by 1",
            .ordered
        ),
        (
            "select quantity % 3 as r, count(*), max(total) from orders group by quantity % 3 order by r nulls last",
            .ordered
        ),
        ("select o.status, sum(total) from orders o group by status order by sum(o.total)", .ordered),
        (
            "select region, count(*), sum(o.total) from customers c join orders o on c.id = o.customer_id group by region "
                + "having sum(o.total) > 100 order by region", .ordered
        ),
        ("select region, min(note), max(name) from customers group by region order by 1", .ordered),
        ("select note, count(*) from customers group by note order by note", .ordered),
        ("select note, count(*) from customers group by note order by note collate \"C\" desc", .ordered),
        ("select code, count(*) from orders group by code order by count(*) desc, code limit 3 offset 1", .ordered),
        ("select place, count(*) from orders group by place order by place", .ordered),
        ("select extra, count(*) from orders group by extra order by extra", .ordered),
        ("select took, count(*) from orders group by took order by took", .ordered),
        ("select upper(status) || '!', sum(total) + 1 from orders group by status order by 2", .ordered),
        ("select distinct count(*) from orders group by status order by 1", .ordered),
        ("select status, count(*), random() < 2 as sure from orders group by status order by 1", .ordered),
        ("select sku, avg(price) from items group by sku order by avg(price) desc, sku limit 5", .ordered),
        ("select total, count(*) from orders group by total having count(*) > 1 order by total", .ordered),
        ("select weight, sum(ratio) from orders group by weight order by weight", .ordered),
        // Groups by the shard key.
        ("select customer_id, count(*), sum(total) from orders group by customer_id", .rows),
        (
            "select customer_id, sum(total) from orders group by customer_id order by sum(total) desc, 1 limit 10",
            .ordered
        ),
        (
            "select customer_id, string_agg(status, ',' order by id), array_agg(id order by id) from orders "
                + "group by customer_id having count(*) > 2 order by customer_id", .ordered
        ),
        (
            "select c.id, c.name, count(o.id) from customers c left join orders o on o.customer_id = c.id "
                + "group by c.id order by 3 desc, c.id limit 7", .ordered
        ),
        ("select customer_id, status, product(total) from orders group by customer_id, status", .rows),
        ("select customer_id, count(distinct status), stddev(total) from orders group by 1 order by 1", .ordered),
        // Order.
        ("select * from orders order by customer_id, id", .ordered),
        ("select * from orders order by total desc, customer_id, id limit 10", .ordered),
        ("select * from orders order by total desc, customer_id, id limit 10 offset 25", .ordered),
        ("select id, customer_id from orders order by 2, 1 offset 100", .ordered),
        ("select customer_id as c, id as i, total as amount from orders order by amount, c, i", .ordered),
        ("select customer_id, -total as total from orders order by total, customer_id, id", .ordered),
        ("select customer_id, id from orders order by status nulls first, customer_id desc, id", .ordered),
        (
            "select tags, shape, mood from orders join customers c on c.id = customer_id order by customer_id, orders.id",
            .ordered
        ),
        ("select id, note from customers order by note, id", .ordered),
        ("select id from customers order by name collate \"C\" desc nulls last, id limit 20", .ordered),
        ("select id from customers order by lower(region), since desc, id limit 5", .ordered),
        (
            "select c.id, o.id from customers c left join orders o on o.customer_id = c.id order by o.total, c.id, o.id",
            .ordered
        ),
        ("select * from orders order by created, place, extra, code, took, customer_id, id limit 30", .ordered),
        ("select * from orders limit 7", .count),
        ("select * from orders limit 7 offset 300", .count),
        ("select * from orders offset 10", .count),
        ("select id from customers order by id limit 0", .ordered),
        ("select id from customers order by id limit all", .ordered),
        ("select id from customers order by id fetch first 3 rows only", .ordered),
        ("select id from customers order by id limit null offset 5", .ordered),
        ("select id from customers where false order by id limit 5", .ordered),
        ("select unnest(tags) as t, customer_id, id from orders order by t, 2, 3 limit 40", .ordered),
        (
            "select i.customer_id, o.id, i.order_id, i.line from orders o left join items i using (customer_id) "
                + "order by customer_id nulls first, 2, 3, 4", .ordered
        ),
        (
            "select *, o.id as n from orders o join items i using (customer_id) order by customer_id, n, line, order_id",
            .ordered
        ),
        // Distinct.
        ("select distinct status from orders", .rows),
        ("select distinct status, paid from orders order by status, paid", .ordered),
        ("select distinct total from orders order by total desc limit 5 offset 2", .ordered),
        ("select distinct lower(status) as s from orders order by s", .ordered),
        (
            "select distinct region, length(name) from customers c join orders o on o.customer_id = c.id order by 2, 1",
            .ordered
        ),
        ("select distinct note from customers order by 1", .ordered),
        ("select distinct status from orders limit 3", .count),
        // Refused.
        ("select * from orders where exists (select 1)", .refused),
        ("select (select 1) from orders", .refused),
        ("select * from (select * from orders) o", .refused),
        ("select * from orders union all select * from orders", .refused),
        ("with o as (select * from orders) select * from o", .refused),
        ("select row_number() over (order by id) from orders", .refused),
        ("select * from orders for update", .refused),
        ("select distinct on (status) * from orders order by status", .refused),
        ("select status, count(*) from orders group by rollup (status)", .refused),
        ("select * from orders tablesample system (50)", .refused),
        ("select string_agg(status, ',') from orders", .refused),
        ("select array_agg(id) from orders", .refused),
        ("select stddev(total) from orders", .refused),
        ("select count(distinct status) from orders", .refused),
        ("select sum(distinct quantity) from orders", .refused),
        ("select product(total) from orders", .refused),
        ("select percentile_cont(0.5) within group (order by total) from orders", .refused),
        ("select sum(total order by id) from orders", .refused),
        ("select * from customers c join orders o on o.id = c.id", .refused),
        ("select * from customers c, orders o", .refused),
        ("select * from orders o full join items i on o.customer_id = i.customer_id", .refused),
        ("select * from orders natural join items", .refused),
        ("select avg(weight) from orders", .refused),
        ("select mood, count(*) from customers group by mood", .refused),
        ("select id from customers order by mood, id", .refused),
        ("select tags, count(*) from orders group by tags", .refused),
        ("select ctid from orders", .refused),
        ("select i.* from orders o left join items i using (customer_id) order by customer_id", .refused),
        ("select id, random() as r from customers order by r", .refused),
        ("select o.status from orders o group by o.status, o.customer_id % 2 order by o.customer_id", .refused),
        ("select small + 1 as small, count(*) from orders group by small", .refused),
        ("select id from customers order by id fetch first 3 rows with ties", .refused),
        ("select nextval('x') from orders", .refused),
        ("select set_config('a.b', 'c', true) from orders", .refused),
        ("select 'foreshard_filter' from orders", .refused),
        ("select distinct * from customers", .refused),
        ("select * from orders o, generate_series(1, 2)", .refused),
        ("explain select * from orders", .refused),
    ]

    static let withParameters: [(String, [String?], LiveScatterTests.Expected)] = [
        ("select * from orders where total > $1", ["500"], .rows),
        ("select * from orders where customer_id = any ($1)", ["{1,2,3,4,5,6,7,8}"], .rows),
        ("select * from orders where customer_id in ($1, $2, $3)", ["1", "2", "3"], .rows),
        ("select count(*) from orders where status = $1", ["new"], .ordered),
        ("select count(*) + $1, sum(total) from orders where status = $2", ["5", "new"], .ordered),
        (
            "select status, count(*) from orders where quantity > $1 group by status having count(*) > $2 order by 1",
            ["3", "2"], .ordered
        ),
        ("select id, total from orders order by total desc, customer_id, id limit $1", ["4"], .ordered),
        ("select id, total from orders order by total desc, customer_id, id limit $1 offset $2", ["4", "9"], .ordered),
        (
            "select id, total from orders order by total desc, customer_id, id limit $1 offset $2", [nil, "300"],
            .ordered
        ),
        ("select $1::text as label, id from customers order by id limit 3", ["x"], .ordered),
        ("select date_trunc($1, created), count(*) from orders group by 1 order by 1", ["month"], .ordered),
        ("select distinct status || $1 from orders order by 1", ["!"], .ordered),
        ("select coalesce(status, $1) as s, max(total) from orders group by s order by s", ["none"], .ordered),
        ("select * from customers where mood = $1 and note = $2", ["happy", "A"], .rows),
        ("select name from customers where mood = $1 order by name, id", ["happy"], .ordered),
    ]

    /// What PostgreSQL rejects.
    static let wrong = [
        "select nothing from orders", "select count(*) from orders group by", "select total from orders order by 5",
        "select status, total from orders group by status", "select count(count(*)) from orders",
        "select 1 / (quantity - quantity) from orders", "select id from customers order by id limit -1",
        "select sum(1 / (quantity - quantity)) from orders", "select id from customers order by id offset -1 limit 3",
        "select nosuch(id) from customers", "select sum(status) from orders",
        "select id::uuid from customers order by 1",
        "select status from orders order by shape", "select total as status, count(*) from orders group by status",
    ]
}
