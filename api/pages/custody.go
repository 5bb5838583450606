package pages

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"paigong/internal/auth"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/templates"
	"paigong/workorders/depot"
)

// custodyActs are the acts on a device that is with us, with the permission each needs: who has it now, what
// the bench does, and the device of ours that the customer has meanwhile.
var custodyActs = map[string]auth.Permission{"receive": auth.MoveCustody, "move": auth.MoveCustody, "return": auth.MoveCustody, "scrap": auth.ScrapDevice, "loaner-back": auth.MoveCustody,
	"diagnose": auth.MoveCustody, "quote": auth.MoveCustody, "approve": auth.MoveCustody, "refuse": auth.MoveCustody, "repair": auth.MoveCustody, "test": auth.MoveCustody, "ready": auth.MoveCustody}

// takeDevice writes down what the customer leaves with us, and what he gets meanwhile.
func (p *Pages) takeDevice(ctx context.Context, a *ask, f *form) (string, error) {
	consent := f.ticked("data_consent")
	in := depot.CustodyInput{Device: f.need("device"), SerialNumber: f.opt("serial_number"), Accessories: f.list("accessories"), Condition: f.need("condition"), FaultsSeen: f.opt("faults_seen"), DataConsent: &consent,
		ExpectedReturnOn: f.needDate("expected_return_on"), Signature: unsigned(a.t("custody.signed_on_paper", f.need("signer_name")))}
	if value := f.yuan("value"); value != nil {
		fen := int64(*value)
		in.ValueMinor = &fen
	}
	if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
		in.Signature = json.RawMessage(drawn)
	}
	if serial := f.text("loaner_serial"); serial != "" {
		in.Loaner = &depot.Loaner{Serial: serial, Device: f.opt("loaner_device"), DueOn: f.date("loaner_due_on")}
	} else if f.text("loaner_device") != "" {
		f.need("loaner_serial")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	for _, h := range f.files["photos"] {
		hash, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, "before")
		if err != nil {
			return "", err
		}
		if hash != "" {
			in.Photos = append(in.Photos, json.RawMessage(`{"sha256":"`+hash+`","kind":"before"}`))
		}
	}
	_, err := p.desk.TakeDevice(ctx, a.by, a.Param("number"), in)
	return "/orders/" + a.Param("number"), err
}

func (p *Pages) custodyAct(act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		here := "/orders/" + a.Param("number")
		if act == "loaner-back" {
			_, err = p.desk.LoanerBack(ctx, a.by, id)
			return here, err
		}
		in := depot.DoInput{By: f.opt("by"), Note: f.opt("note")}
		if to := f.text("to_holder"); to != "" {
			holder := depot.Holder(to)
			in.ToHolder = &holder
		}
		if act == "return" {
			seen := f.ticked("voucher_seen")
			in.VoucherSeen = &seen
			if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
				in.Signature = json.RawMessage(drawn)
			}
		}
		_, err = p.desk.CustodyDo(ctx, a.by, id, act, in)
		return here, err
	}
}

func (a *ask) custodyView(c depot.Custody) templates.Custody {
	w := templates.Chrome{Lang: a.lang}
	v := templates.Custody{ID: c.ID.String(), Number: c.Number, State: string(c.State), Device: c.Device, Serial: zero(c.SerialNumber), Accessories: strings.Join(c.Accessories, a.t("ui.comma")), Condition: c.Condition, Faults: c.FaultsSeen,
		DataConsent: c.DataConsent, Holder: w.Word("holder", string(c.Holder)), TakenAt: c.OpenedAt, ReturnOn: c.ExpectedReturnOn.String(), ReturnedAt: zero(c.ClosedAt), Days: c.DaysOut}
	if c.ValueMinor != nil {
		v.Value = money.Fen(*c.ValueMinor)
	}
	if len(c.Loaner) > 0 {
		var lent depot.Loaner
		if json.Unmarshal(c.Loaner, &lent) == nil {
			v.Loaner, v.LoanerDue, v.LoanerBackAt = strings.TrimSpace(zero(lent.Device)+" "+lent.Serial), dateText(lent.DueOn), zero(c.LoanerBackAt)
		}
		if c.LoanerOut() && a.by.May(auth.MoveCustody) {
			v.Allowed = append(v.Allowed, "loaner-back")
		}
	}
	for _, h := range c.Chain {
		v.Hands = append(v.Hands, templates.Hand{At: h.At, From: w.Word("holder", string(h.FromHolder)), To: w.Word("holder", string(h.ToHolder)), By: h.ByName, Note: h.Note, NoVoucher: h.VoucherSeen != nil && !*h.VoucherSeen})
	}
	for _, act := range c.AllowedActions {
		if need, known := custodyActs[act]; known && a.by.May(need) {
			v.Allowed = append(v.Allowed, act)
		}
	}
	return v
}

// custodyOf are the devices of an order that are or were with us, with their pictures.
func (a *ask) custodyOf(list []depot.Custody) ([]templates.Custody, error) {
	var out []templates.Custody
	for _, c := range list {
		v := a.custodyView(c)
		kept, err := a.look().Cabinet.Of(a.ctx(), files.OfCustody(c.OrgID, c.ID))
		if err != nil {
			return nil, err
		}
		v.Photos = a.fileViews(kept)
		out = append(out, v)
	}
	return out, nil
}

// ages are the days after which a device that is still with us is looked at again.
var ages = []int{30, 60, 90}

// devices are those of customers that are with us, the longest first, narrowed to those we have had for 30, 60
// or 90 days, to whose hands they are in, or to what waits to be collected.
func (p *Pages) devices(a *ask) (templates.Page, error) {
	f := depot.Filter{Ask: a.asked(), State: "out", Holder: a.QueryParam("holder")}
	if state := a.QueryParam("state"); state != "" {
		f.State = state
	}
	if n, err := strconv.Atoi(a.QueryParam("over_days")); err == nil && slices.Contains(ages, n) {
		f.OverDays = n
	}
	page, err := p.desk.Devices(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	v := templates.Devices{State: a.QueryParam("state"), Holder: f.Holder, More: a.with("cursor", page.NextCursor)}
	for _, n := range append([]int{0}, ages...) {
		old, err := p.desk.Devices(a.ctx(), a.by, depot.Filter{Ask: keyset.Ask{Limit: counted}, State: "out", OverDays: n})
		if err != nil {
			return nil, err
		}
		v.Ages = append(v.Ages, templates.Age{Days: n, Count: len(old.Items), Chosen: n == f.OverDays, More: old.NextCursor != ""})
	}
	today := a.today()
	for _, c := range page.Items {
		row := templates.DeviceOut{Custody: a.custodyView(c), OrderNumber: c.WorkOrderNumber, Customer: c.CustomerName, Overdue: c.ClosedAt == nil && c.ExpectedReturnOn.Before(today)}
		for _, n := range ages {
			if c.ClosedAt == nil && c.DaysOut >= n {
				row.Over = n
			}
		}
		v.Rows = append(v.Rows, row)
	}
	v.Chrome = a.chrome()
	return v, nil
}
