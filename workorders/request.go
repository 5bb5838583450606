package workorders

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// RequestInput is what a service desk writes down when a customer reports something.
type RequestInput struct {
	Channel           string     `json:"channel" enum:"phone,email,web,chat,fax,letter,walk_in,link,shipment,import,api" doc:"how it reached us"`
	Kind              string     `json:"kind" enum:"repair,install,maintain,inspect,exchange,deliver,train,consult,technical,appointment,account,suggestion,billing,complaint,other"`
	CustomerID        *uuid.UUID `json:"customer_id,omitempty"`
	SiteID            *uuid.UUID `json:"site_id,omitempty"`
	AssetID           *uuid.UUID `json:"asset_id,omitempty"`
	ReporterContactID *uuid.UUID `json:"reporter_contact_id,omitempty"`
	Summary           string     `json:"summary" minLength:"1" maxLength:"200" doc:"the problem in a line, in the customer's words"`
	Description       string     `json:"description,omitempty" maxLength:"20000"`
	ReceivedAt        *time.Time `json:"received_at,omitempty" doc:"when it reached the house; absent = now. Earlier than an hour ago needs received_reason"`
	ReceivedReason    string     `json:"received_reason,omitempty" maxLength:"500"`
	Told              string     `json:"told,omitempty" maxLength:"2000" doc:"what the customer was told in this very conversation: that is the reply"`
	PromisedReplyAt   *time.Time `json:"promised_reply_at,omitempty" doc:"a second clock: when we promised to call back"`
	ExternalRef       *string    `json:"external_ref,omitempty" maxLength:"100"`
	OrganisationCode  string     `json:"organisation_code,omitempty" doc:"absent = the caller's own"`
	ReadBack          bool       `json:"read_back,omitempty" doc:"what was written down was read back to the caller, who confirmed it"`
	Incoming          *Incoming  `json:"incoming,omitempty" doc:"of a letter: its stamp, sender and scan"`
}

// Incoming is what the register of incoming letters knows. The clock runs from the stamp.
type Incoming struct {
	StampAt *time.Time `json:"stamp_at,omitempty" doc:"when it reached the house"`
	From    string     `json:"from,omitempty" maxLength:"200"`
	Scan    string     `json:"scan,omitempty" maxLength:"64" doc:"SHA-256 of the scan"`
}

