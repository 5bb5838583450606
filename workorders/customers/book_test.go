package customers_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/postgres/pgtest"
	"paigong/workorders/customers"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC) // 12:00 in Shanghai

// town is a company with a head office, a partner, a region, and an engineer of each.
type town struct {
	*testing.T
	db          *bun.DB
	book        customers.Book
	hq, partner int32
	agent, boss auth.Caller // of head office
	theirs      auth.Caller // the partner's dispatcher
	li, wang    uuid.UUID   // engineers of head office
}

func open(t *testing.T) *town {
	t.Parallel()
	w := &town{T: t, db: pgtest.New(t)}
	now := func() time.Time { return noon }
	w.book = customers.New(w.db, now)
	w.li, w.wang = id(), id()
	w.do(func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewRaw("INSERT INTO organisations (code, name, kind, created_at) VALUES ('HQ', '总部', 'head', ?) RETURNING id", noon).Scan(ctx, &w.hq); err != nil {
			return err
		}
		if err := tx.NewRaw("INSERT INTO organisations (parent_id, code, name, kind, created_at) VALUES (?, 'P1', '网点', 'partner', ?) RETURNING id", w.hq, noon).Scan(ctx, &w.partner); err != nil {
			return err
		}
		for _, sql := range []string{
			"INSERT INTO regions (code, name) VALUES ('410102', '中原区')",
			"INSERT INTO engineers (id, org_id, name, created_at) VALUES ('" + w.li.String() + "', (SELECT id FROM organisations WHERE code = 'HQ'), '李师傅', '2026-01-01Z'), ('" + w.wang.String() + "', (SELECT id FROM organisations WHERE code = 'HQ'), '王师傅', '2026-01-01Z')",
		} {
			if _, err := tx.ExecContext(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	w.agent = auth.Caller{UserID: id(), Login: "agent", Roles: []auth.Role{auth.Agent}, OrgID: w.hq}.Within(w.hq, w.partner)
	w.boss = auth.Caller{UserID: id(), Login: "manager", Roles: []auth.Role{auth.Manager}, OrgID: w.hq}.Within(w.hq, w.partner)
	w.theirs = auth.Caller{UserID: id(), Login: "partner", Roles: []auth.Role{auth.PartnerDispatcher}, OrgID: w.partner}.Within(w.partner)
	return w
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// try runs fn in a transaction with an actor and returns what it, or the commit, refused.
func (w *town) try(fn func(ctx context.Context, tx bun.Tx) error) error {
	ctx := context.Background()
	return fault.FromSQL(w.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", noon); err != nil {
			return err
		}
		return fn(ctx, tx)
	}))
}

func (w *town) do(fn func(ctx context.Context, tx bun.Tx) error) {
	w.Helper()
	if err := w.try(fn); err != nil {
		w.Fatal(err)
	}
}

func (w *town) refused(code string, fn func(ctx context.Context, b customers.Book) error) {
	w.Helper()
	err := w.try(func(ctx context.Context, tx bun.Tx) error { return fn(ctx, w.book.In(tx)) })
	if !fault.HasCode(err, code) {
		w.Errorf("got %v, want the refusal %s", err, code)
	}
}

// sound runs the checks the product ships.
func (w *town) sound() {
	w.Helper()
	for _, c := range customers.Checks {
		var n int
		if err := w.db.NewRaw(c.SQL).Scan(context.Background(), &n); err != nil || n != 0 {
			w.Errorf("%s: %d violations (%v)", c.Name, n, err)
		}
	}
}

func (w *town) customer(name, phone string) customers.Customer {
	w.Helper()
	var c customers.Customer
	w.do(func(ctx context.Context, tx bun.Tx) (err error) {
		c, err = w.book.In(tx).AddCustomer(ctx, w.agent, customers.CustomerInput{Name: name, Phone: phone})
		return err
	})
	return c
}

func (w *town) site(c customers.Customer, address string) customers.Site {
	w.Helper()
	var s customers.Site
	w.do(func(ctx context.Context, tx bun.Tx) (err error) {
		s, err = w.book.In(tx).AddSite(ctx, w.agent, c.ID, customers.SiteInput{Address: address, RegionCode: "410102"})
		return err
	})
	return s
}

func (w *town) asset(s customers.Site, serial string) customers.Asset {
	w.Helper()
	var a customers.Asset
	w.do(func(ctx context.Context, tx bun.Tx) (err error) {
		a, err = w.book.In(tx).AddAsset(ctx, w.agent, customers.AssetInput{SiteID: s.ID, Model: "KFR-35", SerialNumber: &serial})
		return err
	})
	return a
}

// order is a finished order of head office, served by an organisation, with a visit of the engineer if one is named.
func (w *town) order(c customers.Customer, s customers.Site, a *customers.Asset, serving int32, engineer uuid.UUID, visit string) uuid.UUID {
	w.Helper()
	order := id()
	var asset *uuid.UUID
	if a != nil {
		asset = &a.ID
	}
	w.plant(`INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, site_id, asset_id, finished_at, created_at)
		VALUES (?, ?, ?, ?, 'repair', 'completed', '不制冷', ?, ?, ?, ?, ?)`, order, w.hq, serving, "WO-"+order.String(), c.ID, s.ID, asset, noon, noon)
	if !engineer.IsNil() {
		var ended *string
		if visit == "cancelled" {
			ended = &visit
		}
		w.plant(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, ended_at, ended_reason, created_at)
			VALUES (?, ?, ?, ?, ?, ?, '[2026-11-21 01:00Z,2026-11-21 02:00Z)', '[2026-11-21 00:30Z,2026-11-21 02:00Z)', 'test', CASE WHEN ?::text <> '' THEN '2026-11-21Z'::timestamptz END, ?, '2026-11-20Z')`,
			id(), w.hq, order, engineer, w.hq, visit, ended, ended)
	}
	return order
}

// plant writes as the owner of the tables, past the triggers, what other parts of the product would have left there.
func (w *town) plant(sql string, args ...any) {
	w.Helper()
	err := pgtest.Owner(w.T, w.db).RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.NewRaw(sql, args...).Exec(ctx)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *town) engineer(e uuid.UUID) auth.Scope {
	return auth.Caller{UserID: id(), Login: "engineer1", Roles: []auth.Role{auth.Engineer}, OrgID: w.hq, EngineerID: &e}.Within(w.hq).Scope()
}

func TestTheCustomerBehindAPhoneNumber(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	school := w.customer("第一中学", "0371-65901234转801")
	w.do(func(ctx context.Context, tx bun.Tx) error {
		_, err := w.book.In(tx).AddContact(ctx, w.agent, school.ID, customers.ContactInput{Name: "门卫老张", Phones: []string{"138 1234 5678", "13812345678"}, Role: customers.OnSite})
		return err
	})
	w.asset(w.site(school, "建设路 1 号"), "SN-1")
	w.customer("赵先生", "13900001111")

	if *school.Phone != "+8637165901234;ext=801" || !strings.HasPrefix(school.Number, "CU-2026-") || school.Class != "C" {
		t.Errorf("kept as %+v", school)
	}
	for _, phone := range []string{"13812345678", "+86 138-1234-5678", "037165901234", "0371-65901234-999"} {
		found, err := w.book.ByPhone(ctx, w.agent.Scope(), phone)
		if err != nil || len(found) != 1 || found[0].Customer.ID != school.ID || len(found[0].Customer.Assets) != 1 {
			t.Errorf("%s found %+v (%v)", phone, found, err)
		} else if (found[0].Contact != nil) != strings.Contains(phone, "138") {
			t.Errorf("%s belongs to contact %+v", phone, found[0].Contact)
		}
	}
	for q, want := range map[string]int{"5678": 1, "1234": 1, "中学": 1, "张": 0, "第一": 1, "赵": 1, "1111": 1, "CU-2026-000001": 1, "": 2, "13812345678": 1, "100%": 0} {
		page, err := w.book.Customers(ctx, w.agent.Scope(), customers.CustomerFilter{Q: q})
		if err != nil || len(page.Items) != want {
			t.Errorf("%q found %d (%v), want %d", q, len(page.Items), err, want)
		}
	}
	if _, err := w.book.Customers(ctx, w.agent.Scope(), customers.CustomerFilter{Phone: "65901234"}); !fault.HasCode(err, "phone_invalid") {
		t.Errorf("a landline without area code: %v", err)
	}
	first, err := w.book.Customers(ctx, w.agent.Scope(), customers.CustomerFilter{Ask: keyset.Ask{Limit: 1}})
	if err != nil || len(first.Items) != 1 || first.NextCursor == "" {
		t.Fatalf("first page %+v (%v)", first, err)
	}
	second, err := w.book.Customers(ctx, w.agent.Scope(), customers.CustomerFilter{Ask: keyset.Ask{Limit: 1, Cursor: first.NextCursor}})
	if err != nil || len(second.Items) != 1 || second.NextCursor != "" || second.Items[0].ID == first.Items[0].ID {
		t.Errorf("second page %+v (%v)", second, err)
	}
}

func TestWhatLooksKnownIsAHintAndNeverARefusal(t *testing.T) {
	w := open(t)
	one := w.customer("王芳", "13812345678")
	site := w.site(one, "人民路 8 号")
	w.asset(site, "sn-77")
	two := w.customer("王芳", "138-1234-5678")
	if len(two.Duplicates) != 1 || two.Duplicates[0].ID != one.ID || two.Duplicates[0].Why != "phone" {
		t.Errorf("hints at %+v", two.Duplicates)
	}
	again := w.site(two, "人民路 8 号")
	if len(again.Duplicates) != 1 || again.Duplicates[0].ID != one.ID || again.Duplicates[0].Why != "name_and_site" {
		t.Errorf("hints at %+v", again.Duplicates)
	}
	if a := w.asset(again, "SN-77"); len(a.Duplicates) != 1 || a.Duplicates[0].Why != "serial_number" || a.Coverage != nil {
		t.Errorf("hints at %+v", a)
	}
}

func TestMergingTwoFilesOfOneCustomer(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	old, keep := w.customer("王芳", "13812345678"), w.customer("王芳女士", "13900001111")
	older := w.customer("王方", "")
	site := w.site(old, "人民路 8 号")
	a := w.asset(site, "SN-1")
	order := w.order(old, site, &a, w.hq, uuid.Nil, "")
	for _, m := range [][2]uuid.UUID{{older.ID, old.ID}, {old.ID, keep.ID}} {
		w.do(func(ctx context.Context, tx bun.Tx) error {
			_, err := w.book.In(tx).Merge(ctx, w.boss, m[0], m[1])
			return err
		})
	}
	c, err := w.book.Customer(ctx, w.agent.Scope(), keep.ID)
	if err != nil || len(c.Sites) != 1 || len(c.Assets) != 1 || len(c.Contacts) != 1 || c.Contacts[0].Phones[0] != "+8613812345678" {
		t.Fatalf("after the merge %+v (%v)", c, err)
	}
	for _, gone := range []uuid.UUID{old.ID, older.ID} {
		g, err := w.book.Customer(ctx, w.agent.Scope(), gone)
		if err != nil || g.MergedInto == nil || *g.MergedInto != keep.ID || len(g.Sites) != 0 {
			t.Errorf("the merged file is %+v (%v)", g, err)
		}
	}
	var owner uuid.UUID
	if err := w.db.NewRaw("SELECT customer_id FROM work_orders WHERE id = ?", order).Scan(ctx, &owner); err != nil || owner != keep.ID {
		t.Errorf("the order belongs to %s (%v)", owner, err)
	}
	w.refused("customer_merged", func(ctx context.Context, b customers.Book) error {
		_, err := b.AddSite(ctx, w.agent, old.ID, customers.SiteInput{Address: "x", RegionCode: "410102"})
		return err
	})
	w.refused("customers_not_into_itself", func(ctx context.Context, b customers.Book) error {
		_, err := b.Merge(ctx, w.boss, keep.ID, keep.ID)
		return err
	})
	w.do(func(ctx context.Context, tx bun.Tx) error {
		c, err := w.book.In(tx).Current(ctx, w.agent.Scope(), older.ID)
		if err == nil && c.ID != keep.ID {
			t.Errorf("new work goes to %s", c.ID)
		}
		return err
	})
	page, err := w.book.Customers(ctx, w.agent.Scope(), customers.CustomerFilter{})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d customers are left (%v)", len(page.Items), err)
	}
	var partners customers.Customer
	w.do(func(ctx context.Context, tx bun.Tx) (err error) {
		partners, err = w.book.In(tx).AddCustomer(ctx, w.agent, customers.CustomerInput{Name: "网点客户", OrgID: w.partner})
		return err
	})
	w.refused("customers_merge_inside", func(ctx context.Context, b customers.Book) error {
		_, err := b.Merge(ctx, w.boss, partners.ID, keep.ID)
		return err
	})
	w.sound()
}

func TestWhoSeesACustomer(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	ours, served, cancelled := w.customer("总部客户", ""), w.customer("交给网点", ""), w.customer("改派了", "")
	w.order(ours, w.site(ours, "a"), nil, w.hq, w.li, "accepted")
	site := w.site(served, "b")
	asset := w.asset(site, "SN-9")
	w.order(served, site, &asset, w.partner, uuid.Nil, "")
	w.order(cancelled, w.site(cancelled, "c"), nil, w.hq, w.li, "cancelled")
	sees := func(s auth.Scope) string {
		page, err := w.book.Customers(ctx, s, customers.CustomerFilter{})
		if err != nil {
			return err.Error()
		}
		var names []string
		for _, c := range page.Items {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for _, c := range []struct {
		who   string
		scope auth.Scope
		want  string
	}{
		{"agent", w.agent.Scope(), "交给网点 总部客户 改派了"},
		{"the product itself", auth.System("test").Scope(), "交给网点 总部客户 改派了"},
		{"partner", w.theirs.Scope(), "交给网点"},
		{"the engineer of the visit", w.engineer(w.li), "总部客户"},
		{"another engineer", w.engineer(w.wang), ""},
	} {
		if got := sees(c.scope); got != c.want {
			t.Errorf("%s sees %q, want %q", c.who, got, c.want)
		}
	}
	if got := sees(auth.Scope{}); !strings.Contains(got, "no_scope") {
		t.Errorf("a scope nobody made sees %q", got)
	}
	for what, err := range map[string]error{
		"customer": second(w.book.Customer(ctx, w.theirs.Scope(), ours.ID)),
		"asset":    second(w.book.Asset(ctx, w.engineer(w.li), asset.ID)),
		"site":     second(w.book.Site(ctx, w.engineer(w.wang), site.ID)),
		"history":  second(w.book.AssetHistory(ctx, w.engineer(w.li), asset.ID, keyset.Ask{})),
		"nowhere":  second(w.book.Customer(ctx, w.agent.Scope(), id())),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s out of sight: %v", what, err)
		}
	}
	if a, err := w.book.Asset(ctx, w.theirs.Scope(), asset.ID); err != nil || a.Coverage == nil || !a.Coverage.Chargeable() {
		t.Errorf("the partner's device %+v (%v)", a, err)
	}
	h, err := w.book.AssetHistory(ctx, w.theirs.Scope(), asset.ID, keyset.Ask{})
	if err != nil || len(h.Items) != 1 || h.Items[0].Kind != "work_order" || h.Items[0].Summary != "不制冷" {
		t.Errorf("history %+v (%v)", h, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestChangingWhatIsKnown(t *testing.T) {
	w := open(t)
	c := w.customer("王芳", "13812345678")
	s := w.site(c, "人民路 8 号")
	a := w.asset(s, "SN-1")
	var k customers.Contact
	w.do(func(ctx context.Context, tx bun.Tx) (err error) {
		k, err = w.book.In(tx).AddContact(ctx, w.agent, c.ID, customers.ContactInput{Name: "租客", Phones: []string{"13700000000"}, Role: customers.Reporter})
		return err
	})
	w.do(func(ctx context.Context, tx bun.Tx) error {
		b := w.book.In(tx)
		class, phone, name := "A", "", "小李"
		c, err := b.PatchCustomer(ctx, w.agent, c.ID, customers.CustomerPatch{Class: &class, Phone: &phone, Match: c.Version})
		if err != nil || c.Class != "A" || c.Phone != nil || c.Version != 2 || c.Name != "王芳" {
			t.Errorf("customer %+v (%v)", c, err)
		}
		phones := []string{"13711112222"}
		k, err := b.PatchContact(ctx, w.agent, k.ID, customers.ContactPatch{Name: &name, Phones: &phones})
		if err != nil || k.Name != "小李" || k.Phones[0] != "+8613711112222" || k.Role != customers.Reporter {
			t.Errorf("contact %+v (%v)", k, err)
		}
		lat, lng := 34.7, 113.6
		s, err := b.PatchSite(ctx, w.agent, s.ID, customers.SitePatch{Lat: &lat, Lng: &lng})
		if err != nil || s.At() == nil || s.At().Lat != lat {
			t.Errorf("site %+v (%v)", s, err)
		}
		bought, proof := calendar.Must("2026-01-02"), "invoice"
		a, err := b.PatchAsset(ctx, w.agent, a.ID, customers.AssetPatch{PurchasedOn: &bought, Proof: &proof})
		if err != nil || a.PurchasedOn == nil || *a.PurchasedOn != bought || a.Model != "KFR-35" {
			t.Errorf("device %+v (%v)", a, err)
		}
		cover, err := b.CoverageOf(ctx, &a.ID, nil, calendar.Must("2026-11-21"))
		if err != nil || cover.Chargeable() || cover.Proof != "invoice" {
			t.Errorf("coverage %+v (%v)", cover, err)
		}
		if _, err = b.AddContract(ctx, w.agent, customers.ContractInput{CustomerID: c.ID, Number: "C-1", StartsOn: calendar.Must("2026-01-01"), EndsOn: calendar.Must("2027-12-31"), Covers: []customers.Line{"material"}}); err != nil {
			return err
		}
		cover, err = b.CoverageOf(ctx, &a.ID, nil, calendar.Must("2027-11-21"))
		if err != nil || cover.For(customers.Material).Source != customers.ByContract || cover.For(customers.Labour).Source != customers.ByNobody {
			t.Errorf("coverage %+v (%v)", cover, err)
		}
		cover, err = b.CoverageOf(ctx, nil, &c.ID, calendar.Must("2026-11-21"))
		if err != nil || cover.For(customers.Material).Source != customers.ByContract {
			t.Errorf("coverage of no device %+v (%v)", cover, err)
		}
		page, err := b.Contracts(ctx, w.agent.Scope(), customers.ContractFilter{AssetID: &a.ID})
		if err != nil || len(page.Items) != 0 {
			t.Errorf("contracts %+v (%v)", page, err)
		}
		call, err := b.ContactsFor(ctx, c.ID, true, customers.OnSite, customers.Reporter)
		if err != nil || len(call) != 1 || call[0].Name != "小李" {
			t.Errorf("to call %+v (%v)", call, err)
		}
		return nil
	})
	w.refused("stale", func(ctx context.Context, b customers.Book) error {
		name := "x"
		_, err := b.PatchCustomer(ctx, w.agent, c.ID, customers.CustomerPatch{Name: &name, Match: 1})
		return err
	})
	w.refused("region_unknown", func(ctx context.Context, b customers.Book) error {
		_, err := b.AddSite(ctx, w.agent, c.ID, customers.SiteInput{Address: "x", RegionCode: "nowhere"})
		return err
	})
	w.refused("site_unknown", func(ctx context.Context, b customers.Book) error {
		_, err := b.AddAsset(ctx, w.agent, customers.AssetInput{SiteID: id()})
		return err
	})
	w.refused("unknown_role", func(ctx context.Context, b customers.Book) error {
		_, err := b.AddContact(ctx, w.agent, c.ID, customers.ContactInput{Name: "x", Role: "boss"})
		return err
	})
	w.refused("contracts_number", func(ctx context.Context, b customers.Book) error {
		_, err := b.AddContract(ctx, w.agent, customers.ContractInput{CustomerID: c.ID, Number: "C-1", StartsOn: calendar.Must("2026-01-01"), EndsOn: calendar.Must("2026-01-01")})
		return err
	})
}

func TestOurOwnRepairIsRememberedWhenTheFaultComesBack(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	c := w.customer("王芳", "")
	s := w.site(c, "人民路 8 号")
	a := w.asset(s, "SN-1")
	order, sheet := w.order(c, s, &a, w.hq, w.li, "accepted"), id()
	w.plant(`INSERT INTO sheets (id, org_id, order_id, visit_id, number, engineer_id, outcome, fault_code, notes, finished_at, submitted_at, repair_warranty_until, no_signature_reason)
		VALUES (?, ?, ?, ?, 'RS-1', ?, 'done', 'E5', '换风机', '2026-11-01 17:00Z', '2026-11-01 17:05Z', '2027-01-31', '不在')`, sheet, w.hq, order, id(), w.li)
	w.plant("INSERT INTO sheet_parts (id, org_id, sheet_id, no, sku, name, quantity, source, booking) VALUES (?, ?, ?, 1, 'FAN-1', '风机', 1, 'bought', 'outside')", id(), w.hq, sheet)
	day := calendar.Must("2026-11-21")
	for _, x := range []struct {
		found customers.Finding
		want  customers.Source
	}{
		{customers.Finding{}, customers.ByNobody},
		{customers.Finding{FaultCode: "E5"}, customers.ByRepair},
		{customers.Finding{FaultCode: "E9", Parts: []string{"FAN-1"}}, customers.ByRepair},
		{customers.Finding{FaultCode: "E9"}, customers.ByNobody},
	} {
		cover, err := w.book.CoverageFound(ctx, &a.ID, nil, day, x.found)
		if err != nil || cover.For(customers.Labour).Source != x.want {
			t.Errorf("%+v is borne by %+v (%v)", x.found, cover.For(customers.Labour), err)
		}
		if hinted := len(cover.Hints) > 0; hinted != (x.found.FaultCode == "") {
			t.Errorf("%+v hints at %+v", x.found, cover.Hints)
		}
	}
	if cover, err := w.book.CoverageFound(ctx, &a.ID, nil, calendar.Must("2027-02-01"), customers.Finding{FaultCode: "E5"}); err != nil || cover.For(customers.Labour).Covered {
		t.Errorf("after our warranty: %+v (%v)", cover, err)
	}
	h, err := w.book.AssetHistory(ctx, w.agent.Scope(), a.ID, keyset.Ask{Limit: 1})
	if err != nil || len(h.Items) != 1 || h.Items[0].Kind != "work_order" || h.NextCursor == "" {
		t.Fatalf("history %+v (%v)", h, err)
	}
	h, err = w.book.AssetHistory(ctx, w.agent.Scope(), a.ID, keyset.Ask{Limit: 1, Cursor: h.NextCursor})
	if err != nil || len(h.Items) != 1 || h.Items[0].Kind != "sheet" || h.Items[0].FaultCode != "E5" || h.Items[0].Engineer != "李师傅" || !slices.Equal(h.Items[0].Parts, []string{"FAN-1 × 1"}) || h.NextCursor != "" {
		t.Errorf("history %+v (%v)", h, err)
	}
	// Head office sets another warranty; the branch's own word counts more.
	w.do(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings VALUES (?, 'warranty', ?), (?, 'warranty', ?)", w.hq, `{"maker_months": 24, "repair_days": 180}`, w.partner, `{"maker_months": 36}`).Exec(ctx)
		return err
	})
	terms, err := w.book.Terms(ctx, w.partner)
	if err != nil || terms.MakerMonths != 36 || terms.RepairDays != 180 || terms.ProductionMonths != customers.DefaultTerms().ProductionMonths {
		t.Errorf("terms %+v (%v)", terms, err)
	}
}

func TestErasingACustomer(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	c := w.customer("王芳", "13812345678")
	s := w.site(c, "人民路 8 号")
	order := w.order(c, s, nil, w.hq, uuid.Nil, "")
	w.refused("customer_has_open_matters", func(ctx context.Context, b customers.Book) error {
		_, err := b.Erase(ctx, w.boss, c.ID)
		return err
	})
	w.plant("UPDATE work_orders SET state = 'closed', closed_at = finished_at")
	w.do(func(ctx context.Context, tx bun.Tx) error {
		gone, err := w.book.In(tx).Erase(ctx, w.boss, c.ID)
		if err == nil && (gone.Name != "" || gone.Phone != nil || gone.ErasedAt == nil) {
			t.Errorf("erased into %+v", gone)
		}
		return err
	})
	site, err := w.book.Site(ctx, w.boss.Scope(), s.ID)
	if err != nil || site.Address != "" {
		t.Errorf("the address is still %q (%v)", site.Address, err)
	}
	var summary string
	if err := w.db.NewRaw("SELECT summary FROM work_orders WHERE id = ?", order).Scan(ctx, &summary); err != nil || summary == "" {
		t.Errorf("the order lost its story: %q (%v)", summary, err)
	}
	for name, sql := range map[string]string{
		"customers_erased_blank": "UPDATE customers SET name = '王芳' WHERE id = ?",
		"customers_stay_erased":  "UPDATE customers SET erased_at = NULL WHERE id = ?",
	} {
		err := w.try(func(ctx context.Context, tx bun.Tx) error { _, err := tx.ExecContext(ctx, sql, c.ID); return err })
		if fault.Constraint(err) != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.sound()
}

func TestWhatTheCustomersTablesRefuse(t *testing.T) {
	w := open(t)
	c := w.customer("王芳", "13812345678")
	s := w.site(c, "人民路 8 号")
	a := w.asset(s, "SN-1")
	for _, x := range []struct {
		name, sql string
		args      []any
	}{
		{"customers_number", "UPDATE customers SET number = 'X'; INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?, ?, 'X', 'x', ?)", []any{id(), w.hq, noon}},
		{"customers_merge_inside", "UPDATE customers SET merged_into = ?", []any{id()}},
		{"customers_not_into_itself", "UPDATE customers SET merged_into = id", nil},
		{"customers_class", "UPDATE customers SET class = 'Z'", nil},
		{"customers_phone_shape", "UPDATE customers SET phone = '13812345678'", nil},
		{"contacts_of_customer", "INSERT INTO contacts (id, org_id, customer_id, name, role, created_at) VALUES (?, ?, ?, 'x', 'payer', ?)", []any{id(), w.partner, c.ID, noon}},
		{"contacts_role_check", "INSERT INTO contacts (id, org_id, customer_id, name, role, created_at) VALUES (?, ?, ?, 'x', 'x', ?)", []any{id(), w.hq, c.ID, noon}},
		{"sites_of_customer", "UPDATE sites SET customer_id = ?", []any{id()}},
		{"sites_region", "UPDATE sites SET region_code = 'x'", nil},
		{"sites_position", "UPDATE sites SET lat = 1", nil},
		{"assets_of_customer", "UPDATE assets SET customer_id = ?", []any{id()}},
		{"assets_at_site", "UPDATE assets SET site_id = ?", []any{id()}},
		{"assets_proof_check", "UPDATE assets SET proof = 'x'", nil},
		{"contracts_term", "INSERT INTO contracts (id, org_id, customer_id, asset_id, number, name, starts_on, ends_on, created_at) VALUES (?, ?, ?, ?, 'x', 'x', '2026-01-02', '2026-01-01', ?)", []any{id(), w.hq, c.ID, a.ID, noon}},
		{"contracts_covers", "INSERT INTO contracts (id, org_id, customer_id, number, name, starts_on, ends_on, covers, created_at) VALUES (?, ?, ?, 'x', 'x', '2026-01-02', '2026-01-02', '{beer}', ?)", []any{id(), w.hq, c.ID, noon}},
		{"contracts_kind", "INSERT INTO contracts (id, org_id, customer_id, number, name, starts_on, ends_on, kind, created_at) VALUES (?, ?, ?, 'x', 'x', '2026-01-02', '2026-01-02', 'x', ?)", []any{id(), w.hq, c.ID, noon}},
		{"contracts_of_asset", "INSERT INTO contracts (id, org_id, customer_id, asset_id, number, name, starts_on, ends_on, created_at) VALUES (?, ?, ?, ?, 'x', 'x', '2026-01-01', '2026-01-01', ?)", []any{id(), w.hq, c.ID, id(), noon}},
	} {
		err := w.try(func(ctx context.Context, tx bun.Tx) error {
			for i, sql := range strings.Split(x.sql, "; ") {
				args := x.args
				if i < strings.Count(x.sql, "; ") {
					args = nil
				}
				if _, err := tx.ExecContext(ctx, sql, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if got := fault.Constraint(err); got != x.name {
			t.Errorf("got %q (%v), want %s", got, err, x.name)
		}
	}
}
