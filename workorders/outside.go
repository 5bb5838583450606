package workorders

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// ReportInput is what anybody may send without an account.
type ReportInput struct {
	Name    string   `json:"name,omitempty" maxLength:"100"`
	Phone   string   `json:"phone,omitempty" maxLength:"40"`
	Address string   `json:"address,omitempty" maxLength:"300"`
	Summary string   `json:"summary" minLength:"1" maxLength:"5000" doc:"what is wrong, in the reporter's words"`
	When    string   `json:"when,omitempty" maxLength:"200" doc:"when somebody is at home"`
	Photos  [][]byte `json:"photos,omitempty" maxItems:"6" doc:"pictures, base64"`
	Label   string   `json:"label,omitempty" maxLength:"40" doc:"code on the device's label: nobody types what the label knows"`
	Kind    string   `json:"kind,omitempty" enum:"repair,suggestion,complaint" doc:"absent = repair; a suggestion may be anonymous"`
	Lang    string   `json:"lang,omitempty" enum:"zh-Hans,en"`
}

// Reported is what somebody without an account is told about what he reported. The link is shown this once.
type Reported struct {
	Number     string    `json:"number"`
	ReplyDueAt time.Time `json:"reply_due_at" doc:"a person answers by then"`
	Link       string    `json:"link,omitempty" doc:"where to follow it; absent when the same call is sent again"`

	request uuid.UUID
	OrgID   int32 `json:"-"`
}

// WithoutSecret is what is kept for a call that is sent twice.
func (r Reported) WithoutSecret() any { r.Link = ""; return r }

// Limits of anonymous intake. They count requests that were written down: whoever fills the form in slowly,
// forgets a field or sends it twice with one key never meets them. An address may be a whole company's, so it
// may send more than one telephone number does.
const (
	fromOneAddress = 20  // within an hour
	fromOnePhone   = 6   // within a day
	fromAnybody    = 600 // within an hour, by the whole world
)

// Report takes a request from somebody without an account and starts its 24 hours. Nobody is looked up by the
// name or number that was typed, so that a stranger learns nothing about anybody; the code of a label alone
// says which device is meant. from is the address it came from. Too many are fault.TooMany with the time to
// wait; what was typed is lost to nobody, since the same form may be sent again.
func (d *Desk) Report(ctx context.Context, from string, in ReportInput) (Reported, error) {
	in.Name, in.Phone, in.Address, in.Summary, in.When = strings.TrimSpace(in.Name), strings.TrimSpace(in.Phone), strings.TrimSpace(in.Address), strings.TrimSpace(in.Summary), strings.TrimSpace(in.When)
	if in.Kind == "" {
		in.Kind = "repair"
	}
	lang := say.Lang(in.Lang)
	var missing *fault.Error
	need := func(field, value string) {
		if value != "" {
			return
		}
		if missing == nil {
			missing = fault.New(fault.Invalid, "report_incomplete", "say what is wrong, who you are, and how and where to reach you")
		}
		missing.Field("body."+field, "required")
	}
	need("summary", in.Summary)
	if in.Kind != "suggestion" { // an opinion may be dropped into the box without a name
		need("name", in.Name)
		need("phone", in.Phone)
		if in.Label == "" && in.Kind == "repair" {
			need("address", in.Address)
		}
	}
	if missing != nil {
		return Reported{}, missing
	}
	phone := in.Phone
	if phone != "" {
		var err error
		if phone, err = customers.NormalisePhone(in.Phone, "CN"); err != nil {
			return Reported{}, err
		}
	}
	by := auth.System("report")
	var out Reported
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		source := sha256.Sum256([]byte("reporter " + from))
		if err := w.reportsBounded(ctx, source[:], phone); err != nil {
			return err
		}
		input := RequestInput{Channel: "web", Kind: in.Kind, Summary: firstLine(in.Summary), Description: in.told(lang)}
		if in.Label != "" {
			asset, org, err := labelled(ctx, w.tx, in.Label)
			if err != nil {
				return err
			}
			input.AssetID, out.OrgID = &asset, org
		}
		made, err := d.Register(ctx, by, input)
		if err != nil {
			return err
		}
		out = Reported{Number: made.Number, ReplyDueAt: *made.ReplyDueAt, request: made.ID, OrgID: made.OrgID}
		who := reporter{RequestID: made.ID, OrgID: made.OrgID, Name: in.Name, Phone: phone, Address: in.Address, Wish: in.When, Lang: lang, Source: source[:], At: w.at}
		if err := insertReporter(ctx, w.tx, who); err != nil {
			return err
		}
		for _, picture := range in.Photos {
			sum := sha256.Sum256(picture)
			up := files.Upload{OrgID: made.OrgID, Actor: by.Actor(), SHA256: hex.EncodeToString(sum[:]), Kind: "photo", Body: picture}
			if _, err := w.cabinet.Put(ctx, up); err != nil {
				return err
			}
			if _, err := w.cabinet.Attach(ctx, files.OfRequest(made.OrgID, made.ID), up.SHA256, "photo"); err != nil {
				return err
			}
		}
		link, err := w.requestLink(ctx, made.OrgID, made.ID)
		if err != nil {
			return err
		}
		out.Link = link
		if phone == "" {
			return nil
		}
		// An automatic word that it arrived: it stops no clock.
		if _, err := w.outbox.Send(ctx, notify.Message{OrgID: made.OrgID, RequestID: &made.ID, Audience: "customer", To: phone, Lang: lang, Key: "message.customer.received", Args: []string{made.Number, link}, DueAt: w.at}); err != nil {
			return err
		}
		if w.verifyPhones {
			return w.sendCode(ctx, who)
		}
		return nil
	})
	return out, err
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(limitText(strings.TrimSpace(first), 200))
}

