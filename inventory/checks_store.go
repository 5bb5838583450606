package inventory

// Checks are the promises of the ledgers of parts and devices as queries: each counts the rows that break
// one. All are 0 at all times.
var Checks = []struct{ Name, SQL string }{
	{"stock_is_sum_of_moves", `SELECT count(*) FROM (
		SELECT place_id, part_id, condition, sum(n) AS n FROM (
			SELECT from_place AS place_id, part_id, condition, -quantity AS n FROM moves WHERE from_place IS NOT NULL
			UNION ALL SELECT to_place, part_id, to_condition, quantity FROM moves WHERE to_place IS NOT NULL) ends GROUP BY 1, 2, 3) m
		FULL JOIN stock s USING (place_id, part_id, condition) WHERE coalesce(m.n, 0) <> coalesce(s.on_hand, 0) OR s.on_hand < 0`},
	{"moves_conserve_parts", `SELECT count(*) FROM (
		SELECT m.part_id, sum(CASE WHEN m.from_place IS NULL THEN m.quantity ELSE 0 END) - sum(CASE WHEN m.to_place IS NULL THEN m.quantity ELSE 0 END) AS n FROM moves m GROUP BY 1) came
		FULL JOIN (SELECT part_id, sum(on_hand) AS n FROM stock GROUP BY 1) here USING (part_id) WHERE coalesce(came.n, 0) <> coalesce(here.n, 0)`},
	{"reversals_mirror_moves", `SELECT count(*) FROM moves r JOIN moves m ON m.id = r.reverses
		WHERE (r.part_id, r.quantity) <> (m.part_id, m.quantity) OR r.from_place IS DISTINCT FROM m.to_place OR r.to_place IS DISTINCT FROM m.from_place OR m.reverses IS NOT NULL`},
	{"reserved_is_sum_of_held", `SELECT count(*) FROM (
		SELECT place_id, part_id, 'good' AS condition, sum(quantity) AS n FROM reservations WHERE state = 'held' GROUP BY 1, 2) r
		FULL JOIN stock s USING (place_id, part_id, condition) WHERE coalesce(r.n, 0) <> coalesce(s.reserved, 0) OR s.reserved NOT BETWEEN 0 AND s.on_hand`},
	{"pieces_are_counted_where_they_lie", `SELECT count(*) FROM (
		SELECT place_id, part_id, condition, count(*) AS n FROM pieces WHERE place_id IS NOT NULL GROUP BY 1, 2, 3) x
		FULL JOIN (SELECT s.* FROM stock s JOIN parts p ON p.id = s.part_id AND p.serialised) s USING (place_id, part_id, condition)
		WHERE coalesce(x.n, 0) <> coalesce(s.on_hand, 0)`},
	{"pieces_are_promised_as_written", `SELECT count(*) FROM (
		SELECT part_id, serial AS serial_number, order_id FROM reservations, unnest(serial_numbers) serial WHERE state = 'held') r
		FULL JOIN (SELECT part_id, serial_number, held_by_order AS order_id FROM pieces WHERE held_by_order IS NOT NULL) x USING (part_id, serial_number, order_id)
		WHERE r.part_id IS NULL OR x.part_id IS NULL`},
	{"custody_chain_is_unbroken", `SELECT count(*) FROM (
		SELECT m.no, m.from_holder, row_number() OVER w AS n, lag(m.to_holder, 1, 'customer') OVER w AS was FROM custody_moves m WINDOW w AS (PARTITION BY m.custody_id ORDER BY m.no)) m
		WHERE m.no <> m.n OR m.from_holder <> m.was`},
	{"custody_holder_is_last_in_chain", `SELECT count(*) FROM custody c
		WHERE c.holder IS DISTINCT FROM (SELECT m.to_holder FROM custody_moves m WHERE m.custody_id = c.id ORDER BY m.no DESC LIMIT 1)
		   OR (c.closed_at IS NULL) <> (c.holder IN ('engineer', 'depot', 'vendor'))`},
	{"custody_ends_before_its_order", `SELECT count(*) FROM custody c JOIN work_orders w ON w.id = c.order_id WHERE c.closed_at IS NULL AND w.state IN ('closed', 'cancelled')`},
}
