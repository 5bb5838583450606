package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/geo"
	"paigong/inventory"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// Password of every login of the sample company.
const Password = "paigong-demo"

// Company is the name of its head office.
const Company = "云栖家电服务有限公司"

// Weeks is how far back the sample company begins.
const Weeks = 3

// Made says what Load made, for whoever looks around.
type Made struct {
	Orders, FollowUps int
	Links             []string // customers' links: the first has an open quote
	Logins            []Login
	Places            []string // pages worth a look, as paths
}

// Login is somebody who may sign in with Password.
type Login struct{ Login, Name, Work string }

// Logins lists who may sign in.
func Logins() []Login {
	list := []Login{
		{"admin", "管理员", "everything"},
		{"manager", "林经理", "figures, complaints, decisions"},
		{"dispatcher", "赵调度", "schedule and candidates"},
		{"agent", "孙接线", "intake, quotes, money"},
		{"caller", "钱回访", "follow-up calls and call-backs"},
		{"stock", "库管老郑", "parts, slips, goods on their way"},
		{"depot", "维修中心老曹", "devices at the bench"},
		{"partner", "余杭网点", "orders handed over to the partner"},
	}
	for i, e := range crew {
		list = append(list, Login{fmt.Sprintf("engineer%d", i+1), e.name, "the day on the phone: /m"})
	}
	return list
}

var roles = map[string][]auth.Role{
	"admin": {auth.Admin}, "manager": {auth.Manager, auth.Lead, auth.ComplaintsOfficer, auth.Technical, auth.Auditor}, "dispatcher": {auth.Dispatcher},
	"agent": {auth.Agent, auth.Clerk, auth.Cashier}, "caller": {auth.CallerRole}, "stock": {auth.StockKeeper}, "depot": {auth.Depot}, "partner": {auth.PartnerManager, auth.PartnerDispatcher},
}

// engineer is one of the crew with what the walk needs to know about him.
type engineer struct {
	id     uuid.UUID
	login  string
	centre string
	skills []string
	van    string
	home   geo.Point
	taken  map[time.Time]bool // slots given away
	off    map[calendar.Date]bool
}

// client is a customer with one site and one device.
type client struct {
	id, site, asset uuid.UUID
	name, phone     string
	device          appliance
	centre          string
	covered         bool // inside the maker's warranty
}

type company struct {
	desk      *workorders.Desk
	clock     *Clock
	zone      *time.Location
	today     calendar.Date
	rnd       *rand.Rand
	who       map[string]auth.Caller
	crew      []*engineer // who may be sent
	everybody []*engineer
	clients   []client
	named     int // customers named so far
	next      int // client who calls next
	orgIDs    map[string]int32
	agenda    agenda
	planned   int
	made      Made
}

// Load makes the company on an empty database, as a walk from three weeks ago up to now. open opens a desk
// that goes by a clock of its own. regions are the division codes to enter; those of Hangzhou must be
// among them.
func Load(ctx context.Context, open func(clock func() time.Time) *workorders.Desk, now time.Time, regions []dispatch.RegionInput) (Made, error) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return Made{}, err
	}
	c := &company{zone: zone, today: calendar.Of(now, zone), rnd: rand.New(rand.NewPCG(2026, 11)), who: map[string]auth.Caller{}}
	c.clock = NewClock(c.at(-7*Weeks, 7, 0))
	c.desk = open(c.clock.Now)
	for _, part := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"organisations", func(ctx context.Context) error { return c.organisations(ctx, regions) }},
		{"engineers", c.engineers}, {"people", c.people}, {"parts and customers", c.partsAndCustomers},
	} {
		if err := part.do(ctx); err != nil {
			return c.made, fmt.Errorf("sample company, %s: %w", part.what, err)
		}
	}
	parts := c.shifts(open)
	for i, part := range parts {
		if i < len(parts)-1 {
			part.work(now)
		} else {
			part.corners(now)
		}
	}
	if err := c.walkTogether(workorders.Brief(ctx), parts, now); err != nil {
		return c.made, err
	}
	for _, part := range parts {
		c.made.Orders += part.made.Orders
		c.made.FollowUps += part.made.FollowUps
		c.made.Links = append(c.made.Links, part.made.Links...)
	}
	c.made.Logins = Logins()
	if err := c.tomorrow(workorders.Brief(ctx), open, now); err != nil {
		return c.made, err
	}
	return c.made, nil
}