// told writes down what the office reads.
func (in ReportInput) told(lang string) string {
	lines := []string{in.Summary}
	for _, l := range []struct{ key, value string }{{"report.name", in.Name}, {"report.phone", in.Phone}, {"report.address", in.Address}, {"report.when", in.When}} {
		if l.value != "" {
			lines = append(lines, say.Text(lang, l.key, l.value))
		}
	}
	return strings.Join(lines, "\n")
}

func (w *work) reportsBounded(ctx context.Context, source []byte, phone string) error {
	for _, l := range []struct {
		where string
		arg   any
		span  time.Duration
		most  int
	}{{"source = ?", source, time.Hour, fromOneAddress}, {"phone <> '' AND phone = ?", phone, 24 * time.Hour, fromOnePhone}, {"?::text IS NULL", nil, time.Hour, fromAnybody}} {
		n, oldest, err := reportsSince(ctx, w.tx, l.where, l.arg, w.at.Add(-l.span))
		if err != nil {
			return err
		}
		if n >= l.most {
			wait := max(time.Minute, l.span-w.at.Sub(oldest))
			return fault.New(fault.TooMany, "reports_too_many", "too many reports came in at once: please call us, or send this form again later").After(wait)
		}
	}
	return nil
}

// requestLink makes a link under which somebody follows his request, and later its order.
func (w *work) requestLink(ctx context.Context, org int32, request uuid.UUID) (string, error) {
	token, err := w.people.In(w.tx).MakeLink(ctx, auth.Link{OrgID: org, RequestID: &request, Purpose: "request", ExpiresAt: w.at.Add(requestGood)})
	return w.baseURL + "/c/" + token, err
}

// requestGood is how long the link to a request works: long enough for a job with parts to wait for.
const requestGood = 60 * 24 * time.Hour

// LinkReported makes a fresh link to a request somebody without an account has just sent, for a form that
// was sent twice: the first link is kept nowhere.
func (d *Desk) LinkReported(ctx context.Context, number string) (string, error) {
	by := auth.System("report")
	var link string
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		r, err := findRequest(ctx, w.tx, by.Scope(), number)
		if err != nil {
			return err
		}
		link, err = w.requestLink(ctx, r.OrgID, r.ID)
		return err
	})
	return link, err
}

// The code sent to a reporter's telephone.
const (
	codeGood  = 10 * time.Minute
	codeTries = 5
)

func (w *work) sendCode(ctx context.Context, who reporter) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return err
	}
	code := fmt.Sprintf("%06d", n)
	if err := setCode(ctx, w.tx, who.RequestID, codeHash(who.RequestID, code), w.at.Add(codeGood)); err != nil {
		return err
	}
	_, err = w.outbox.Send(ctx, notify.Message{OrgID: who.OrgID, RequestID: &who.RequestID, Audience: "customer", To: who.Phone, Lang: who.Lang, Key: "message.customer.code", Args: []string{code}, DueAt: w.at})
	return err
}

func codeHash(request uuid.UUID, code string) []byte {
	sum := sha256.Sum256([]byte(request.String() + " " + code))
	return sum[:]
}

