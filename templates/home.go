package templates

import "time"

// Tile is one count on the desk. Key is one of the tiles below; Warn paints a
// count above zero red.
type Tile struct {
	Key   string
	Count int
	Path  string
	Warn  bool
}

// tiles are the counts that have a name.
var tiles = []string{
	"requests_open", "requests_mine", "reply_due", "orders_ready", "awaiting_approval", "orders_late", "on_hold",
	"visits_today", "not_accepted", "displaced", "declined", "parked", "follow_ups_due", "callbacks_due", "complaints_open",
	"shortages", "pickups", "unreconciled", "custody_out", "unpaid", "cash_held", "invoices_open", "to_close",
}

// Short is a short list on the desk: the most urgent few of something.
type Short struct {
	Key  string // one of tiles
	Rows []ShortRow
	Path string // the whole list
}

// ShortRow is one line of a short list.
type ShortRow struct {
	Path, Number string
	Title        string
	Detail       string
	Kind, State  string // of a Badge
	DueAt        time.Time
}

// Home is GET /home: what waits for this person, by his roles.
type Home struct {
	Chrome
	Roles  []string
	Tiles  []Tile
	Shorts []Short
	Intake bool // may take in a request
}

func (Home) place() place { return place{"home", "desk"} }
