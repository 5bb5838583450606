package aftercare

import (
	"encoding/json"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Misconduct is the category of complaints that only managers and complaints officers may know of.
const Misconduct = "misconduct"

// ComplaintInput is what a client may say about a new complaint 投诉. It may stand alone: without an order,
// and without a customer.
type ComplaintInput struct {
	RequestID     *uuid.UUID      `json:"request_id,omitempty"`
	WorkOrderID   *uuid.UUID      `json:"work_order_id,omitempty"`
	CustomerID    *uuid.UUID      `json:"customer_id,omitempty"`
	Channel       string          `json:"channel,omitempty" enum:"phone,email,web,chat,fax,letter,visit,walk_in,link,authority,media,api" doc:"authority = 12315 or a consumers' association; absent = phone"`
	Grade         string          `json:"grade" enum:"grumble,complaint" doc:"grumble 抱怨, complaint 投诉"`
	Severity      int             `json:"severity" minimum:"1" maximum:"4" doc:"4 = worst"`
	Category      string          `json:"category,omitempty" enum:"attitude,quality,delay,charge,product,damage,misconduct" doc:"misconduct is seen by managers and complaints officers alone"`
	Text          string          `json:"text" minLength:"1" maxLength:"20000"`
	Demand        string          `json:"demand,omitempty" maxLength:"4000" doc:"what the customer wants 诉求"`
	Against       json.RawMessage `json:"against,omitempty" doc:"person, outlet or product it is about"`
	Anonymous     bool            `json:"anonymous,omitempty"`
	Confidential  bool            `json:"confidential,omitempty" doc:"seen by managers and complaints officers alone"`
	ExternalRef   *string         `json:"external_ref,omitempty" maxLength:"100"`
	ExternalDueOn *calendar.Date  `json:"external_due_on,omitempty" doc:"an authority's own deadline, beside ours"`
	OwnerID       *uuid.UUID      `json:"owner_id,omitempty"`
	Special       bool            `json:"special,omitempty" doc:"a special case: the manager hears of it at once"`
	ReceivedAt    *time.Time      `json:"received_at,omitempty" doc:"when it reached the house; the 24 hours run from here. Absent = now, or when its request came"`

	followUp *uuid.UUID
	org      int32
}

// Complaint as kept.
type Complaint struct {
	ID               uuid.UUID       `bun:"id" json:"id"`
	OrgID            int32           `bun:"org_id" json:"-"`
	OrganisationCode string          `bun:"organisation_code" json:"organisation_code"`
	Number           string          `bun:"number" json:"number"`
	RequestID        *uuid.UUID      `bun:"request_id" json:"request_id,omitempty"`
	OrderID          *uuid.UUID      `bun:"order_id" json:"work_order_id,omitempty"`
	OrderNumber      string          `bun:"work_order_number" json:"work_order_number,omitempty"`
	CustomerID       *uuid.UUID      `bun:"customer_id" json:"customer_id,omitempty"`
	CustomerName     string          `bun:"customer_name" json:"customer_name,omitempty"`
	FollowUpID       *uuid.UUID      `bun:"follow_up_id" json:"follow_up_id,omitempty"`
	Channel          string          `bun:"channel" json:"channel"`
	Grade            string          `bun:"grade" json:"grade"`
	Severity         int             `bun:"severity" json:"severity"`
	Category         string          `bun:"category" json:"category,omitempty"`
	Text             string          `bun:"text" json:"text"`
	Demand           string          `bun:"demand" json:"demand,omitempty"`
	Against          json.RawMessage `bun:"against,type:jsonb" json:"against,omitempty"`
	Anonymous        bool            `bun:"anonymous" json:"anonymous"`
	Confidential     bool            `bun:"confidential" json:"confidential"`
	ExternalRef      *string         `bun:"external_ref" json:"external_ref,omitempty"`
	ExternalDueOn    *calendar.Date  `bun:"external_due_on" json:"external_due_on,omitempty"`
	State            ComplaintState  `bun:"state" json:"state"`
	Level            int             `bun:"level" json:"level" doc:"1 hotline, 2 after-sales centre, 3 research and leadership; it only rises"`
	OwnerID          *uuid.UUID      `bun:"owner_id" json:"owner_id,omitempty"`
	ReceivedAt       time.Time       `bun:"received_at" json:"received_at"`
	RegisteredAt     time.Time       `bun:"registered_at" json:"registered_at"`
	ReplyDueAt       time.Time       `bun:"reply_due_at" json:"reply_due_at"`
	RepliedAt        *time.Time      `bun:"replied_at" json:"replied_at,omitempty"`
	Overdue          bool            `bun:"-" json:"overdue" doc:"24 hours are over without a reply, or the reply came later"`
	Replies          []Said          `bun:"replies,type:jsonb" json:"replies"`
	Proposals        []Said          `bun:"proposals,type:jsonb" json:"proposals"`
	RefusedOffers    int             `bun:"refused_offers" json:"refused_offers"`
	VerifiedAt       *time.Time      `bun:"verified_at" json:"verified_at,omitempty"`
	Verification     *string         `bun:"verification" json:"verification,omitempty"`
	Cause            *string         `bun:"cause" json:"cause,omitempty"`
	Resolution       *string         `bun:"resolution" json:"resolution,omitempty"`
	Apology          *string         `bun:"apology" json:"apology,omitempty"`
	ApologisedAt     *time.Time      `bun:"apologised_at" json:"apologised_at,omitempty"`
	RootCause        *string         `bun:"root_cause" json:"root_cause,omitempty" enum:"people,parts,product,process,information,supplier,customer,none"`
	Special          bool            `bun:"special" json:"special"`
	OverBy           *time.Time      `bun:"over_by" json:"over_by,omitempty" doc:"by when the matter should be over, by its severity"`
	EvidenceAsked    bool            `bun:"evidence_asked" json:"-"`
	EvidenceCount    int             `bun:"evidence_count" json:"evidence_count" doc:"what is on file about it"`
	Evidence         []Evidence      `bun:"-" json:"evidence,omitempty" doc:"of one complaint"`
	ClosedAt         *time.Time      `bun:"closed_at" json:"closed_at,omitempty"`
	AllowedActions   []string        `bun:"-" json:"allowed_actions"`
	Version          int             `bun:"version" json:"version"`
}

// Said is a reply or an offer to the customer, with what he answered to an offer.
type Said struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Text   string    `json:"text"`
	Answer string    `json:"answer,omitempty"` // accepted, refused
}