// tomorrow leaves plans for the dispatcher to look at: one district is published, one proposal was given up, the
// whole day is proposed and published by nobody yet, and the day after is still being thought about.
func (c *company) tomorrow(ctx context.Context, open func(clock func() time.Time) *workorders.Desk, now time.Time) error {
	desk, by := open(func() time.Time { return now }), c.who["dispatcher"]
	next, longer := c.today.AddDays(1).String(), 6 // seconds: more than a caller waits for
	for _, one := range []struct {
		in   workorders.PlanInput
		then func(p workorders.Plan) error
	}{
		{workorders.PlanInput{Day: next, RegionCodes: []string{"330108"}}, func(p workorders.Plan) error { _, err := desk.PublishPlan(ctx, by, p.ID); return err }},
		{workorders.PlanInput{Day: next, RegionCodes: []string{"330106"}}, func(p workorders.Plan) error {
			_, err := desk.RejectPlan(ctx, by, p.ID, "等全城一起排")
			return err
		}},
		{workorders.PlanInput{Day: next}, nil},
		{workorders.PlanInput{Day: c.today.AddDays(2).String(), RegionCodes: []string{"330102"}, Seconds: &longer}, nil},
	} {
		p, err := desk.MakePlan(ctx, by, one.in)
		if err == nil && one.then != nil {
			err = one.then(p)
		}
		if err != nil {
			return fmt.Errorf("sample company, the plan of %s: %w", one.in.Day, err)
		}
	}
	return nil
}

// partsAndCustomers have nothing to do with each other, so they are entered at the same time.
func (c *company) partsAndCustomers(ctx context.Context) error {
	stock := *c
	stock.rnd = rand.New(rand.NewPCG(2026, 12))
	ended := make(chan error, 1)
	go func() { ended <- stock.parts(ctx) }()
	failed := c.customers(ctx)
	if err := <-ended; err != nil {
		return err
	}
	return failed
}

// perDay are the ordinary orders that each crew gets on a day of the sample company.
const perDay = 4

// crews are who works in each shift, by their place in crew; the first cannot repair televisions.
var crews = [][]int{{0, 1, 3}, {2, 4, 5}, {6, 7, 8, 9}}

// shifts splits the company so that its people can be busy at the same time: two crews of the first centre,
// one of the second, and one that everybody belongs to, for what happens in the evening.
func (c *company) shifts(open func(func() time.Time) *workorders.Desk) (parts []*company) {
	split := func(seed uint64) *company {
		part := *c
		part.clock = NewClock(c.clock.Now())
		part.desk, part.rnd = open(part.clock.Now), rand.New(rand.NewPCG(2026, seed))
		part.crew, part.clients, part.agenda, part.made = nil, nil, nil, Made{}
		return &part
	}
	for i, crew := range crews {
		part := split(uint64(i))
		for _, n := range crew {
			part.crew = append(part.crew, c.everybody[n])
		}
		parts = append(parts, part)
	}
	for n, one := range c.clients {
		switch {
		case one.centre == "HZ-BJ":
			parts[2].clients = append(parts[2].clients, one)
		case one.device.skill == "tv" || n%2 == 0:
			parts[1].clients = append(parts[1].clients, one)
		default:
			parts[0].clients = append(parts[0].clients, one)
		}
	}
	last := split(99)
	for _, e := range c.everybody {
		own := *e
		own.taken = map[time.Time]bool{}
		last.crew = append(last.crew, &own)
	}
	return append(parts, last)
}

