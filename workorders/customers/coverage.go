package customers

import (
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/say"
)

// Line is a kind of charge. Free or charged is decided for each apart: an order may mix both.
type Line string

const (
	Labour     Line = "labour"     // 工时费
	Part       Line = "part"       // 材料费
	Travel     Line = "travel"     // 上门费
	Inspection Line = "inspection" // 检测费
	Material   Line = "material"   // 辅材: what an installation uses up
)

// Lines lists them in the order of a settlement.
func Lines() []Line { return []Line{Labour, Part, Travel, Inspection, Material} }

// Source is who bears the cost of a line.
type Source string

const (
	ByMaker    Source = "maker"    // the maker's warranty 保修
	ByExtended Source = "extended" // an extended warranty that was bought 延保
	ByContract Source = "contract" // a service contract 维保合同
	ByRepair   Source = "repair"   // our own warranty on an earlier repair 返修保修
	ByGoodwill Source = "goodwill" // a manager's decision 特批
	ByNobody   Source = "none"     // the customer pays
)

// Exclusion is why a warranty that would hold does not.
type Exclusion string

const (
	NotExcluded Exclusion = ""
	Misuse      Exclusion = "misuse"     // 人为损坏
	Water       Exclusion = "water"      // 进水
	Opened      Exclusion = "opened"     // 私拆
	NoProof     Exclusion = "no_proof"   // 无凭证
	Expired     Exclusion = "expired"    // 超期
	Consumable  Exclusion = "consumable" // 耗材
)

// WarrantyTerms are the house's rules; organisations may set their own (setting "warranty").
type WarrantyTerms struct {
	MakerMonths       int    `json:"maker_months"`        // from purchase, else installation
	ProductionMonths  int    `json:"production_months"`   // from production, when nothing proves the purchase
	MakerCovers       []Line `json:"maker_covers"`        // what a maker's warranty bears
	RepairDays        int    `json:"repair_days"`         // our warranty on a repair; never under 30
	ExchangeRepairs   int    `json:"exchange_repairs"`    // repairs inside warranty after which an exchange is due
	ExchangeWaitedFor int    `json:"exchange_waited_for"` // days lost to repair and waiting after which an exchange is due
}

// DefaultTerms hold where nobody set others. The numbers behind repair and exchange follow China's rule of
// three guarantees (三包); the trade's own rule may be stricter.
func DefaultTerms() WarrantyTerms {
	return WarrantyTerms{MakerMonths: 12, ProductionMonths: 15, MakerCovers: []Line{Labour, Part, Travel, Inspection},
		RepairDays: 90, ExchangeRepairs: 2, ExchangeWaitedFor: 90}
}

const leastRepairDays = 30 // a repaired product has to work for at least so long

// RepairUntil is the last day of our own warranty on a repair that was finished on the day.
func (w WarrantyTerms) RepairUntil(finished calendar.Date) calendar.Date {
	return finished.AddDays(max(w.RepairDays, leastRepairDays))
}

// RepairWarranty is what an earlier repair of the same device still promises.
type RepairWarranty struct {
	OrderID     uuid.UUID
	OrderNumber string
	On          calendar.Date // the day it was finished
	Until       calendar.Date
	FaultCode   string
	Parts       []string // part numbers fitted then
}

// Finding is what somebody saw at the device. At intake nobody has: the zero Finding.
type Finding struct {
	FaultCode string
	Parts     []string  // part numbers that failed
	Exclusion Exclusion // misuse, water, opened, or consumable
}

// Reason is a sentence of the text catalogue with its arguments.
type Reason struct {
	Key  string `json:"reason"`
	Args []any  `json:"args,omitempty"`
}

// Text says the reason in a language.
func (r Reason) Text(lang string) string { return say.Text(lang, r.Key, r.Args...) }

// CoverLine says who bears one kind of charge, and why.
type CoverLine struct {
	Line      Line      `json:"line"`
	Covered   bool      `json:"covered"`
	Source    Source    `json:"source"`
	Exclusion Exclusion `json:"exclusion,omitempty"`
	Reason
	Said  string         `json:"text,omitempty"` // the reason in the reader's language, filled by In
	Proof string         `json:"proof,omitempty"`
	Until *calendar.Date `json:"until,omitempty"`
}

// Coverage is the answer to "is it under warranty" on a day.
type Coverage struct {
	Day        calendar.Date  `json:"day"`
	Lines      []CoverLine    `json:"lines"`
	MakerUntil *calendar.Date `json:"maker_until,omitempty"` // with the days lost to repair
	Proof      string         `json:"proof,omitempty"`
	Repairs    int            `json:"repairs_in_warranty"`
	Lost       int            `json:"days_lost"`       // to repair and to waiting for parts
	Hints      []Reason       `json:"hints,omitempty"` // what whoever takes the call should know
}