// ComplaintAct is what a client may say when it moves a complaint on.
type ComplaintAct struct {
	Text       string     `json:"text,omitempty" maxLength:"20000" doc:"reply: what the customer was told; verify: what was found"`
	Proposal   string     `json:"proposal,omitempty" maxLength:"20000" doc:"propose: the offer"`
	Cause      string     `json:"cause,omitempty" maxLength:"4000" doc:"verify or close: why it happened"`
	Apology    string     `json:"apology,omitempty" maxLength:"4000" doc:"reply: how we said that we are sorry; recorded once"`
	RootCause  string     `json:"root_cause,omitempty" enum:"people,parts,product,process,information,supplier,customer,none" doc:"verify or close: what lay at the root of it, for the statistics"`
	Resolution string     `json:"resolution,omitempty" maxLength:"4000" doc:"close: how it ended"`
	Reason     string     `json:"reason,omitempty" maxLength:"4000" doc:"escalate, refuse, close: why"`
	At         *time.Time `json:"at,omitempty" doc:"reply: when the customer was told, such as the posting date of a letter; absent = now"`
}

// ComplaintFilter narrows the list of complaints: open ones by their deadline first.
type ComplaintFilter struct {
	keyset.Ask
	OrderID    *uuid.UUID `json:"-"`
	CustomerID *uuid.UUID `json:"-"`
	RequestID  *uuid.UUID `json:"-"`
	OwnerID    *uuid.UUID `json:"-"`
	State      string     `query:"state" json:"-" doc:"one state, or several with commas; open = all but closed"`
	Grade      string     `query:"grade" json:"-" enum:"grumble,complaint"`
	Level      int        `query:"level" json:"-" minimum:"0" maximum:"3"`
	Overdue    bool       `query:"overdue" json:"-" doc:"only those whose 24 hours are over without a reply"`
}

// RootCauses are what may lie at the root of a complaint.
func RootCauses() []string {
	return []string{"people", "parts", "product", "process", "information", "supplier", "customer", "none"}
}

// severe is from which severity on the manager hears of a complaint at once.
const severe = 3

// insider may know of misconduct and of what was said in confidence.
func insider(by auth.Caller) bool { return by.Is(auth.Admin, auth.Manager, auth.ComplaintsOfficer) }

// actions are what may be done with the complaint now.
func (c Complaint) actions() []string {
	if c.State == ClosedMatter {
		return []string{}
	}
	out := []string{"reply", "verify", "evidence"}
	for _, act := range ComplaintMoves.Actions(c.State) {
		if act != "reply" && (act != "close" || c.mayClose() == nil) {
			out = append(out, act)
		}
	}
	if c.Level < topLevel {
		out = append(out, "escalate")
	}
	return out
}

const topLevel = 3

// mayClose says what is missing before a complaint may be closed. A grumble needs a reply. A complaint also
// needs an end with the customer (he accepted an offer, or refused two), and on file what it was judged by.
func (c Complaint) mayClose() error {
	refuse := func(sentence string, allowed ...string) error {
		return fault.New(fault.Conflict, "complaint_not_settled", "%s", sentence).Allow(allowed...).With("state", c.State)
	}
	switch {
	case c.RepliedAt == nil:
		return refuse("the customer has had no reply yet", "reply", "verify", "escalate")
	case c.Grade == "grumble":
		return nil
	case c.State == OfferAccepted || c.RefusedOffers >= 2 && c.State == OfferRefused:
		if c.EvidenceAsked && c.EvidenceCount == 0 {
			return fault.New(fault.Conflict, "complaints_closed_with_evidence", "a complaint ends with what was found on file: add a picture, a scan, or the number of a record").Allow("evidence").With("state", c.State)
		}
		return nil
	case c.State == ProposedOffer:
		return refuse("an offer is with the customer: record the answer", "accept", "refuse")
	}
	return refuse("a complaint ends when the customer accepts an offer, or has refused two", "propose")
}
