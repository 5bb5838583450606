package workorders

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

type address struct {
	Address string `bun:"address"`
	Lang    string `bun:"lang"`
}

// Who among the people around a job hears what: about a visit those on site, about money those who decide
// and pay.
var (
	aboutVisits = []string{"on_site", "reporter", "decision", "payer"}
	aboutMoney  = []string{"decision", "payer", "reporter", "on_site"}
)

// customerAddress is where a message to the customer goes: the first of the roles that somebody has, about a
// visit above all the contact of the order, else the customer's own number. Somebody who asked not to be
// called is left out.
func customerAddress(ctx context.Context, db bun.IDB, order uuid.UUID, roles []string) (address, error) {
	var a address
	err := db.NewRaw(`SELECT coalesce((SELECT coalesce(nullif(k.email, ''), k.phones[1]) FROM contacts k WHERE k.customer_id = c.id AND k.retired_at IS NULL AND NOT k.do_not_call
			AND (k.email <> '' OR cardinality(k.phones) > 0)
			ORDER BY ?1 = 'on_site' AND k.id = w.site_contact_id DESC NULLS LAST, array_position(?2::text[], k.role), k.id LIMIT 1), c.phone, '') AS address, c.language AS lang
		FROM work_orders w JOIN customers c ON c.id = CASE ?1 WHEN 'on_site' THEN w.customer_id ELSE coalesce(w.payer_customer_id, w.customer_id) END WHERE w.id = ?0`, order, roles[0], pgArray(roles)).Scan(ctx, &a)
	if err != nil {
		return a, fmt.Errorf("address of customer: %w", err)
	}
	return a, nil
}

func engineerAddress(ctx context.Context, db bun.IDB, engineer uuid.UUID) (address, error) {
	var a address
	err := db.NewRaw(`SELECT coalesce(e.phone, '') AS address, coalesce((SELECT nullif(u.lang, '') FROM users u WHERE u.engineer_id = e.id AND u.active LIMIT 1), 'zh-Hans') AS lang
		FROM engineers e WHERE e.id = ?`, engineer).Scan(ctx, &a)
	if err != nil {
		return a, fmt.Errorf("address of engineer: %w", err)
	}
	return a, nil
}