// Request is a service request 报修单.
type Request struct {
	ID                uuid.UUID       `bun:"id" json:"id"`
	OrgID             int32           `bun:"org_id" json:"-"`
	Number            string          `bun:"number" json:"number"`
	OrganisationCode  string          `bun:"organisation_code" json:"organisation_code"`
	Origin            string          `bun:"origin" json:"origin,omitempty"`
	Channel           string          `bun:"channel" json:"channel"`
	Kind              string          `bun:"kind" json:"kind"`
	State             RequestState    `bun:"state" json:"state"`
	Summary           string          `bun:"summary" json:"summary"`
	Description       string          `bun:"description" json:"description,omitempty"`
	CustomerID        *uuid.UUID      `bun:"customer_id" json:"customer_id,omitempty"`
	CustomerName      string          `bun:"customer_name" json:"customer_name,omitempty"`
	SiteID            *uuid.UUID      `bun:"site_id" json:"site_id,omitempty"`
	Address           string          `bun:"address" json:"address,omitempty"`
	AssetID           *uuid.UUID      `bun:"asset_id" json:"asset_id,omitempty"`
	AssetName         string          `bun:"asset_name" json:"asset_name,omitempty"`
	ReporterContactID *uuid.UUID      `bun:"reporter_contact_id" json:"reporter_contact_id,omitempty"`
	ReceivedAt        time.Time       `bun:"received_at" json:"received_at"`
	RegisteredAt      time.Time       `bun:"registered_at" json:"registered_at"`
	ReceivedReason    string          `bun:"received_reason" json:"received_reason,omitempty"`
	ReplyDueAt        *time.Time      `bun:"reply_due_at" json:"reply_due_at"`
	RepliedAt         *time.Time      `bun:"replied_at" json:"replied_at"`
	RepliedHow        *string         `bun:"replied_how" json:"replied_how,omitempty"`
	PromisedReplyAt   *time.Time      `bun:"promised_reply_at" json:"promised_reply_at,omitempty"`
	Told              string          `bun:"told" json:"told,omitempty"`
	Coverage          json.RawMessage `bun:"coverage" json:"coverage"`
	DuplicateOf       *uuid.UUID      `bun:"duplicate_of" json:"duplicate_of,omitempty"`
	RejectReason      *string         `bun:"reject_reason" json:"reject_reason,omitempty"`
	Solution          *string         `bun:"solution" json:"solution,omitempty"`
	FaultCode         *string         `bun:"fault_code" json:"fault_code,omitempty"`
	AnsweredAt        *time.Time      `bun:"answered_at" json:"answered_at,omitempty"`
	CameBack          int             `bun:"came_back" json:"came_back"`
	ExternalRef       *string         `bun:"external_ref" json:"external_ref,omitempty"`
	Incoming          json.RawMessage `bun:"incoming" json:"incoming,omitempty"`
	OwnerID           *uuid.UUID      `bun:"owner_id" json:"owner_id,omitempty"`
	FirstOwnerID      *uuid.UUID      `bun:"first_owner_id" json:"first_owner_id,omitempty"`
	HandingTo         *uuid.UUID      `bun:"handing_to" json:"handing_to,omitempty" doc:"offered to him; the owner stays responsible until he accepts"`
	HandingReason     string          `bun:"handing_reason" json:"handing_reason,omitempty"`
	Bounced           int             `bun:"bounced" json:"bounced" doc:"how often an offer was refused"`
	GroupCode         *string         `bun:"group_code" json:"group_code,omitempty" doc:"whose queue it stands in"`
	ReadBack          bool            `bun:"read_back" json:"read_back"`
	Flow              string          `bun:"flow" json:"flow" enum:"simple,dispute,technical,unsolvable"`
	FlowNote          string          `bun:"flow_note" json:"flow_note,omitempty"`
	Feedback          string          `bun:"feedback" json:"feedback,omitempty" doc:"what the house learnt"`
	FeedbackTo        string          `bun:"feedback_department" json:"feedback_department,omitempty"`
	FeedbackAt        *time.Time      `bun:"feedback_at" json:"feedback_at,omitempty"`
	ClosedAt          *time.Time      `bun:"closed_at" json:"closed_at,omitempty"`
	Version           int             `bun:"version" json:"version"`
	AllowedActions    []string        `bun:"-" json:"allowed_actions"`
	Duplicates        []Duplicate     `bun:"-" json:"duplicates"`
	WorkOrders        []OrderRef      `bun:"-" json:"work_orders"`
	Timeline          []Entry         `bun:"-" json:"timeline,omitempty"`
	Conversations     []Conversation  `bun:"-" json:"conversations,omitempty"`
}

// Duplicate is a hint that this may have been reported before. It never refuses anything.
type Duplicate struct {
	Kind    string    `bun:"kind" json:"kind" enum:"request,work_order"`
	ID      uuid.UUID `bun:"id" json:"id"`
	Number  string    `bun:"number" json:"number"`
	State   string    `bun:"state" json:"state"`
	Summary string    `bun:"summary" json:"summary"`
	Why     string    `bun:"why" json:"why" enum:"device,site,customer"`
}

// OrderRef names a work order.
type OrderRef struct {
	ID     uuid.UUID  `bun:"id" json:"id"`
	Number string     `bun:"number" json:"number"`
	State  OrderState `bun:"state" json:"state"`
}

