package workorders

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
)

func insertConversation(ctx context.Context, w *work, c *Conversation) error {
	c.At, c.Actor = w.at, actorName(w.by.Name, w.by.Login)
	_, err := w.tx.ExecContext(ctx, `INSERT INTO conversations (id, org_id, request_id, order_id, contact_id, direction, channel, kind, outcome, text, promised_at, at, user_id, actor)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?)`,
		c.ID, c.OrgID, c.RequestID, c.OrderID, c.ContactID, c.Direction, c.Channel, c.Kind, c.Outcome, c.Text, c.PromisedAt, c.At, w.actorID(), c.Actor)
	if err != nil {
		return fmt.Errorf("conversation: %w", err)
	}
	return nil
}

func (d *Desk) conversationsOf(ctx context.Context, column string, id uuid.UUID) ([]Conversation, error) {
	rows := []Conversation{}
	err := d.reader(ctx).NewRaw(`SELECT id, org_id, request_id, order_id, contact_id, direction, channel, kind, coalesce(outcome, '') AS outcome, text, promised_at, at, actor
		FROM conversations WHERE `+column+` = ? ORDER BY id LIMIT 500`, id).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("conversations: %w", err)
	}
	return rows, nil
}
