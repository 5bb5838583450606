package customers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/say"
)

func day(s string) *calendar.Date { d := calendar.Must(s); return &d }

func ptr[T any](v T) *T { return &v }

func TestWhoBearsTheCost(t *testing.T) {
	device := uuid.Must(uuid.NewV7())
	other := uuid.Must(uuid.NewV7())
	asset := func(a Asset) Asset { a.ID = device; return a }
	contract := func(kind string, covers ...string) Contract {
		return Contract{Kind: kind, Number: "C-1", StartsOn: calendar.Must("2026-01-01"), EndsOn: calendar.Must("2026-12-31"), Covers: covers}
	}
	repair := RepairWarranty{OrderNumber: "WO-2026-000001", On: calendar.Must("2026-09-01"), Until: calendar.Must("2026-11-30"), FaultCode: "E5", Parts: []string{"FAN-1"}}
	// "maker:labour,part until 2026-12-31"
	for _, c := range []struct {
		name      string
		asset     Asset
		contracts []Contract
		repairs   []RepairWarranty
		found     Finding
		on        string
		want      string // source:lines, sorted by line order
		until     string // of labour
		reason    string // of labour
		exclusion Exclusion
	}{
		{name: "bought eleven months ago", asset: asset(Asset{PurchasedOn: day("2025-12-21"), Proof: ptr("invoice")}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2026-12-21", reason: "coverage.reason.maker.purchase"},
		{name: "the last day of the year counts", asset: asset(Asset{PurchasedOn: day("2025-11-21"), Proof: ptr("card")}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2026-11-21", reason: "coverage.reason.maker.purchase"},
		{name: "the day after does not", asset: asset(Asset{PurchasedOn: day("2025-11-20"), Proof: ptr("card")}), on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", until: "2026-11-20", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "a leap day ends with February", asset: asset(Asset{PurchasedOn: day("2024-02-29"), Proof: ptr("invoice")}), on: "2025-02-28",
			want: "maker:labour,part,travel,inspection none:material", until: "2025-02-28", reason: "coverage.reason.maker.purchase"},
		{name: "no purchase known, installed by us", asset: asset(Asset{InstalledOn: day("2026-03-31")}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2027-03-31", reason: "coverage.reason.maker.installation"},
		{name: "purchase counts before installation", asset: asset(Asset{PurchasedOn: day("2025-10-01"), InstalledOn: day("2026-03-31"), Proof: ptr("invoice")}), on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", until: "2026-10-01", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "without proof the production date counts", asset: asset(Asset{PurchasedOn: day("2026-06-01"), ProducedOn: day("2025-09-30"), Proof: ptr("none")}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2026-12-30", reason: "coverage.reason.maker.production"},
		{name: "without proof and long since made", asset: asset(Asset{PurchasedOn: day("2026-06-01"), ProducedOn: day("2024-01-31"), Proof: ptr("none")}), on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", until: "2025-04-30", reason: "coverage.reason.expired.production", exclusion: Expired},
		{name: "only the year of production is known", asset: asset(Asset{ProducedYear: ptr(2025)}), on: "2027-03-31",
			want: "maker:labour,part,travel,inspection none:material", until: "2027-03-31", reason: "coverage.reason.maker.production"},
		{name: "without proof and without production date", asset: asset(Asset{PurchasedOn: day("2026-06-01"), Proof: ptr("none")}), on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", reason: "coverage.reason.no_proof", exclusion: NoProof},
		{name: "nothing is known of the device", asset: asset(Asset{}), on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", reason: "coverage.reason.no_date", exclusion: NoProof},
		{name: "not even the device", asset: Asset{}, on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", reason: "coverage.reason.no_device"},
		{name: "a paper outdoes the dates", asset: asset(Asset{PurchasedOn: day("2020-01-01"), WarrantyUntil: day("2027-05-01"), Proof: ptr("none")}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2027-05-01", reason: "coverage.reason.maker.paper"},
		{name: "days in repair and waiting for parts are added", asset: asset(Asset{PurchasedOn: day("2025-11-01"), Proof: ptr("invoice"), WarrantyDaysAdded: 20}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2026-11-21", reason: "coverage.reason.maker.purchase"},
		{name: "and to a paper's date too", asset: asset(Asset{WarrantyUntil: day("2026-11-11"), WarrantyDaysAdded: 10}), on: "2026-11-21",
			want: "maker:labour,part,travel,inspection none:material", until: "2026-11-21", reason: "coverage.reason.maker.paper"},
		{name: "an extended warranty covers what it lists", asset: asset(Asset{PurchasedOn: day("2024-01-01"), Proof: ptr("invoice")}), contracts: []Contract{contract(ExtendedWarranty, "labour", "part")}, on: "2026-11-21",
			want: "extended:labour,part none:travel,inspection,material", until: "2026-12-31", reason: "coverage.reason.extended"},
		{name: "extended before contract", asset: asset(Asset{PurchasedOn: day("2024-01-01"), Proof: ptr("invoice")}),
			contracts: []Contract{contract(ServiceContract, "labour", "part", "travel", "material"), contract(ExtendedWarranty, "part")}, on: "2026-11-21",
			want: "contract:labour,travel,material extended:part none:inspection", until: "2026-12-31", reason: "coverage.reason.contract"},
		{name: "the contract adds materials to the maker's warranty", asset: asset(Asset{PurchasedOn: day("2026-06-01"), Proof: ptr("invoice")}), contracts: []Contract{contract(ServiceContract, "labour", "material")}, on: "2026-11-21",
			want: "maker:labour,part,travel,inspection contract:material", until: "2027-06-01", reason: "coverage.reason.maker.purchase"},
		{name: "a contract that has ended", asset: asset(Asset{PurchasedOn: day("2024-01-01"), Proof: ptr("invoice")}), contracts: []Contract{contract(ServiceContract, "labour")}, on: "2027-01-01",
			want: "none:labour,part,travel,inspection,material", until: "2025-01-01", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "a contract for another device", asset: asset(Asset{PurchasedOn: day("2024-01-01"), Proof: ptr("invoice")}),
			contracts: []Contract{func() Contract { c := contract(ServiceContract, "labour"); c.AssetID = &other; return c }()}, on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", until: "2025-01-01", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "the same fault came back", asset: asset(Asset{PurchasedOn: day("2020-01-01"), Proof: ptr("invoice")}), repairs: []RepairWarranty{repair}, found: Finding{FaultCode: "E5"}, on: "2026-11-30",
			want: "repair:labour,part,travel,inspection none:material", until: "2026-11-30", reason: "coverage.reason.repair"},
		{name: "the part fitted then failed", asset: asset(Asset{PurchasedOn: day("2020-01-01"), Proof: ptr("invoice")}), repairs: []RepairWarranty{repair}, found: Finding{FaultCode: "E7", Parts: []string{"FAN-1"}}, on: "2026-11-21",
			want: "repair:labour,part,travel,inspection none:material", until: "2026-11-30", reason: "coverage.reason.repair"},
		{name: "another fault is no repeat", asset: asset(Asset{PurchasedOn: day("2020-01-01"), Proof: ptr("invoice")}), repairs: []RepairWarranty{repair}, found: Finding{FaultCode: "E7", Parts: []string{"PCB-2"}}, on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", until: "2021-01-01", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "the repair warranty is over", asset: asset(Asset{PurchasedOn: day("2020-01-01"), Proof: ptr("invoice")}), repairs: []RepairWarranty{repair}, found: Finding{FaultCode: "E5"}, on: "2026-12-01",
			want: "none:labour,part,travel,inspection,material", until: "2021-01-01", reason: "coverage.reason.expired.purchase", exclusion: Expired},
		{name: "water ends every warranty", asset: asset(Asset{PurchasedOn: day("2026-06-01"), Proof: ptr("invoice")}), contracts: []Contract{contract(ServiceContract, "labour", "part")}, repairs: []RepairWarranty{repair}, found: Finding{FaultCode: "E5", Exclusion: Water}, on: "2026-11-21",
			want: "none:labour,part,travel,inspection,material", reason: "coverage.reason.excluded.water", exclusion: Water},
		{name: "a consumable is paid, the work is not", asset: asset(Asset{PurchasedOn: day("2026-06-01"), Proof: ptr("invoice")}), found: Finding{Exclusion: Consumable}, on: "2026-11-21",
			want: "maker:labour,travel,inspection none:part,material", until: "2027-06-01", reason: "coverage.reason.maker.purchase"},
		{name: "unless a contract brings materials", asset: asset(Asset{PurchasedOn: day("2026-06-01"), Proof: ptr("invoice")}), contracts: []Contract{contract(ServiceContract, "material")}, found: Finding{Exclusion: Consumable}, on: "2026-11-21",
			want: "maker:labour,travel,inspection contract:material none:part", until: "2027-06-01", reason: "coverage.reason.maker.purchase"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.found.Cover(c.asset, c.contracts, c.repairs, calendar.Must(c.on), DefaultTerms())
			if s := bearers(got); s != c.want {
				t.Errorf("borne by %s, want %s", s, c.want)
			}
			labour := got.For(Labour)
			until := ""
			if labour.Until != nil {
				until = labour.Until.String()
			}
			if until != c.until || labour.Key != c.reason || labour.Exclusion != c.exclusion {
				t.Errorf("labour until %q because %s (%s), want %q, %s (%s)", until, labour.Key, labour.Exclusion, c.until, c.reason, c.exclusion)
			}
			for _, l := range got.Lines {
				if !say.Has(l.Key) {
					t.Errorf("nobody wrote a text for %s", l.Key)
				}
				for _, lang := range say.Languages() {
					if said := l.Text(lang); strings.Contains(said, "%!") || strings.Contains(said, "%s") {
						t.Errorf("%s says %q", lang, said)
					}
				}
				if l.Covered == (l.Source == ByNobody) {
					t.Errorf("%s is covered: %v, by %s", l.Line, l.Covered, l.Source)
				}
			}
		})
	}
}

// bearers writes a coverage as "maker:labour,part none:material", in the order of first appearance with none last.
func bearers(c Coverage) string {
	var order []string
	lines := map[string][]string{}
	for _, l := range c.Lines {
		s := string(l.Source)
		if _, seen := lines[s]; !seen {
			order = append(order, s)
		}
		lines[s] = append(lines[s], string(l.Line))
	}
	slices.SortStableFunc(order, func(a, b string) int {
		if (a == "none") == (b == "none") {
			return 0
		}
		if a == "none" {
			return 1
		}
		return -1
	})
	for i, s := range order {
		order[i] = s + ":" + strings.Join(lines[s], ",")
	}
	return strings.Join(order, " ")
}

func TestWhatTheAgentIsTold(t *testing.T) {
	a := Asset{ID: uuid.Must(uuid.NewV7()), PurchasedOn: day("2026-01-01"), WarrantyDaysAdded: 95}
	repairs := []RepairWarranty{
		{OrderNumber: "WO-2026-000001", On: calendar.Must("2026-05-01"), Until: calendar.Must("2026-07-30")},
		{OrderNumber: "WO-2026-000002", On: calendar.Must("2026-10-01"), Until: calendar.Must("2026-12-30")},
	}
	c := Cover(a, nil, repairs, calendar.Must("2026-11-21"), DefaultTerms())
	var keys []string
	for _, h := range c.Hints {
		keys = append(keys, h.Key)
		if !say.Has(h.Key) || strings.Contains(h.Text("zh-Hans"), "%!") {
			t.Errorf("%s says %q", h.Key, h.Text("zh-Hans"))
		}
	}
	want := []string{"coverage.hint.repaired", "coverage.hint.exchange_repairs", "coverage.hint.exchange_waited", "coverage.hint.show_proof"}
	if !slices.Equal(keys, want) || c.Repairs != 2 {
		t.Errorf("hints %v after %d repairs, want %v", keys, c.Repairs, want)
	}
	if c.Chargeable() {
		t.Error("a device under warranty is charged")
	}
	if c := c.Decide(Decision{Line: Part, Source: ByNobody, Exclusion: Misuse, Why: "摔坏"}); !c.Chargeable() || c.For(Part).Covered || !c.For(Labour).Covered {
		t.Errorf("after the decision: %s", bearers(c))
	}
	if c := c.Decide(Decision{Line: "all", Source: ByGoodwill, Why: "老客户"}); bearers(c) != "goodwill:labour,part,travel,inspection,material" {
		t.Errorf("after goodwill: %s", bearers(c))
	}
	if said := c.In("en").For(Labour).Said; said != "Bought on 2026-01-01, under warranty until 2027-04-06" {
		t.Errorf("in English: %q", said)
	}
}

func TestOurWarrantyOnARepairIsNeverShorterThanTheRule(t *testing.T) {
	for days, want := range map[int]string{90: "2027-02-19", 10: "2026-12-21", 0: "2026-12-21"} {
		terms := DefaultTerms()
		terms.RepairDays = days
		if got := terms.RepairUntil(calendar.Must("2026-11-21")); fmt.Sprint(got) != want {
			t.Errorf("%d days: until %s, want %s", days, got, want)
		}
	}
}