// VerifyByLink proves the reporter's telephone number with the code that was sent to it. A wrong code counts;
// after five the code is worth nothing.
func (d *Desk) VerifyByLink(ctx context.Context, token, code string) (Public, error) {
	wrong := fault.New(fault.Invalid, "code_wrong", "this is not the code we sent, or it is older than ten minutes").Field("body.code", "wrong or too old")
	var mistyped bool
	p, err := d.byRequestLink(ctx, token, func(ctx context.Context, w *work, r *Request) error {
		who, err := reporterOf(ctx, w.tx, r.ID, true)
		if err != nil {
			return err
		}
		if who == nil || who.CodeHash == nil || who.CodeTries >= codeTries || who.CodeUntil == nil || !w.at.Before(*who.CodeUntil) {
			return wrong
		}
		if slices.Equal(codeHash(r.ID, strings.TrimSpace(code)), who.CodeHash) {
			if err := verified(ctx, w.tx, r.ID, w.at); err != nil {
				return err
			}
			return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "phone_verified"})
		}
		mistyped = true // the try is kept, so the transaction ends well
		return countTry(ctx, w.tx, r.ID)
	})
	if err == nil && mistyped {
		err = wrong
	}
	return p, err
}

// PublicRequest is a request as its reporter sees it before there is an order.
type PublicRequest struct {
	State      RequestState `json:"state"`
	Kind       string       `json:"kind"`
	ReplyBy    *time.Time   `json:"reply_by,omitempty"`
	RepliedAt  *time.Time   `json:"replied_at,omitempty"`
	Answer     string       `json:"answer,omitempty" doc:"what solved it"`
	Unverified bool         `json:"unverified" doc:"a code was sent to the telephone number and waits to be typed"`
}

// PublicRating is what the customer said about the service, and whether he may say it now.
type PublicRating struct {
	Service int    `json:"service,omitempty"`
	Product int    `json:"product,omitempty"`
	Comment string `json:"comment,omitempty"`
	Given   bool   `json:"given"`
}

// PublicSheet is what was done, as the customer may read it.
type PublicSheet struct {
	ID            uuid.UUID `json:"-"`
	Number        string    `json:"number"`
	Outcome       string    `json:"outcome"`
	FinishedAt    time.Time `json:"finished_at"`
	Parts         []string  `json:"parts"`
	WarrantyUntil string    `json:"warranty_until,omitempty"`
	SignedBy      string    `json:"signed_by,omitempty"`
}

// PublicDevice is a device that is with us, or was.
type PublicDevice struct {
	Number      string     `json:"number"`
	Device      string     `json:"device"`
	Accessories []string   `json:"accessories"`
	Condition   string     `json:"condition"`
	State       string     `json:"state"`
	TakenAt     time.Time  `json:"taken_at"`
	ReturnOn    string     `json:"return_on,omitempty"`
	ReturnedAt  *time.Time `json:"returned_at,omitempty"`
}

// Moving by link.
const (
	moveBefore = 2 * time.Hour       // until then the customer may move the visit by himself
	movesMost  = 3                   // times for one order
	moveAhead  = 30 * 24 * time.Hour // how far ahead he may wish
	chasePause = 4 * time.Hour       // between two reminders of his
)

// DayParts are what a customer may wish for: hours on the clock of the site.
var DayParts = []struct {
	Name     string
	From, To time.Duration
}{{"morning", 9 * time.Hour, 12 * time.Hour}, {"afternoon", 13*time.Hour + 30*time.Minute, 18 * time.Hour}, {"evening", 18 * time.Hour, 20 * time.Hour}}

// covers says what each kind of link allows beside looking.
var covers = map[string][]string{
	"view": {"confirm", "reschedule", "cancel", "chase", "sign", "rate"}, "quote": {"confirm", "reschedule", "cancel", "chase", "sign", "rate"},
	"request": {"confirm", "reschedule", "cancel", "chase", "sign", "rate", "withdraw", "verify"}, "sign": {"sign"}, "rate": {"rate"},
	// Many hands hold a paper: whoever scans it looks and asks, but neither signs nor rates nor calls off.
	"paper": {"confirm", "reschedule", "chase"},
}

