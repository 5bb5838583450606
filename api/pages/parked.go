package pages

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"paigong/api"
	"paigong/internal/fault"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/knowledge"
)

// parked lists what engineers told too late, for the desk to decide.
func (p *Pages) parked(a *ask) (templates.Page, error) {
	rows, err := p.desk.ParkedFacts(a.ctx(), a.by, nil)
	if err != nil {
		return nil, err
	}
	v := templates.Parked{}
	for _, r := range rows {
		row := templates.ParkedRow{ID: r.ID.String(), Order: r.OrderNumber, Summary: r.Summary, Engineer: r.Engineer, Kind: r.Kind, Act: r.Act, ToldAt: r.ToldAt, ParkedAt: r.ParkedAt, Why: api.ProblemOf(fault.New(fault.Conflict, r.Code, "%s", r.Why), a.lang).Detail}
		if r.Kind == "sheet" {
			var in workorders.SheetInput
			if err := json.Unmarshal(r.Body, &in); err != nil {
				return nil, err
			}
			row.Outcome, row.Notes, row.Photos, row.Signed = in.Outcome, in.Notes, len(in.Photos), len(in.Signature) > 0
			row.Codes = strings.Join(slices.DeleteFunc([]string{a.code(knowledge.Fault, in.FaultCode), a.code(knowledge.Cause, in.CauseCode), a.code(knowledge.Action, in.ActionCode)}, func(s string) bool { return s == "" }), " → ")
			for _, part := range in.Parts {
				row.Parts = append(row.Parts, templates.PartLine{SKU: part.SKU, Name: part.SKU, Quantity: part.Quantity})
			}
		}
		v.Rows = append(v.Rows, row)
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) settleParked(take bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		_, err = p.desk.SettleParked(ctx, a.by, id, workorders.SettleInput{Take: take, Reason: f.text("reason")})
		return "/desk/parked", err
	}
}