// at is a time of day so many days from today.
func (c *company) at(days int, hour, minute int) time.Time {
	return c.today.AddDays(days).In(c.zone).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

func ptr[T any](v T) *T { return &v }

func (c *company) organisations(ctx context.Context, regions []dispatch.RegionInput) error {
	by := auth.System("demo")
	return c.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		if _, err := l.Board.AddRegions(ctx, regions); err != nil {
			return err
		}
		for _, o := range []auth.OrganisationInput{
			{Code: "HQ", Name: Company, Kind: "head", Timezone: c.zone.String(), Letterhead: letterhead(Company, "杭州市西湖区文三路 100 号")},
			{Code: "HZ-XH", Name: "西湖服务中心", Kind: "centre", ParentCode: "HQ", RegionCodes: []string{"330106", "330105", "330102", "330110"}, Letterhead: letterhead("云栖家电 · 西湖服务中心", "杭州市西湖区古墩路 58 号")},
			{Code: "HZ-BJ", Name: "滨江服务中心", Kind: "centre", ParentCode: "HQ", RegionCodes: []string{"330108", "330109"}, Letterhead: letterhead("云栖家电 · 滨江服务中心", "杭州市滨江区江南大道 220 号")},
			{Code: "HZ-YH", Name: "余杭合作网点", Kind: "partner", ParentCode: "HQ", RegionCodes: []string{"330110"}, Letterhead: letterhead("余杭合作网点", "杭州市余杭区五常大道 31 号")},
		} {
			if _, err := l.People.CreateOrganisation(ctx, by.Scope(), o); err != nil {
				return err
			}
		}
		for _, a := range appliances {
			if _, err := l.Board.AddSkill(ctx, dispatch.SkillInput{Code: a.skill, Name: a.name + "维修"}); err != nil {
				return err
			}
		}
		for _, a := range appliances {
			for kind, minutes := range map[string]int{"repair": 60, "maintain": 45, "install": 90} {
				if _, err := l.Codes.PutJobTemplate(ctx, knowledge.JobTemplateInput{Kind: kind, Category: a.name, SkillCodes: []string{a.skill}, Minutes: minutes, Priority: 3}, 0); err != nil {
					return err
				}
			}
		}
		for _, list := range checklists {
			if _, err := l.Codes.PutChecklist(ctx, list, 0); err != nil {
				return err
			}
		}
		_, err := l.Codes.Load(ctx)
		return err
	})
}

// checklists: what is looked at before a job is called done. After maintenance no line may be left open.
var checklists = []knowledge.ChecklistInput{
	{Kind: "repair", Lines: []knowledge.CheckLine{{Code: "function", Name: "试机正常", NameEn: "Runs as it should"}, {Code: "electrical", Name: "电气安全", NameEn: "Electrical safety"}, {Code: "tidy", Name: "现场清理", NameEn: "Left clean"}}},
	{Kind: "maintain", Lines: []knowledge.CheckLine{{Code: "filter", Name: "滤网清洗", NameEn: "Filter cleaned", Mandatory: true}, {Code: "leak", Name: "检漏", NameEn: "No leak", Mandatory: true}, {Code: "function", Name: "试机正常", NameEn: "Runs as it should", Mandatory: true}, {Code: "noise", Name: "运行噪音", NameEn: "Noise"}}},
}

func letterhead(name, address string) json.RawMessage {
	raw, err := json.Marshal(map[string]string{"name": name, "address": address, "hotline": "400-000-0571", "phone": "0571-8800 0571"})
	if err != nil {
		return nil
	}
	return raw
}

func (c *company) orgs(ctx context.Context) (map[string]int32, error) {
	ids := map[string]int32{}
	for _, code := range []string{"HQ", "HZ-XH", "HZ-BJ", "HZ-YH"} {
		o, err := c.desk.Look(ctx).People.ByCode(ctx, code)
		if err != nil {
			return nil, err
		}
		ids[code] = o.ID
	}
	return ids, nil
}