// customerActs are what the customer may do with his order under a link now.
func (o *Order) customerActs(l auth.Link, p *Public, now time.Time) []string {
	can := map[string]bool{}
	open := o.openLead()
	switch o.State {
	case OrderNew, OrderAwaitingApproval, OrderReady:
		can["cancel"], can["reschedule"], can["chase"] = true, true, true
	case OrderOnHold:
		can["cancel"], can["chase"] = o.Custody == nil, true
	case OrderAssigned:
		can["chase"] = true
		if open != nil && open.Window != nil && (open.State == dispatch.Dispatched || open.State == dispatch.Accepted) {
			can["confirm"] = open.ConfirmedAt == nil
			can["reschedule"] = p.Moves < movesMost && now.Add(moveBefore).Before(open.Window.From)
			can["cancel"] = now.Add(moveBefore).Before(open.Window.From)
		}
	case OrderInProgress:
		can["chase"] = true
	case OrderCompleted, OrderClosed, OrderCannotComplete:
		can["sign"] = p.Sheet != nil && p.Sheet.SignedBy == ""
		can["rate"] = p.Rating != nil && !p.Rating.Given
	}
	if p.ChasedAt != nil && now.Sub(*p.ChasedAt) < chasePause {
		can["chase"] = false
	}
	acts := []string{}
	for _, act := range covers[l.Purpose] {
		if can[act] {
			acts = append(acts, act)
		}
	}
	return acts
}

func (o *Order) openLead() *dispatch.Visit {
	for i := range o.Visits {
		if v := &o.Visits[i]; v.Lead && v.State.Binding() && v.FinishedAt == nil {
			return v
		}
	}
	return nil
}

