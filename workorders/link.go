package workorders

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/workorders/billing"
)

// linkGood is how long a customer's link works.
const linkGood = 14 * 24 * time.Hour

// makeLink makes a link for one order; the token is shown once and stored as a hash.
func (w *work) makeLink(ctx context.Context, o *Order, quote *uuid.UUID, purpose string) (string, error) {
	return w.people.In(w.tx).MakeLink(ctx, auth.Link{OrgID: o.OrgID, OrderID: o.ID, QuoteID: quote, Purpose: purpose, ExpiresAt: w.at.Add(linkGood)})
}

// paperLinkGood is how long the code on a paper leads to the customer's page: as long as our own warranty on
// a repair lasts where nobody set another.
const paperLinkGood = 90 * 24 * time.Hour

// PaperLink makes up the address that a paper carries as a code. It leads somewhere once the paper was issued.
func (d *Desk) PaperLink() (token, address string) {
	token = auth.NewLinkToken()
	return token, d.baseURL + "/c/" + token
}

// ShareOrder makes a link under which the customer follows one order.
func (d *Desk) ShareOrder(ctx context.Context, by auth.Caller, ref string) (string, error) {
	var token string
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) (err error) {
		if token, err = w.makeLink(ctx, o, nil, "view"); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "share"})
	})
	return d.baseURL + "/c/" + token, err
}

// Public is what a customer sees under his link: his order, never anybody's full number or a supplier.
type Public struct {
	OrderID      uuid.UUID        `json:"-"`
	Number       string           `json:"number"`
	State        OrderState       `json:"state"`
	Kind         string           `json:"kind"`
	Summary      string           `json:"summary"`
	Device       string           `json:"device,omitempty"`
	Organisation string           `json:"organisation"`
	Hotline      string           `json:"hotline,omitempty"`
	Zone         string           `json:"zone"`
	Lang         string           `json:"lang"`
	Window       *Window          `json:"window,omitempty"`
	Engineer     string           `json:"engineer,omitempty" doc:"family name and 师傅, staff number"`
	Steps        []PublicStep     `json:"steps"`
	Quote        *PublicQuote     `json:"quote,omitempty"`
	Receipt      *billing.Receipt `json:"receipt,omitempty"`
	ExpiresAt    time.Time        `json:"expires_at"`

	Request        *PublicRequest `json:"request,omitempty" doc:"while there is no order yet"`
	Confirmed      bool           `json:"confirmed" doc:"the customer agreed to the window"`
	Sheet          *PublicSheet   `json:"sheet,omitempty" doc:"what was done"`
	Devices        []PublicDevice `json:"devices,omitempty" doc:"taken to the workshop"`
	Rating         *PublicRating  `json:"rating,omitempty"`
	Moves          int            `json:"moves" doc:"how often the customer moved the visit by link"`
	ChasedAt       *time.Time     `json:"chased_at,omitempty"`
	LeftAlone      bool           `json:"left_alone" doc:"he hears no courtesies"`
	AllowedActions []string       `json:"allowed_actions"`

	followUp uuid.UUID
}

// PublicStep is one of the five steps of an order as a customer counts them.
type PublicStep struct {
	Step string     `json:"step" enum:"received,agreed,scheduled,in_service,finished"`
	At   *time.Time `json:"at,omitempty"`
	Now  bool       `json:"now"`
}

// PublicQuote is an offer as the customer sees it.
type PublicQuote struct {
	ID             uuid.UUID   `json:"id"`
	Number         string      `json:"number"`
	Purpose        string      `json:"purpose"`
	State          QuoteState  `json:"state"`
	TotalMinor     money.Fen   `json:"total_minor"`
	LimitMinor     *money.Fen  `json:"limit_minor,omitempty"`
	ValidUntil     string      `json:"valid_until"`
	ValidTo        time.Time   `json:"valid_to"`
	Terms          string      `json:"terms,omitempty"`
	Lines          []QuoteLine `json:"lines"`
	ApprovedAt     *time.Time  `json:"approved_at,omitempty"`
	ApprovedBy     *string     `json:"approved_by,omitempty"`
	AllowedActions []string    `json:"allowed_actions"`
}

