package dispatch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/lifecycle"
	"paigong/internal/postgres/pgtest"
	"paigong/inventory"
)

// world is a small company in Beijing on Monday, 16 November 2026, 07:00.
type world struct {
	t        testing.TB
	ctx      context.Context
	db       *bun.DB
	board    dispatch.Board
	stock    inventory.Ledger
	clock    time.Time
	head     int32
	customer uuid.UUID
	numbers  int
}

var (
	beijing  = calendar.Shanghai()
	office   = auth.System("test")
	wangjing = geo.Point{Lat: 39.9960, Lng: 116.4700}
)

// at is a time of that Monday, such as "08:30", or of a later day, such as "+1 08:30".
func at(clock string) time.Time {
	day := 16
	if rest, ok := strings.CutPrefix(clock, "+"); ok {
		var more int
		if _, err := fmt.Sscanf(rest, "%d %s", &more, &clock); err != nil {
			panic(err)
		}
		day += more
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", fmt.Sprintf("2026-11-%02d %s", day, clock), beijing)
	if err != nil {
		panic(err)
	}
	return t
}

// north is a place so many metres north of the middle of Wangjing.
func north(metres float64) *geo.Point {
	return &geo.Point{Lat: wangjing.Lat + metres/111_195, Lng: wangjing.Lng}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), db: pgtest.New(t), clock: at("07:00")}
	now := func() time.Time { return w.clock }
	w.stock = inventory.New(w.db, now)
	w.board = dispatch.New(w.db, w.stock, now, dispatch.Settings{})
	plant(t, pgtest.Owner(t, w.db))
	w.in(func(ctx context.Context, tx bun.Tx, b dispatch.Board) error {
		if err := tx.NewRaw("INSERT INTO organisations (code, name, kind, created_at) VALUES ('HQ', '总部', 'head', ?) RETURNING id", w.clock).Scan(ctx, &w.head); err != nil {
			return err
		}
		w.customer = id()
		if _, err := tx.NewRaw("INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?, ?, 'CU-1', '王女士', ?)", w.customer, w.head, w.clock).Exec(ctx); err != nil {
			return err
		}
		_, err := b.AddRegions(ctx, []dispatch.RegionInput{{Code: "110105001", Name: "望京街道", ParentCode: text("110105")}, {Code: "110105", Name: "朝阳区", ParentCode: text("110000")},
			{Code: "110000", Name: "北京市"}, {Code: "310000", Name: "上海市"}})
		if err != nil {
			return err
		}
		_, err = b.AddSkill(ctx, dispatch.SkillInput{Code: "cooling", Name: "制冷"})
		return err
	})
	return w
}

// plant fills the moves a migration may not have filled yet.
func plant(t testing.TB, owner *bun.DB) {
	t.Helper()
	var rows []lifecycle.Row
	rows = append(rows, dispatch.VisitMoves.Rows()...)
	rows = append(rows, dispatch.AbsenceMoves.Rows()...)
	rows = append(rows, inventory.ReservationMoves.Rows()...)
	rows = append(rows, inventory.PickupMoves.Rows()...)
	rows = append(rows, lifecycle.Row{Kind: "work_order", To: "new", Action: "start"})
	for _, r := range rows {
		if _, err := owner.ExecContext(context.Background(), "INSERT INTO lifecycle_moves VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", r.Kind, r.From, r.To, r.Action); err != nil {
			t.Fatal(err)
		}
	}
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func text(s string) *string { return &s }

// try runs fn in a transaction that says who acts.
func (w *world) try(fn func(ctx context.Context, tx bun.Tx, b dispatch.Board) error) error {
	return w.db.RunInTx(w.ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", w.clock); err != nil {
			return err
		}
		return fn(ctx, tx, w.board.In(tx))
	})
}