// publicMore fills in what stands beside the order: what was done, devices with us, what was said.
func (d *Desk) publicMore(ctx context.Context, l auth.Link, o *Order, p *Public) error {
	db := d.reader(ctx)
	if v := o.openLead(); v != nil {
		p.Confirmed = v.ConfirmedAt != nil
	}
	for i := range o.Sheets {
		s := &o.Sheets[i]
		if s.ReplacedAt != nil || s.Outcome == "no_access" {
			continue
		}
		seen := PublicSheet{ID: s.ID, Number: s.Number, Outcome: s.Outcome, FinishedAt: s.FinishedAt, Parts: []string{}}
		for _, part := range s.Parts {
			seen.Parts = append(seen.Parts, fmt.Sprintf("%s × %d", part.Name, part.Quantity))
		}
		if s.RepairWarrantyUntil != nil {
			seen.WarrantyUntil = s.RepairWarrantyUntil.String()
		}
		if s.SignerName != nil && len(s.Signature) > 0 && s.Signature[0] == '[' {
			seen.SignedBy = *s.SignerName
		}
		by, err := linkSigner(ctx, db, s.ID)
		if err != nil {
			return err
		}
		if by != "" {
			seen.SignedBy = by
		}
		p.Sheet = &seen
	}
	devices, err := d.custody.In(db).Of(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, c := range devices {
		p.Devices = append(p.Devices, PublicDevice{Number: c.Number, Device: c.Device, Accessories: c.Accessories, Condition: c.Condition, State: string(c.State), TakenAt: c.OpenedAt, ReturnOn: c.ExpectedReturnOn.String(), ReturnedAt: c.ClosedAt})
	}
	calls, err := d.promises.In(db).OfOrder(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, f := range calls {
		if !f.Main || f.State == aftercare.Superseded || f.State == aftercare.Waived {
			continue
		}
		full, err := d.promises.In(db).FollowUp(ctx, auth.System("customer").Scope(), f.ID)
		if err != nil {
			return err
		}
		p.rated(full)
	}
	if p.Moves, p.ChasedAt, err = outsideSaid(ctx, db, o.ID); err != nil {
		return err
	}
	p.AllowedActions = o.customerActs(l, p, d.now())
	return nil
}

func (p *Public) rated(f aftercare.FollowUp) {
	p.Rating = &PublicRating{Given: f.State == aftercare.FollowedUp}
	p.followUp = f.ID
	for _, a := range f.Log {
		if a.Outcome == aftercare.RatedByLink {
			p.Rating = &PublicRating{Service: a.Scores["service"], Product: a.Scores["product"], Comment: a.Comment, Given: true}
		}
	}
}

// byLink lets the customer do one thing with the order behind his link.
func (d *Desk) byLink(ctx context.Context, token, act string, fn func(ctx context.Context, w *work, o *Order, p *Public) error) (Public, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return Public{}, err
	}
	if l.OrderID.IsNil() {
		return Public{}, notNow(act, nil)
	}
	err = d.changeOrder(ctx, customer(l), l.OrderID.String(), func(ctx context.Context, w *work, _ *Order) error {
		p, err := d.publicOrder(ctx, l)
		if err != nil {
			return err
		}
		if act != leaveAlone && !slices.Contains(p.AllowedActions, act) {
			return notNow(act, p.AllowedActions)
		}
		o, err := d.Order(ctx, customer(l), l.OrderID.String())
		if err != nil {
			return err
		}
		return fn(ctx, w, &o, &p)
	})
	if err != nil {
		return Public{}, err
	}
	return d.publicOrder(ctx, l)
}

func notNow(act string, allowed []string) error {
	return fault.New(fault.Conflict, "link_act_not_now", "that is not possible any more by this page (%s): please call us", act).Allow(allowed...)
}

// openLink opens a customer's link; one to a request leads on to the newest order that came of it.
func (d *Desk) openLink(ctx context.Context, token string) (auth.Link, error) {
	l, err := d.people.In(d.reader(ctx)).OpenLink(ctx, token)
	if err != nil || l.RequestID == nil {
		return l, err
	}
	orders, err := d.ordersOfRequest(ctx, *l.RequestID)
	if err == nil && len(orders) > 0 {
		l.OrderID = orders[len(orders)-1].ID
	}
	return l, err
}

// ConfirmByLink is the customer's word that the announced window suits him.
func (d *Desk) ConfirmByLink(ctx context.Context, token string) (Public, error) {
	return d.byLink(ctx, token, "confirm", func(ctx context.Context, w *work, o *Order, _ *Public) error {
		v := o.openLead()
		_, err := d.Confirm(ctx, w.by, v.ID, ConfirmInput{Window: Window{v.Window.From, v.Window.To}, By: "link"})
		return err
	})
}

// PublicWish is when a customer would rather have somebody come.
type PublicWish struct {
	Day  string `json:"day" format:"date"`
	Part string `json:"part" enum:"morning,afternoon,evening"`
	Note string `json:"note,omitempty" maxLength:"500"`
}

// MoveByLink moves the visit to the time the customer wishes for, when its engineer is free then with the
// parts; otherwise the wish stands on the call-back list and the page says that we will call. It answers
// whether the visit was moved.
func (d *Desk) MoveByLink(ctx context.Context, token string, in PublicWish) (p Public, moved bool, err error) {
	p, err = d.byLink(ctx, token, "reschedule", func(ctx context.Context, w *work, o *Order, _ *Public) error {
		window, err := w.wished(ctx, o, in)
		if err != nil {
			return err
		}
		v := o.openLead()
		if v == nil { // nobody is booked yet: it is when we shall look for somebody
			if err := setOrder(ctx, w.tx, o.ID, "wanted_window = ?", span(&window.From, &window.To)); err != nil {
				return err
			}
			moved = true
			return w.saidByLink(ctx, o, "appointment", w.wishText(ctx, o, in, window))
		}
		start, length, err := w.freeWithin(ctx, o, v, window)
		if err != nil {
			return err
		}
		if err := w.saidByLink(ctx, o, "appointment", w.wishText(ctx, o, in, window)); err != nil {
			return err
		}
		if start.IsZero() {
			return w.callBackNow(ctx, o, "appointment", w.wishText(ctx, o, in, window))
		}
		moved = true
		if _, err := d.Reschedule(ctx, w.by, v.ID, RescheduleInput{StartsAt: start, EndsAt: start.Add(length), Window: &window, Reason: "asked for by link", Cause: "customer"}); err != nil {
			return err
		}
		visit, err := w.openVisit(ctx, o)
		if err != nil || visit == nil {
			return err
		}
		_, err = d.Confirm(ctx, w.by, visit.ID, ConfirmInput{Window: window, By: "link"})
		return err
	})
	return p, moved, err
}

// freeWithin finds the first half hour in a window at which the engineer of a visit could begin.
func (w *work) freeWithin(ctx context.Context, o *Order, v *dispatch.Visit, in Window) (time.Time, time.Duration, error) {
	length := v.EndsAt.Sub(v.StartsAt)
	j, err := w.jobOf(ctx, o, say.Chinese)
	if err != nil {
		return time.Time{}, 0, err
	}
	j.Windows = nil
	for at := in.From; !at.After(in.To.Add(-30 * time.Minute)); at = at.Add(30 * time.Minute) {
		c, err := w.board.Judge(ctx, w.by.Scope(), j, v.EngineerID, at, at.Add(length))
		if err != nil {
			return time.Time{}, 0, err
		}
		if refusedUnless(c, "") == nil && len(missingParts(j, c)) == 0 {
			return at, length, nil
		}
	}
	return time.Time{}, 0, nil
}

func (w *work) wished(ctx context.Context, o *Order, in PublicWish) (Window, error) {
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return Window{}, err
	}
	day, err := calendar.Parse(in.Day)
	if err != nil {
		return Window{}, fault.New(fault.Invalid, "day_invalid", "choose a day").Field("body.day", "expected YYYY-MM-DD")
	}
	for _, part := range DayParts {
		if part.Name != in.Part {
			continue
		}
		window := Window{day.At(part.From, loc).UTC(), day.At(part.To, loc).UTC()}
		if window.From.Before(w.at.Add(moveBefore)) || window.To.After(w.at.Add(moveAhead)) {
			return Window{}, fault.New(fault.Invalid, "wish_out_of_reach", "choose a time between two hours and thirty days from now").Field("body.day", "too soon or too far ahead")
		}
		return window, nil
	}
	return Window{}, fault.New(fault.Invalid, "unknown_part", "choose morning, afternoon or evening").Field("body.part", "unknown")
}

