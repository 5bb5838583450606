package workorders

import (
	"context"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Group is a queue with members: orders, complaints, customer service, technical support. What reaches the house
// stands in the queue of the group that takes its kind.
type Group struct {
	Code    string        `bun:"code" json:"code"`
	NameZh  string        `bun:"name_zh" json:"name_zh"`
	NameEn  string        `bun:"name_en" json:"name_en"`
	Open    int           `bun:"open" json:"open" doc:"requests in sight that stand in its queue"`
	Waiting int           `bun:"waiting" json:"waiting" doc:"of them, those that nobody owns yet"`
	Kinds   []string      `bun:"kinds,array" json:"kinds" doc:"of requests, that it takes"`
	Members []GroupMember `bun:"-" json:"members"`
	Version int           `bun:"version" json:"version"`
}

// Name is the group's name in a language.
func (g Group) Name(lang string) string {
	if lang == "en" {
		return g.NameEn
	}
	return g.NameZh
}

// GroupMember is a person of a group with what he is good at.
type GroupMember struct {
	Group  string    `bun:"group_code" json:"-"`
	UserID uuid.UUID `bun:"user_id" json:"user_id"`
	Name   string    `bun:"name" json:"name"`
	Skill  string    `bun:"skill" json:"skill" enum:"technical,theory,all_round"`
	Open   int       `bun:"open" json:"open" doc:"open requests that he owns or that were offered to him"`
}

// MemberInput puts a person into a group or takes him out of it.
type MemberInput struct {
	UserID uuid.UUID `json:"user_id"`
	Skill  string    `json:"skill,omitempty" enum:"technical,theory,all_round" doc:"what he is good at; absent = all-round"`
	Gone   bool      `json:"gone,omitempty" doc:"he is a member no more"`
}

// RouteInput says which group takes a kind of request.
type RouteInput struct {
	Kind  string `json:"kind" enum:"repair,install,maintain,inspect,exchange,deliver,train,consult,technical,appointment,account,suggestion,billing,complaint,other"`
	Group string `json:"group" maxLength:"30"`
}

// Skills are what the members of a group may be good at.
func Skills() []string { return []string{"technical", "theory", "all_round"} }

// flowGroup is whose queue a request stands in that goes another way than its kind says.
var flowGroup = map[string]string{"dispute": "complaints", "technical": "technical", "unsolvable": "technical"}

// groupSkills are what members should be good at before others are asked.
var groupSkills = map[string][]string{"technical": {"technical", "all_round"}}

// route puts a new request into the queue of the group that takes its kind. One that nobody took in person, such
// as a report by the web or a letter, is offered to the member who has least to do; who accepts it owns it.
func (w *work) route(ctx context.Context, r *Request, readBack bool) error {
	group, err := routeOf(ctx, w.tx, r.Kind)
	if err != nil {
		return err
	}
	if group != "" {
		r.GroupCode = &group
	}
	if err := setRequest(ctx, w.tx, r.ID, "group_code = ?, read_back = ?", r.GroupCode, readBack); err != nil {
		return err
	}
	if r.OwnerID != nil || group == "" {
		return nil
	}
	return w.offerToGroup(ctx, r, group)
}

// intoQueue moves a request into the queue of another group, and offers it to somebody there.
func (w *work) intoQueue(ctx context.Context, r *Request, group string) error {
	if r.GroupCode != nil && *r.GroupCode == group {
		return nil
	}
	if err := setRequest(ctx, w.tx, r.ID, "group_code = ?", group); err != nil {
		return err
	}
	r.GroupCode = &group
	if r.HandingTo != nil {
		return nil
	}
	return w.offerToGroup(ctx, r, group)
}

func (w *work) offerToGroup(ctx context.Context, r *Request, group string) error {
	to, err := freeMember(ctx, w.tx, group, r.OrgID, groupSkills[group], r.OwnerID)
	if err != nil || to == nil {
		return err
	}
	if err := setRequest(ctx, w.tx, r.ID, "handing_to = ?, handing_at = ?", *to, w.at); err != nil {
		return err
	}
	return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "request_offered", Data: map[string]any{"to": *to, "group": group}})
}

// MoveToGroup puts a request into another queue. Its owner stays responsible until somebody there accepts it.
func (d *Desk) MoveToGroup(ctx context.Context, by auth.Caller, ref, group string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if r.ClosedAt != nil {
			return fault.New(fault.Conflict, "request_ended", "this request has ended")
		}
		if err := groupKnown(ctx, w.tx, group); err != nil {
			return err
		}
		if err := w.intoQueue(ctx, r, group); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "request_group", Data: map[string]any{"group": group}})
	})
}

// SetMember puts a person into a group, or takes him out of it.
func (d *Desk) SetMember(ctx context.Context, by auth.Caller, group string, in MemberInput) (Group, error) {
	var g Group
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		if in.Skill == "" {
			in.Skill = "all_round"
		}
		if !slices.Contains(Skills(), in.Skill) {
			return fault.New(fault.Invalid, "unknown_skill", "a member is good at one of %s", strings.Join(Skills(), ", ")).Field("body.skill", "unknown")
		}
		if err := groupKnown(ctx, w.tx, group); err != nil {
			return err
		}
		if _, err := w.people.In(w.tx).User(ctx, by.Scope(), in.UserID); err != nil {
			return err
		}
		if err := putMember(ctx, w, group, in); err != nil {
			return err
		}
		list, err := groups(ctx, w.tx, by.Scope(), group)
		if err == nil {
			g = list[0]
		}
		return err
	})
	return g, err
}

// SetRoute says which group takes a kind of request from now on.
func (d *Desk) SetRoute(ctx context.Context, by auth.Caller, in RouteInput) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		if err := groupKnown(ctx, w.tx, in.Group); err != nil {
			return err
		}
		return putRoute(ctx, w, in)
	})
}

// Groups lists the groups with their members and what waits in their queues, as far as it is in sight.
func (d *Desk) Groups(ctx context.Context, by auth.Caller) ([]Group, error) {
	return groups(ctx, d.reader(ctx), by.Scope(), "")
}
