package customers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const (
	customerColumns = `c.id, c.org_id, o.code AS organisation_code, c.number, c.name, c.phone, c.class, c.language, c.notes, c.nuisance_until,
	c.merged_into, c.external_ref, c.prospect, c.erased_at, c.created_at, c.version`
	customerTables = ` FROM customers c JOIN organisations o ON o.id = c.org_id`
)

// AddCustomer opens a file for a customer. Whoever has the same phone number already is named in
// Duplicates; nothing is refused for it.
func (b Book) AddCustomer(ctx context.Context, by auth.Caller, in CustomerInput) (Customer, error) {
	c := Customer{ID: newID(), OrgID: ours(by, in.OrgID), Class: in.Class, Language: in.Language, Notes: strings.TrimSpace(in.Notes), ExternalRef: optional(in.ExternalRef), CreatedAt: b.at()}
	var err error
	if c.Name, err = text("name", in.Name); err != nil {
		return c, err
	}
	if c.Phone, err = maybePhone(in.Phone); err != nil {
		return c, err
	}
	if c.Class == "" {
		c.Class = "C"
	}
	if c.Language == "" {
		c.Language = "zh-Hans"
	}
	if err := oneOf("class", c.Class, "A", "B", "C"); err != nil {
		return c, err
	}
	if err := oneOf("language", c.Language, "zh-Hans", "en"); err != nil {
		return c, err
	}
	var n int64
	var year int
	if err := b.db.NewRaw("SELECT y, next_number('CU', y) FROM (SELECT extract(year FROM ?::timestamptz AT TIME ZONE zone)::int AS y FROM organisations WHERE id = ?) o", c.CreatedAt, c.OrgID).Scan(ctx, &year, &n); err != nil {
		return c, fmt.Errorf("number of a customer: %w", fault.FromSQL(err))
	}
	c.Number = fmt.Sprintf("CU-%d-%06d", year, n)
	if _, err := b.db.NewRaw(`INSERT INTO customers (id, org_id, number, name, phone, class, language, notes, origin, external_ref, created_at, prospect) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.OrgID, c.Number, c.Name, c.Phone, c.Class, c.Language, c.Notes, in.Origin, c.ExternalRef, c.CreatedAt, in.Prospect).Exec(ctx); err != nil {
		return c, fmt.Errorf("add customer: %w", fault.FromSQL(err))
	}
	return b.made(ctx, by, c.ID)
}

// PatchCustomer changes what is named in the patch.
func (b Book) PatchCustomer(ctx context.Context, by auth.Caller, id uuid.UUID, in CustomerPatch) (Customer, error) {
	if _, err := b.live(ctx, by.Scope(), id); err != nil {
		return Customer{}, err
	}
	var s set
	if in.Name != nil {
		name, err := text("name", *in.Name)
		if err != nil {
			return Customer{}, err
		}
		s.to("name", name)
	}
	if in.Phone != nil {
		phone, err := maybePhone(*in.Phone)
		if err != nil {
			return Customer{}, err
		}
		s.to("phone", phone)
	}
	if in.Class != nil {
		if err := oneOf("class", *in.Class, "A", "B", "C"); err != nil {
			return Customer{}, err
		}
		s.to("class", *in.Class)
	}
	if in.Language != nil {
		if err := oneOf("language", *in.Language, "zh-Hans", "en"); err != nil {
			return Customer{}, err
		}
		s.to("language", *in.Language)
	}
	if in.Notes != nil {
		s.to("notes", strings.TrimSpace(*in.Notes))
	}
	if in.NuisanceUntil != nil {
		s.to("nuisance_until", *in.NuisanceUntil)
	}
	if err := b.change(ctx, "customers", id, in.Match, s); err != nil {
		return Customer{}, err
	}
	return b.made(ctx, by, id)
}

// made reads a customer just written, with hints at others like him.
func (b Book) made(ctx context.Context, by auth.Caller, id uuid.UUID) (Customer, error) {
	var c Customer
	if err := b.db.NewRaw("SELECT "+customerColumns+customerTables+" WHERE c.id = ?", id).Scan(ctx, &c); err != nil {
		return c, fmt.Errorf("customer %s: %w", id, fault.FromSQL(err))
	}
	if c.Phone == nil {
		return c, nil
	}
	var q clauses
	if err := q.see(by.Scope(), "c.id", "c.org_id"); err != nil {
		return c, err
	}
	q.and("c.id <> ? AND c.merged_into IS NULL AND c.erased_at IS NULL", id)
	key := phoneKey(*c.Phone)
	q.and("(split_part(c.phone, ';', 1) = ? OR c.id IN (SELECT k.customer_id FROM contacts k WHERE phone_keys(k.phones) @> ARRAY[?] AND k.retired_at IS NULL))", key, key)
	err := b.db.NewRaw("SELECT 'customer' AS kind, c.id, c.number, c.name, 'phone' AS why"+customerTables+q.String()+" ORDER BY c.id DESC LIMIT 5", q.args...).Scan(ctx, &c.Duplicates)
	if err != nil {
		return c, fmt.Errorf("customers like %s: %w", id, fault.FromSQL(err))
	}
	return c, nil
}

// Customer reads one customer with contacts, sites, devices and contracts. A file that was merged into
// another is returned as it is, with MergedInto pointing there. Unknown and out of sight are the same
// fault.NotFound.
func (b Book) Customer(ctx context.Context, s auth.Scope, id uuid.UUID) (Customer, error) {
	c, err := b.find(ctx, s, id, "")
	if err != nil {
		return c, err
	}
	for _, part := range []struct {
		sql  string
		into any
	}{
		{"SELECT " + contactColumns + " FROM contacts k WHERE k.customer_id = ? ORDER BY k.id LIMIT 200", &c.Contacts},
		{"SELECT " + siteColumns + " FROM sites s WHERE s.customer_id = ? ORDER BY s.id LIMIT 500", &c.Sites},
		{"SELECT " + assetColumns + assetTables + " WHERE a.customer_id = ? ORDER BY a.id LIMIT 500", &c.Assets},
		{"SELECT " + contractColumns + " FROM contracts t WHERE t.customer_id = ? ORDER BY t.id LIMIT 200", &c.Contracts},
	} {
		if err := b.db.NewRaw(part.sql, id).Scan(ctx, part.into); err != nil {
			return c, fmt.Errorf("customer %s: %w", id, fault.FromSQL(err))
		}
	}
	return c, nil
}

func (b Book) find(ctx context.Context, s auth.Scope, id uuid.UUID, lock string) (Customer, error) {
	var q clauses
	var c Customer
	q.and("c.id = ?", id)
	if err := q.see(s, "c.id", "c.org_id"); err != nil {
		return c, err
	}
	err := b.db.NewRaw("SELECT "+customerColumns+customerTables+q.String()+lock, q.args...).Scan(ctx, &c)
	if errors.Is(err, sql.ErrNoRows) {
		return c, missing("customer", id)
	}
	if err != nil {
		return c, fmt.Errorf("customer %s: %w", id, fault.FromSQL(err))
	}
	return c, nil
}

// live takes a customer to whom something is about to be added: the lock keeps a merge away until the
// transaction ends, and a file that was merged is refused, naming the one to use.
func (b Book) live(ctx context.Context, s auth.Scope, id uuid.UUID) (Customer, error) {
	c, err := b.find(ctx, s, id, " FOR SHARE OF c")
	switch {
	case err != nil:
		return c, err
	case c.MergedInto != nil:
		return c, fault.New(fault.Conflict, "customer_merged", "this customer was merged into %s: use that one", c.MergedInto).With("into", c.MergedInto)
	case c.ErasedAt != nil:
		return c, erased()
	}
	return c, nil
}

func erased() error {
	return fault.New(fault.Conflict, "customer_erased", "this customer's data were erased: open a new file")
}

// Current takes the customer under whom new work is written down: it follows a merge and holds the file
// until the transaction ends, so that the work cannot be left behind by a merge beside it.
func (b Book) Current(ctx context.Context, s auth.Scope, id uuid.UUID) (Customer, error) {
	c, err := b.find(ctx, s, id, " FOR SHARE OF c")
	if err == nil && c.MergedInto != nil {
		c, err = b.find(ctx, s, *c.MergedInto, " FOR SHARE OF c")
	}
	if err == nil && c.ErasedAt != nil {
		err = erased()
	}
	return c, err
}

// Customers lists customers in sight, newest first; merged and erased files are left out.
func (b Book) Customers(ctx context.Context, s auth.Scope, f CustomerFilter) (keyset.Page[Customer], error) {
	var q clauses
	q.and("c.merged_into IS NULL AND c.erased_at IS NULL")
	if err := q.see(s, "c.id", "c.org_id"); err != nil {
		return keyset.Page[Customer]{}, err
	}
	if f.Class != "" {
		q.and("c.class = ?", f.Class)
	}
	if f.Prospect {
		q.and("c.prospect")
	}
	if p := strings.TrimSpace(f.Phone); p != "" {
		if !q.phone(p) {
			return keyset.Page[Customer]{}, fault.New(fault.Invalid, "phone_invalid", "%q is not a phone number: a landline needs its area code", f.Phone).Field("query.phone", "a whole number or its last four digits")
		}
	}
	if t := strings.TrimSpace(f.Q); t != "" {
		var either clauses
		either.named(t)
		either.and("c.number = ?", strings.ToUpper(t))
		either.phone(t)
		q.and("("+strings.Join(either.where, " OR ")+")", either.args...)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return keyset.Page[Customer]{}, err
	} else if more {
		q.and("c.id < ?", last)
	}
	var rows []Customer
	if err := b.db.NewRaw("SELECT "+customerColumns+customerTables+q.String()+" ORDER BY c.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Customer]{}, fmt.Errorf("customers: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(c Customer) []any { return []any{c.ID} }), nil
}

// named looks for part of a name: two characters and more by index.
func (c *clauses) named(part string) {
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(part) + "%"
	if utf8.RuneCountInString(part) == 1 {
		c.and("c.name ILIKE ?", like)
		return
	}
	c.and("(grams(c.name) @> grams(?) AND c.name ILIKE ?)", part, like)
}

// phone looks for a whole number, or for the last four digits of one, among the customer's own and his
// contacts'; it reports false when the text is neither.
func (c *clauses) phone(t string) bool {
	key := t
	if len(t) != 4 || !digits(t) {
		whole, err := NormalisePhone(t, "CN")
		if err != nil {
			return false
		}
		key = phoneKey(whole)
		c.and("(split_part(c.phone, ';', 1) = ? OR c.id IN (SELECT k.customer_id FROM contacts k WHERE phone_keys(k.phones) @> ARRAY[?]))", key, key)
		return true
	}
	c.and("(right(split_part(c.phone, ';', 1), 4) = ? OR c.id IN (SELECT k.customer_id FROM contacts k WHERE phone_keys(k.phones) @> ARRAY[?]))", key, key)
	return true
}

// phoneKey is the number without its extension: all extensions of a house belong together.
func phoneKey(phone string) string {
	base, _, _ := strings.Cut(phone, ";")
	return base
}

func maybePhone(raw string) (*string, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, nil
	}
	p, err := NormalisePhone(raw, "CN")
	return &p, err
}

// ByPhone finds the customers behind a phone number, whether it is their own or a contact's, with sites,
// devices and contracts: what the screen shows while the phone rings. At most ten.
func (b Book) ByPhone(ctx context.Context, s auth.Scope, phone string) ([]Match, error) {
	whole, err := NormalisePhone(phone, "CN")
	if err != nil {
		return nil, err
	}
	var q clauses
	q.and("c.merged_into IS NULL AND c.erased_at IS NULL")
	if err := q.see(s, "c.id", "c.org_id"); err != nil {
		return nil, err
	}
	key := phoneKey(whole)
	q.and("(split_part(c.phone, ';', 1) = ? OR c.id IN (SELECT k.customer_id FROM contacts k WHERE phone_keys(k.phones) @> ARRAY[?] AND k.retired_at IS NULL))", key, key)
	var ids []uuid.UUID
	if err := b.db.NewRaw("SELECT c.id"+customerTables+q.String()+" ORDER BY (c.phone = ?) DESC NULLS LAST, c.id DESC LIMIT 10", append(q.args, whole)...).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("customers by phone: %w", fault.FromSQL(err))
	}
	found := make([]Match, 0, len(ids))
	for _, id := range ids {
		c, err := b.Customer(ctx, s, id)
		if err != nil {
			return nil, err
		}
		m := Match{Customer: c}
		if c.Phone == nil || phoneKey(*c.Phone) != key {
			for i := range c.Contacts {
				if c.Contacts[i].reachedAt(key) {
					m.Contact = &c.Contacts[i]
					break
				}
			}
		}
		found = append(found, m)
	}
	return found, nil
}

// Merge moves everything of one customer into another and leaves the first pointing there. Both belong to
// the same organisation. Issued receipts stay as they were printed; they are found through the pointer.
func (b Book) Merge(ctx context.Context, by auth.Caller, from, into uuid.UUID) (Customer, error) {
	if from == into {
		return Customer{}, fault.New(fault.Invalid, "customers_not_into_itself", "a customer cannot be merged into itself").Field("body.into", "must be another customer")
	}
	first, second := from, into
	if first.String() > second.String() { // always in the same order, so that two merges cannot wait for each other
		first, second = second, first
	}
	both := map[uuid.UUID]Customer{}
	for _, id := range []uuid.UUID{first, second} {
		c, err := b.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF c")
		if err != nil {
			return c, err
		}
		if c.MergedInto != nil {
			return c, fault.New(fault.Conflict, "customer_merged", "this customer was merged into %s: use that one", c.MergedInto).With("into", c.MergedInto)
		}
		if c.ErasedAt != nil {
			return c, erased()
		}
		both[id] = c
	}
	if both[from].OrgID != both[into].OrgID {
		return Customer{}, fault.New(fault.Conflict, "customers_merge_inside", "the two customers belong to different organisations: they cannot be merged")
	}
	// Orders come before what hangs on them, as everywhere.
	for _, move := range []string{
		"UPDATE work_orders SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE work_orders SET payer_customer_id = ?1 WHERE payer_customer_id = ?0",
		"UPDATE requests SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE contacts SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE sites SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE assets SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE contracts SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE follow_ups SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE complaints SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE callbacks SET customer_id = ?1 WHERE customer_id = ?0",
		"UPDATE message_opt_outs x SET customer_id = ?1 WHERE customer_id = ?0 AND NOT EXISTS (SELECT FROM message_opt_outs o WHERE o.customer_id = ?1 AND o.contact_id IS NULL AND x.contact_id IS NULL AND o.channel = x.channel AND o.ended_at IS NULL)",
		"UPDATE search_docs SET customer_id = ?1 WHERE customer_id = ?0 AND NOT (kind = 'customer' AND id = ?0)",
		"DELETE FROM search_docs WHERE kind = 'customer' AND id = ?0",
		"UPDATE customers SET merged_into = ?1 WHERE merged_into = ?0", // the pointer is never longer than one step
		"UPDATE customers SET merged_into = ?1 WHERE id = ?0",
		// A number that only the merged file knew is worth keeping.
		"UPDATE customers k SET phone = f.phone FROM customers f WHERE k.id = ?1 AND f.id = ?0 AND k.phone IS NULL AND f.phone IS NOT NULL",
	} {
		if _, err := b.db.NewRaw(move, from, into).Exec(ctx); err != nil {
			return Customer{}, fmt.Errorf("merge customer %s into %s: %w", from, into, fault.FromSQL(err))
		}
	}
	if p := both[from].Phone; p != nil && both[into].Phone != nil && *p != *both[into].Phone {
		if _, err := b.AddContact(ctx, by, into, ContactInput{Name: both[from].Name, Phones: []string{*p}, Role: Reporter}); err != nil {
			return Customer{}, err
		}
	}
	return b.Customer(ctx, by.Scope(), into)
}

// Served says that somebody is sent to a customer: he is no prospect any more.
func (b Book) Served(ctx context.Context, id uuid.UUID) error {
	if _, err := b.db.NewRaw("UPDATE customers SET prospect = false WHERE id = ? AND prospect", id).Exec(ctx); err != nil {
		return fmt.Errorf("customer %s: %w", id, fault.FromSQL(err))
	}
	return nil
}

// Erase blanks the personal data of a customer for good: who he is, where he lives, how he is reached, what he said
// and what was said about him. What we did, what was agreed and what was paid stays, without his name on the file; signed
// sheets, approved quotes and issued papers stay as they were handed out. It is refused while something is open
// with him, and names up to five of these matters.
func (b Book) Erase(ctx context.Context, by auth.Caller, id uuid.UUID) (Customer, error) {
	c, err := b.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF c")
	switch {
	case err != nil:
		return c, err
	case c.ErasedAt != nil:
		return c, nil
	case c.MergedInto != nil:
		return c, fault.New(fault.Conflict, "customer_merged", "this customer was merged into %s: use that one", c.MergedInto).With("into", c.MergedInto)
	}
	open, err := b.openMatters(ctx, id)
	if err != nil {
		return c, err
	}
	if len(open) > 0 {
		return c, fault.New(fault.Conflict, "customer_has_open_matters", "something is still open with this customer: %s", strings.Join(open, ", ")).With("open", open)
	}
	if err := b.blank(ctx, id, b.at()); err != nil {
		return c, err
	}
	return b.find(ctx, by.Scope(), id, "")
}

// Erased says of one customer that his data are gone, and since when.
type Erased struct {
	CustomerID uuid.UUID `bun:"customer_id"`
	At         time.Time `bun:"at"`
}

// Erasures are all customers ever erased, in the order of erasing.
func (b Book) Erasures(ctx context.Context) (list []Erased, err error) {
	if err := b.db.NewRaw("SELECT customer_id, at FROM erasures ORDER BY at, customer_id").Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("erasures: %w", fault.FromSQL(err))
	}
	return list, nil
}

// EraseAgain takes back what an older backup brought back: it erases whom the list names and who stands here with
// his data, at the time the list says, also while something is open with him in these older data. It returns who that
// was, with what is open; whoever is unknown here or blank already is passed over.
func (b Book) EraseAgain(ctx context.Context, list []Erased) (again map[uuid.UUID][]string, err error) {
	again = map[uuid.UUID][]string{}
	for _, e := range list {
		var there bool
		if err := b.db.NewRaw("SELECT EXISTS (SELECT FROM customers WHERE id = ? AND erased_at IS NULL)", e.CustomerID).Scan(ctx, &there); err != nil {
			return again, fmt.Errorf("erase customer %s again: %w", e.CustomerID, fault.FromSQL(err))
		}
		if !there {
			continue
		}
		if again[e.CustomerID], err = b.openMatters(ctx, e.CustomerID); err != nil {
			return again, err
		}
		if err := b.blank(ctx, e.CustomerID, e.At); err != nil {
			return again, err
		}
	}
	return again, nil
}

// openMatters are up to five things that need to know who the customer is.
func (b Book) openMatters(ctx context.Context, id uuid.UUID) (open []string, err error) {
	err = b.db.NewRaw(`
		SELECT 'work_order ' || number FROM work_orders WHERE customer_id = ?0 AND state NOT IN ('closed', 'cancelled')
		UNION ALL SELECT 'request ' || number FROM requests WHERE customer_id = ?0 AND state IN ('received', 'triaged')
		UNION ALL SELECT 'complaint ' || number FROM complaints WHERE customer_id = ?0 AND state <> 'closed'
		UNION ALL SELECT 'follow_up ' || number FROM follow_ups WHERE customer_id = ?0 AND state IN ('scheduled', 'due', 'attempted', 'suspended')
		UNION ALL SELECT 'receipt ' || r.number FROM receipts r WHERE r.customer_id = ?0 AND r.voided_at IS NULL
		  AND r.total_minor > (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.receipt_id = r.id AND p.method <> 'on_account')
		LIMIT 5`, id).Scan(ctx, &open)
	if err != nil {
		return nil, fmt.Errorf("erase customer %s: %w", id, fault.FromSQL(err))
	}
	return open, nil
}

// blank takes the words out. The customer comes first: PostgreSQL lets what was said be emptied only of somebody
// who is erased.
func (b Book) blank(ctx context.Context, id uuid.UUID, at time.Time) error {
	const his = "(SELECT o.id FROM work_orders o WHERE o.customer_id = ?0)"
	const asked = "(SELECT r.id FROM requests r WHERE r.customer_id = ?0)"
	for _, take := range []string{
		"UPDATE call_records SET phone = '' WHERE phone <> '' AND phone IN (SELECT phone FROM customers WHERE id = ?0 OR merged_into = ?0 UNION SELECT unnest(phones) FROM contacts WHERE customer_id = ?0)",
		"UPDATE customers SET name = '', phone = NULL, notes = '', external_ref = NULL, erased_at = ?1 WHERE id = ?0 OR merged_into = ?0 AND erased_at IS NULL",
		"UPDATE contacts SET name = '', phones = '{}', email = NULL, preferred_hours = '', notes = '', retired_at = coalesce(retired_at, ?1) WHERE customer_id = ?0",
		"UPDATE sites SET address = '', lat = NULL, lng = NULL, access_notes = '', open_hours = '' WHERE customer_id = ?0",
		"UPDATE assets SET plate = NULL, notes = '' WHERE customer_id = ?0",
		"UPDATE requests SET description = '', told = '', incoming = NULL WHERE customer_id = ?0",
		"UPDATE reporters SET name = '', phone = '', address = '', wish = '', code_hash = NULL WHERE request_id IN " + asked,
		"UPDATE conversations SET text = '' WHERE text <> '' AND (order_id IN " + his + " OR request_id IN " + asked + ")",
		"UPDATE complaints SET text = '', demand = '', against = NULL WHERE customer_id = ?0",
		"UPDATE complaint_evidence SET note = '' WHERE note <> '' AND complaint_id IN (SELECT id FROM complaints WHERE customer_id = ?0)",
		"UPDATE calls SET name = '', phone = '', purpose = '–', detail = '' WHERE customer_id = ?0 AND outcome NOT IN ('answered', 'declined', 'out_of_scope')",
		"UPDATE calls SET name = '', phone = '', purpose = '–', detail = '–' WHERE customer_id = ?0 AND outcome IN ('answered', 'declined', 'out_of_scope')",
		"UPDATE minutes SET place = '', present = '', text = '' WHERE customer_id = ?0",
		"UPDATE follow_up_attempts SET comment = '', answered_by = '' WHERE (comment <> '' OR answered_by <> '') AND follow_up_id IN (SELECT id FROM follow_ups WHERE customer_id = ?0)",
		"UPDATE callbacks SET text = '', state = CASE state WHEN 'open' THEN 'cancelled' ELSE state END, done_at = coalesce(done_at, ?1) WHERE customer_id = ?0 OR order_id IN " + his,
		"UPDATE callback_attempts SET text = '' WHERE text <> '' AND callback_id IN (SELECT id FROM callbacks WHERE customer_id = ?0 OR order_id IN " + his + ")",
		"UPDATE messages SET to_address = '', args = '[]', state = CASE WHEN state IN ('queued', 'failed') THEN 'suppressed' ELSE state END WHERE audience = 'customer' AND (order_id IN " + his + " OR request_id IN " + asked + ")",
		"UPDATE links SET revoked_at = ?1 WHERE revoked_at IS NULL AND (order_id IN " + his + " OR request_id IN " + asked + ")",
		"SELECT erase_from_timeline(?0)",
		"DELETE FROM search_docs WHERE kind = 'customer' AND id = ?0",
		"UPDATE search_docs d SET number = '' FROM assets a WHERE d.kind = 'asset' AND d.id = a.id AND a.customer_id = ?0 AND a.serial_number IS NULL",
		"UPDATE search_docs SET detail = '', words = concat_ws(' ', number, title) WHERE customer_id = ?0",
	} {
		if _, err := b.db.NewRaw(take, id, at).Exec(ctx); err != nil {
			return fmt.Errorf("erase customer %s: %w", id, fault.FromSQL(err))
		}
	}
	return nil
}
