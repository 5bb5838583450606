package templates

import (
	"strings"
	"time"
)

// StockRow is one part at one place in one condition.
type StockRow struct {
	SKU, Name string
	Unit      string
	Place     string // code
	PlaceName string
	Condition string
	OnHand    int64
	Reserved  int64
	Available int64
}

// Stock is GET /stock?sku=&place=&cursor=.
type Stock struct {
	Chrome
	SKU, Place  string
	Places      []Option // code → name
	Rows        []StockRow
	More        string
	PartChoices []Option // sku → name, for the movement form
	MayMove     bool
	Away        []VanAway
	Engineers   []Option // who may have fetched what lies in a van out of reach
}

// VanAway is a van nobody can get at until a colleague does. Lines tell what lies there, promised to nobody.
type VanAway struct {
	Code, Name, Why string
	Lines           []string
}

func (Stock) place() place { return place{"stock", "desk"} }

// MovementRow is one entry of the stock ledger.
type MovementRow struct {
	At          time.Time
	Kind        string
	SKU, Name   string
	Quantity    int64
	Unit        string
	From, To    string
	Condition   string
	OrderNumber string
	Reason      string
	By          string
}

// Movements is GET /stock/movements?sku=&place=&cursor=.
type Movements struct {
	Chrome
	SKU, Place string
	Places     []Option
	Rows       []MovementRow
	More       string
}

func (Movements) place() place { return place{"movements", "desk"} }

// Pickups is GET /stock/pickups?place=&day=&state=&cursor=.
type Pickups struct {
	Chrome
	Place, Day, State string
	Places            []Option
	Rows              []Pickup
	Wishes            []Wish // what engineers ask for, apart from any order
	More              string
	PickListPDF       string
}

func (Pickups) place() place { return place{"pickups", "desk"} }

// ShortageRow is an order that waits for a part.
type ShortageRow struct {
	ID           string
	OrderNumber  string
	SKU, Name    string
	Unit         string
	Quantity     int64
	WaitingSince time.Time
	ExpectedOn   string
	State        string // of "shortage"
	Customer     string
	MayName      bool // it stands as text, and this person knows the parts
	MayTake      bool // another order's pieces may be given to it
}

// ExpectedRow is a delivery on its way.
type ExpectedRow struct {
	ID         string
	SKU, Name  string
	Unit       string
	Quantity   int64
	Place      string
	ExpectedOn string
	Supplier   string
}

// Shortages is GET /stock/shortages: who waits for what, and what is coming.
type Shortages struct {
	Chrome
	Rows        []ShortageRow
	More        string
	Expected    []ExpectedRow
	Places      []Option
	PartChoices []Option
	MayExpect   bool
}

func (Shortages) place() place { return place{"shortages", "desk"} }

// StockTabs are the pages of the stock section.
func (c Chrome) StockTabs() []MenuItem {
	return c.tabs("ui.stock.", "/stock", "balances", "movements", "pickups", "shortages", "unreconciled", "devices", "parts", "places")
}

// tabs are the pages of a section; the first one is the section's own path.
func (c Chrome) tabs(prefix, path string, names ...string) []MenuItem {
	here, _, _ := strings.Cut(c.Path, "?")
	items := make([]MenuItem, len(names))
	for i, name := range names {
		to := path
		if i > 0 {
			to += "/" + name
		}
		items[i] = MenuItem{prefix + name, to, here == to}
	}
	return items
}

// PickupActs are the acts of a pick-up, in their usual order.
func (Pickups) PickupActs() []string { return []string{"ready", "hand-over", "receive", "cancel"} }

// UnreconciledRow is a fitted part that no ledger covers.
type UnreconciledRow struct {
	ID          string
	OrderNumber string
	SKU, Name   string
	Unit        string
	Quantity    int64
	Serial      string
	Engineer    string
	FittedAt    time.Time
}

// Unreconciled is GET /stock/unreconciled: work is done, the books are not.
type Unreconciled struct {
	Chrome
	Rows    []UnreconciledRow
	More    string
	Places  []Option
	MayMove bool
}

func (Unreconciled) place() place { return place{"unreconciled", "desk"} }

// DeviceOut is a customer's device that is with us.
type DeviceOut struct {
	Custody
	OrderNumber string
	Customer    string
	Overdue     bool
	Over        int // 30, 60 or 90 days with us; 0 = fewer
}

// Age counts the devices that have been with us for so many days at least; 0 = all of them.
type Age struct {
	Days, Count int
	More        bool // there are more than were counted
	Chosen      bool
}

// Devices is GET /stock/devices: every device that left its owner.
type Devices struct {
	Chrome
	Rows   []DeviceOut
	More   string
	State  string // "" = every device that is out
	Holder string
	Ages   []Age
}

func (Devices) place() place { return place{"devices", "desk"} }