// RequestFilter narrows the list of requests; newest first.
type RequestFilter struct {
	keyset.Ask
	State      string     `query:"state" json:"-" doc:"one state, or several with commas"`
	Channel    string     `query:"channel" json:"-"`
	Kind       string     `query:"kind" json:"-"`
	CustomerID *uuid.UUID `json:"-"`
	Overdue    bool       `query:"overdue" json:"-" doc:"only those whose 24 hours are over without a reply"`
	Unlearnt   bool       `query:"unlearnt" json:"-" doc:"only those that ended and from which nobody wrote down what the house learnt"`
	Ownerless  bool       `query:"ownerless" json:"-" doc:"only open ones that nobody owns, or that were refused when offered"`
	Group      string     `query:"group" json:"-" doc:"only those in the queue of a group, by its code"`
	Mine       *uuid.UUID `json:"-"` // owned by this person, or offered to him
	Q          string     `query:"q" json:"-" maxLength:"100"`
}

// Register writes a request down, starts its 24-hour clock and says who else may have reported it.
//
// The clock runs 24 times 3600 seconds from the moment it reached the house, at night and on holidays
// too. received_at in the future is refused; earlier than an hour ago it needs a reason. A live answer
// in the same conversation (told) is the reply; an automatic message is not.
func (d *Desk) Register(ctx context.Context, by auth.Caller, in RequestInput) (Request, error) {
	var id uuid.UUID
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		org, err := w.orgFor(ctx, in.OrganisationCode)
		if err != nil {
			return err
		}
		r := Request{
			ID: newID(), OrgID: org, Channel: in.Channel, Kind: in.Kind, State: RequestReceived,
			Summary: strings.TrimSpace(in.Summary), Description: in.Description, CustomerID: in.CustomerID, SiteID: in.SiteID, AssetID: in.AssetID,
			ReporterContactID: in.ReporterContactID, ReceivedAt: w.at, RegisteredAt: w.at, ReceivedReason: in.ReceivedReason,
			PromisedReplyAt: in.PromisedReplyAt, Told: in.Told, ExternalRef: in.ExternalRef,
		}
		if r.Summary == "" {
			return fault.New(fault.Invalid, "summary_missing", "say in a line what the customer reports").Field("body.summary", "must not be blank")
		}
		if in.Incoming != nil {
			if in.ReceivedAt == nil && in.Incoming.StampAt != nil {
				in.ReceivedAt, in.ReceivedReason = in.Incoming.StampAt, cmp.Or(in.ReceivedReason, "stamp of the incoming letter")
				r.ReceivedReason = in.ReceivedReason
			}
			if r.Incoming, err = json.Marshal(in.Incoming); err != nil {
				return err
			}
		}
		if in.ReceivedAt != nil {
			r.ReceivedAt = in.ReceivedAt.UTC().Truncate(time.Microsecond)
			switch {
			case r.ReceivedAt.After(w.at.Add(time.Minute)):
				return fault.New(fault.Invalid, "received_in_future", "received_at lies in the future: check the clock and the date").Field("body.received_at", "must not be in the future")
			case r.ReceivedAt.After(w.at):
				r.ReceivedAt = w.at
			case r.ReceivedAt.Before(w.at.Add(-time.Hour)) && strings.TrimSpace(in.ReceivedReason) == "":
				return fault.New(fault.Invalid, "received_reason_missing", "received_at is more than an hour ago: say why it is written down only now").Field("body.received_reason", "required when received_at is more than an hour ago")
			}
		}
		if in.PromisedReplyAt != nil && in.PromisedReplyAt.Before(w.at) {
			return fault.New(fault.Invalid, "promise_in_past", "a promised time lies ahead").Field("body.promised_reply_at", "must be in the future")
		}
		if err := w.placeRequest(ctx, &r); err != nil {
			return err
		}
		cover, err := w.coverageOf(ctx, r.AssetID, r.CustomerID, r.OrgID)
		if err != nil {
			return err
		}
		if r.Coverage, err = json.Marshal(cover); err != nil {
			return err
		}
		due := r.ReceivedAt.Add(24 * time.Hour)
		r.ReplyDueAt = &due
		if strings.TrimSpace(in.Told) != "" {
			how := "told_at_intake"
			r.RepliedAt, r.RepliedHow = &w.at, &how
		}
		if !by.UserID.IsNil() {
			r.OwnerID, r.FirstOwnerID = &by.UserID, &by.UserID
		}
		if r.Number, err = w.number(ctx, "SR", r.OrgID); err != nil {
			return err
		}
		if err := insertRequest(ctx, w.tx, r); err != nil {
			return err
		}
		if err := w.route(ctx, &r, in.ReadBack); err != nil {
			return err
		}
		if len(r.Incoming) > 0 {
			if err := setRequest(ctx, w.tx, r.ID, "incoming = ?", string(r.Incoming)); err != nil {
				return err
			}
			if in.Incoming.Scan != "" {
				if err := w.attachFile(ctx, in.Incoming.Scan, "request_id", r.ID, r.OrgID, "paper"); err != nil {
					return err
				}
			}
		}
		if err := w.promises.StartClock(ctx, aftercare.Clock{OrgID: r.OrgID, SubjectKind: "request", SubjectID: r.ID, Kind: "reply", DueAt: due}); err != nil {
			return err
		}
		if r.RepliedAt != nil {
			if err := w.promises.MeetClock(ctx, r.ID, "reply", w.at); err != nil {
				return err
			}
		}
		if r.PromisedReplyAt != nil {
			if err := w.promises.StartClock(ctx, aftercare.Clock{OrgID: r.OrgID, SubjectKind: "request", SubjectID: r.ID, Kind: "promised", DueAt: *r.PromisedReplyAt}); err != nil {
				return err
			}
		}
		if r.Channel == "shipment" { // the goods are on their way: agree a time
			if _, err := w.promises.AddCallback(ctx, by, aftercare.CallbackInput{OrgID: r.OrgID, RequestID: &r.ID, CustomerID: r.CustomerID, Reason: "appointment", DueAt: w.at, Text: r.Summary}); err != nil {
				return err
			}
		}
		if err := w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "register", To: string(r.State), Reason: in.ReceivedReason, Data: map[string]any{"channel": r.Channel, "told": in.Told}}); err != nil {
			return err
		}
		if err := w.remember(ctx, doc{ID: r.ID, Kind: "request", OrgID: r.OrgID, CustomerID: r.CustomerID, Number: r.Number, Title: r.Summary, Words: []string{r.Number, r.Summary, r.Description}}); err != nil {
			return err
		}
		id = r.ID
		return w.announce(ctx, "request", r.OrgID, nil, r.ID)
	})
	if err != nil {
		return Request{}, err
	}
	return d.Request(ctx, by, id.String())
}

