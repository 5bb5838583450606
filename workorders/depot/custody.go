package depot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Holder is in whose hands a device is.
type Holder string

const (
	WithEngineer Holder = "engineer"
	WithDepot    Holder = "depot"
	WithVendor   Holder = "vendor"
	WithCustomer Holder = "customer" // back: the custody has ended
	ScrappedAway Holder = "scrapped" // gone with the customer's consent: the custody has ended
)

// Custody 取机凭证 is the record of a device we took.
type Custody struct {
	ID                uuid.UUID       `json:"id"`
	Number            string          `json:"number"`
	OrgID             int32           `json:"-"`
	OrderID           uuid.UUID       `json:"work_order_id"`
	WorkOrderNumber   string          `json:"work_order_number"`
	CustomerName      string          `json:"customer_name"`
	VisitID           *uuid.UUID      `json:"visit_id"` // nil = the customer brought it
	AssetID           *uuid.UUID      `json:"asset_id"`
	Device            string          `json:"device"`
	SerialNumber      *string         `json:"serial_number"`
	Accessories       []string        `bun:",array" json:"accessories"`
	Condition         string          `json:"condition"`
	FaultsSeen        string          `json:"faults_seen"`
	DataConsent       bool            `json:"data_consent"`
	ValueMinor        *int64          `json:"value_minor"`
	Photos            json.RawMessage `json:"photos"`
	ExpectedReturnOn  calendar.Date   `json:"expected_return_on"`
	Signature         json.RawMessage `json:"signature"`
	NoSignatureReason *string         `json:"no_signature_reason"`
	ConsentText       string          `json:"consent_text"`
	Loaner            json.RawMessage `json:"loaner"`
	LoanerBackAt      *time.Time      `json:"loaner_back_at"`
	State             CustodyState    `json:"state"`
	Holder            Holder          `json:"holder"`
	OpenedAt          time.Time       `json:"opened_at"`
	ClosedAt          *time.Time      `json:"closed_at"`
	DaysOut           int             `json:"days_out"` // whole days since it was taken, until it came back
	Chain             []Handing       `bun:"-" json:"moves"`
	AllowedActions    []string        `bun:"-" json:"allowed_actions"`
	Version           int             `json:"version"`
}

// LoanerOut reports whether the customer still has a device of ours.
func (c Custody) LoanerOut() bool { return len(c.Loaner) > 0 && c.LoanerBackAt == nil }

// Handing is one change of hands.
type Handing struct {
	CustodyID   uuid.UUID `json:"-"`
	No          int       `json:"no"`
	At          time.Time `json:"at"`
	FromHolder  Holder    `json:"from_holder"`
	ToHolder    Holder    `json:"to_holder"`
	ByName      string    `json:"by"`
	Signed      bool      `json:"signed"`
	VoucherSeen *bool     `json:"voucher_seen"`
	Note        string    `json:"note"`
}

// CustodyInput is what is written down when a device is taken.
type CustodyInput struct {
	VisitID          *uuid.UUID        `json:"visit_id,omitempty" format:"uuid" doc:"absent = the customer brought it"`
	Device           string            `json:"device" minLength:"1" maxLength:"200" doc:"what it is, with brand and model"`
	SerialNumber     *string           `json:"serial_number,omitempty" maxLength:"100"`
	Accessories      []string          `json:"accessories" maxItems:"50" doc:"what came with it; may be empty"`
	Condition        string            `json:"condition" minLength:"1" maxLength:"2000"`
	FaultsSeen       *string           `json:"faults_seen,omitempty" maxLength:"2000"`
	DataConsent      *bool             `json:"data_consent,omitempty" doc:"the customer agrees that data on the device may be lost"`
	ValueMinor       *int64            `json:"value_minor,omitempty" minimum:"0" maximum:"1000000000000"`
	Photos           []json.RawMessage `json:"photos,omitempty" maxItems:"30" doc:"sha256 or {sha256,kind}"`
	ExpectedReturnOn calendar.Date     `json:"expected_return_on" format:"date"`
	Signature        json.RawMessage   `json:"signature" doc:"strokes [[[x,y],…],…], or {reason} why there are none"`
	ConsentText      *string           `json:"consent_text,omitempty" maxLength:"5000" doc:"what the customer signed"`
	Loaner           *Loaner           `json:"loaner,omitempty" doc:"a device of ours that the customer has meanwhile"`
}

