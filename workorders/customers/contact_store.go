package customers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

const contactColumns = `k.id, k.org_id, k.customer_id, k.name, k.phones, k.email, k.role, k.preferred_hours, k.language, k.do_not_call, k.notes, k.retired_at, k.created_at, k.version`

// AddContact adds a person to a customer.
func (b Book) AddContact(ctx context.Context, by auth.Caller, customer uuid.UUID, in ContactInput) (Contact, error) {
	c, err := b.live(ctx, by.Scope(), customer)
	if err != nil {
		return Contact{}, err
	}
	k := Contact{ID: newID(), OrgID: c.OrgID, CustomerID: c.ID, Email: optional(in.Email), Role: in.Role, PreferredHours: strings.TrimSpace(in.PreferredHours),
		Language: in.Language, DoNotCall: in.DoNotCall, Notes: strings.TrimSpace(in.Notes), CreatedAt: b.at(), Version: 1}
	if k.Name, err = text("name", in.Name); err != nil {
		return k, err
	}
	if k.Phones, err = phones(in.Phones); err != nil {
		return k, err
	}
	if err := k.check(); err != nil {
		return k, err
	}
	_, err = b.db.NewRaw(`INSERT INTO contacts (id, org_id, customer_id, name, phones, email, role, preferred_hours, language, do_not_call, notes, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.ID, k.OrgID, k.CustomerID, k.Name, pgdialect.Array(k.Phones), k.Email, k.Role, k.PreferredHours, k.Language, k.DoNotCall, k.Notes, k.CreatedAt).Exec(ctx)
	if err != nil {
		return k, fmt.Errorf("add contact: %w", fault.FromSQL(err))
	}
	return k, nil
}

func (c Contact) check() error {
	if err := oneOf("role", string(c.Role), string(Reporter), string(OnSite), string(Payer), string(Decider)); err != nil {
		return err
	}
	if c.Email != nil {
		if a, err := mail.ParseAddress(*c.Email); err != nil || a.Address != *c.Email {
			return fault.New(fault.Invalid, "email_invalid", "%q is not an e-mail address", *c.Email).Field("body.email", "not an e-mail address")
		}
	}
	if c.Language != "" {
		return oneOf("language", c.Language, "zh-Hans", "en")
	}
	return nil
}

// Contact reads one person.
func (b Book) Contact(ctx context.Context, s auth.Scope, id uuid.UUID) (Contact, error) {
	var q clauses
	var k Contact
	q.and("k.id = ?", id)
	if err := q.see(s, "k.customer_id", "k.org_id"); err != nil {
		return k, err
	}
	err := b.db.NewRaw("SELECT "+contactColumns+" FROM contacts k"+q.String(), q.args...).Scan(ctx, &k)
	if errors.Is(err, sql.ErrNoRows) {
		return k, missing("contact", id)
	}
	if err != nil {
		return k, fmt.Errorf("contact %s: %w", id, fault.FromSQL(err))
	}
	return k, nil
}

// PatchContact changes what is named in the patch.
func (b Book) PatchContact(ctx context.Context, by auth.Caller, id uuid.UUID, in ContactPatch) (Contact, error) {
	k, err := b.Contact(ctx, by.Scope(), id)
	if err != nil {
		return k, err
	}
	if _, err := b.live(ctx, by.Scope(), k.CustomerID); err != nil {
		return k, err
	}
	var s set
	if in.Name != nil {
		if k.Name, err = text("name", *in.Name); err != nil {
			return k, err
		}
		s.to("name", k.Name)
	}
	if in.Phones != nil {
		list, err := phones(*in.Phones)
		if err != nil {
			return k, err
		}
		s.to("phones", pgdialect.Array(list))
	}
	if in.Role != nil {
		k.Role = *in.Role
		s.to("role", k.Role)
	}
	if in.Email != nil {
		k.Email = optional(in.Email)
		s.to("email", k.Email)
	}
	if in.PreferredHours != nil {
		s.to("preferred_hours", strings.TrimSpace(*in.PreferredHours))
	}
	if in.Language != nil {
		k.Language = *in.Language
		s.to("language", k.Language)
	}
	if in.DoNotCall != nil {
		s.to("do_not_call", *in.DoNotCall)
	}
	if in.Notes != nil {
		s.to("notes", strings.TrimSpace(*in.Notes))
	}
	if in.Retired != nil {
		at := b.at()
		if *in.Retired {
			s.to("retired_at", at)
		} else {
			s.terms = append(s.terms, "retired_at = NULL")
		}
	}
	if err := k.check(); err != nil {
		return k, err
	}
	if err := b.change(ctx, "contacts", id, in.Match, s); err != nil {
		return k, err
	}
	return b.Contact(ctx, by.Scope(), id)
}

// ContactsFor are the people to turn to for a purpose, the fitting role first: the message on the way goes
// to on_site, the quote to payer or decision, the follow-up call to on_site. Retired people and, for calls,
// those who do not want any are left out.
func (b Book) ContactsFor(ctx context.Context, customer uuid.UUID, call bool, roles ...Role) ([]Contact, error) {
	var rows []Contact
	err := b.db.NewRaw("SELECT "+contactColumns+` FROM contacts k WHERE k.customer_id = ? AND k.retired_at IS NULL AND NOT (? AND k.do_not_call)
		ORDER BY array_position(?::text[], k.role) NULLS LAST, k.id DESC LIMIT 50`, customer, call, pgdialect.Array(roles)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("contacts of %s: %w", customer, fault.FromSQL(err))
	}
	return rows, nil
}