// customer is who acts through a link.
func customer(l auth.Link) auth.Caller {
	c := auth.System("customer")
	c.Login, c.Name = l.Actor(), "customer"
	return c
}

// Public opens a customer's link. An unknown token is fault.NotFound, an ended one fault.Gone. Reading
// changes nothing, since mail scanners read links too.
func (d *Desk) Public(ctx context.Context, token string) (Public, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return Public{}, err
	}
	return d.public(ctx, l)
}

func (d *Desk) public(ctx context.Context, l auth.Link) (Public, error) {
	if l.OrderID.IsNil() {
		return d.publicRequest(ctx, l)
	}
	return d.publicOrder(ctx, l)
}

func (d *Desk) publicOrder(ctx context.Context, l auth.Link) (Public, error) {
	o, err := d.Order(ctx, customer(l), l.OrderID.String())
	if err != nil {
		return Public{}, err
	}
	org, err := d.people.Organisation(ctx, o.OrgID)
	if err != nil {
		return Public{}, err
	}
	lang, err := customerLang(ctx, d.reader(ctx), o.CustomerID)
	if err != nil {
		return Public{}, err
	}
	var head struct {
		Hotline string `json:"hotline"`
	}
	_ = json.Unmarshal(org.Letterhead, &head) // a letterhead without a hotline shows none
	p := Public{OrderID: o.ID, Number: o.Number, State: o.State, Kind: o.Kind, Summary: o.Summary, Device: o.AssetName, Organisation: org.Name, Hotline: head.Hotline,
		Zone: org.Zone, Lang: lang, Window: o.AnnouncedWindow, Receipt: o.Receipt, ExpiresAt: l.ExpiresAt}
	if p.LeftAlone, err = leftAlone(ctx, d.reader(ctx), o.CustomerID); err != nil {
		return Public{}, err
	}
	if o.EngineerID != nil {
		e, err := d.board.Engineer(ctx, auth.System("customer").Scope(), *o.EngineerID)
		if err != nil {
			return Public{}, err
		}
		p.Engineer = ShownName(e.Name, e.StaffNumber, lang)
	}
	p.Steps = o.publicSteps()
	for i := range o.Quotes {
		q := &o.Quotes[i]
		if l.QuoteID != nil && q.ID == *l.QuoteID || l.QuoteID == nil && (q.State == QuoteSent || q.State == QuoteApproved) {
			p.Quote = q.public(d.now())
			if l.QuoteID == nil {
				p.Quote.AllowedActions = []string{} // this link shows; the one sent with the quote answers
			}
		}
	}
	err = d.publicMore(ctx, l, &o, &p)
	return p, err
}

func (q Quote) public(now time.Time) *PublicQuote {
	p := &PublicQuote{ID: q.ID, Number: q.Number, Purpose: q.Purpose, State: q.State, TotalMinor: q.TotalMinor, LimitMinor: q.LimitMinor, ValidUntil: q.ValidUntil.String(), ValidTo: q.ValidTo,
		Terms: q.Terms, Lines: q.Lines, ApprovedAt: q.ApprovedAt, ApprovedBy: q.ApprovedBy, AllowedActions: []string{}}
	if q.State == QuoteSent && now.Before(q.ValidTo) {
		p.AllowedActions = []string{"approve", "decline"}
	}
	return p
}

// ShownName is how customers are told who comes: family name, 师傅 and staff number in Chinese, the given
// name in English.
func ShownName(name, staff, lang string) string {
	name = strings.TrimSpace(name)
	runes := []rune(name)
	switch {
	case len(runes) == 0:
	case lang == "en" && runes[0] > 0x2e80:
		if given := givenName(runes); given != "" {
			name = given
		}
	case lang == "en":
		name, _, _ = strings.Cut(name, " ")
	case runes[0] > 0x2e80:
		family := 1
		if len(runes) > 2 && slices.Contains(doubleSurnames, string(runes[:2])) {
			family = 2
		}
		name = string(runes[:family]) + "师傅"
	}
	return strings.TrimSpace(name + " " + staff)
}

