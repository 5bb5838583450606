package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// MovementKind says why pieces moved, and with it which ends a movement has.
type MovementKind string

const (
	Receive  MovementKind = "receive"  // 入库: from outside into a place
	Transfer MovementKind = "transfer" // 调拨: from a place to another
	Adjust   MovementKind = "adjust"   // 盘点: found in a place, or lost from it
	Return   MovementKind = "return"   // 退回: from a customer or a van, to be inspected
	Scrap    MovementKind = "scrap"    // 报废: out of a place for good
	Consume  MovementKind = "consume"  // 使用: into a customer's device; written by the repair sheet alone
	Inspect  MovementKind = "inspect"  // 检验: stays where it is in another condition
)

// Movement is one fact of the ledger. It is never changed; Reverse writes the opposite.
type Movement struct {
	ID              uuid.UUID    `json:"id"`
	At              time.Time    `json:"at"`
	Kind            MovementKind `json:"kind"`
	SKU             string       `bun:"sku" json:"sku"`
	PartName        string       `json:"part_name"`
	Quantity        int64        `json:"quantity"`
	FromPlace       *string      `json:"from_place"` // code; nil = from outside
	ToPlace         *string      `json:"to_place"`   // code; nil = out of the house
	Condition       Condition    `json:"condition"`
	ToCondition     Condition    `json:"to_condition"`
	SerialNumbers   []string     `bun:",array" json:"serial_numbers"`
	Reason          string       `json:"reason"`
	OrderID         *uuid.UUID   `json:"work_order_id"`
	WorkOrderNumber *string      `json:"work_order_number"`
	PickupID        *uuid.UUID   `json:"pickup_id"`
	Reverses        *uuid.UUID   `json:"reverses"`
	Actor           string       `json:"actor"`
}

// MovementInput is what a person books by hand.
type MovementInput struct {
	Kind          MovementKind `json:"kind" enum:"receive,transfer,adjust,return,scrap,inspect"`
	SKU           string       `json:"sku" minLength:"1" maxLength:"40"`
	Quantity      int64        `json:"quantity" minimum:"-1000000000" maximum:"1000000000" doc:"in the part's smallest unit; only an adjustment may be negative: lost from its place"`
	FromPlace     *string      `json:"from_place,omitempty" maxLength:"40" doc:"code of the place the pieces leave"`
	ToPlace       *string      `json:"to_place,omitempty" maxLength:"40" doc:"code of the place they come to"`
	Condition     *Condition   `json:"condition,omitempty" enum:"good,defective,to_inspect" doc:"of the pieces as they leave; absent = good, for a return from outside and an inspection to_inspect"`
	ToCondition   *Condition   `json:"to_condition,omitempty" enum:"good,defective,to_inspect" doc:"of the pieces as they arrive; what is returned arrives to_inspect or defective"`
	SerialNumbers []string     `json:"serial_numbers,omitempty" maxItems:"10000" doc:"one for each piece; required for parts counted by serial number"`
	Reason        *string      `json:"reason,omitempty" maxLength:"500"`
}

// MovementFilter narrows the list of movements, newest first.
type MovementFilter struct {
	keyset.Ask
	SKU   string `query:"sku" maxLength:"40"`
	Place string `query:"place" maxLength:"40" doc:"code of a place at either end"`
	Kind  string `query:"kind" enum:"receive,transfer,adjust,return,scrap,consume,inspect"`
	Order string `query:"work_order" format:"uuid"`
}

// ends is a movement as it will be written: which way, in which condition.
type ends struct {
	kind            MovementKind
	from, to        string // place codes; "" = outside the house
	quantity        int64
	condition, into Condition
	serials         []string
	reason          string
}

