package dispatch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/geo"
	"paigong/internal/postgres/pgtest"
	"paigong/inventory"
)

// city fills the world with engineers in twenty regions, each with a van and eight visits on the Tuesday.
func (w *world) city(engineers, regions int) (inventory.Need, []string) {
	w.t.Helper()
	dice := rand.New(rand.NewPCG(1, 2))
	somewhere := func() geo.Point {
		return geo.Point{Lat: 39.75 + dice.Float64()*0.4, Lng: 116.15 + dice.Float64()*0.5}
	}
	part := w.part("R32", 1)
	var codes []string
	w.in(func(ctx context.Context, tx bun.Tx, b dispatch.Board) error {
		var list []dispatch.RegionInput
		for i := range regions {
			codes = append(codes, fmt.Sprintf("2%05d", i))
			list = append(list, dispatch.RegionInput{Code: codes[i], Name: fmt.Sprintf("区 %d", i)})
		}
		_, err := b.AddRegions(ctx, list)
		return err
	})
	type row struct {
		ID, Van, Shift, Site, Order, Visit uuid.UUID
		N, K                               int
		Region                             string
		Lat, Lng                           float64
		From, To                           time.Time
	}
	var people, visits []row
	for i := range engineers {
		p := somewhere()
		e := row{ID: id(), Van: id(), Shift: id(), N: i, Region: codes[i%regions], Lat: p.Lat, Lng: p.Lng, From: at("+1 08:00"), To: at("+1 20:00")}
		people = append(people, e)
		for k := range 8 {
			from := at("+1 08:30").Add(time.Duration(k) * 80 * time.Minute)
			visits = append(visits, row{ID: e.ID, Shift: e.Shift, Site: id(), Order: id(), Visit: id(), N: i, K: k, Region: e.Region,
				Lat: p.Lat + dice.Float64()*0.02, Lng: p.Lng + dice.Float64()*0.02, From: from, To: from.Add(45 * time.Minute)})
		}
	}
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		for chunk := range slices.Chunk(people, 500) {
			values := func(write func(e row) string) bun.Safe {
				text := ""
				for i, e := range chunk {
					if i > 0 {
						text += ","
					}
					text += write(e)
				}
				return bun.Safe(text)
			}
			stamp := w.clock.Format(time.RFC3339)
			for _, q := range []struct {
				into  string
				write func(e row) string
			}{
				{"engineers (id, org_id, staff_number, name, home_lat, home_lng, created_at)", func(e row) string {
					return fmt.Sprintf("('%s', %d, 'B%d', '工程师 %d', %f, %f, '%s')", e.ID, w.head, e.N, e.N, e.Lat, e.Lng, stamp)
				}},
				{"engineer_regions (engineer_id, region_code)", func(e row) string { return fmt.Sprintf("('%s', '%s')", e.ID, e.Region) }},
				{"engineer_skills (engineer_id, skill_code)", func(e row) string { return fmt.Sprintf("('%s', 'cooling')", e.ID) }},
				{"shifts (id, org_id, engineer_id, during)", func(e row) string {
					return fmt.Sprintf("('%s', %d, '%s', tstzrange('%s', '%s'))", e.Shift, w.head, e.ID, e.From.Format(time.RFC3339), e.To.Format(time.RFC3339))
				}},
				{"places (id, org_id, code, name, kind, engineer_id, created_at)", func(e row) string {
					return fmt.Sprintf("('%s', %d, 'V%d', '车 %d', 'van', '%s', '%s')", e.Van, w.head, e.N, e.N, e.ID, stamp)
				}},
				{"moves (id, org_id, at, kind, part_id, quantity, to_place, actor)", func(e row) string {
					return fmt.Sprintf("('%s', %d, '%s', 'receive', '%s', %d, '%s', 'test')", id(), w.head, stamp, part.PartID, 1+e.N%3, e.Van)
				}},
			} {
				if _, err := tx.NewRaw("INSERT INTO "+q.into+" VALUES ?", values(q.write)).Exec(ctx); err != nil {
					return fmt.Errorf("%s: %w", q.into, err)
				}
			}
		}
		for chunk := range slices.Chunk(visits, 1000) {
			for _, q := range []struct {
				into  string
				write func(e row) string
			}{
				{"sites (id, org_id, customer_id, address, region_code, lat, lng, created_at)", func(e row) string {
					return fmt.Sprintf("('%s', %d, '%s', '地址', '%s', %f, %f, '%s')", e.Site, w.head, w.customer, e.Region, e.Lat, e.Lng, w.clock.Format(time.RFC3339))
				}},
				{"work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, site_id, region_code, created_at)", func(e row) string {
					return fmt.Sprintf("('%s', %d, %d, 'B%d-%d', 'repair', 'new', '空调', '%s', '%s', '%s', '%s')", e.Order, w.head, w.head, e.N, e.K, w.customer, e.Site, e.Region, w.clock.Format(time.RFC3339))
				}},
				{"visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, shift_id, shift_during, created_at)", func(e row) string {
					from, to := e.From.Format(time.RFC3339), e.To.Format(time.RFC3339)
					return fmt.Sprintf("('%s', %d, '%s', '%s', %d, 'dispatched', tstzrange('%s', '%s'), tstzrange('%s', '%s'), '%s', tstzrange('%s', '%s'), '%s')", e.Visit, w.head, e.Order, e.ID, w.head,
						from, to, from, to, e.Shift, at("+1 08:00").Format(time.RFC3339), at("+1 20:00").Format(time.RFC3339), w.clock.Format(time.RFC3339))
				}},
			} {
				text := ""
				for i, e := range chunk {
					if i > 0 {
						text += ","
					}
					text += q.write(e)
				}
				if _, err := tx.NewRaw("INSERT INTO "+q.into+" VALUES ?", bun.Safe(text)).Exec(ctx); err != nil {
					return fmt.Errorf("%s: %w", q.into, err)
				}
			}
		}
		return nil
	})
	if _, err := pgtest.Owner(w.t, w.db).ExecContext(w.ctx, "VACUUM ANALYZE"); err != nil {
		w.t.Fatal(err)
	}
	return part, codes
}

// A thousand engineers with eight visits each, PostgreSQL and the sentences included.
func BenchmarkCandidates(b *testing.B) {
	for _, c := range []struct {
		name             string
		regions, perPage int
	}{{"twenty-regions", 20, 20}, {"one-region", 1, 20}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			part, codes := w.city(1000, c.regions)
			dice := rand.New(rand.NewPCG(3, 4))
			var took []time.Duration
			eligible := 0
			b.ResetTimer()
			for b.Loop() {
				p := geo.Point{Lat: 39.75 + dice.Float64()*0.4, Lng: 116.15 + dice.Float64()*0.5}
				job := dispatch.Job{OrderID: id(), OrgIDs: []int32{w.head}, RegionCode: &codes[dice.IntN(len(codes))], At: &p, Skills: []string{"cooling"}, Duration: 45 * time.Minute,
					Windows: []dispatch.Span{{From: at("+1 08:00"), To: at("+1 20:00")}}, Parts: []inventory.Need{part}, Lang: "zh-Hans"}
				began := time.Now()
				found, err := w.board.Candidates(w.ctx, office.Scope(), job, c.perPage)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				if found[0].Eligible {
					eligible++
				}
			}
			b.StopTimer()
			if eligible == 0 {
				b.Error("nobody could go anywhere")
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