// orgFor is the organisation a new row belongs to: the one named, if the person may act there, else his own.
func (w *work) orgFor(ctx context.Context, code string) (int32, error) {
	people := w.people.In(w.tx)
	if code == "" {
		if w.by.OrgID != 0 {
			return w.by.OrgID, nil
		}
		head, err := people.Head(ctx)
		return head.ID, err
	}
	o, err := people.ByCode(ctx, code)
	if err != nil {
		return 0, err
	}
	if !w.by.Scope().Sees(o.ID) {
		return 0, fault.New(fault.Forbidden, "organisation_not_yours", "you may not act for the organisation %s", code).Field("body.organisation_code", "not yours")
	}
	return o.ID, nil
}

// placeRequest fills in customer and site from the device, and checks that they belong together. The
// request belongs to the organisation of its customer, so that nothing crosses unnoticed.
func (w *work) placeRequest(ctx context.Context, r *Request) error {
	scope := w.by.Scope()
	if r.CustomerID != nil { // a file that was merged stands for the one it was merged into
		c, err := w.book.Current(ctx, scope, *r.CustomerID)
		if err != nil {
			return err
		}
		r.CustomerID = &c.ID
	}
	if r.AssetID != nil {
		a, err := w.book.Asset(ctx, scope, *r.AssetID)
		if err != nil {
			return err
		}
		if r.SiteID == nil {
			r.SiteID = &a.SiteID
		}
		if r.CustomerID == nil {
			r.CustomerID = &a.CustomerID
		}
		if *r.CustomerID != a.CustomerID {
			return fault.New(fault.Invalid, "asset_of_another_customer", "this device belongs to another customer: correct the customer or the device").Field("body.asset_id", "belongs to another customer")
		}
	}
	if r.SiteID != nil {
		s, err := w.book.Site(ctx, scope, *r.SiteID)
		if err != nil {
			return err
		}
		if r.CustomerID == nil {
			r.CustomerID = &s.CustomerID
		}
		if *r.CustomerID != s.CustomerID {
			return fault.New(fault.Invalid, "site_of_another_customer", "this site belongs to another customer: correct the customer or the site").Field("body.site_id", "belongs to another customer")
		}
	}
	if r.CustomerID != nil {
		c, err := w.book.Current(ctx, scope, *r.CustomerID)
		if err != nil {
			return err
		}
		r.OrgID = c.OrgID
	}
	return nil
}