func (w *world) in(fn func(ctx context.Context, tx bun.Tx, b dispatch.Board) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

// engineer enters somebody who serves Chaoyang with the skill of cooling, works 08:00 to 18:00 for a
// week and lives at the place, unless it is nil.
func (w *world) engineer(name string, home *geo.Point, change ...func(*dispatch.EngineerInput)) dispatch.Engineer {
	w.t.Helper()
	in := dispatch.EngineerInput{Name: name, RegionCodes: []string{"110105"}, Skills: []dispatch.Ability{{Code: "cooling"}}, Home: home}
	for _, c := range change {
		c(&in)
	}
	var e dispatch.Engineer
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
		if e, err = b.AddEngineer(ctx, in, w.head); err != nil {
			return err
		}
		for day := range 7 {
			from := at("08:00").AddDate(0, 0, day)
			if _, err := b.AddShift(ctx, office.Scope(), e.ID, dispatch.ShiftInput{StartsAt: from, EndsAt: from.Add(10 * time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	return e
}

// order enters an order at a place in Wangjing that asks for cooling.
func (w *world) order(place *geo.Point, change ...func(*dispatch.Job)) dispatch.Job {
	w.t.Helper()
	job := dispatch.Job{OrderID: id(), OrgIDs: []int32{w.head}, RegionCode: text("110105001"), At: place, Skills: []string{"cooling"}, Duration: time.Hour, Lang: "zh-Hans"}
	for _, c := range change {
		c(&job)
	}
	w.numbers++
	n := w.numbers
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		site := id()
		var lat, lng *float64
		if place != nil {
			lat, lng = &place.Lat, &place.Lng
		}
		if _, err := tx.NewRaw("INSERT INTO sites (id, org_id, customer_id, address, region_code, lat, lng, created_at) VALUES (?, ?, ?, '望京西园 1 号', '110105001', ?, ?, ?)",
			site, w.head, w.customer, lat, lng, w.clock).Exec(ctx); err != nil {
			return err
		}
		mode := job.Mode
		if mode == "" {
			mode = "on_site"
		}
		_, err := tx.NewRaw(`INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, mode, state, summary, customer_id, site_id, region_code, skill_codes, created_at)
			VALUES (?, ?, ?, ?, 'repair', ?, 'new', '空调不制冷', ?, ?, ?, '{cooling}', ?)`, job.OrderID, w.head, w.head, fmt.Sprintf("WO-2026-%06d", n), mode, w.customer, site, job.RegionCode, w.clock).Exec(ctx)
		return err
	})
	return job
}

// part enters a part and returns what an order needs of it.
func (w *world) part(sku string, quantity int64) inventory.Need {
	w.t.Helper()
	p := id()
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		_, err := tx.NewRaw("INSERT INTO parts (id, sku, name, created_at) VALUES (?, ?, ?, ?)", p, sku, sku, w.clock).Exec(ctx)
		return err
	})
	return inventory.Need{PartID: p, SKU: sku, Quantity: quantity}
}

// place enters a van or store with some pieces in it.
func (w *world) place(code, name, kind string, whose *uuid.UUID, position *geo.Point, part uuid.UUID, pieces int64) uuid.UUID {
	w.t.Helper()
	p := id()
	var lat, lng *float64
	if position != nil {
		lat, lng = &position.Lat, &position.Lng
	}
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		if _, err := tx.NewRaw("INSERT INTO places (id, org_id, code, name, kind, engineer_id, lat, lng, open_hours, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '08:00-18:00', ?)",
			p, w.head, code, name, kind, whose, lat, lng, w.clock).Exec(ctx); err != nil || pieces == 0 {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO moves (id, org_id, at, kind, part_id, quantity, to_place, actor) VALUES (?, ?, ?, 'receive', ?, ?, ?, 'test')", id(), w.head, w.clock, part, pieces, p).Exec(ctx)
		return err
	})
	return p
}

// hold promises pieces to another order.
func (w *world) hold(order, place, part uuid.UUID, pieces int64) {
	w.t.Helper()
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		_, err := tx.NewRaw("INSERT INTO reservations (id, org_id, order_id, place_id, part_id, quantity, held_at) VALUES (?, ?, ?, ?, ?, ?, ?)", id(), w.head, order, place, part, pieces, w.clock).Exec(ctx)
		return err
	})
}

func (w *world) candidates(job dispatch.Job) []dispatch.Candidate {
	w.t.Helper()
	found, err := w.board.Candidates(w.ctx, office.Scope(), job, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// book gives an order to an engineer at a time of the Monday, judging first as the desk does.
func (w *world) book(job dispatch.Job, engineer uuid.UUID, from, to string, change ...func(*dispatch.Booking)) (dispatch.Visit, error) {
	w.t.Helper()
	var v dispatch.Visit
	err := w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		if err := b.Lock(ctx, engineer); err != nil {
			return err
		}
		c, err := b.Judge(ctx, office.Scope(), job, engineer, at(from), at(to))
		if err != nil {
			return err
		}
		in := dispatch.Booking{OrgID: w.head, OrderID: job.OrderID, EngineerID: engineer, StartsAt: at(from), EndsAt: at(to), Mode: job.Mode, Judged: c}
		for _, ch := range change {
			ch(&in)
		}
		if in.OverrideReason == "" {
			if err := c.Refused(); err != nil {
				return err
			}
		}
		v, err = b.Book(ctx, in)
		return err
	})
	return v, err
}

func (w *world) mustBook(job dispatch.Job, engineer uuid.UUID, from, to string, change ...func(*dispatch.Booking)) dispatch.Visit {
	w.t.Helper()
	v, err := w.book(job, engineer, from, to, change...)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) do(visit uuid.UUID, act string, in dispatch.Act) (dispatch.Visit, error) {
	w.t.Helper()
	var v dispatch.Visit
	err := w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
		v, err = b.Do(ctx, visit, act, in)
		return err
	})
	return v, err
}

func (w *world) mustDo(visit uuid.UUID, act string, in dispatch.Act) dispatch.Visit {
	w.t.Helper()
	v, err := w.do(visit, act, in)
	if err != nil {
		w.t.Fatalf("%s: %v", act, err)
	}
	return v
}

func (w *world) visit(visit uuid.UUID) dispatch.Visit {
	w.t.Helper()
	v, err := w.board.Visit(w.ctx, office.Scope(), visit)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.db.NewRaw(query, args...).Scan(w.ctx, &n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// sound asks every check of the board.
func (w *world) sound() {
	w.t.Helper()
	for _, c := range dispatch.Checks {
		if n := w.count(c.SQL); n != 0 {
			w.t.Errorf("%s: %d violations", c.Name, n)
		}
	}
}

// refused wants a refusal with this code.
func refused(t testing.TB, err error, code string) *fault.Error {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v, want the refusal %s", err, code)
	}
	return f
}

func clock(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.In(beijing).Format("15:04")
}

// says reports whether one of the reasons is this sentence.
func says(c dispatch.Candidate, sentence string) bool {
	for _, r := range c.Reasons {
		if r.Text == sentence {
			return true
		}
	}
	return false
}

func all(c dispatch.Candidate) string {
	var list []string
	for _, r := range c.Reasons {
		list = append(list, r.Rule+"/"+r.Effect+": "+r.Text)
	}
	return strings.Join(list, "\n")
}