func (w *work) wishText(ctx context.Context, o *Order, in PublicWish, window Window) string {
	text := in.Day + " " + in.Part
	if loc, err := w.siteZone(ctx, o); err == nil {
		text = window.From.In(loc).Format("2006-01-02 15:04") + "–" + window.To.In(loc).Format("15:04")
	}
	return strings.TrimSpace(text + " " + strings.TrimSpace(in.Note))
}

func (w *work) saidByLink(ctx context.Context, o *Order, kind, text string) error {
	return insertConversation(ctx, w, &Conversation{ID: newID(), OrgID: o.OrgID, OrderID: &o.ID, Direction: "in", Channel: "link", Kind: kind, Outcome: "reached", Text: text})
}

func (w *work) callBackNow(ctx context.Context, o *Order, reason, text string) error {
	_, err := w.promises.AddCallback(ctx, w.by, aftercare.CallbackInput{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Reason: reason, DueAt: w.at, Text: text})
	return err
}

// CancelByLink is the customer's word that nobody need come. Before somebody is booked the order ends; after
// that the desk hears it and calls, because people are on their way by plan.
func (d *Desk) CancelByLink(ctx context.Context, token, reason string) (p Public, ended bool, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return Public{}, false, fault.New(fault.Invalid, "reason_missing", "say why nobody need come").Field("body.reason", "must not be blank")
	}
	p, err = d.byLink(ctx, token, "cancel", func(ctx context.Context, w *work, o *Order, _ *Public) error {
		if o.State == OrderAssigned {
			if err := w.saidByLink(ctx, o, "other", reason); err != nil {
				return err
			}
			return w.callBackNow(ctx, o, "appointment", say.Text(say.Chinese, "outside.wants_to_cancel", reason))
		}
		ended = true
		_, err := d.Cancel(ctx, w.by, o.ID.String(), reason)
		return err
	})
	return p, ended, err
}

// ChaseByLink is the customer asking where we stand; it counts like a call.
func (d *Desk) ChaseByLink(ctx context.Context, token, text string) (Public, error) {
	return d.byLink(ctx, token, "chase", func(ctx context.Context, w *work, o *Order, _ *Public) error {
		_, err := d.TalkAboutOrder(ctx, w.by, o.ID.String(), ConversationInput{Direction: "in", Channel: "link", Kind: "chase", Outcome: "reached", Text: limitText(strings.TrimSpace(text), 500)})
		return err
	})
}

// SignByLink adds the customer's name, and his signature if he drew one, beside the last sheet.
func (d *Desk) SignByLink(ctx context.Context, token, from string, in PublicAnswer) (Public, error) {
	name := strings.TrimSpace(in.Name)
	if name == "" {
		return Public{}, fault.New(fault.Invalid, "signer_missing", "type your name").Field("body.name", "must not be blank")
	}
	var drawn any
	if len(in.Signature) > 0 && string(in.Signature) != "null" {
		if err := checkStrokes(in.Signature); err != nil {
			return Public{}, err
		}
		drawn = string(in.Signature)
	}
	return d.byLink(ctx, token, "sign", func(ctx context.Context, w *work, o *Order, p *Public) error {
		if err := signByLink(ctx, w.tx, newID(), o.OrgID, o.ID, p.Sheet.ID, limitText(name, 100), drawn, from, w.at); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "signed_by_link", Data: map[string]any{"name": name, "sheet": p.Sheet.Number}})
	})
}

// RatingInput is what a customer says about the service under his link.
type RatingInput struct {
	Service int    `json:"service" minimum:"1" maximum:"5"`
	Product int    `json:"product,omitempty" minimum:"0" maximum:"5" doc:"0 = not asked"`
	Comment string `json:"comment,omitempty" maxLength:"2000"`
}

