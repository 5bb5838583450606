package templates

import "time"

// CustomerRow is one customer of a list.
type CustomerRow struct {
	ID, Name, Phone string
	Class           string
	Prospect        bool
	Sites           int
	Devices         int
	Open            int
	LastAt          time.Time
}

// Customers is GET /customers?q=&cursor=, with the form for a new one.
type Customers struct {
	Chrome
	Q         string
	Prospects bool // only those who have only asked so far
	Rows      []CustomerRow
	More      string
	MayAdd    bool
	Export    string // path of the same list as a table
}

func (Customers) place() place { return place{"customers", "desk"} }

// Customer is GET /customers/{id}.
type Customer struct {
	Chrome
	ID, Name, Phone string
	Class           string
	Prospect        bool
	Contacts        []Person
	Sites           []Place
	Devices         []Device
	History         []Link // requests, orders, complaints, newest first
	Owed            string // in words of money; empty: nothing
	Regions         []Option
	ErasedAt        time.Time // zero: his data are there
	MayEdit         bool
	MayErase        bool
	MayMerge        bool
	Number          string
	Language        string
	Notes           string
	LeftAlone       []LeftAlone
	Whom            []Option // who may be left alone; the first is the customer himself
}

// LeftAlone is somebody who hears no courtesies on a channel.
type LeftAlone struct {
	ContactID, Name, Channel string
	ByLink                   bool
	At                       time.Time
}

func (Customer) place() place { return place{"customer", "desk"} }

// AssetRow is one device of a list.
type AssetRow struct {
	Device
	Customer string
	Site     string
	Repairs  int
}

// Assets is GET /assets?q=&cursor=.
type Assets struct {
	Chrome
	Q      string
	Rows   []AssetRow
	More   string
	Export string // path of the same list as a table
}

func (Assets) place() place { return place{"assets", "desk"} }

// Asset is GET /assets/{id}: one device and all that was ever done to it.
type Asset struct {
	Chrome
	Device     Device
	Customer   Link
	Site       Place
	ProducedOn string
	Proof      string
	Repairs    int // inside warranty
	Events     []Event
	Orders     []Link
	Label      string // PDF of its label, when it has one
	MayLabel   bool
	MayEdit    bool

	Brand, Category, Model string
	Typed                  string // civil date until which a paper says it is covered
}

func (Asset) place() place { return place{"asset", "desk"} }