// For gives the line of a kind of charge. Kinds that no warranty knows are the customer's.
func (c Coverage) For(line Line) CoverLine {
	if i := slices.IndexFunc(c.Lines, func(l CoverLine) bool { return l.Line == line }); i >= 0 {
		return c.Lines[i]
	}
	return CoverLine{Line: line, Source: ByNobody, Reason: Reason{Key: "coverage.reason.not_listed"}}
}

// Chargeable reports whether repairing would cost the customer something: work, way, or parts.
func (c Coverage) Chargeable() bool {
	return slices.ContainsFunc([]Line{Labour, Part, Travel, Inspection}, func(l Line) bool { return !c.For(l).Covered })
}

// In is the coverage with its reasons said in a language.
func (c Coverage) In(lang string) Coverage {
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		c.Lines[i].Said = c.Lines[i].Text(lang)
	}
	return c
}

// Decision is a person's word over the computed coverage: found different on site, or goodwill.
type Decision struct {
	Line      Line // "all" or one of Lines
	Source    Source
	Exclusion Exclusion
	Why       string
	Proof     string
}

// Decide lays a decision over the computed coverage; the last one wins.
func (c Coverage) Decide(d Decision) Coverage {
	c.Lines = slices.Clone(c.Lines)
	for i, l := range c.Lines {
		if d.Line != "all" && d.Line != l.Line {
			continue
		}
		c.Lines[i] = CoverLine{Line: l.Line, Covered: d.Source != ByNobody && d.Source != "", Source: d.Source, Exclusion: d.Exclusion,
			Reason: Reason{"coverage.reason.decided", []any{d.Why}}, Proof: d.Proof}
	}
	return c
}

// Cover says who bears each kind of charge for work on the device on the day, before anybody saw it.
//
// The first that holds bears a line: our warranty on an earlier repair, the maker's, an extended one, a
// contract. Nothing here asks a database or a clock, so that the answer of a day can be repeated.
func Cover(a Asset, contracts []Contract, repairs []RepairWarranty, day calendar.Date, s WarrantyTerms) Coverage {
	return Finding{}.Cover(a, contracts, repairs, day, s)
}

// Cover is Cover with what was found at the device.
func (f Finding) Cover(a Asset, contracts []Contract, repairs []RepairWarranty, day calendar.Date, s WarrantyTerms) Coverage {
	maker := s.maker(a, day)
	c := Coverage{Day: day, MakerUntil: maker.Until, Proof: maker.Proof, Lost: a.WarrantyDaysAdded}
	for _, r := range repairs {
		if maker.Until != nil && !r.On.After(*maker.Until) {
			c.Repairs++
		}
	}
	for _, line := range Lines() {
		l := f.line(line, a, contracts, repairs, day, s, maker)
		l.Line, l.Covered = line, l.Source != ByNobody
		c.Lines = append(c.Lines, l)
	}
	c.Hints = f.hints(c, repairs, day, s)
	return c
}

// line finds the first that bears the line, or says why nobody does.
func (f Finding) line(line Line, a Asset, contracts []Contract, repairs []RepairWarranty, day calendar.Date, s WarrantyTerms, maker CoverLine) CoverLine {
	switch f.Exclusion {
	case Misuse, Water, Opened:
		return nobody(f.Exclusion, "coverage.reason.excluded."+string(f.Exclusion))
	case Consumable:
		if line == Part || line == Material {
			if l, found := covering(line, a, contracts, day, true); found && line == Material {
				return l
			}
			return nobody(Consumable, "coverage.reason.excluded.consumable")
		}
	}
	if r := f.again(repairs, day); r != nil && line != Material {
		return CoverLine{Source: ByRepair, Reason: Reason{"coverage.reason.repair", []any{r.OrderNumber, r.Until.String()}}, Until: &r.Until}
	}
	makerBears := slices.Contains(s.MakerCovers, line)
	if maker.Source == ByMaker && makerBears {
		return maker
	}
	if l, found := covering(line, a, contracts, day, false); found {
		return l
	}
	if l, found := covering(line, a, contracts, day, true); found {
		return l
	}
	if maker.Source == ByMaker {
		return nobody(NotExcluded, "coverage.reason.not_listed")
	}
	return maker
}

func nobody(x Exclusion, key string, args ...any) CoverLine {
	return CoverLine{Source: ByNobody, Exclusion: x, Reason: Reason{key, args}}
}

// again is the earlier repair whose promise covers what failed: the same fault, or a part fitted then.
func (f Finding) again(repairs []RepairWarranty, day calendar.Date) *RepairWarranty {
	for i := len(repairs) - 1; i >= 0; i-- {
		r := repairs[i]
		if day.After(r.Until) || day.Before(r.On) {
			continue
		}
		samePart := slices.ContainsFunc(f.Parts, func(sku string) bool { return slices.Contains(r.Parts, sku) })
		if samePart || f.FaultCode != "" && f.FaultCode == r.FaultCode {
			return &r
		}
	}
	return nil
}

