package inventory

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// MaxQuantity bounds one line: a slip of the finger, not a delivery.
const MaxQuantity = 1_000_000_000

// Ledger is the store of parts. It is a small value: copy it freely. Methods that write several rows
// expect a transaction, see In.
type Ledger struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the ledger on a database; now is the clock of facts.
func New(db bun.IDB, now func() time.Time) Ledger { return Ledger{db, now} }

// In is the same ledger inside a transaction.
func (l Ledger) In(tx bun.IDB) Ledger { return Ledger{tx, l.now} }

func (l Ledger) at() time.Time { return l.now().UTC().Truncate(time.Microsecond) }

// spot is one part in one place, what locks and promises are about.
type spot struct{ place, part uuid.UUID }

func (a spot) compare(b spot) int {
	return cmp.Or(bytes.Compare(a.place[:], b.place[:]), bytes.Compare(a.part[:], b.part[:]))
}

func sortedSpots[V any](m map[spot]V) []spot {
	out := make([]spot, 0, len(m))
	for s := range m {
		out = append(out, s)
	}
	slices.SortFunc(out, spot.compare)
	return out
}

// shelf is what lies in a spot in one condition.
type shelf struct {
	PlaceID   uuid.UUID
	PartID    uuid.UUID
	Condition Condition
	OnHand    int64
	Reserved  int64
}

// lock holds the stock of these spots still until the transaction ends and reads what lies there.
func (l Ledger) lock(ctx context.Context, spots []spot) ([]shelf, error) {
	if len(spots) == 0 {
		return nil, nil
	}
	var places, parts []uuid.UUID
	for _, s := range spots {
		places, parts = append(places, s.place), append(parts, s.part)
	}
	var rows []shelf
	if err := l.db.NewRaw("SELECT place_id, part_id, condition, on_hand, reserved FROM lock_stock(?::uuid[], ?::uuid[])",
		uuids(places), uuids(parts)).Scan(ctx, &rows); err != nil {
		return nil, refusedBy(err)
	}
	return rows, nil
}

// good are the pieces that can be promised, by spot.
func good(rows []shelf) map[spot]shelf {
	out := make(map[spot]shelf, len(rows))
	for _, r := range rows {
		if r.Condition == Good {
			out[spot{r.PlaceID, r.PartID}] = r
		}
	}
	return out
}

// uuids writes ids as a PostgreSQL array.
func uuids(ids []uuid.UUID) string {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(id.String())
	}
	b.WriteByte('}')
	return b.String()
}

// refusedBy gives what PostgreSQL refused in words for people.
func refusedBy(err error) error {
	err = fault.FromSQL(err)
	if f := fault.As(err); f != nil && len(f.Args) == 0 && (f.Code == codeTooFew || f.Code == codePromised) {
		// Without the part's name, which only the methods below know, the sentence would be half a sentence.
		return fmt.Errorf("%w: %w", fault.New(fault.Conflict, "stock_changed", "the stock has changed in the meantime: look again"), err)
	}
	return err
}

const (
	codeTooFew   = "stock_not_below_zero"
	codePromised = "stock_reserved_within"
)

// tooFew is the refusal of taking or promising more than there is, in words of part and place.
func (l Ledger) tooFew(ctx context.Context, code string, at spot, needed, available int64) error {
	var names struct{ SKU, Part, PlaceCode, Place string }
	if err := l.db.NewRaw("SELECT p.sku, p.name AS part, pl.code AS place_code, pl.name AS place FROM parts p, places pl WHERE p.id = ? AND pl.id = ?", at.part, at.place).
		Scan(ctx, &names); err != nil {
		return fmt.Errorf("name a part and a place: %w", refusedBy(err))
	}
	sentence := "part %s: only %d of %d available in %s"
	if code == codeTooFew {
		sentence = "part %s: only %d of %d there in %s"
	}
	return fault.New(fault.Conflict, code, sentence, names.SKU, available, needed, names.PlaceCode).
		With("sku", names.SKU).With("part_name", names.Part).With("place_code", names.PlaceCode).With("place_name", names.Place).
		With("needed", needed).With("available", available)
}

func quantityFault(field string) error {
	return fault.New(fault.Invalid, "quantity_bounds", "a quantity is a whole number from 1 to %d", MaxQuantity).Field(field, "1 to 1000000000")
}

// unknown is the answer for a row that is not there, or not in sight.
func unknown(what string) error {
	f := fault.New(fault.NotFound, what+"_unknown", "there is no such %s", what)
	f.Args = nil
	return f
}

// stale is the answer to a change of a version that is not the newest.
func stale() error {
	return fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
}

func none(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// within is the condition that the place pl is in sight.
func within(scope auth.Scope) (bun.Safe, error) {
	if err := scope.Check(); err != nil {
		return "", err
	}
	return bun.Safe(scope.SQL("pl.org_id")), nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// given is what an optional input says, or its usual value.
func given[T any](p *T, usual T) T {
	if p == nil {
		return usual
	}
	return *p
}

// readID reads an id out of a text a client sent.
func readID(field, text string) (uuid.UUID, error) {
	id, err := uuid.FromString(text)
	if err != nil {
		return id, fault.New(fault.Invalid, "bad_id", "%q is not an id", text).Field(field, "a UUID")
	}
	return id, nil
}

// texts writes texts as a PostgreSQL array.
func texts(list []string) string {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