// ends works out what the input means. It refuses what no ledger could hold, naming the field.
func (in MovementInput) ends() (ends, error) {
	e := ends{kind: in.Kind, from: strings.TrimSpace(given(in.FromPlace, "")), to: strings.TrimSpace(given(in.ToPlace, "")), quantity: in.Quantity,
		condition: given(in.Condition, ""), into: given(in.ToCondition, ""), reason: strings.TrimSpace(given(in.Reason, ""))}
	invalid := func(field, format string, args ...any) (ends, error) {
		text := fmt.Sprintf(format, args...)
		f := fault.New(fault.Invalid, "movement_"+field, "%s", text).Field("body."+field, text)
		f.Args = nil // the catalogue says it for the field as a whole
		return e, f
	}
	need := func(from, to bool) error {
		for _, end := range []struct {
			field  string
			wanted bool
			code   string
		}{{"from_place", from, e.from}, {"to_place", to, e.to}} {
			if end.wanted && end.code == "" {
				_, err := invalid(end.field, "a %s names %s", in.Kind, end.field)
				return err
			}
			if !end.wanted && end.code != "" {
				_, err := invalid(end.field, "a %s has no %s", in.Kind, end.field)
				return err
			}
		}
		return nil
	}
	for field, c := range map[string]Condition{"condition": e.condition, "to_condition": e.into} {
		if c != "" && c != Good && c != Defective && c != ToInspect {
			return invalid(field, "good, defective or to_inspect")
		}
	}
	var err error
	switch in.Kind {
	case Receive:
		err = need(false, true)
		e.into = firstCondition(e.into, e.condition, Good)
		e.condition = e.into
	case Transfer:
		err = need(true, true)
		e.condition = firstCondition(e.condition, Good)
		if e.into != "" && e.into != e.condition {
			return invalid("to_condition", "a transfer leaves the condition as it is: inspect the pieces instead")
		}
		e.into = e.condition
		if err == nil && e.from == e.to {
			return invalid("to_place", "a transfer goes to another place")
		}
	case Adjust:
		if (e.from == "") == (e.to == "") {
			return invalid("to_place", "an adjustment names one place: to_place for what was found, from_place for what is lost")
		}
		e.condition = firstCondition(e.condition, e.into, Good)
		e.into = e.condition
		if e.quantity < 0 {
			e.from, e.to, e.quantity = e.from+e.to, "", -e.quantity
		}
		if e.reason == "" {
			e.reason = "counted"
		}
	case Return:
		err = need(e.from != "", true)
		arrives := firstCondition(e.into, e.condition)
		if e.from == "" && arrives == Good || e.into == Good {
			return invalid("condition", "what is returned is inspected before it is good: return it to_inspect or defective")
		}
		if arrives == Good {
			arrives = ""
		}
		e.into = firstCondition(arrives, ToInspect)
		if e.from == "" {
			e.condition = e.into
		}
		e.condition = firstCondition(e.condition, Good)
		if err == nil && e.from == e.to {
			return invalid("to_place", "a return goes to another place")
		}
	case Scrap:
		err = need(true, false)
		e.condition = firstCondition(e.condition, Good)
		e.into = e.condition
	case Inspect:
		err = need(true, e.to != "")
		if err == nil && e.to != "" && e.to != e.from {
			return invalid("to_place", "an inspection leaves the pieces where they are")
		}
		e.to = e.from
		e.condition = firstCondition(e.condition, ToInspect)
		if e.into == "" || e.into == e.condition {
			return invalid("to_condition", "an inspection says what condition the pieces are in now")
		}
	default:
		return invalid("kind", "receive, transfer, adjust, return, scrap or inspect")
	}
	if err != nil {
		return e, err
	}
	if e.quantity < 1 || e.quantity > MaxQuantity {
		return e, quantityFault("body.quantity")
	}
	e.serials, err = cleanSerials(in.SerialNumbers, e.quantity)
	return e, err
}

func firstCondition(wishes ...Condition) Condition {
	for _, c := range wishes {
		if c != "" {
			return c
		}
	}
	return ""
}

// cleanSerials wants one serial number for each piece, or none at all, and no piece twice. They come back
// sorted, so that two movements of the same pieces meet them in the same order.
func cleanSerials(serials []string, quantity int64) ([]string, error) {
	out := make([]string, 0, len(serials))
	for _, s := range serials {
		s = strings.TrimSpace(s)
		if n := utf8.RuneCountInString(s); n == 0 || n > 100 {
			return nil, fault.New(fault.Invalid, "serial_shape", "a serial number has 1 to 100 characters").Field("body.serial_numbers", "1 to 100 characters each")
		}
		out = append(out, s)
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) < len(out) {
		return nil, fault.New(fault.Invalid, "serial_twice", "a serial number stands for one piece: name each piece once").Field("body.serial_numbers", "each once")
	}
	if n := int64(len(out)); n > 0 && n != quantity {
		return nil, fault.New(fault.Invalid, "serial_count", "%d serial numbers for %d pieces: name each piece once", n, quantity).Field("body.serial_numbers", "one for each piece")
	}
	return out, nil
}