// coverageOf decides free or charged for each kind of line from the device, its papers and its contracts.
func (w *work) coverageOf(ctx context.Context, asset, customer *uuid.UUID, org int32) (customers.Coverage, error) {
	loc, err := w.zoneOf(ctx, org)
	if err != nil {
		return customers.Coverage{}, err
	}
	return w.book.CoverageOf(ctx, asset, customer, calendar.Of(w.at, loc))
}

// Reply records that a person told the customer something of substance; it stops the 24-hour clock.
func (d *Desk) Reply(ctx context.Context, by auth.Caller, ref string, text string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if strings.TrimSpace(text) == "" {
			return fault.New(fault.Invalid, "reply_missing", "write what the customer was told").Field("body.text", "must not be blank")
		}
		if err := w.replied(ctx, r, "reply"); err != nil {
			return err
		}
		if err := insertConversation(ctx, w, &Conversation{ID: newID(), OrgID: r.OrgID, RequestID: &r.ID, Direction: "out", Channel: r.Channel, Kind: "progress", Outcome: "reached", Text: text}); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "reply", Data: map[string]any{"text": text}})
	})
}

// replied stops the reply clock of a request; the first reply counts.
func (w *work) replied(ctx context.Context, r *Request, how string) error {
	if err := w.promises.MeetClock(ctx, r.ID, "promised", w.at); err != nil {
		return err
	}
	if r.RepliedAt != nil {
		return nil
	}
	r.RepliedAt, r.RepliedHow = &w.at, &how
	if err := w.promises.MeetClock(ctx, r.ID, "reply", w.at); err != nil {
		return err
	}
	return setRequest(ctx, w.tx, r.ID, "replied_at = ?, replied_how = ?", w.at, how)
}

// TriageInput says what becomes of a request.
type TriageInput struct {
	Outcome     string  `json:"outcome,omitempty" enum:"triaged,duplicate,rejected,came_back" doc:"absent = triaged"`
	DuplicateOf *string `json:"duplicate_of,omitempty" doc:"id or number of the request it repeats; required for duplicate"`
	Reason      string  `json:"reason,omitempty" maxLength:"2000" doc:"required for rejected: what the customer was told"`
}

