package workorders

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/inventory"
)

// VanWish is what an engineer asks the counter for.
type VanWish struct {
	PlaceCode string
	Lines     []PartNeed
	Text      string
	Urgent    bool
}

// PartRequest is such a wish 领料单 as it stands: asked, ready at a counter, received (the transfer is booked)
// or refused.
type PartRequest struct {
	ID         uuid.UUID       `bun:"id"`
	OrgID      int32           `bun:"org_id"`
	EngineerID uuid.UUID       `bun:"engineer_id"`
	Engineer   string          `bun:"engineer"`
	Van        string          `bun:"van"`  // code
	From       string          `bun:"from"` // code of the counter; empty while asked
	Raw        json.RawMessage `bun:"lines"`
	Lines      []PartNeed      `bun:"-"`
	Text       string          `bun:"text"`
	Urgent     bool            `bun:"urgent"`
	AskedAt    time.Time       `bun:"asked_at"`
	State      string          `bun:"state"`
	Why        string          `bun:"why"`
}

// WishParts asks the counter for parts.
func (d *Desk) WishParts(ctx context.Context, by auth.Caller, in VanWish) (PartRequest, error) {
	var r PartRequest
	if by.EngineerID == nil {
		return r, fault.New(fault.Forbidden, "not_permitted", "your roles do not include this")
	}
	if len(in.Lines) == 0 && strings.TrimSpace(in.Text) == "" {
		return r, fault.New(fault.Invalid, "nothing_asked", "say which parts, or describe them").Field("body.lines", "required")
	}
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		van, err := w.stock.PlaceByCode(ctx, by.Scope(), in.PlaceCode)
		if err != nil {
			return err
		}
		for i, l := range in.Lines {
			known, err := w.stock.PartsBySKU(ctx, l.SKU)
			if err != nil {
				return err
			}
			if _, ok := known[l.SKU]; !ok || l.Quantity < 1 {
				return fault.New(fault.Invalid, "part_unknown", "there is no part %s", l.SKU).Field(fmt.Sprintf("body.lines[%d].sku", i), "unknown")
			}
		}
		r = PartRequest{ID: newID(), OrgID: by.OrgID, EngineerID: *by.EngineerID, Van: van.Code, Lines: nonNil(in.Lines), Text: in.Text, Urgent: in.Urgent, AskedAt: w.at, State: "asked"}
		if r.Raw, err = json.Marshal(r.Lines); err != nil {
			return err
		}
		if err := insertWish(ctx, w, r, van.ID); err != nil {
			return err
		}
		return w.announce(ctx, "stock", r.OrgID, nil, r.ID)
	})
	return r, err
}

// PartRequests lists what waits; of an engineer his own last twenty, whatever became of them.
func (d *Desk) PartRequests(ctx context.Context, by auth.Caller, own bool) ([]PartRequest, error) {
	return wishesOf(ctx, d.reader(ctx), by, own)
}

// LayOut says at which counter the parts lie ready.
func (d *Desk) LayOut(ctx context.Context, by auth.Caller, id uuid.UUID, place string) error {
	return d.onWish(ctx, by, id, "asked", func(ctx context.Context, w *work, r PartRequest) error {
		p, err := w.stock.PlaceByCode(ctx, by.Scope(), place)
		if err != nil {
			return err
		}
		return setWish(ctx, w, r.ID, "state = 'ready', from_place = ?, ready_at = ?", p.ID, w.at)
	})
}

// RefuseParts says why the counter hands nothing out.
func (d *Desk) RefuseParts(ctx context.Context, by auth.Caller, id uuid.UUID, why string) error {
	if strings.TrimSpace(why) == "" {
		return fault.New(fault.Invalid, "reason_missing", "say why").Field("body.reason", "required")
	}
	return d.onWish(ctx, by, id, "", func(ctx context.Context, w *work, r PartRequest) error {
		return setWish(ctx, w, r.ID, "state = 'refused', why = ?, ended_at = ?", why, w.at)
	})
}

// ReceiveParts is the engineer's tap when he takes what lies ready: the transfer to his van is booked.
func (d *Desk) ReceiveParts(ctx context.Context, by auth.Caller, id uuid.UUID) error {
	return d.onWish(ctx, by, id, "ready", func(ctx context.Context, w *work, r PartRequest) error {
		if by.EngineerID == nil || *by.EngineerID != r.EngineerID {
			return notFound("part request", id.String())
		}
		for _, l := range r.Lines {
			from, to, why := r.From, r.Van, "part request"
			if _, err := d.MoveStock(ctx, by, inventory.MovementInput{Kind: inventory.Transfer, SKU: l.SKU, Quantity: l.Quantity, FromPlace: &from, ToPlace: &to, Reason: &why}); err != nil {
				return err
			}
		}
		return setWish(ctx, w, r.ID, "state = 'received', ended_at = ?", w.at)
	})
}

func (d *Desk) onWish(ctx context.Context, by auth.Caller, id uuid.UUID, in string, fn func(ctx context.Context, w *work, r PartRequest) error) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		r, err := lockWish(ctx, w.tx, by, id)
		if err != nil {
			return err
		}
		if in != "" && r.State != in || r.State == "received" || r.State == "refused" {
			return fault.New(fault.Conflict, "part_requests_state", "this request is %s already", r.State).With("state", r.State)
		}
		if err := fn(ctx, w, r); err != nil {
			return err
		}
		return w.announce(ctx, "stock", r.OrgID, nil, r.ID)
	})
}