// givenName spells the given name of a Chinese name in Latin letters: 王小明 is Xiaoming.
func givenName(name []rune) string {
	family := 1
	if len(name) > 2 && slices.Contains(doubleSurnames, string(name[:2])) {
		family = 2
	}
	given := name[min(family, len(name)):]
	if len(given) == 0 {
		given = name
	}
	spelt := Pinyin(string(given))
	if len(spelt) == 0 || spelt[0] == "" {
		return ""
	}
	return strings.ToUpper(spelt[0][:1]) + spelt[0][1:]
}

// doubleSurnames are the family names of two characters that are still common.
var doubleSurnames = []string{"欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒", "司空", "夏侯", "端木", "百里", "东郭", "南宫", "呼延", "轩辕", "独孤"}

// publicSteps counts received, agreed, scheduled, in service, finished.
func (o Order) publicSteps() []PublicStep {
	steps := []PublicStep{{Step: "received", At: &o.CreatedAt}, {Step: "agreed"}, {Step: "scheduled"}, {Step: "in_service", At: o.ArrivedAt}, {Step: "finished", At: o.FinishedAt}}
	at := map[OrderState]int{OrderNew: 0, OrderAwaitingApproval: 0, OrderReady: 1, OrderOnHold: 1, OrderAssigned: 2, OrderInProgress: 3, OrderCompleted: 4, OrderClosed: 4, OrderCannotComplete: 4, OrderCancelled: 4}[o.State]
	for i := range o.Quotes {
		if o.Quotes[i].State == QuoteApproved {
			steps[1].At = o.Quotes[i].ApprovedAt
		}
	}
	for _, v := range o.Visits {
		if v.State.Binding() || v.FinishedAt != nil {
			steps[2].At = v.AnnouncedAt
		}
	}
	steps[at].Now = true
	return steps
}

// PublicAnswer is what a customer sends with his yes or no.
type PublicAnswer struct {
	Name      string          `json:"name,omitempty" maxLength:"100"`
	Signature json.RawMessage `json:"signature,omitempty" doc:"strokes [[[x,y],…],…]"`
	Reason    string          `json:"reason,omitempty" maxLength:"2000"`
}

// ApproveByLink is the customer's yes under his link: a typed name, a signature if he drew one, the time
// of the server's clock and the address it came from.
func (d *Desk) ApproveByLink(ctx context.Context, token, from string, in PublicAnswer) (Public, error) {
	return d.answerByLink(ctx, token, func(ctx context.Context, w *work, o *Order, q *Quote) error {
		proof := map[string]any{"address": from}
		if len(in.Signature) > 0 && string(in.Signature) != "null" {
			if err := checkStrokes(in.Signature); err != nil {
				return err
			}
			proof["signature"] = in.Signature
		}
		return w.approve(ctx, o, q, in.Name, "link", w.at, proof)
	})
}

// DeclineByLink is the customer's no under his link.
func (d *Desk) DeclineByLink(ctx context.Context, token string, in PublicAnswer) (Public, error) {
	return d.answerByLink(ctx, token, func(ctx context.Context, w *work, o *Order, q *Quote) error {
		return w.decline(ctx, o, q, DeclineInput{How: "link", Name: in.Name, Reason: in.Reason})
	})
}

func (d *Desk) answerByLink(ctx context.Context, token string, fn func(ctx context.Context, w *work, o *Order, q *Quote) error) (Public, error) {
	l, err := d.people.In(d.reader(ctx)).OpenLink(ctx, token)
	if err != nil {
		return Public{}, err
	}
	if l.QuoteID == nil {
		return Public{}, fault.New(fault.Conflict, "nothing_to_answer", "there is no quote to answer under this link")
	}
	if _, err := d.onQuote(ctx, customer(l), *l.QuoteID, fn); err != nil {
		return Public{}, err
	}
	return d.publicOrder(ctx, l)
}

// LinkScope names a link for the keys of calls that may be sent twice.
func LinkScope(token string) string {
	h := KeyedBody([]byte(token))
	return "link:" + hex.EncodeToString(h[:16])
}

// LinkCaller is who acts through a link, for Once.
func (d *Desk) LinkCaller(ctx context.Context, token string) (auth.Caller, error) {
	l, err := d.openLink(ctx, token)
	if err != nil {
		return auth.Caller{}, err
	}
	return customer(l), nil
}
