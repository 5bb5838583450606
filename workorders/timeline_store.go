package workorders

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gofrs/uuid/v5"
)

// note writes a line of the timeline in the transaction of the change it tells about.
func (w *work) note(ctx context.Context, s said) error {
	data := []byte("{}")
	if s.Data != nil {
		var err error
		if data, err = json.Marshal(s.Data); err != nil {
			return fmt.Errorf("timeline %s: %w", s.Action, err)
		}
	}
	null := func(t string) any {
		if t == "" {
			return nil
		}
		return t
	}
	_, err := w.tx.ExecContext(ctx, `INSERT INTO timeline (id, org_id, order_id, request_id, complaint_id, at, actor_id, actor, on_behalf_of, action, from_state, to_state, reason, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		newID(), s.OrgID, s.Order, s.Request, s.Complaint, w.at, w.actorID(), actorName(w.by.Name, w.by.Login), s.OnBehalfOf, s.Action, null(s.From), null(s.To), s.Reason, string(data))
	if err != nil {
		return fmt.Errorf("timeline %s: %w", s.Action, err)
	}
	return nil
}

func (w *work) actorID() any {
	if w.by.UserID.IsNil() {
		return nil
	}
	return w.by.UserID
}

func actorName(name, login string) string {
	if name != "" {
		return name
	}
	return login
}

// news is what one transaction tells once: the topic, what it is about, and whom it serves by now.
type news struct {
	topic string
	ref   uuid.UUID
	serve int32
}

// announce leaves an event for whoever watches; it carries no content, readers fetch with their own rights.
func (w *work) announce(ctx context.Context, topic string, org int32, serving *int32, ref uuid.UUID) error {
	server := org
	if serving != nil {
		server = *serving
	}
	news := news{topic, ref, server}
	if w.told[news] {
		return nil // one change, one event, however many steps it took
	}
	w.told[news] = true
	if _, err := w.tx.ExecContext(ctx, "INSERT INTO events (org_id, serving_org_id, topic, ref_id, at) VALUES (?, ?, ?, ?, ?)", org, serving, topic, ref, w.at); err != nil {
		return fmt.Errorf("event %s: %w", topic, err)
	}
	if w.hooks != nil {
		orgs := []int32{org}
		if serving != nil && *serving != org {
			orgs = append(orgs, *serving)
		}
		if err := w.hooks.Publish(ctx, orgs, topic, map[string]any{"id": ref, "topic": topic}); err != nil {
			return err
		}
	}
	if outer, ok := ctx.Value(workKey{}).(*work); ok {
		outer.out = true
	}
	w.out = true
	return nil
}

func (d *Desk) timelineOf(ctx context.Context, column string, id uuid.UUID) ([]Entry, error) {
	rows := []Entry{}
	err := d.reader(ctx).NewRaw("SELECT id, at, action, actor, actor_id, on_behalf_of, from_state, to_state, reason, data FROM timeline WHERE "+column+" = ? ORDER BY id LIMIT 1000", id).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	return rows, nil
}