// Triage accepts a request, or ends it as a duplicate or outside our service. A duplicate is a chase on
// the matter that is open already. Neither ends before the customer had a reply.
func (d *Desk) Triage(ctx context.Context, by auth.Caller, ref string, in TriageInput) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		switch in.Outcome {
		case "", "triaged":
			return w.moveRequest(ctx, r, RequestTriaged, "triage", in.Reason, "", nil)
		case "came_back":
			loc, err := w.zoneOf(ctx, r.OrgID)
			if err != nil {
				return err
			}
			if r.State != RequestAnswered {
				return fault.New(fault.Conflict, "request_legal_move", "only what was answered can come back: this request is %q", string(r.State)).Allow(RequestMoves.Actions(r.State)...).With("state", string(r.State))
			}
			if r.AnsweredAt != nil && calendar.Of(w.at, loc).Sub(calendar.Of(*r.AnsweredAt, loc)) > 7 {
				return fault.New(fault.Conflict, "came_back_too_late", "it was answered more than 7 days ago: register a new request").Allow("register")
			}
			if err := w.promises.SupersedeAnswer(ctx, r.ID, "came back"); err != nil {
				return err
			}
			return w.moveRequest(ctx, r, RequestTriaged, "came_back", in.Reason, "closed_at = NULL, came_back = came_back + 1", nil)
		case "rejected":
			if strings.TrimSpace(in.Reason) == "" {
				return fault.New(fault.Invalid, "reason_missing", "say why it is outside our service").Field("body.reason", "required for rejected")
			}
			if err := w.mustBeReplied(r); err != nil {
				return err
			}
			return w.moveRequest(ctx, r, RequestRejected, "reject", in.Reason, "closed_at = ?, reject_reason = ?", []any{w.at, in.Reason})
		case "duplicate":
			if in.DuplicateOf == nil {
				return fault.New(fault.Invalid, "duplicate_of_missing", "name the request it repeats").Field("body.duplicate_of", "required for duplicate")
			}
			first, err := w.Request(ctx, w.by, *in.DuplicateOf)
			if err != nil {
				return err
			}
			// A repeat of a repeat leads to the matter itself.
			for hops := 0; first.DuplicateOf != nil && hops < 10; hops++ {
				if first, err = w.Request(ctx, w.by, first.DuplicateOf.String()); err != nil {
					return err
				}
			}
			if first.ID == r.ID {
				return fault.New(fault.Invalid, "duplicate_of_itself", "a request cannot repeat itself").Field("body.duplicate_of", "is this very request")
			}
			if err := w.mustBeReplied(r); err != nil {
				return err
			}
			if err := w.moveRequest(ctx, r, RequestDuplicate, "duplicate", in.Reason, "closed_at = ?, duplicate_of = ?", []any{w.at, first.ID}); err != nil {
				return err
			}
			return w.chaseByDuplicate(ctx, first, r)
		}
		return fault.New(fault.Invalid, "unknown_outcome", "outcome is triaged, duplicate, rejected or came_back").Field("body.outcome", "unknown")
	})
}

// mustBeReplied: nobody is left without a word, whatever becomes of the matter.
func (w *work) mustBeReplied(r *Request) error {
	if r.RepliedAt == nil {
		return fault.New(fault.Conflict, "requests_closed_after_reply", "the customer has not had a reply yet: record what you told first").Allow("reply").With("state", string(r.State))
	}
	return nil
}

// AnswerInput closes a request that was solved without sending anybody.
type AnswerInput struct {
	Solution          string  `json:"solution" minLength:"1" maxLength:"5000" doc:"what solved it, as told to the customer"`
	FaultCode         *string `json:"fault_code,omitempty" doc:"so that the monthly defect summary sees it"`
	ArticleID         *string `json:"article_id,omitempty" maxLength:"100"`
	CustomerConfirmed bool    `json:"customer_confirmed,omitempty"`
}

