package dispatch

// Checks are queries that must all count 0: what the board promises, asked of the rows themselves.
var Checks = []struct{ Name, SQL string }{
	{"every binding visit stands in the diary with its blocked time",
		`SELECT count(*) FROM visits v LEFT JOIN diary d ON d.visit_id = v.id
		WHERE v.state IN ` + binding + ` AND (d.id IS NULL OR d.during <> v.blocked OR d.engineer_id <> v.engineer_id OR d.kind <> 'visit')`},
	{"no visit that ended or was never published stands in the diary",
		`SELECT count(*) FROM diary d LEFT JOIN visits v ON v.id = d.visit_id WHERE d.kind = 'visit' AND (v.id IS NULL OR v.state NOT IN ` + binding + `)`},
	{"nobody is in two places at once",
		`SELECT count(*) FROM diary a JOIN diary b ON b.engineer_id = a.engineer_id AND b.id > a.id AND b.during && a.during`},
	{"nobody works two shifts at once",
		`SELECT count(*) FROM shifts a JOIN shifts b ON b.engineer_id = a.engineer_id AND b.id > a.id AND b.during && a.during`},
	{"an order has one open lead visit",
		`SELECT count(*) FROM (SELECT order_id FROM visits WHERE lead AND state IN ('proposed', 'dispatched', 'accepted', 'en_route', 'on_site', 'paused')
		GROUP BY order_id HAVING count(*) > 1) AS twice`},
	{"a visit lies inside its shift or says why not",
		`SELECT count(*) FROM visits v LEFT JOIN shifts s ON s.id = v.shift_id AND s.engineer_id = v.engineer_id
		WHERE v.override_reason IS NULL AND (s.id IS NULL OR NOT v.planned <@ s.during)`},
	{"the plan holds the work and its way",
		`SELECT count(*) FROM visits WHERE isempty(planned) OR NOT planned <@ blocked OR upper(planned) <> upper(blocked)`},
	{"a helper helps a lead of the same order",
		`SELECT count(*) FROM visits h LEFT JOIN visits l ON l.id = h.lead_visit_id AND l.order_id = h.order_id AND l.lead WHERE NOT h.lead AND l.id IS NULL`},
	{"visits and absences are in states that exist",
		`SELECT (SELECT count(*) FROM visits v WHERE NOT EXISTS (SELECT FROM lifecycle_moves m WHERE m.kind = 'visit' AND v.state IN (m.from_state, m.to_state)))
		+ (SELECT count(*) FROM absences a WHERE NOT EXISTS (SELECT FROM lifecycle_moves m WHERE m.kind = 'absence' AND a.state IN (m.from_state, m.to_state)))`},
	{"facts of a visit fit its state",
		`SELECT count(*) FROM visits WHERE state = 'en_route' AND departed_at IS NULL OR state IN ('on_site', 'paused') AND arrived_at IS NULL AND mode <> 'phone'
		OR (state = 'finished') <> (finished_at IS NOT NULL AND outcome IS NOT NULL) OR (state IN ('cancelled', 'declined')) <> (ended_at IS NOT NULL)`},
	{"approved leave stands in the diary as far as nothing else is there, other leave does not",
		`SELECT count(*) FROM absences a WHERE (a.state = 'approved') <> EXISTS (SELECT FROM diary d WHERE d.absence_id = a.id AND d.during <@ a.during)`},
	{"a visit, its order and its engineer belong to the organisations it names",
		`SELECT count(*) FROM visits v JOIN work_orders w ON w.id = v.order_id JOIN engineers e ON e.id = v.engineer_id WHERE w.org_id <> v.org_id OR e.org_id <> v.engineer_org_id`},
}