// RateByLink keeps what the customer says. Inside the window of his follow-up call it stands for the call; a
// low score makes a grumble at any time.
func (d *Desk) RateByLink(ctx context.Context, token string, in RatingInput) (Public, error) {
	scores := aftercare.Scores{"service": in.Service}
	if in.Product > 0 {
		scores["product"] = in.Product
	}
	return d.byLink(ctx, token, "rate", func(ctx context.Context, w *work, _ *Order, p *Public) error {
		_, err := d.FollowUpAttempt(ctx, w.by, p.followUp, aftercare.AttemptInput{Outcome: aftercare.RatedByLink, Channel: "link", Scores: scores, Comment: in.Comment})
		return err
	})
}

// WithdrawByLink is the reporter's word that it has settled itself. A person still answers him.
func (d *Desk) WithdrawByLink(ctx context.Context, token, reason string) (Public, error) {
	return d.byRequestLink(ctx, token, func(ctx context.Context, w *work, r *Request) error {
		if r.State != RequestReceived && r.State != RequestTriaged {
			return notNow("withdraw", nil)
		}
		text := say.Text(say.Chinese, "outside.withdrawn", strings.TrimSpace(reason))
		if err := insertConversation(ctx, w, &Conversation{ID: newID(), OrgID: r.OrgID, RequestID: &r.ID, Direction: "in", Channel: "link", Kind: "other", Outcome: "reached", Text: text}); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "withdrawn", Reason: strings.TrimSpace(reason)})
	})
}

func (d *Desk) byRequestLink(ctx context.Context, token string, fn func(ctx context.Context, w *work, r *Request) error) (Public, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return Public{}, err
	}
	if l.RequestID == nil {
		return Public{}, notNow("request", nil)
	}
	if _, err := d.onRequest(ctx, customer(l), l.RequestID.String(), fn); err != nil {
		return Public{}, err
	}
	return d.public(ctx, l)
}

// publicRequest is what its reporter sees of a request that has no order yet.
func (d *Desk) publicRequest(ctx context.Context, l auth.Link) (Public, error) {
	r, err := d.Request(ctx, customer(l), l.RequestID.String())
	if err != nil {
		return Public{}, err
	}
	org, err := d.people.Organisation(ctx, r.OrgID)
	if err != nil {
		return Public{}, err
	}
	who, err := reporterOf(ctx, d.reader(ctx), r.ID, false)
	if err != nil {
		return Public{}, err
	}
	var head struct {
		Hotline string `json:"hotline"`
	}
	_ = json.Unmarshal(org.Letterhead, &head) // a letterhead without a hotline shows none
	p := Public{Number: r.Number, Kind: r.Kind, Summary: r.Summary, Device: r.AssetName, Organisation: org.Name, Hotline: head.Hotline, Zone: org.Zone, Lang: say.Chinese, ExpiresAt: l.ExpiresAt, AllowedActions: []string{},
		Steps:   []PublicStep{{Step: "received", At: &r.ReceivedAt, Now: true}, {Step: "agreed"}, {Step: "scheduled"}, {Step: "in_service"}, {Step: "finished"}},
		Request: &PublicRequest{State: r.State, Kind: r.Kind, ReplyBy: r.ReplyDueAt, RepliedAt: r.RepliedAt}}
	if r.State == RequestAnswered && r.Solution != nil {
		p.Request.Answer = *r.Solution
		p.Steps[0].Now, p.Steps[4].Now, p.Steps[4].At = false, true, r.AnsweredAt
	}
	if r.State == RequestReceived || r.State == RequestTriaged {
		p.AllowedActions = append(p.AllowedActions, "withdraw")
		for _, e := range r.Timeline {
			if e.Action == "withdrawn" {
				p.AllowedActions = []string{}
			}
		}
	}
	if who != nil {
		p.Lang = who.Lang
		if p.Request.Unverified = who.VerifiedAt == nil && who.CodeUntil != nil && d.now().Before(*who.CodeUntil) && who.CodeTries < codeTries; p.Request.Unverified {
			p.AllowedActions = append(p.AllowedActions, "verify")
		}
	}
	return p, nil
}

// RevokeLinks takes back every link to an order and to the request it came from.
func (d *Desk) RevokeLinks(ctx context.Context, by auth.Caller, ref string) error {
	return d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		people := w.people.In(w.tx)
		if err := people.RevokeLinks(ctx, o.ID, nil); err != nil {
			return err
		}
		if o.RequestID != nil {
			if err := people.RevokeRequestLinks(ctx, *o.RequestID); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "links_revoked"})
	})
}

// Label is the code on a device, as printed beside its QR.
type Label struct {
	AssetID   uuid.UUID `json:"asset_id"`
	Code      string    `json:"code"`
	Link      string    `json:"link"`
	CreatedAt time.Time `json:"created_at"`
}

