package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// openOf counts the requests that a person owns or was offered, and that have not ended.
const openOf = "(SELECT count(*) FROM requests r WHERE (r.owner_id = m.user_id OR r.handing_to = m.user_id) AND r.closed_at IS NULL)"

func routeOf(ctx context.Context, db bun.IDB, kind string) (group string, err error) {
	err = db.NewRaw("SELECT group_code FROM group_routes WHERE kind = ?", kind).Scan(ctx, &group)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("group of a %s: %w", kind, fault.FromSQL(err))
	}
	return group, nil
}

// freeMember is who of a group has least to do, those with one of the skills first, and nobody who is left out: he
// works for the organisation or for one above it. nil: the group has nobody.
func freeMember(ctx context.Context, db bun.IDB, group string, org int32, skills []string, without *uuid.UUID) (*uuid.UUID, error) {
	var id uuid.UUID
	if len(skills) == 0 {
		skills = Skills()
	}
	err := db.NewRaw(`SELECT m.user_id FROM group_members m JOIN users u ON u.id = m.user_id AND u.active
		WHERE m.group_code = ? AND u.org_id IN (SELECT unnest(path) FROM organisations WHERE id = ?) AND m.user_id IS DISTINCT FROM ?
		ORDER BY m.skill IN (?) DESC, `+openOf+`, m.user_id LIMIT 1`, group, org, without, bun.List(skills)).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("free member of %s: %w", group, fault.FromSQL(err))
	}
	return &id, nil
}

func groupKnown(ctx context.Context, db bun.IDB, code string) error {
	var known bool
	if err := db.NewRaw("SELECT EXISTS (SELECT FROM service_groups WHERE code = ?)", code).Scan(ctx, &known); err != nil {
		return fmt.Errorf("group %s: %w", code, fault.FromSQL(err))
	}
	if !known {
		return fault.New(fault.Invalid, "group_unknown", "there is no group %q", code).Field("body.group", "unknown")
	}
	return nil
}

// groups reads all of them, or one by its code.
func groups(ctx context.Context, db bun.IDB, s auth.Scope, code string) ([]Group, error) {
	var q query
	if err := seeRequests(&q, s); err != nil {
		return nil, err
	}
	queue := "FROM requests r" + q.sql() + " AND r.group_code = g.code AND r.closed_at IS NULL"
	rows := []Group{}
	err := db.NewRaw(`SELECT g.code, g.name_zh, g.name_en, g.version, (SELECT count(*) `+queue+`) AS open, (SELECT count(*) `+queue+` AND r.owner_id IS NULL) AS waiting,
		ARRAY(SELECT kind FROM group_routes t WHERE t.group_code = g.code ORDER BY kind) AS kinds FROM service_groups g WHERE ? IN ('', g.code) ORDER BY g.code`, append(append(append([]any{}, q.args...), q.args...), code)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("groups: %w", fault.FromSQL(err))
	}
	members := []GroupMember{}
	err = db.NewRaw("SELECT m.group_code, m.user_id, u.name, m.skill, "+openOf+" AS open FROM group_members m JOIN users u ON u.id = m.user_id AND u.active WHERE "+s.SQL("u.org_id")+" ORDER BY u.name, m.user_id LIMIT 2000").Scan(ctx, &members)
	if err != nil {
		return nil, fmt.Errorf("members of groups: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].Members = []GroupMember{}
		for _, m := range members {
			if m.Group == rows[i].Code {
				rows[i].Members = append(rows[i].Members, m)
			}
		}
	}
	return rows, nil
}

func putMember(ctx context.Context, w *work, group string, in MemberInput) error {
	statement, args := "DELETE FROM group_members WHERE group_code = ? AND user_id = ?", []any{group, in.UserID}
	if !in.Gone {
		statement, args = "INSERT INTO group_members (group_code, user_id, skill) VALUES (?, ?, ?) ON CONFLICT ON CONSTRAINT group_members_once DO UPDATE SET skill = excluded.skill", append(args, in.Skill)
	}
	if _, err := w.tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("member of %s: %w", group, err)
	}
	return nil
}

func putRoute(ctx context.Context, w *work, in RouteInput) error {
	result, err := w.tx.ExecContext(ctx, "UPDATE group_routes SET group_code = ? WHERE kind = ?", in.Group, in.Kind)
	if err != nil {
		return fmt.Errorf("route of %s: %w", in.Kind, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return fault.New(fault.Invalid, "kind_unknown", "there is no kind of request %q", in.Kind).Field("body.kind", "unknown")
	}
	return nil
}