// Loaner is a device lent to the customer while we have his.
type Loaner struct {
	Serial    string          `json:"serial" minLength:"1" maxLength:"100"`
	Device    *string         `json:"device,omitempty" maxLength:"200"`
	DueOn     *calendar.Date  `json:"due_on,omitempty" format:"date"`
	Signature json.RawMessage `json:"signature,omitempty"`
}

// Taking is a custody to be opened, with what the desk knows about the order. Exactly one of Strokes and
// NoSignature says how the customer agreed.
type Taking struct {
	CustodyInput
	OrgID       int32  // the order's owner
	Number      string // such as DV-2026-000123
	OrderID     uuid.UUID
	AssetID     *uuid.UUID
	Strokes     json.RawMessage
	NoSignature *string
}

// DoInput is what is said about an act on a device.
type DoInput struct {
	By          *string         `json:"by,omitempty" maxLength:"200" doc:"who takes it over; absent = the person signed in"`
	ToHolder    *Holder         `json:"to_holder,omitempty" enum:"engineer,depot,vendor,customer"`
	Signature   json.RawMessage `json:"signature,omitempty" doc:"of who takes it over"`
	VoucherSeen *bool           `json:"voucher_seen,omitempty" doc:"the customer showed the paper he got"`
	Note        *string         `json:"note,omitempty" maxLength:"2000"`
	At          *time.Time      `json:"at,omitempty" doc:"when it happened; absent = now"`
}

// Filter narrows the list of devices, longest with us first.
type Filter struct {
	keyset.Ask
	State    string `query:"state" doc:"out = still with us; else a state such as repairing"`
	OverDays int    `query:"over_days" minimum:"0" maximum:"3650" doc:"taken at least so many days ago"`
	Holder   string `query:"holder" enum:"engineer,depot,vendor,customer,scrapped"`
	Order    string `query:"work_order" format:"uuid"`
}

func invalid(field, code, format string, args ...any) error {
	return fault.New(fault.Invalid, code, format, args...).Field("body."+field, fmt.Sprintf(format, args...))
}

func (in CustodyInput) check() error {
	if n := utf8.RuneCountInString(strings.TrimSpace(in.Device)); n == 0 || n > 200 {
		return invalid("device", "custody_device", "say which device it is, in 1 to 200 characters")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(in.Condition)); n == 0 || n > 2000 {
		return invalid("condition", "custody_condition", "describe the condition of the device, in 1 to 2000 characters")
	}
	if in.ExpectedReturnOn.IsZero() {
		return invalid("expected_return_on", "custody_return_day", "say on which day the customer may expect the device back")
	}
	for _, a := range in.Accessories {
		if n := utf8.RuneCountInString(strings.TrimSpace(a)); n == 0 || n > 200 {
			return invalid("accessories", "custody_accessories", "name each accessory in 1 to 200 characters")
		}
	}
	for _, photo := range in.Photos {
		if err := checkPhoto(photo); err != nil {
			return err
		}
	}
	return nil
}

// checkPhoto wants a hash, or an object that holds one.
func checkPhoto(raw json.RawMessage) error {
	var hash string
	if json.Unmarshal(raw, &hash) != nil {
		var named struct{ SHA256 string }
		if json.Unmarshal(raw, &named) != nil {
			return invalid("photos", "photo_shape", "a photo is its sha256, or an object with sha256 and kind")
		}
		hash = named.SHA256
	}
	if len(hash) != 64 || strings.Trim(strings.ToLower(hash), "0123456789abcdef") != "" {
		return invalid("photos", "photo_shape", "a photo is named by the 64 hexadecimal digits of its sha256")
	}
	return nil
}

// checkSignature accepts strokes of points, or the reason why there are none.
func checkSignature(raw json.RawMessage) error {
	if text(raw) == nil {
		return nil
	}
	var strokes [][][]float64
	var without struct{ Reason string }
	if json.Unmarshal(raw, &strokes) == nil && len(strokes) > 0 || json.Unmarshal(raw, &without) == nil && strings.TrimSpace(without.Reason) != "" {
		return nil
	}
	return invalid("signature", "bad_signature", "a signature is a list of strokes, each a list of points [x,y], or the reason why nobody signs")
}

// text is JSON as PostgreSQL takes it, or NULL.
func text(raw json.RawMessage) any {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return string(raw)
}

// given is what an optional input says, or its usual value.
func given[T any](p *T, usual T) T {
	if p == nil {
		return usual
	}
	return *p
}