// Answer ends a request that was solved by phone. Giving the answer is the reply. A fault inside the
// warranty gets a follow-up call of kind after_answer.
func (d *Desk) Answer(ctx context.Context, by auth.Caller, ref string, in AnswerInput) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if strings.TrimSpace(in.Solution) == "" {
			return fault.New(fault.Invalid, "solution_missing", "write what solved it").Field("body.solution", "must not be blank")
		}
		if in.FaultCode != nil {
			if err := w.codes.Known(ctx, "fault", *in.FaultCode); err != nil {
				return err
			}
		}
		if r.State == RequestReceived {
			if err := w.moveRequest(ctx, r, RequestTriaged, "triage", "", "", nil); err != nil {
				return err
			}
		}
		if r.State == RequestAnswered {
			return fault.New(fault.Conflict, "request_legal_move", "this request is %q already", string(r.State)).Allow(RequestMoves.Actions(r.State)...).With("state", string(r.State))
		}
		if err := RequestMoves.Check(r.State, RequestAnswered); err != nil {
			return err
		}
		if err := w.replied(ctx, r, "answer"); err != nil {
			return err
		}
		if err := w.moveRequest(ctx, r, RequestAnswered, "answer", "", "closed_at = ?, answered_at = ?, solution = ?, fault_code = ?", []any{w.at, w.at, in.Solution, in.FaultCode}); err != nil {
			return err
		}
		var cover customers.Coverage
		if err := json.Unmarshal(r.Coverage, &cover); err != nil {
			return err
		}
		if r.Kind == "repair" && r.CustomerID != nil && cover.For(customers.Labour).Covered {
			loc, err := w.zoneOf(ctx, r.OrgID)
			if err != nil {
				return err
			}
			if _, err := w.promises.ScheduleFollowUp(ctx, aftercare.Plan{OrgID: r.OrgID, RequestID: &r.ID, CustomerID: r.CustomerID, Kind: "after_answer", FinishedAt: w.at, HandedInAt: w.at, Zone: loc.String()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// onRequest locks a request, lets fn change it and returns it as it then stands.
func (d *Desk) onRequest(ctx context.Context, by auth.Caller, ref string, fn func(ctx context.Context, w *work, r *Request) error) (Request, error) {
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		r, err := lockRequest(ctx, w.tx, by.Scope(), ref)
		if err != nil {
			return err
		}
		if err := fresh(ctx, "request", r.Version); err != nil {
			return err
		}
		if err := fn(ctx, w, &r); err != nil {
			return err
		}
		return w.announce(ctx, "request", r.OrgID, nil, r.ID)
	})
	if err != nil {
		return Request{}, err
	}
	return d.Request(ctx, by, ref)
}

// moveRequest is the one place that changes the state of a request.
func (w *work) moveRequest(ctx context.Context, r *Request, to RequestState, action, reason, set string, args []any) error {
	if err := RequestMoves.Check(r.State, to); err != nil {
		return err
	}
	if r.State == to && action == "triage" {
		return nil // accepted by two people: once is enough
	}
	if r.State == to {
		return fault.New(fault.Conflict, "request_legal_move", "this request is %q already", string(r.State)).Allow(RequestMoves.Actions(r.State)...).With("state", string(r.State))
	}
	from := r.State
	if set != "" {
		set = ", " + set
	}
	if err := setRequest(ctx, w.tx, r.ID, "state = ?"+set, append([]any{to}, args...)...); err != nil {
		return err
	}
	r.State = to
	return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: action, From: string(from), To: string(to), Reason: reason})
}

// Request reads one request by id or number, with its timeline and what it may have repeated.
// Unknown and not visible are the same fault.NotFound.
func (d *Desk) Request(ctx context.Context, by auth.Caller, ref string) (Request, error) {
	r, err := findRequest(ctx, d.reader(ctx), by.Scope(), ref)
	if err != nil || brief(ctx) {
		return r, err
	}
	r.AllowedActions = RequestMoves.Actions(r.State)
	if r.RepliedAt == nil {
		r.AllowedActions = append(r.AllowedActions, "reply")
	}
	if r.State == RequestReceived {
		r.AllowedActions = append(r.AllowedActions, "answer", "work_order")
	}
	if r.Duplicates, err = d.duplicatesOf(ctx, r); err != nil {
		return r, err
	}
	if r.WorkOrders, err = d.ordersOfRequest(ctx, r.ID); err != nil {
		return r, err
	}
	if r.Conversations, err = d.conversationsOf(ctx, "request_id", r.ID); err != nil {
		return r, err
	}
	r.Timeline, err = d.timelineOf(ctx, "request_id", r.ID)
	return r, err
}

// Requests lists requests, newest first.
func (d *Desk) Requests(ctx context.Context, by auth.Caller, f RequestFilter) (keyset.Page[Request], error) {
	return d.listRequests(ctx, by.Scope(), f)
}

