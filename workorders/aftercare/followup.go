package aftercare

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// Plan asks for a follow-up call.
type Plan struct {
	OrgID                          int32
	OrderID, RequestID, CustomerID *uuid.UUID
	Kind                           string    // kind of the order, or of the call (KindFor)
	FinishedAt                     time.Time // when the last visit ended
	HandedInAt                     time.Time // when the sheet arrived
	Zone                           string    // where the customer's days are counted
}

// Window is the days in which a call is due.
type Window struct {
	From calendar.Date `json:"from"`
	To   calendar.Date `json:"to"`
}

// FollowUp is a call after the service 回访.
type FollowUp struct {
	ID               uuid.UUID     `bun:"id" json:"id"`
	OrgID            int32         `bun:"org_id" json:"-"`
	OrganisationCode string        `bun:"organisation_code" json:"organisation_code"`
	Number           string        `bun:"number" json:"number"`
	Kind             string        `bun:"kind" json:"kind"`
	Main             bool          `bun:"main" json:"main"`
	State            FollowUpState `bun:"state" json:"state"`
	OrderID          *uuid.UUID    `bun:"order_id" json:"work_order_id,omitempty"`
	OrderNumber      string        `bun:"work_order_number" json:"work_order_number,omitempty"`
	RequestID        *uuid.UUID    `bun:"request_id" json:"request_id,omitempty"`
	RequestNumber    string        `bun:"request_number" json:"request_number,omitempty"`
	CustomerID       *uuid.UUID    `bun:"customer_id" json:"customer_id,omitempty"`
	CustomerName     string        `bun:"customer_name" json:"customer_name,omitempty"`
	CustomerClass    string        `bun:"customer_class" json:"customer_class,omitempty"`
	Phone            string        `bun:"phone" json:"phone,omitempty" doc:"whom to call first: the contact on site, else the customer"`
	Engineer         string        `bun:"engineer" json:"engineer,omitempty"`
	Summary          string        `bun:"summary" json:"summary,omitempty"`

	AnchorOn      calendar.Date `bun:"anchor_on" json:"anchor_on" doc:"the day of the service at the site"`
	DueFrom       calendar.Date `bun:"due_from" json:"-"`
	DueTo         calendar.Date `bun:"due_to" json:"-"`
	Window        Window        `bun:"-" json:"window"`
	DueOn         calendar.Date `bun:"due_on" json:"due_on"`
	Zone          string        `bun:"zone" json:"zone"`
	Shifted       bool          `bun:"shifted" json:"shifted" doc:"moved behind a holiday"`
	LateSheet     bool          `bun:"late_sheet" json:"late_sheet" doc:"the sheet came after the window; it counts against the sheet, not the caller"`
	Recalculated  bool          `bun:"recalculated" json:"recalculated" doc:"dated anew when a year's holidays were loaded"`
	CalendarGuess bool          `bun:"calendar_guess" json:"calendar_guess" doc:"rests on weekends alone: the year's holidays are not announced"`

	AssigneeID      *uuid.UUID `bun:"assignee_id" json:"assignee,omitempty"`
	ClaimedBy       *uuid.UUID `bun:"claimed_by" json:"claimed_by,omitempty"`
	ClaimedUntil    *time.Time `bun:"claimed_until" json:"claimed_until,omitempty"`
	Attempts        int        `bun:"attempts" json:"attempts"`
	CountedAttempts int        `bun:"counted_attempts" json:"counted_attempts" doc:"those far enough apart; three and the end of the window make it unreachable"`
	NextAt          *time.Time `bun:"next_at" json:"next_at,omitempty" doc:"when to try again"`
	Result          *string    `bun:"result" json:"result,omitempty" enum:"satisfied,neutral,dissatisfied"`
	ScoreService    *int       `bun:"score_service" json:"-"`
	ScoreProduct    *int       `bun:"score_product" json:"-"`
	Scores          Scores     `bun:"-" json:"scores,omitempty"`
	InWindow        *bool      `bun:"in_window" json:"in_window,omitempty" doc:"reached by the end of the window, and not before it"`
	Early           bool       `bun:"early" json:"early"`
	EndReason       *string    `bun:"end_reason" json:"end_reason,omitempty"`
	DoneAt          *time.Time `bun:"done_at" json:"done_at,omitempty"`
	SupersededBy    *uuid.UUID `bun:"superseded_by" json:"superseded_by,omitempty"`
	CreatedAt       time.Time  `bun:"created_at" json:"created_at"`
	Version         int        `bun:"version" json:"version"`

	Mode             string     `bun:"mode" json:"mode" enum:"phone,letter,visit"`
	CampaignID       *uuid.UUID `bun:"campaign_id" json:"campaign_id,omitempty"`
	Campaign         string     `bun:"campaign" json:"campaign,omitempty"`
	VisitOrderID     *uuid.UUID `bun:"visit_order_id" json:"visit_work_order_id,omitempty" doc:"the visit that stands for the call"`
	VisitOrderNumber string     `bun:"visit_order_number" json:"visit_work_order_number,omitempty"`
	Lang             string     `bun:"lang" json:"language"`

	Log      []Attempt  `bun:"-" json:"attempt_log,omitempty"` // when one call is read, oldest first
	Together []FollowUp `bun:"-" json:"together,omitempty"`    // when claimed: the others due at the same customer
}

func (f *FollowUp) complete() {
	f.Window = Window{f.DueFrom, f.DueTo}
	for name, score := range map[string]*int{"service": f.ScoreService, "product": f.ScoreProduct} {
		if score != nil {
			if f.Scores == nil {
				f.Scores = Scores{}
			}
			f.Scores[name] = *score
		}
	}
}

