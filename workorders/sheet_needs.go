package workorders

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"paigong/internal/fault"
	"paigong/workorders/knowledge"
)

// requirement names what an outcome cannot do without.
type requirement struct {
	fault, cause, action, notes, left, arrived, signed, parts, photo bool
}

// requirements is the one list of what each outcome needs.
var requirements = map[string]requirement{
	"done":            {fault: true, cause: true, action: true, signed: true},
	"partial":         {notes: true, left: true},
	"no_access":       {arrived: true},
	"need_parts":      {fault: true, parts: true},
	"need_approval":   {fault: true},
	"taken_to_depot":  {fault: true},
	"no_fault_found":  {notes: true},
	"declined":        {signed: true},
	"cannot_complete": {notes: true, photo: true},
}

// codedKinds are the kinds of order whose sheets name fault, cause and action; an installation has no fault.
var codedKinds = []string{"repair"}

// check refuses a sheet that lacks what its outcome needs, all of it at once.
// open are the mandatory lines of the check list that nobody looked at. Work by phone has nothing to
// photograph.
func (in SheetInput) check(o *Order, arrived bool, open []string) error {
	need, ok := requirements[in.Outcome]
	if !ok {
		return fault.New(fault.Invalid, "unknown_outcome", "outcome %q is not one of ours", in.Outcome).Field("body.outcome", "unknown")
	}
	f := fault.New(fault.Invalid, "sheet_incomplete", "a sheet with the outcome %s needs more: see the fields named", in.Outcome)
	coded := slices.Contains(codedKinds, o.Kind)
	missing := func(is bool, field, why string) {
		if is {
			f.Field("body."+field, why)
		}
	}
	missing(need.fault && coded && blank(in.FaultCode), "fault_code", "required for "+in.Outcome)
	missing(need.cause && coded && blank(in.CauseCode), "cause_code", "required for "+in.Outcome)
	missing(need.action && coded && blank(in.ActionCode), "action_code", "required for "+in.Outcome)
	missing(need.notes && strings.TrimSpace(in.Notes) == "", "notes", "required for "+in.Outcome)
	missing(need.left && in.MinutesLeft == nil, "minutes_left", "required for "+in.Outcome+": how many minutes the rest will take, 0 when nobody can say")
	missing(need.arrived && in.ArrivedAt == nil && !arrived, "arrived_at", "required for "+in.Outcome)
	missing(need.signed && !in.signs(), "signature", "the customer's signature, or {\"reason\":…}")
	missing(need.parts && len(in.PartsNeeded) == 0, "parts_needed", "name the parts, or describe them in text")
	missing(need.photo && o.Mode != "phone" && len(in.Photos) == 0, "photos", "required for "+in.Outcome+": a photo of what cannot be put right")
	missing(in.Outcome == "done" && len(open) > 0, "checklist", "required for "+in.Outcome+": pass, fail or not_applicable for "+strings.Join(open, ", "))
	missing(in.Outcome == "done" && o.Kind == "install" && in.Acceptance == nil && len(in.Installed) > 0, "acceptance", "an installation is accepted by the customer")
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

func blank(s *string) bool { return s == nil || strings.TrimSpace(*s) == "" }

func (in SheetInput) signs() bool { return len(in.Signature) > 0 && string(in.Signature) != "null" }

// signed splits a signature into strokes, or the reason why nobody signed.
func signed(raw json.RawMessage) (strokes json.RawMessage, reason *string, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil, nil
	}
	var why struct {
		Reason string `json:"reason"`
	}
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &why); err != nil || strings.TrimSpace(why.Reason) == "" {
			return nil, nil, fault.New(fault.Invalid, "bad_signature", "say why nobody signs").Field("body.signature.reason", "must not be blank")
		}
		return nil, &why.Reason, nil
	}
	return raw, nil, checkStrokes(raw)
}

// checkStrokes accepts a signature as strokes of points: vector, never a picture. Points may carry more
// than two numbers, such as a time.
func checkStrokes(raw json.RawMessage) error {
	bad := fault.New(fault.Invalid, "bad_signature", "a signature is a list of strokes, each a list of points [x,y]").Field("body.signature", "expected [[[x,y],…],…]")
	var strokes [][][]float64
	if len(raw) > 400_000 || json.Unmarshal(raw, &strokes) != nil || len(strokes) == 0 {
		return bad
	}
	for _, s := range strokes {
		if len(s) == 0 {
			return bad
		}
		for _, p := range s {
			if len(p) < 2 || math.Abs(p[0]) > 1e6 || math.Abs(p[1]) > 1e6 {
				return bad
			}
		}
	}
	return nil
}

// photo is a picture named by the hash of what was sent.
type photo struct {
	SHA256  string     `json:"sha256"`
	Kind    string     `json:"kind,omitempty"`
	TakenAt *time.Time `json:"taken_at,omitempty"`
}

func photosOf(raw []json.RawMessage) ([]photo, error) {
	out := []photo{}
	for i, r := range raw {
		var p photo
		if json.Unmarshal(r, &p.SHA256) != nil {
			if err := json.Unmarshal(r, &p); err != nil {
				return nil, fault.New(fault.Invalid, "bad_photo", "a photo is a SHA-256, or {sha256,kind}").Field(fmt.Sprintf("body.photos[%d]", i), "expected a hash or an object")
			}
		}
		if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != 32 {
			return nil, fault.New(fault.Invalid, "bad_photo", "a photo is named by its SHA-256 in hex").Field(fmt.Sprintf("body.photos[%d]", i), "expected 64 hex digits")
		}
		out = append(out, p)
	}
	return out, nil
}

// openLines names the lines of the check list in its own words on the sheet and returns the mandatory ones
// without a result.
func (in SheetInput) openLines(lines []knowledge.CheckLine) (open []string) {
	for _, l := range lines {
		i := slices.IndexFunc(in.Checklist, func(c CheckItem) bool { return c.Code == l.Code })
		if i >= 0 {
			in.Checklist[i].Name, in.Checklist[i].NameEn = l.Name, l.NameEn
		}
		if l.Mandatory && (i < 0 || strings.TrimSpace(in.Checklist[i].Result) == "") {
			open = append(open, l.Code)
		}
	}
	return open
}

// SheetNeeds tells a form which fields each outcome cannot do without, for an order of the kind given. The
// names are those of SheetInput; what looks beyond the sheet (an approved repair, a call from the door) is
// not in it.
func SheetNeeds(kind string) map[string][]string {
	coded := slices.Contains(codedKinds, kind)
	out := map[string][]string{}
	for outcome, need := range requirements {
		fields := []string{}
		for _, f := range []struct {
			is   bool
			name string
		}{
			{need.fault && coded, "fault_code"}, {need.cause && coded, "cause_code"}, {need.action && coded, "action_code"}, {need.notes, "notes"}, {need.left, "minutes_left"},
			{need.arrived, "arrived_at"}, {need.parts, "parts_needed"}, {need.photo, "photos"}, {need.signed, "signature"},
			{outcome == "need_approval", "lines"}, {outcome == "done", "checklist"},
		} {
			if f.is {
				fields = append(fields, f.name)
			}
		}
		out[outcome] = fields
	}
	return out
}
