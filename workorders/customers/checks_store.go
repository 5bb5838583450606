package customers

// Checks are the invariants of the customer file as queries that count violations; a sound database answers
// 0 to each.
var Checks = []struct{ Name, SQL string }{
	{"customers: nothing hangs on a file that was merged into another",
		`SELECT (SELECT count(*) FROM contacts k JOIN customers c ON c.id = k.customer_id WHERE c.merged_into IS NOT NULL)
		      + (SELECT count(*) FROM sites s JOIN customers c ON c.id = s.customer_id WHERE c.merged_into IS NOT NULL)
		      + (SELECT count(*) FROM assets a JOIN customers c ON c.id = a.customer_id WHERE c.merged_into IS NOT NULL)
		      + (SELECT count(*) FROM work_orders w JOIN customers c ON c.id = w.customer_id WHERE c.merged_into IS NOT NULL)`},
	{"customers: a merged file points at one that was not merged itself",
		`SELECT count(*) FROM customers c JOIN customers i ON i.id = c.merged_into WHERE i.merged_into IS NOT NULL`},
	{"customers: a device stands at a site of its own customer",
		`SELECT count(*) FROM assets a JOIN sites s ON s.id = a.site_id WHERE s.customer_id <> a.customer_id`},
	{"customers: what was erased is blank, with its contacts and sites",
		`SELECT (SELECT count(*) FROM customers WHERE erased_at IS NOT NULL AND (name <> '' OR phone IS NOT NULL))
		      + (SELECT count(*) FROM contacts k JOIN customers c ON c.id = k.customer_id WHERE c.erased_at IS NOT NULL AND (k.name <> '' OR k.phones <> '{}'))
		      + (SELECT count(*) FROM sites s JOIN customers c ON c.id = s.customer_id WHERE c.erased_at IS NOT NULL AND s.address <> '')`},
}