// WrongNumber reports whether the last call found that the number is not the customer's.
func (f FollowUp) WrongNumber() bool {
	n := len(f.Log)
	return n > 0 && f.Log[n-1].Outcome == "wrong_number"
}

// last is the last day that counts for the caller: the window's, or the day it was put on when that is later.
func (f FollowUp) last() calendar.Date {
	if f.DueOn.After(f.DueTo) {
		return f.DueOn
	}
	return f.DueTo
}

// FollowUpFilter narrows the list of calls: the earliest day first, within it important customers. What is
// on today's list, with what is overdue, is To = today and State = open.
type FollowUpFilter struct {
	keyset.Ask
	DueOn      *calendar.Date `json:"-"` // due on this day, or earlier and still open
	From       *calendar.Date `json:"-"` // due on this day or later
	To         *calendar.Date `json:"-"` // due on this day or earlier
	AssigneeID *uuid.UUID     `json:"-"`
	OrderID    *uuid.UUID     `json:"-"`
	CustomerID *uuid.UUID     `json:"-"`
	State      string         `query:"state" json:"-" doc:"one state, or several with commas; open = scheduled, due and attempted"`
	Kind       string         `query:"kind" json:"-"`
}

// Outcomes of a call.
func Outcomes() []string {
	return []string{"reached", "no_answer", "busy", "phone_off", "call_later", "refused", "wrong_number", "wrong_person"}
}

// Nexts are what a call may lead to.
func Nexts() []string {
	return []string{"none", "repeat_visit", "new_request", "complaint", "corrective_action", "concession"}
}

// AttemptInput is what a caller says about a call.
type AttemptInput struct {
	Outcome         string     `json:"outcome" enum:"reached,no_answer,busy,phone_off,call_later,refused,wrong_number,wrong_person"`
	Scores          Scores     `json:"scores,omitempty" doc:"1 (bad) to 5: service, product, and whatever else was asked; 2 and less makes a complaint of grade grumble"`
	Comment         string     `json:"comment,omitempty" maxLength:"4000" doc:"the customer's words"`
	CallAgainAt     *time.Time `json:"call_again_at,omitempty" doc:"when the customer wants to be called"`
	Next            string     `json:"next,omitempty" enum:"none,repeat_visit,new_request,complaint,corrective_action,concession"`
	NewRequest      string     `json:"new_request,omitempty" maxLength:"200" doc:"next = new_request: the problem in a line; absent = the comment"`
	ScriptVersion   int        `json:"script_version,omitempty" minimum:"0" doc:"of the script that was read out"`
	AnsweredBy      string     `json:"answered_by,omitempty" maxLength:"200" doc:"who answered, when not the customer"`
	IdentityChecked *bool      `json:"identity_checked,omitempty"`
	At              *time.Time `json:"at,omitempty" doc:"when the call was made; absent = now"`

	RequestID *uuid.UUID `json:"-"` // the new request this call led to
	Channel   string     `json:"-"` // phone, link, letter, visit, email; "" = phone
}

// rated is what a customer says by himself under his link. Inside the window or later it counts as an answer
// to the questionnaire and no call is made; before it, it is kept and the call stays due.
const rated = "rated"

func (in AttemptInput) complaintChannel() string {
	switch in.Channel {
	case "link", "letter", "visit", "email":
		return in.Channel
	}
	return "phone"
}

// RatedByLink is the outcome of an attempt that the customer made himself.
const RatedByLink = rated

// Attempt is a call as recorded. It never changes.
type Attempt struct {
	ID              uuid.UUID  `bun:"id" json:"id"`
	FollowUpID      uuid.UUID  `bun:"follow_up_id" json:"follow_up_id"`
	No              int        `bun:"no" json:"no"`
	At              time.Time  `bun:"at" json:"at"`
	CallerID        *uuid.UUID `bun:"caller_id" json:"caller_id,omitempty"`
	Actor           string     `bun:"actor" json:"actor"`
	Outcome         string     `bun:"outcome" json:"outcome"`
	Scores          Scores     `bun:"scores,type:jsonb" json:"scores,omitempty"`
	Comment         string     `bun:"comment" json:"comment,omitempty"`
	CallAgainAt     *time.Time `bun:"call_again_at" json:"call_again_at,omitempty"`
	Next            *string    `bun:"next" json:"next,omitempty"`
	AnsweredBy      string     `bun:"answered_by" json:"answered_by,omitempty"`
	IdentityChecked *bool      `bun:"identity_checked" json:"identity_checked,omitempty"`
	Counted         bool       `bun:"counted" json:"counted"`
	Early           bool       `bun:"early" json:"early"`
	Late            bool       `bun:"late" json:"late"`
	ComplaintID     *uuid.UUID `bun:"complaint_id" json:"complaint_id,omitempty"`
	RequestID       *uuid.UUID `bun:"request_id" json:"request_id,omitempty"`
	ScriptVersion   int        `bun:"script_version" json:"script_version,omitempty"`
	ImprovementID   *uuid.UUID `bun:"improvement_id" json:"improvement_id,omitempty"`
	Channel         string     `bun:"channel" json:"channel" enum:"phone,link,letter,visit,email"`
}

// AttemptResult is what a call changed and made.
type AttemptResult struct {
	FollowUp  FollowUp   `json:"follow_up"`
	Attempt   Attempt    `json:"attempt"`
	Complaint *Complaint `json:"complaint,omitempty"`
	// WorkOrderID is the order for which somebody goes again: the same one, opened again, or one that repeats it.
	WorkOrderID   *uuid.UUID   `json:"work_order_id,omitempty"`
	Improvement   *Improvement `json:"improvement,omitempty"`
	RequestNumber string       `json:"request_number,omitempty" doc:"the new request this call led to"`
}