// RequestPatch corrects or completes a request that has not ended.
type RequestPatch struct {
	Summary           *string    `json:"summary,omitempty" minLength:"1" maxLength:"200"`
	Description       *string    `json:"description,omitempty" maxLength:"20000"`
	Kind              *string    `json:"kind,omitempty" enum:"repair,install,maintain,inspect,exchange,deliver,train,consult,technical,appointment,account,suggestion,billing,complaint,other"`
	CustomerID        *uuid.UUID `json:"customer_id,omitempty"`
	SiteID            *uuid.UUID `json:"site_id,omitempty"`
	AssetID           *uuid.UUID `json:"asset_id,omitempty"`
	ReporterContactID *uuid.UUID `json:"reporter_contact_id,omitempty"`
	PromisedReplyAt   *time.Time `json:"promised_reply_at,omitempty"`
}

// AmendRequest corrects or completes a request, such as by naming the customer who turned out to be behind it.
func (d *Desk) AmendRequest(ctx context.Context, by auth.Caller, ref string, version int, in RequestPatch) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if version > 0 && version != r.Version {
			return fault.New(fault.Stale, "stale", "somebody changed this request meanwhile: read it again").With("version", r.Version)
		}
		if r.State != RequestReceived && r.State != RequestTriaged {
			return fault.New(fault.Conflict, "request_legal_move", "a request that is %q is not changed any more", string(r.State)).With("state", string(r.State))
		}
		if in.Summary != nil {
			r.Summary = strings.TrimSpace(*in.Summary)
		}
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.Kind != nil {
			r.Kind = *in.Kind
		}
		if in.CustomerID != nil || in.SiteID != nil || in.AssetID != nil {
			org := r.OrgID
			r.CustomerID, r.SiteID, r.AssetID = orElse(in.CustomerID, r.CustomerID), orElse(in.SiteID, r.SiteID), orElse(in.AssetID, r.AssetID)
			if err := w.placeRequest(ctx, r); err != nil {
				return err
			}
			if r.OrgID != org {
				return fault.New(fault.Conflict, "customer_of_another_organisation", "this customer belongs to another organisation: register the request there").Allow("register")
			}
			cover, err := w.coverageOf(ctx, r.AssetID, r.CustomerID, r.OrgID)
			if err != nil {
				return err
			}
			if r.Coverage, err = json.Marshal(cover); err != nil {
				return err
			}
		}
		if in.ReporterContactID != nil {
			r.ReporterContactID = in.ReporterContactID
		}
		if in.PromisedReplyAt != nil {
			if in.PromisedReplyAt.Before(w.at) {
				return fault.New(fault.Invalid, "promise_in_past", "a promised time lies ahead").Field("body.promised_reply_at", "must be in the future")
			}
			r.PromisedReplyAt = in.PromisedReplyAt
			if err := w.promises.StartClock(ctx, aftercare.Clock{OrgID: r.OrgID, SubjectKind: "request", SubjectID: r.ID, Kind: "promised", DueAt: *in.PromisedReplyAt}); err != nil {
				return err
			}
		}
		if err := setRequest(ctx, w.tx, r.ID, "summary = ?, description = ?, kind = ?, customer_id = ?, site_id = ?, asset_id = ?, reporter_contact_id = ?, promised_reply_at = ?, coverage = ?",
			r.Summary, r.Description, r.Kind, r.CustomerID, r.SiteID, r.AssetID, r.ReporterContactID, r.PromisedReplyAt, string(r.Coverage)); err != nil {
			return err
		}
		if err := w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "amend"}); err != nil {
			return err
		}
		return w.remember(ctx, doc{ID: r.ID, Kind: "request", OrgID: r.OrgID, CustomerID: r.CustomerID, Number: r.Number, Title: r.Summary, Words: []string{r.Description}})
	})
}

func orElse[T any](wish, have *T) *T {
	if wish != nil {
		return wish
	}
	return have
}