// MakeLabel gives a device its label; renew takes the old one back, such as when a device is sold on. The
// code is worth no more than standing before the device: it opens what was repaired, nobody's name.
func (d *Desk) MakeLabel(ctx context.Context, by auth.Caller, asset uuid.UUID, renew bool) (Label, error) {
	var out Label
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		a, err := w.book.Asset(ctx, by.Scope(), asset)
		if err != nil {
			return err
		}
		kept, err := labelOf(ctx, w.tx, a.ID)
		if err != nil {
			return err
		}
		if kept != nil && !renew {
			out = *kept
			return nil
		}
		if err := revokeLabel(ctx, w.tx, a.ID, w.at); err != nil {
			return err
		}
		out = Label{AssetID: a.ID, Code: labelCode(), CreatedAt: w.at}
		return insertLabel(ctx, w.tx, out, a.OrgID, w.actorID())
	})
	out.Link = d.baseURL + "/d/" + out.Code
	return out, err
}

// LabelOf is the label of a device, or fault.NotFound when it has none yet.
func (d *Desk) LabelOf(ctx context.Context, by auth.Caller, asset uuid.UUID) (Label, error) {
	a, err := d.Look(ctx).Customers.Asset(ctx, by.Scope(), asset)
	if err != nil {
		return Label{}, err
	}
	l, err := labelOf(ctx, d.reader(ctx), a.ID)
	if err != nil {
		return Label{}, err
	}
	if l == nil {
		return Label{}, fault.New(fault.NotFound, "label_unknown", "this device has no label yet: make one first")
	}
	l.Link = d.baseURL + "/d/" + l.Code
	return *l, nil
}

// labelCode is 80 bits in the 32 letters and digits that are not mistaken for each other by eye or ear.
func labelCode() string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	for i := range raw {
		raw[i] = letters[raw[i]&31]
	}
	return string(raw)
}

// PublicAsset is what the label on a device opens: the device and what was done to it. Neither a name, nor an
// address, nor the whole serial number.
type PublicAsset struct {
	ID            uuid.UUID     `json:"-"`
	Device        string        `json:"device"`
	Serial        string        `json:"serial,omitempty" doc:"its last four characters"`
	InstalledOn   string        `json:"installed_on,omitempty"`
	WarrantyUntil string        `json:"warranty_until,omitempty"`
	Organisation  string        `json:"organisation"`
	Hotline       string        `json:"hotline,omitempty"`
	Zone          string        `json:"zone"`
	History       []PublicEvent `json:"history"`
	Open          string        `json:"open,omitempty" doc:"number of the order under way"`
}

// PublicEvent is one thing done to a device.
type PublicEvent struct {
	On     string `json:"on"`
	Kind   string `json:"kind"`
	State  string `json:"state"`
	Number string `json:"number"`
}

// PublicDeviceOf opens the label of a device. An unknown or revoked code is fault.NotFound.
func (d *Desk) PublicDeviceOf(ctx context.Context, code string) (PublicAsset, error) {
	db := d.reader(ctx)
	id, org, err := labelled(ctx, db, code)
	if err != nil {
		return PublicAsset{}, err
	}
	scope := auth.System("label").Scope()
	a, err := d.Look(ctx).Customers.Asset(ctx, scope, id)
	if err != nil {
		return PublicAsset{}, err
	}
	house, err := d.people.Organisation(ctx, org)
	if err != nil {
		return PublicAsset{}, err
	}
	var head struct {
		Hotline string `json:"hotline"`
	}
	_ = json.Unmarshal(house.Letterhead, &head) // a letterhead without a hotline shows none
	out := PublicAsset{ID: id, Device: strings.Join(strings.Fields(a.Brand+" "+a.Model+" "+a.Category), " "), Organisation: house.Name, Hotline: head.Hotline, Zone: house.Zone, History: []PublicEvent{}}
	if a.SerialNumber != nil {
		if r := []rune(*a.SerialNumber); len(r) > 4 {
			out.Serial = string(r[len(r)-4:])
		}
	}
	for at, day := range map[*string]*calendar.Date{&out.InstalledOn: a.InstalledOn, &out.WarrantyUntil: a.WarrantyUntil} {
		if day != nil {
			*at = day.String()
		}
	}
	orders, err := ordersOfAsset(ctx, db, id)
	if err != nil {
		return PublicAsset{}, err
	}
	for _, o := range orders {
		out.History = append(out.History, PublicEvent{On: calendar.Of(o.At, house.Location()).String(), Kind: o.Kind, State: string(o.State), Number: o.Number})
		if !slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete}, o.State) && out.Open == "" {
			out.Open = o.Number
		}
	}
	return out, nil
}