// covering is the extended warranty, or the contract, that bears the line on the day.
func covering(line Line, a Asset, contracts []Contract, day calendar.Date, service bool) (CoverLine, bool) {
	for _, c := range contracts {
		if (c.Kind != ExtendedWarranty) != service || c.AssetID != nil && *c.AssetID != a.ID ||
			day.Before(c.StartsOn) || day.After(c.EndsOn) || !slices.Contains(c.Covers, string(line)) {
			continue
		}
		source, key := ByContract, "coverage.reason.contract"
		if !service {
			source, key = ByExtended, "coverage.reason.extended"
		}
		until := c.EndsOn
		return CoverLine{Source: source, Reason: Reason{key, []any{c.Number, until.String()}}, Proof: c.Number, Until: &until}, true
	}
	return CoverLine{}, false
}

// maker is the maker's warranty of the device: what a paper says, else months from the purchase, else from
// the installation, else from the production; and the days that repairs and waiting for parts took.
func (w WarrantyTerms) maker(a Asset, day calendar.Date) CoverLine {
	proof := ""
	if a.Proof != nil {
		proof = *a.Proof
	}
	var until calendar.Date
	var basis string
	var from calendar.Date
	switch {
	case a.WarrantyUntil != nil:
		until, basis, from = *a.WarrantyUntil, "paper", *a.WarrantyUntil
	case a.PurchasedOn != nil && proof != "none":
		until, basis, from = months(*a.PurchasedOn, w.MakerMonths), "purchase", *a.PurchasedOn
	case a.InstalledOn != nil && proof != "none":
		until, basis, from = months(*a.InstalledOn, w.MakerMonths), "installation", *a.InstalledOn
	case a.ProducedOn != nil:
		until, basis, from = months(*a.ProducedOn, w.ProductionMonths), "production", *a.ProducedOn
	case a.ProducedYear != nil: // only the year is known: its last day, in favour of the customer
		made := calendar.On(*a.ProducedYear, time.December, 31)
		until, basis, from = months(made, w.ProductionMonths), "production", made
	case proof == "none":
		return nobody(NoProof, "coverage.reason.no_proof")
	case a.ID.IsNil():
		return nobody(NotExcluded, "coverage.reason.no_device")
	default:
		return nobody(NoProof, "coverage.reason.no_date")
	}
	until = until.AddDays(a.WarrantyDaysAdded)
	if day.After(until) {
		l := nobody(Expired, "coverage.reason.expired."+basis, from.String(), until.String())
		l.Until, l.Proof = &until, proof
		return l
	}
	return CoverLine{Source: ByMaker, Reason: Reason{"coverage.reason.maker." + basis, []any{from.String(), until.String()}}, Proof: proof, Until: &until}
}

// months is the last day of a term counted in months: the day of the same number, and the last of the
// month where there is none; the day it starts from is not counted (Civil Code of China, articles 201, 202).
func months(from calendar.Date, n int) calendar.Date {
	year, month, day := from.Civil()
	end := calendar.On(year, month+time.Month(n), 1)
	last := calendar.On(end.Year(), monthOf(end)+1, 1).AddDays(-1)
	if same := end.AddDays(day - 1); !same.After(last) {
		return same
	}
	return last
}

func monthOf(d calendar.Date) time.Month {
	_, month, _ := d.Civil()
	return month
}

// hints are what a warranty card does not say: a repair that may have come back, an exchange that is due.
func (f Finding) hints(c Coverage, repairs []RepairWarranty, day calendar.Date, s WarrantyTerms) []Reason {
	var out []Reason
	if f.FaultCode == "" && len(f.Parts) == 0 {
		for _, r := range repairs {
			if !day.After(r.Until) && !day.Before(r.On) {
				out = append(out, Reason{"coverage.hint.repaired", []any{r.OrderNumber, r.On.String(), r.Until.String()}})
			}
		}
	}
	inWarranty := c.MakerUntil != nil && !day.After(*c.MakerUntil)
	if inWarranty && s.ExchangeRepairs > 0 && c.Repairs >= s.ExchangeRepairs {
		out = append(out, Reason{"coverage.hint.exchange_repairs", []any{fmt.Sprint(c.Repairs)}})
	}
	if inWarranty && s.ExchangeWaitedFor > 0 && c.Lost >= s.ExchangeWaitedFor {
		out = append(out, Reason{"coverage.hint.exchange_waited", []any{fmt.Sprint(c.Lost)}})
	}
	if c.Proof == "" && c.MakerUntil != nil && inWarranty {
		out = append(out, Reason{Key: "coverage.hint.show_proof"})
	}
	return out
}
