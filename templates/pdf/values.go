package pdf

import (
	"io"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// Copy says for whom a print is made. The customer's copy leaves the house, so telephone numbers on it are masked.
type Copy string

// The copies of a paper, 联次.
const (
	CopyNone     Copy = ""         // a paper without copies
	CopyCustomer Copy = "customer" // 客户联
	CopyOffice   Copy = "office"   // 公司联, on a receipt 记账联
	CopyFile     Copy = "file"     // 存根联
)

// Options are what a print adds to a paper.
type Options struct {
	Lang      string // zh-Hans (default) or en
	Copy      Copy
	Version   int            // of the paper, from 1; a Head may carry its own
	PrintedAt time.Time      // stands in the foot and as date of the file
	PrintedBy string         // who asked for the print
	Zone      *time.Location // in which all times are written; nil is UTC
	Reprint   bool           // 补打: this paper was printed before
}

// Paper is any of the papers of this package.
type Paper interface {
	Write(w io.Writer, o Options) error
	top() *Head
	name(c *canvas) string
	draw(c *canvas)
}

// WriteAll writes papers into one file, each on pages of its own with its own page numbers. No papers
// give one page that says so.
func WriteAll[P Paper](w io.Writer, papers []P, o Options) error { return write(w, papers, o) }

// Head is what stands on every paper around its content.
type Head struct {
	Letterhead Letterhead
	Number     string // of the paper itself; empty: the number of the order
	Order      string // number of the work order
	// Link is the page of the customer, drawn as QR code, up to 213 bytes. Whoever scans it sees the order,
	// so it belongs on papers for the customer and not on those that stay in the house.
	Link    string
	Version int  // instead of Options.Version
	Reprint bool // or Options.Reprint
	Void    bool // 作废
}

func (h Head) top() *Head { return &h }

// Letterhead is the issuing organisation.
type Letterhead struct {
	Name, Address string
	Hotline       string // 服务热线
	Complaints    string // 投诉电话
	Website       string
}

// Person is somebody of the house.
type Person struct{ Name, StaffNumber, Phone string }

// Contact is a person at the customer's.
type Contact struct{ Name, Phone, Role string }

// Party is a customer at a site.
type Party struct {
	Name, Phone string
	OnSite      Contact // who opens the door; empty: the customer himself
	Payer       string  // who pays, if somebody else
	Address     string
	AccessNotes string // gate, lift, parking, dog
}

// Window is a span of time agreed with the customer.
type Window struct{ From, To time.Time }

// Device is what the work is done on.
type Device struct {
	Category, Brand, Model, Serial, Plate string
	PurchasedOn, InstalledOn              calendar.Date
	Coverage                              string        // maker extended contract repair goodwill none
	CoverageReason                        string        // why it is or is not covered
	Proof                                 string        // invoice card order none: what the customer has to show
	WarrantyUntil                         calendar.Date // of the device, before this repair
}

// Coded is a code of the house with its words: fault, cause or action.
type Coded struct{ Code, Name string }

// Line is a line of a quote or a bill. Amounts include tax.
type Line struct {
	Kind        string // labour part travel inspection material other discount
	Description string
	SKU, Unit   string
	Quantity    int64 // in the smallest unit of the part
	UnitPrice   money.Fen
	Amount      money.Fen
	Covered     bool // free under warranty or contract; the amount is 0
	Possible    bool // on a quote: charged only if it turns out to be needed
}

// Payment is money received, negative when given back.
type Payment struct {
	At                    time.Time
	Amount                money.Fen
	Method                string // cash wechat alipay card transfer on_account waiver
	Reference, ReceivedBy string
}

// Signature is drawn strokes, or the reason why there are none. Without either the paper has a line to sign on.
type Signature struct {
	Strokes        [][][2]float64
	Name, Relation string
	At             time.Time
	Reason         string
}

func (s Signature) empty() bool {
	return len(s.Strokes) == 0 && s.Reason == "" && s.Name == "" && s.At.IsZero()
}

// nothing is the page of an empty pile.
type nothing struct{ Head }

func (nothing) name(c *canvas) string                { return c.t("nothing") }
func (p nothing) draw(c *canvas)                     { c.block(left, body, grey, []string{c.t("nothing_here")}) }
func (p nothing) Write(w io.Writer, o Options) error { return write(w, []nothing{p}, o) }