// regionsOf a centre's engineers.
func regionsOf(centre string) (codes []string) {
	for _, d := range districts {
		if d.centre == centre || centre == "HZ-YH" && d.code == "330110" {
			codes = append(codes, d.code)
		}
	}
	return codes
}

func (c *company) engineers(ctx context.Context) error {
	by := auth.System("demo")
	ids, err := c.orgs(ctx)
	if err != nil {
		return err
	}
	return c.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		for i, one := range crew {
			home := districts[0]
			for _, d := range districts {
				if d.centre == one.centre || one.centre == "HZ-YH" && d.code == "330110" {
					home = d
				}
			}
			e := &engineer{login: fmt.Sprintf("engineer%d", i+1), centre: one.centre, skills: one.skills, van: fmt.Sprintf("VAN-%02d", i+1),
				home: geo.Point{Lat: home.lat + c.rnd.Float64()*.02 - .01, Lng: home.lng + c.rnd.Float64()*.02 - .01}, taken: map[time.Time]bool{}, off: map[calendar.Date]bool{}}
			in := dispatch.EngineerInput{Name: one.name, Phone: ptr(fmt.Sprintf("139057100%02d", i+1)), RegionCodes: regionsOf(one.centre), StaffNumber: ptr(fmt.Sprintf("%03d", 101+i)), Home: &e.home}
			for n, skill := range one.skills {
				in.Skills = append(in.Skills, dispatch.Ability{Code: skill, Level: 5 - n})
			}
			made, err := l.Board.AddEngineer(ctx, in, ids[one.centre])
			if err != nil {
				return err
			}
			e.id = made.ID
			c.everybody = append(c.everybody, e)
			for day := -7 * Weeks; day <= 14; day++ {
				on := c.today.AddDays(day)
				if (int(on.Weekday())+i)%7 == 0 && day != 0 && day != 1 { // one day off a week, in turn
					e.off[on] = true
					continue
				}
				from := on.In(c.zone).Add(8*time.Hour + 30*time.Minute)
				if _, err := l.Board.AddShift(ctx, by.Scope(), e.id, dispatch.ShiftInput{StartsAt: from, EndsAt: from.Add(10 * time.Hour)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (c *company) people(ctx context.Context) error {
	by := auth.System("demo")
	// Passwords are made dear on purpose; three people make them at the same time.
	all := Logins()
	ended := make(chan error, 3)
	for at := range 3 {
		go func() {
			ended <- c.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
				for i := at; i < len(all); i += 3 {
					one := all[i]
					in := auth.UserInput{Login: one.Login, Name: one.Name, Roles: roles[one.Login], Password: Password, OrganisationCode: "HQ"}
					if one.Login == "partner" {
						in.OrganisationCode = "HZ-YH"
					}
					for _, e := range c.everybody {
						if e.login == one.Login {
							in.Roles, in.OrganisationCode, in.EngineerID = []auth.Role{auth.Engineer}, e.centre, &e.id
						}
					}
					if _, _, err := l.People.AddUser(ctx, by, in); err != nil {
						return fmt.Errorf("%s: %w", one.Login, err)
					}
				}
				return nil
			})
		}()
	}
	var err error
	for range 3 {
		err = errors.Join(err, <-ended)
	}
	if err != nil {
		return err
	}
	for _, one := range Logins() {
		if c.who[one.Login], err = c.desk.Look(ctx).People.As(ctx, one.Login); err != nil {
			return err
		}
	}
	return nil
}

// unstocked are parts that lie nowhere when the company begins: somebody will wait for them.
var unstocked = []string{"AC-VALVE", "TV-TCON", "DW-SOFT"}

// storeOnly are parts that no van carries, so that they have to be fetched.
var storeOnly = []string{"WM-PCB", "AC-PCB", "RF-PCB", "TV-MAIN", "WH-GAS", "RH-MOTOR", "DW-PUMP", "WM-MOTOR", "AC-COMP"}

func (c *company) parts(ctx context.Context) error {
	by := c.who["stock"]
	ids, err := c.orgs(ctx)
	if err != nil {
		return err
	}
	return c.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		places := []struct {
			org string
			in  inventory.PlaceInput
		}{
			{"HQ", inventory.PlaceInput{Code: "W-HZ", Name: "杭州中心仓", Kind: "warehouse", RegionCode: ptr("330105"), Lat: ptr(30.330), Lng: ptr(120.160), OpenHours: ptr("8:00-18:00")}},
			{"HZ-XH", inventory.PlaceInput{Code: "O-XH", Name: "西湖网点库", Kind: "outlet", RegionCode: ptr("330106"), Lat: ptr(30.280), Lng: ptr(120.120), OpenHours: ptr("8:00-19:00")}},
			{"HZ-BJ", inventory.PlaceInput{Code: "O-BJ", Name: "滨江网点库", Kind: "outlet", RegionCode: ptr("330108"), Lat: ptr(30.208), Lng: ptr(120.212), OpenHours: ptr("8:00-19:00")}},
			{"HZ-YH", inventory.PlaceInput{Code: "O-YH", Name: "余杭网点库", Kind: "outlet", RegionCode: ptr("330110"), Lat: ptr(30.285), Lng: ptr(120.020), OpenHours: ptr("8:30-18:00")}},
			{"HQ", inventory.PlaceInput{Code: "D-HZ", Name: "杭州维修中心", Kind: "depot", RegionCode: ptr("330105"), Lat: ptr(30.331), Lng: ptr(120.161)}},
		}
		for _, e := range c.everybody {
			places = append(places, struct {
				org string
				in  inventory.PlaceInput
			}{e.centre, inventory.PlaceInput{Code: e.van, Name: c.who[e.login].Name + "的车", Kind: "van", EngineerID: &e.id}})
		}
		for _, p := range places {
			if _, err := l.Stock.AddPlace(ctx, p.in, ids[p.org]); err != nil {
				return fmt.Errorf("%s: %w", p.in.Code, err)
			}
		}
		for _, a := range appliances {
			for n, p := range a.parts {
				in := inventory.PartInput{SKU: p.sku, Name: p.name, Unit: "个", PriceMinor: &p.price, WarrantyDays: ptr(90)}
				serial := slices.Contains([]rune(p.flags), 's')
				in.Serialised, in.ReturnOld = &serial, ptr(slices.Contains([]rune(p.flags), 'o'))
				if _, err := l.Stock.AddPart(ctx, in); err != nil {
					return fmt.Errorf("%s: %w", p.sku, err)
				}
				if slices.Contains(unstocked, p.sku) {
					continue
				}
				put := func(kind inventory.MovementKind, from, to *string, quantity int64, serials ...string) error {
					_, err := l.Stock.Move(ctx, by, inventory.MovementInput{Kind: kind, SKU: p.sku, Quantity: quantity, FromPlace: from, ToPlace: to, SerialNumbers: serials})
					if err != nil {
						err = fmt.Errorf("%s: %w", p.sku, err)
					}
					return err
				}
				if serial {
					var pieces []string
					for i := range 8 {
						pieces = append(pieces, fmt.Sprintf("%s-26%04d", p.sku, 100*n+i+1))
					}
					if err := put("receive", nil, ptr("W-HZ"), int64(len(pieces)), pieces...); err != nil {
						return err
					}
					continue
				}
				if err := put("receive", nil, ptr("W-HZ"), 60+c.rnd.Int64N(40)); err != nil {
					return err
				}
				for _, outlet := range []string{"O-XH", "O-BJ", "O-YH"} {
					if err := put("transfer", ptr("W-HZ"), &outlet, 4+c.rnd.Int64N(5)); err != nil {
						return err
					}
				}
				if slices.Contains(storeOnly, p.sku) {
					continue
				}
				for _, e := range c.everybody {
					if slices.Contains(e.skills, a.skill) {
						if err := put("transfer", ptr("W-HZ"), &e.van, 2+c.rnd.Int64N(3)); err != nil {
							return err
						}
					}
				}
			}
		}
		return nil
	})
}

// clientCount is about what three weeks of ordinary work need.
const clientCount = 270

func (c *company) customers(ctx context.Context) (err error) {
	if c.orgIDs, err = c.orgs(ctx); err != nil {
		return err
	}
	for len(c.clients) < clientCount {
		err := c.desk.Keep(ctx, c.who["agent"], func(ctx context.Context, l workorders.Ledgers) error {
			for range min(110, clientCount-len(c.clients)) {
				n := len(c.clients)
				one, err := c.customer(ctx, l, appliances[c.rnd.IntN(len(appliances))], districts[n%len(districts)], n%5 < 3)
				if err != nil {
					return err
				}
				c.clients = append(c.clients, one)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newClient is a customer who turns up with such a device.
func (c *company) newClient(ctx context.Context, device appliance, covered bool) (one client, err error) {
	err = c.desk.Keep(ctx, c.who["agent"], func(ctx context.Context, l workorders.Ledgers) (err error) {
		one, err = c.customer(ctx, l, device, districts[c.named%3], covered)
		return err
	})
	return one, err
}

func (c *company) customer(ctx context.Context, l workorders.Ledgers, device appliance, where district, covered bool) (client, error) {
	by, n := c.who["agent"], c.named
	c.named++
	name := surnames[n%len(surnames)] + givenNames[(n/len(surnames)*7+n*3)%len(givenNames)]
	one := client{name: name, phone: fmt.Sprintf("1380571%04d", 1000+n), device: device, centre: where.centre, covered: covered}
	in := customers.CustomerInput{Name: name, Phone: one.phone, OrgID: c.orgIDs[where.centre]}
	if n%25 == 0 {
		in.Class = "A"
	}
	if n%40 == 7 {
		in.Language = "en"
	}
	made, err := c.desk.AddCustomer(ctx, by, in)
	if err != nil {
		return one, err
	}
	one.id = made.ID
	lat, lng := where.lat+c.rnd.Float64()*.03-.015, where.lng+c.rnd.Float64()*.03-.015
	address := fmt.Sprintf("杭州市%s%s%d号%d幢%d单元%d", where.name, where.streets[c.rnd.IntN(len(where.streets))], 1+c.rnd.IntN(300), 1+c.rnd.IntN(24), 1+c.rnd.IntN(3), 100*(1+c.rnd.IntN(17))+1+c.rnd.IntN(4))
	site, err := l.Customers.AddSite(ctx, by, made.ID, customers.SiteInput{Address: address, RegionCode: where.code, Lat: &lat, Lng: &lng})
	if err != nil {
		return one, err
	}
	one.site = site.ID
	if n%6 == 0 {
		if _, err := l.Customers.AddContact(ctx, by, made.ID, customers.ContactInput{Name: surnames[c.rnd.IntN(len(surnames))] + "女士", Phones: []string{fmt.Sprintf("1370571%04d", 1000+n)}, Role: customers.OnSite, Notes: "白天在家"}); err != nil {
			return one, err
		}
	}
	bought := c.today.AddDays(-7*Weeks - 30 - c.rnd.IntN(250))
	if !covered {
		bought = c.today.AddDays(-900 - c.rnd.IntN(1800))
	}
	asset := customers.AssetInput{SiteID: site.ID, Brand: brands[c.rnd.IntN(len(brands))], Category: device.name, Model: device.models[c.rnd.IntN(len(device.models))],
		SerialNumber: ptr(fmt.Sprintf("%s%02d%06d", map[bool]string{true: "N", false: "G"}[covered], bought.Year()%100, 100000+n)), PurchasedOn: &bought, Proof: ptr("invoice")}
	a, err := c.desk.AddAsset(ctx, by, asset)
	if err != nil {
		return one, err
	}
	one.asset = a.ID
	return one, nil
}
