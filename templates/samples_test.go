package templates

import (
	"net/url"
	"time"
)

var zone = time.FixedZone("CST", 8*3600)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, zone)
}

func chrome(lang, path string) Chrome {
	return Chrome{
		Lang: lang, Zone: zone, Now: at(21, 10, 0), User: "林晓",
		Nav:  []string{"home", "desk", "exceptions", "requests", "orders", "callbacks", "follow-ups", "complaints", "stock", "receipts", "customers", "assets", "figures", "settings"},
		Path: path, Key: "0199a3c4-7d1e-7000-8000-3f5a0c9d1e22",
	}
}

func outside(lang, path string) Chrome {
	c := chrome(lang, path)
	c.User, c.Nav = "", nil
	return c
}

// sample is one page as somebody may see it.
type sample struct {
	name string
	page Page
}

// empties are all pages with nothing in them but their chrome.
func empties(lang string) []Page {
	c := chrome(lang, "/")
	return []Page{
		Login{Chrome: c}, SendAgain{Chrome: c}, Home{Chrome: c}, Requests{Chrome: c}, Intake{Chrome: c}, Request{Chrome: c},
		Orders{Chrome: c}, Visits{Chrome: c}, Order{Chrome: c}, Day{Chrome: c}, Job{Chrome: c}, SheetForm{Chrome: c}, Van{Chrome: c},
		Track{Chrome: c}, Gone{Chrome: c}, FollowUps{Chrome: c}, CallSheet{Chrome: c}, Complaints{Chrome: c},
		Complaint{Chrome: c}, Callbacks{Chrome: c}, Stock{Chrome: c}, Movements{Chrome: c}, Pickups{Chrome: c},
		Shortages{Chrome: c}, Receipts{Chrome: c}, CashUps{Chrome: c}, Invoices{Chrome: c}, Receipt{Chrome: c}, Customers{Chrome: c}, Customer{Chrome: c},
		Assets{Chrome: c}, Asset{Chrome: c}, Figures{Chrome: c}, Settings{Chrome: c}, SettingsUsers{Chrome: c},
		SettingsRegions{Chrome: c}, SettingsSkills{Chrome: c}, SettingsEngineer{Chrome: c}, SettingsImport{Chrome: c}, Parts{Chrome: c}, Places{Chrome: c}, SettingsOrganisations{Chrome: c}, SettingsEngineers{Chrome: c}, SettingsCalendar{Chrome: c}, SettingsTemplates{Chrome: c}, SettingsChecklists{Chrome: c}, Out{Chrome: c},
		SettingsWebhooks{Chrome: c}, API{Chrome: c}, Problem{Chrome: c}, Report{Chrome: c}, Reported{Chrome: c}, Setup{Chrome: c}, Search{Chrome: c}, Plans{Chrome: c}, PlanView{Chrome: c}, KeyHelp{Chrome: c}, Exceptions{Chrome: c}, Schedule{Chrome: c}, Outbox{Chrome: c}, Offline{Chrome: c}, Me{Chrome: c}, Parked{Chrome: c}, Unreconciled{Chrome: c}, Devices{Chrome: c},
		DevicePage{Chrome: c}, MinutesList{Chrome: c}, Minutes{Chrome: c}, Calls{Chrome: c}, SettingsGroups{Chrome: c}, Standards{Chrome: c}, Improvements{Chrome: c}, SettingsFollowUps{Chrome: c}, SettingsMessages{Chrome: c}, Undelivered{Chrome: c}, Notices{Chrome: c},
	}
}

// full are all pages with something in every corner, and the same page again
// where it has a second face.
func full(lang string) []sample {
	contacts := []Person{{Name: "周女士", Phone: "138****2210"}, {ID: "k1", Name: "物业王经理", Phone: "010-6432****", Role: "on_site", Hours: "工作日 9–17 点", Lang: "en", Email: "wang@example.com", DoNotCall: true, Reported: true, AtDoor: true}, {ID: "k2", Name: "租客小刘", Phone: "137****1111", Role: "reporter"}}
	site := Place{"s1", "朝阳区望京西园四区 410 号楼 2 单元 1203", "北京·望京", "东门进，需登记；家中有狗", "工作日 9–18 点", "bj-wj", 39.99, 116.47}
	device := Device{"a1", "格力 壁挂空调 KFR-35GW", "GR35-2024-0912384", "", "2023-06-18", "2023-06-20", "2026-06-18", "none", "保修期已过 5 个月", []string{"保修期内已修 2 次，可办理换货"}}
	regions := []Option{{Value: "bj-wj", Text: "北京·望京"}, {Value: "bj-jxq", Text: "北京·酒仙桥"}}
	engineers := []Option{{Value: "e1", Text: "王伟 A012"}, {Value: "e2", Text: "李芳芳 A031"}}
	parts := []Option{{Value: "R32-500", Text: "R32 制冷剂 500 g"}, {Value: "FAN-35", Text: "室外风机电机 35"}}
	places := []Option{{Value: "WH-BJ", Text: "北京总库"}, {Value: "VAN-A012", Text: "王伟 车载库"}}
	lines := []Line{
		{"inspection", "上门检测费", "", 1, 8000, 8000, false},
		{"labour", "补漏并加注制冷剂", "", 1, 18000, 18000, false},
		{"part", "R32 制冷剂", "R32-500", 1, 12850, 12850, false},
		{"material", "铜管接头", "", 2, 1500, 0, true},
	}
	quote := Quote{
		ID: "q1", Number: "Q-2026-000412", Purpose: "repair", State: "sent", Lines: lines, Total: 38850, Limit: 45000, Deduct: true,
		Terms: "旧件归客户；维修保修 90 天", ValidUntil: at(28, 18, 0), SentAt: at(21, 9, 20), Link: "/c/7Yk2", Allowed: []string{"send", "approve", "decline"},
	}
	agreed := quote
	agreed.ID, agreed.Number, agreed.Purpose, agreed.State, agreed.Allowed = "q0", "Q-2026-000398", "call_out", "approved", nil
	agreed.Lines, agreed.Total, agreed.Limit, agreed.Deduct = lines[:1], 8000, 0, false
	agreed.DecidedAt, agreed.DecidedBy, agreed.How, agreed.Reason = at(20, 17, 40), "周敏", "phone", "希望上午来"
	events := []Event{
		{at(20, 16, 2), "林晓", "", "电话报修：空调不制冷", "", ""},
		{at(20, 16, 30), "林晓", "", "生成工单 WO-2026-000123", "", "done"},
		{at(20, 17, 40), "林晓", "", "客户电话同意上门检测费 ¥80.00", "拨打 138****2210", "done"},
		{at(21, 8, 5), "派工员 赵军", "王伟", "出发前往客户处", "", "travelling"},
		{at(21, 9, 20), "系统", "", "报价已发给客户", "", "onsite"},
		{at(21, 9, 50), "周女士", "", "客户催单", "问什么时候能到", "late"},
	}
	fan := PartLine{"FAN-35", "室外风机电机", "件", 1, 0, "needed", "", "", "2026-11-24"}
	gas := PartLine{"R32-500", "R32 制冷剂", "g", 500, 500, "reserved", "王伟 车载库", "", ""}
	photo := File{"/api/v1/files/f1", "室外机铭牌", true}
	sheet := Sheet{
		ID: "sh1", Version: 2, SubmittedAt: at(20, 18, 55), Engineer: "王伟", Outcome: "need_parts", Fault: "F03 不制冷", Cause: "C11 风机电机卡死",
		Action: "A07 更换风机电机", Notes: "电机轴承卡死，已断电，等备件到货。", Work: 50, Travel: 22, ArrivedAt: at(20, 17, 55), FinishedAt: at(20, 18, 45),
		Parts: []PartLine{gas}, Needed: []PartLine{fan}, Signer: "周敏", Unsigned: "", Photos: []File{photo}, Marks: []string{"补录"}, EnteredBy: "林晓", Incident: "搬机时碰裂一块地砖 · 同意赔付 80 元", Acceptance: "有条件合格 · 周敏 · 支架补漆", Installed: []string{"KFR-35GW · GR35-1 · 客厅"}, Allowed: []string{"verify", "correct"},
	}
	visit := Visit{
		ID: "v1", State: "accepted", Engineer: "王伟", Staff: "A012", Helpers: []string{"李强"}, StartsAt: at(21, 10, 30), EndsAt: at(21, 12, 0),
		WindowFrom: at(21, 10, 0), WindowTo: at(21, 12, 0), ConfirmedAt: at(20, 17, 42), AcceptBy: at(20, 18, 0), Late: true, Moves: 1,
		Override: "客户指定工程师", Allowed: []string{"accept", "depart", "arrive", "start", "pause", "resume", "confirm", "reschedule", "decline"},
	}
	done := Visit{
		ID: "v0", State: "finished", Engineer: "王伟", Staff: "A012", StartsAt: at(20, 17, 30), EndsAt: at(20, 19, 0), WindowFrom: at(20, 17, 0), WindowTo: at(20, 19, 0),
		DepartedAt: at(20, 17, 30), ArrivedAt: at(20, 17, 55), FinishedAt: at(20, 18, 45), Outcome: "need_parts",
	}
	candidates := []Candidate{
		{"e2", "李芳芳", "A031", true, 92, at(21, 13, 0), at(21, 14, 30), 12, []SeenPart{{"R32-500", 500, 1500, ""}},
			[]Reason{{"distance", "good", "1.8 km"}, {"skill", "good", "制冷 3 级"}, {"load", "neutral", "今日 7 单"}}},
		{"e3", "周勇", "A044", true, 81, at(21, 14, 0), at(21, 15, 30), 26, []SeenPart{{"R32-500", 500, 0, "北京总库"}},
			[]Reason{{"distance", "bad", "9.4 km"}, {"skill", "good", "制冷 2 级"}}},
		{"e4", "王芳静", "A051", false, 0, time.Time{}, time.Time{}, 0, nil, []Reason{{"skill", "refuse", "没有制冷技能"}}},
		{"e5", "刘强", "A052", false, 0, time.Time{}, time.Time{}, 0, nil, []Reason{{"shift", "refuse", "今天休息"}, {"region", "refuse", "不在望京"}}},
	}
	pickup := Pickup{"p1", "ready", "北京总库", "王伟", "WO-2026-000123", at(21, 9, 30), []PartLine{fan}, []string{"ready", "hand-over", "receive", "cancel"}}
	custody := Custody{ID: "c1", Number: "DV-2026-000031", State: "received", Device: "格力空调 室外机主板", Serial: "GR-88213", Accessories: "电源线、遥控器", Condition: "外壳轻微划痕", Faults: "后盖缺一颗螺丝", DataConsent: true, Value: 180000, Holder: "维修中心",
		TakenAt: at(20, 19, 0), ReturnOn: "2026-11-27", Days: 34, Photos: []File{photo}, Loaner: "移动空调 LOAN-7", LoanerDue: "2026-11-27", Hands: []Hand{{at(20, 19, 0), "客户", "工程师", "王伟", "", false}, {at(21, 9, 0), "工程师", "维修中心", "孙师傅", "放二号架", true}},
		Allowed: []string{"receive", "move", "return", "scrap", "loaner-back", "diagnose", "quote", "approve", "refuse", "repair", "test", "ready"}}
	receipt := ReceiptRow{"R-2026-000087", "part_paid", at(20, 19, 0), "WO-2026-000123", "周敏", 38850, 20000, "王伟", 12}
	papers := []Paper{{"work-order", "/orders/WO-2026-000123/papers/work-order.pdf", ""}, {"repair-sheet", "/orders/WO-2026-000123/papers/repair-sheet.pdf", "/orders/WO-2026-000123/papers/repair-sheet.pdf?reprint=1"}, {"quote", "/orders/WO-2026-000123/papers/quote.pdf", ""}, {"settlement", "/orders/WO-2026-000123/papers/settlement.pdf", ""}}
	earlier := []Link{{"/orders/WO-2025-004410", "WO-2025-004410 漏水", "order", "closed"}}
	complaint := Link{"/complaints/k1", "K-2026-0007", "complaint", "registered"}
	followUp := Link{"/follow-ups/f1", "11月23日", "follow_up", "scheduled"}
	customer := Link{Path: "/customers/c1", Text: "周敏"}

	order := Order{
		Chrome: chrome(lang, "/orders/WO-2026-000123"), Number: "WO-2026-000123", State: "ready", Hold: "parts", HoldReason: "等风机电机", HoldUntil: at(24, 9, 0),
		Kind: "repair", Mode: "on_site", Priority: 2, Summary: "空调不制冷，室外机不转", Description: "昨天下午开始不凉，外面那个风扇不转，有嗡嗡声。", Told: "上门检测费 80 元",
		CreatedAt: at(20, 16, 30), Minutes: 90, WindowFrom: at(21, 10, 0), WindowTo: at(21, 12, 0), Skills: []string{"制冷 2 级"}, Chases: 2, Marks: []string{"备件已到", "返修"},
		Clocks:   Clocks{ContactBy: at(20, 18, 0), ArriveBy: at(21, 10, 40), FixBy: at(21, 9, 30), ContactAt: at(20, 17, 42), Paused: true},
		Customer: customer, Contacts: contacts, Site: site, Device: device, Request: Link{"/requests/RQ-2026-000201", "RQ-2026-000201", "request", "converted"},
		Partner: "京北服务商", HandOverTo: "津门服务商", Follow: []Link{followUp}, Complaints: []Link{complaint}, Earlier: earlier,
		Visits: []Visit{done, visit}, Candidates: candidates, Parts: []PartLine{gas, fan}, Pickups: []Pickup{pickup}, Quotes: []Quote{agreed, quote}, Sheets: []Sheet{sheet},
		OldParts: []OldPart{{"o1", "FAN-35", "室外风机电机", "FM-0091", "2026-11-27", "old_due", []string{"receive", "keep", "write_off", "scrap", "send"}}}, ShareLink: "/c/7Yk2",
		Custody: []Custody{custody}, AtCounter: true, Receipt: &receipt, Events: events, Files: []File{photo, {"/api/v1/files/f2", "发票.pdf", false}}, Papers: papers,
		Callbacks: []Link{{"/callbacks", "备件已到", "callback", "open"}}, Engineers: engineers, PartChoices: parts, Organisations: []Option{{Value: "jb", Text: "京北服务商"}},
		Allowed: []string{"approve", "unassign", "confirm-end", "coverage", "share", "assign", "hold", "resume", "cancel", "close", "reopen", "convert", "quotes", "receipt", "payments", "conversations", "sheet", "hand-over", "hand-over-answer", "custody", "callbacks", "amend", "revoke", "original", "hand-over-withdraw"},
		Wanted:  "e2", Unwanted: "e3", Payer: Link{Path: "/customers/c9", Text: "望京物业"}, Trips: []Option{{Value: "v7", Text: "WO-2026-000124 · 王伟 · 10:30–12:00"}}, Codes: [3][]Option{{{Value: "F03", Text: "F03 不制冷"}}, {{Value: "C11", Text: "C11 风机电机卡死"}}, {{Value: "A07", Text: "A07 更换风机电机"}}}, Original: "售后部", OriginalAt: at(22, 9, 0),
	}
	order.Flash = Flash{Text: Done(lang, "assign")}
	wrong := order
	wrong.Flash = Flash{Bad: true, Text: "李芳芳 13:00–14:30 已有上门", Allowed: []string{"14:30–16:00", "改派周勇"}}
	wrong.Posted = Posted{"assign", url.Values{"engineer_id": {"e2"}, "starts_at": {"2026-11-21T13:00"}}, map[string]string{"starts_at": "这段时间已有上门", "override_reason": "请写明特批原因"}}

	stop := Stop{
		VisitID: "v1", OrderNumber: "WO-2026-000123", State: "accepted", StartsAt: at(21, 10, 30), EndsAt: at(21, 12, 0), WindowFrom: at(21, 10, 0), WindowTo: at(21, 12, 0),
		Kind: "repair", Priority: 2, Summary: "空调不制冷，室外机不转", Customer: "周女士", Phone: "13810102210", Address: site.Address, AccessNotes: site.AccessNotes,
		OpenHours: "工作日 9–18 点", Lat: 39.99, Lng: 116.47, Warnings: []string{"重点客户"}, MapPath: "/m/orders/WO-2026-000123/map", Parts: []PartLine{gas, fan}, Chases: 1, Late: true, Allowed: []string{"accept", "depart", "arrive", "start", "pause", "resume", "decline", "sheet", "quotes"},
	}
	second := stop
	second.VisitID, second.OrderNumber, second.State, second.Summary, second.Customer, second.StartsAt, second.EndsAt = "v2", "WO-2026-000131", "dispatched", "洗衣机漏水", "李先生", at(21, 13, 30), at(21, 15, 0)
	phone := func(path string) Chrome {
		c := chrome(lang, path)
		c.User, c.Nav = "王伟", []string{"m"}
		return c
	}
	job := Job{
		Chrome: phone("/m/orders/WO-2026-000123"), Stop: stop, Description: order.Description, Told: order.Told, Contacts: contacts[1:], Region: site.Region, Device: device,
		Earlier: []Event{{At: at(2, 15, 0), Actor: "李芳芳", Text: "加注制冷剂"}}, Files: []File{photo}, FeeAgreed: "检测费 ¥80.00", Quotes: []Quote{quote},
		Marks: []string{"返修"}, Pickups: []Pickup{pickup}, Checks: []CheckItem{{"leak", "检漏 · 必查", true}}, Sheets: []Sheet{sheet}, Papers: papers, PartChoices: parts,
	}
	wish := Wish{"w1", "王伟", "VAN-A012", "", "asked", []PartLine{{SKU: "FAN-35", Name: "FAN-35", Quantity: 2}}, "另要扎带", true, at(21, 8, 0), ""}
	ready := wish
	ready.State, ready.From = "ready", "WH-BJ"
	usual := []Finding{{"F03", "C11", "A07", "不制冷 F03", "风机电机卡死 C11", "更换风机电机 A07", 12, []string{"室外风机电机 35"}}}
	job.Similar, job.FirstAid, job.About = usual, []string{"不制冷 F03: 先清洗滤网"}, "家中有老人，请按门铃两次"
	form := SheetForm{
		Chrome: phone("/m/orders/WO-2026-000123/sheet"), Number: "WO-2026-000123", Summary: order.Summary, Customer: "周女士", Device: device, VisitID: "v1",
		IdempotencyKey: "0199a3c4-7d1e-7000-8000-3f5a0c9d1e23", Outcome: "done",
		FaultCodes: []Option{{Value: "F03", Text: "F03 不制冷"}}, CauseCodes: []Option{{Value: "C11", Text: "C11 风机电机卡死"}}, ActionCodes: []Option{{Value: "A07", Text: "A07 更换风机电机"}},
		Parts:       []VanPart{{SKU: "R32-500", Name: "R32 制冷剂", Unit: "g", OnHand: 1500, Reserved: 500}, {SKU: "TIE", Name: "扎带", Unit: "根", OnHand: 30}, {SKU: "FAN-35", Name: "室外风机电机 35", Unit: "件", OnHand: 1, Reserved: 1, Place: "WH-BJ", Serialised: true, Agreed: 1, Price: 26000, Serials: []string{"SN-1", "SN-2"}}},
		PartChoices: parts, Checks: []CheckItem{{"leak", "检漏", true}, {"ground", "接地电阻", false}}, WorkMinutes: 50, TravelMinutes: 22, ArrivedAt: at(21, 10, 35), FinishedAt: at(21, 11, 25),
	}
	form.Kind, form.ReturnOn, form.Presets, form.Needs, form.Chargeable, form.Quoted, form.Limit, form.ToPay, form.Methods = "repair", "2026-11-28", usual, `{"done":["fault_code","signature"]}`, true, 34000, 40000, 34000, []string{"cash"}
	clerk := form
	clerk.Custody = true
	clerk.Install, clerk.Clerk, clerk.Outcomes, clerk.Outcome = true, true, []string{"done", "need_parts", "taken_to_depot"}, "need_parts"
	clerk.Visits = []Option{{Value: "v1", Text: "11月21日 10:30 王伟"}}
	clerk.Posted = Posted{"sheet", url.Values{"outcome": {"need_parts"}, "notes": {"等备件"}, "part_quantity": {"0", "2"}}, map[string]string{"fault_code": "请选择故障现象", "signature": "请客户签字，或写明原因"}}

	track := Track{
		Chrome: outside(lang, "/c/7Yk2"), Token: "7Yk2", Number: "WO-2026-000123", Summary: order.Summary, Device: device.Name, Steps: five(3), State: "in_progress",
		WindowFrom: at(21, 10, 0), WindowTo: at(21, 12, 0), Confirmed: true, Engineer: "王师傅 A012", Hotline: "400-810-0000", Company: "华北家电服务中心",
		Quote: &quote, Papers: papers[2:3], DayChoices: []Option{{Value: "2026-11-22", Text: "11月22日 周日"}},
	}
	able := track
	able.Courtesies, able.LeftAlone = true, true
	able.Allowed, able.Quote = []string{"confirm", "reschedule", "cancel", "chase", "sign", "rate"}, nil
	able.Done = SeenSheet{Number: "RS-2026-000032", Outcome: "done", FinishedAt: at(21, 11, 25)}
	bothered := track
	bothered.Courtesies = true
	paid := receipt
	paid.State, paid.Paid = "paid", paid.Total
	finished := track
	finished.Steps, finished.State, finished.Quote, finished.Receipt, finished.Papers, finished.Warranty, finished.Decided = five(4), "completed", &agreed, &paid, papers[1:], "2027-02-19", "approve"
	finished.Done, finished.Rating = SeenSheet{"RS-2026-000031", "done", at(21, 11, 25), []string{"室外风机电机 35 × 1"}, "周敏"}, SeenRating{true, 5, 4, "师傅很准时"}
	finished.Devices = []SeenDevice{{"CU-2026-000004", "格力 主板", "遥控器", "外壳有划痕", at(18, 9, 0), "2026-11-25", time.Time{}}, {"CU-2026-000003", "格力 遥控器", "电池", "完好", at(10, 9, 0), "2026-11-12", at(12, 9, 0)}}
	printed := finished
	printed.Printed, printed.Lines = true, lines
	asked := Track{Chrome: outside(lang, "/c/9Zk3"), Token: "9Zk3", Number: "SR-2026-000212", Summary: "热水器点不着火", Steps: five(0), Company: "华北家电服务中心", Hotline: "400-810-0000",
		Request: Reporting{"answered", at(22, 9, 40), at(21, 10, 0), "更换电池"}, Allowed: []string{"withdraw", "verify"}}
	held := track
	held.State, held.Hold, held.QuoteGone, held.Steps, held.Decided = "on_hold", "parts", true, five(1), "decline"

	row := OrderRow{"WO-2026-000123", "repair", 2, "on_hold", "parts", "周敏", "北京·望京", "空调不制冷，室外机不转", "格力 KFR-35GW", "王伟", at(21, 10, 30), at(21, 10, 40), 2}
	rows := []OrderRow{row, {"WO-2026-000131", "repair", 1, "ready", "", "李先生", "北京·酒仙桥", "洗衣机漏水", "海尔 XQG80", "", time.Time{}, at(21, 9, 48), 0},
		{"WO-2026-000132", "install", 3, "assigned", "", "王女士", "北京·亚运村", "安装热水器", "", "李芳芳", at(22, 9, 0), at(23, 18, 0), 0},
		{"WO-2026-000133", "maintain", 4, "completed", "", "三里屯小学", "北京·三里屯", "打印机保养", "", "周勇", at(20, 9, 0), time.Time{}, 0}}
	requests := []RequestRow{{"RQ-2026-000211", "received", "repair", "phone", "赵先生", "热水器点不着火", at(21, 9, 40), at(22, 9, 40), "maker", 1, "林晓", ""},
		{"RQ-2026-000210", "triaged", "consult", "web", "陈女士", "怎样清洗滤网", at(20, 9, 0), at(21, 9, 0), "", 0, "→ 赵军", "陈女士"},
		{"RQ-2026-000201", "converted", "repair", "phone", "周敏", "空调不制冷", at(20, 16, 2), time.Time{}, "none", 0, "林晓", ""}}
	known := Known{ID: "c1", Name: "周敏", Phone: "138****2210", Class: "A", Nuisance: "2026-12-01", Notes: "先打电话", Sites: []Option{{Value: "s1", Text: site.Address, Selected: true}, {Value: "s2", Text: "海淀区中关村大街 1 号"}}, Devices: []IntakeDevice{{device, "s1", true}}, People: []Option{{Value: "k1", Text: "物业王经理 现场联系人"}}, Reporter: "k1",
		Open: []OpenCase{{Link{"/orders/WO-2026-000123", "WO-2026-000123 空调不制冷", "order", "in_progress"}, "WO-2026-000123", true, at(21, 14, 0), 2}}, Repairs: []PastCase{{earlier[0], at(1, 9, 0), "王伟"}}}
	proposed := IntakeJob{Possible: true, Own: true, Category: "空调", Template: true, Coverage: "none", CoverageWhy: "保修期已过 5 个月", Charged: true, Minutes: 60, Priority: 3, Skills: []Option{{Value: "cooling", Text: "制冷", Selected: true}},
		Parts: []PartLine{{SKU: "FAN-35", Quantity: 1}}, PartChoices: parts, Slots: []IntakeSlot{{"e1 a b", "王伟", at(21, 14, 0), at(21, 15, 0), "车上有 FAN-35", true}}}
	attempts := []Attempt{{at(20, 10, 0), "陈静", "no_answer", 0, 0, "", ""}, {at(20, 15, 0), "陈静", "reached", 4, 2, "修得快，但机器老坏。", "complaint"}}
	stock := []StockRow{{"R32-500", "R32 制冷剂", "g", "WH-BJ", "北京总库", "good", 12000, 500, 11500}, {"FAN-35", "室外风机电机 35", "件", "VAN-A012", "王伟 车载库", "good", 2, 1, 1}, {"FAN-35", "室外风机电机 35", "件", "WH-BJ", "北京总库", "defective", 1, 0, 0}}

	asset := Asset{Chrome: chrome(lang, "/assets/a1"), Device: device, Customer: customer, Site: site, ProducedOn: "2023-04-01", Proof: "invoice", Repairs: 2, Events: events[:3], Orders: earlier, Label: "/assets/a1/label.pdf", MayLabel: true, MayEdit: true, Brand: "格力", Category: "壁挂空调", Model: "KFR-35GW", Typed: "2027-06-18"}
	asset.Device.Plate = "京A·12345"

	request := Request{chrome(lang, "/requests/RQ-2026-000211"), "r1", "RQ-2026-000211", "received", "repair", "phone", "热水器点不着火", "打火有声音，没火。", "上门检测费 80 元", at(21, 9, 40), "林晓", at(22, 9, 40), time.Time{}, "更换电池", customer, contacts, site, device, earlier, earlier, events, []File{photo}, []Option{{Value: "gas", Text: "燃气", Selected: true}, {Value: "cool", Text: "制冷"}}, parts, proposed.Parts, []Option{{Value: "F03", Text: "F03 不制冷"}}, regions, 60, 3, []string{"triage", "reply", "answer", "work-order", "conversations", "customer"}, Care{"林晓", "赵军", "订单组", []Option{{Value: "orders", Text: "订单组", Selected: true}}, true, true, []Option{{Value: "u2", Text: "赵军"}}, "technical", "主板是否批次问题", true, "点火针易老化", "研发部", true}}
	answered := request
	answered.State, answered.RepliedAt, answered.Allowed, answered.Duplicates = "answered", at(21, 9, 44), nil, nil
	better := []ImprovementRow{{"i1", "CA-2026-000001", "corrective", "open", "风机电机批次不良，通知供应商", "质量部", "赵主管", "2026-11-20", true, Link{Path: "/complaints/k1", Text: "K-2026-0007"}, "", "上次换的同批次", 1, []string{"do", "decline"}, "空调 海尔 KFR-35GW", []string{"F01 / C01 / A01", "F01"}, 2},
		{"i2", "CA-2026-000002", "suggestion", "done", "周末也能上门", "客服部", "", "2026-11-28", false, Link{}, "已排周六班", "", 0, []string{"verify"}, "", nil, 0}}
	grave := Complaint{chrome(lang, "/complaints/k1"), "k1", "K-2026-0007", "investigating", "complaint", 2, 2, "返修", "机器修了两次还是坏", "phone", at(20, 15, 0), at(21, 15, 0), time.Time{}, "赵主管", "王伟", "免费更换主板", "电话核实，确为同一故障", customer, contacts, earlier[0], followUp, events, []string{"reply", "verify", "propose", "accept", "refuse", "evidence", "escalate", "close"}, "已当面致歉", "parts", true, better[:1], true, "/complaints/k1/reply-letter.pdf", at(26, 15, 0),
		[]EvidenceRow{{"/complaints/k1/evidence/x1", "文件", "室外机铭牌", true, at(20, 17, 0), "赵主管"}, {"", "会议记录 MM-2026-000003", "", false, at(20, 18, 0), "赵主管"}}, true, []Link{{Path: "/minutes/m1", Text: "MM-2026-000003"}}}
	closed := grave
	closed.State, closed.RepliedAt, closed.Allowed, closed.Level = "closed", at(20, 16, 0), nil, 1
	calendar := SettingsCalendar{chrome(lang, "/settings/calendar"), 2027, []Option{{Value: "2026", Text: "2026"}, {Value: "2027", Text: "2027"}}, false, []DayRow{{"2027-02-06", "春节", false}, {"2027-02-20", "春节调休", true}}, true}
	year := calendar
	year.Year, year.Known = 2026, true

	ended := Held{"/orders/WO-2026-000123/hold", "/orders/WO-2026-000123", []Option{{Value: "reason", Text: "等客户从外地回来"}, {Value: "reason_code", Text: "customer"}}, []string{"等客户从外地回来"}, true, "0199a3c4"}

	return []sample{
		{"login", Login{outside(lang, "/login"), "dispatcher", "/orders", true, Held{}, []DemoLogin{{"dispatcher", []string{"dispatcher"}}, {"agent", []string{"agent", "clerk", "cashier"}}, {"engineer1", []string{"engineer"}}, {"caller", []string{"caller"}}, {"stock", []string{"stock"}}, {"manager", []string{"manager", "lead", "complaints", "technical", "auditor"}}}, "paigong-demo"}},
		{"login-held", Login{Chrome: outside(lang, "/login"), Held: ended}},
		{"held", SendAgain{chrome(lang, "/login"), ended}},
		{"settings-regions", SettingsRegions{chrome(lang, "/settings/regions"), "望", "bj", "/settings/regions", "/settings/regions?all=1", []RegionRow{{"/settings/regions?code=bj-wj#edit", "bj-wj", "望京", "北京 望京", "", "", true, 4, "/settings/regions?parent=bj-wj"}, {"/settings/regions?code=bj-old#edit", "bj-old", "崇文区", "北京 崇文区", "2010-07-01", "bj-dc", false, 0, "/settings/regions?parent=bj-old"}}, "/settings/regions?cursor=x",
			RegionForm{true, "bj-wj", "望京", "bj", "2027-01-01", "bj-cy", "40.01, 116.45\n40.01, 116.49\n39.98, 116.48"}, Scheme{[]MapArea{{"40,40 160,40 140,120", "望京", 113, 66}}, []MapDot{{90, 70, "engineer", "王伟", ""}}}, SchemeFrame{"116.4", "40.05", "2000", "2600"}, true}},
		{"settings-skills", SettingsSkills{chrome(lang, "/settings/skills"), []SkillRow{{"cooling", "制冷", 12}, {"gas", "燃气", 0}}, true}},
		{"settings-engineer", SettingsEngineer{chrome(lang, "/settings/engineers/e1"), "e1", 3, "王伟", "A012", "13800138000", "bj-wj, bj-jxq", "bj-cy", []string{"北京 望京", "北京 酒仙桥"}, []AbilityRow{{"cooling", "制冷", 3}, {"gas", "燃气", 0}}, "39.99", "116.47", 8, true, regions, regions, "王伟 车载库 VAN-A012", "", true}},
		{"settings-engineer-new", SettingsEngineer{Chrome: chrome(lang, "/settings/engineers/new"), MaxVisits: 12, VanPath: "/stock/places?engineer=e1#edit", ID: "e1", Organisations: regions}},
		{"settings-engineer-new2", SettingsEngineer{Chrome: chrome(lang, "/settings/engineers/new"), MaxVisits: 12, Organisations: regions, MayEdit: true, Abilities: []AbilityRow{{"gas", "燃气", 0}}}},
		{"settings-import", SettingsImport{Chrome: chrome(lang, "/settings/import"), Kinds: []ImportKind{{"parts", []string{"备件编码", "名称"}, []string{"单位", "单价"}, "/settings/import/example.csv?kind=parts"}}, Options: []Option{{Value: "parts", Text: "备件目录"}}}},
		{"settings-import-looked", SettingsImport{Chrome: chrome(lang, "/settings/import"), Kind: "parts", Name: "备件.csv", Content: "编码,名称\nFAN-35,电机\nX,\n", Rows: 2, Head: []string{"编码", "名称"}, Sample: [][]string{{"FAN-35", "电机"}, {"X", ""}},
			Columns: []ImportColumn{{"sku", "备件编码", true, []Option{{Value: "编码", Text: "编码", Selected: true}, {Value: "名称", Text: "名称"}}}}, Dates: "YYYY-MM-DD", List: ";", Looked: &ImportResult{1, 3, 1, 1, []ImportRow{{3, "名称：没有填写", []string{"X", ""}}}, "line,reason,编码,名称\n3,名称：没有填写,X,\n"}}},
		{"settings-import-taken", SettingsImport{Chrome: chrome(lang, "/settings/import"), Kind: "parts", Name: "备件.csv", Content: "x", Taken: &ImportResult{New: 1, Changed: 1}, Next: "/stock/parts"}},
		{"parts", Parts{chrome(lang, "/stock/parts"), "电", true, []PartRow{{"/stock/parts?edit=p1#edit", "FAN-35", "室外风机电机", "件", 12850, true, "90", true, true, false}, {"/stock/parts?edit=p2#edit", "OLD-1", "旧款电容", "件", 0, false, "", false, false, true}}, "/stock/parts?cursor=x", PartForm{"p1", 2, "FAN-35", "室外风机电机", "件", "128.50", "90", true, true, false}, true, true}},
		{"parts-new", Parts{Chrome: chrome(lang, "/stock/parts"), MayEdit: true, Edit: PartForm{Unit: "件"}}},
		{"places", Places{chrome(lang, "/stock/places"), []PlaceRow{{"/stock/places?edit=WH-BJ#edit", "WH-BJ", "北京总库", "warehouse", "北京中心", "北京", "", "8:30–17:30", false, false, true}, {"/stock/places?edit=VAN#edit", "VAN-A012", "王伟 车载库", "van", "北京中心", "", "王伟 A012", "", true, true, false}, {"/stock/places?edit=OUT#edit", "OUT-1", "望京网点", "outlet", "北京中心", "", "", "", false, false, false}}, "/stock/places?cursor=x", PlaceForm{true, 1, "WH-BJ", "北京总库", "warehouse", "bj", "", "39.95", "116.40", "8:30–17:30", false}, engineers, regions, true}},
		{"places-new", Places{Chrome: chrome(lang, "/stock/places"), MayEdit: true, Edit: PlaceForm{Kind: "van", Engineer: "e1"}, Engineers: engineers}},
		{"home", Home{chrome(lang, "/"), []string{"dispatcher", "agent"}, []Tile{{"requests_open", 3, "/requests", false}, {"orders_ready", 14, "/orders", false}, {"orders_late", 2, "/orders", true}, {"on_hold", 0, "/orders", true}, {"visits_today", 37, "/orders", false}, {"callbacks_due", 5, "/callbacks", false}},
			[]Short{{"orders_ready", []ShortRow{{"/orders/WO-2026-000131", "WO-2026-000131", "洗衣机漏水", "李先生 · 北京·酒仙桥", "order", "ready", at(21, 9, 48)}, {"/orders/WO-2026-000123", "WO-2026-000123", "空调不制冷，室外机不转", "周敏 · 北京·望京", "order", "on_hold", at(21, 10, 40)}}, "/orders?state=ready"}, {"complaints_open", nil, "/complaints"}}, true}},
		{"requests", Requests{chrome(lang, "/requests"), RequestFilter{"received", "赵", "orders", "letter", true}, requests, "/requests?cursor=x", true, []Option{{Value: "orders", Text: "订单组"}}, "/requests?format=csv"}},
		{"intake", Intake{Chrome: chrome(lang, "/desk/intake"), Q: "13810102210", Looked: true, Known: &known, Regions: regions, Kind: "repair", Site: "s1", Job: proposed, Began: "2026-11-21T02:00:00Z"}},
		{"intake-found", Intake{Chrome: chrome(lang, "/desk/intake"), Q: "1381010", Looked: true, Found: []Known{known}, Regions: regions}},
		{"intake-new", Intake{Chrome: chrome(lang, "/desk/intake"), Q: "1381010", Looked: true, Regions: regions, Fresh: true, Kind: "consult", Region: "bj-wj", Category: "空调"}},
		{"request", request},
		{"request-answered", answered},
		{"orders", Orders{chrome(lang, "/orders"), OrderFilter{"ready", "bj-wj", "e1", "空调"}, regions, engineers, rows, "/orders?cursor=x", []Option{{Value: "late", Text: "已超时", Selected: true}}, "/orders?format=csv"}},
		{"visits", func() Page {
			v := Visits{chrome(lang, "/visits?day=2026-11-21"), "2026-11-21", []View{{"/visits?days=1", "1", true}, {"/visits?days=7", "7", false}}, "e1", engineers, "accepted", true, []VisitRow{{"WO-2026-000123", "周敏", "空调不制冷", "王伟 A012", "望京", "accepted", at(21, 10, 30), at(21, 12, 0), 2, true, false, false}, {"WO-2026-000124", "李先生", "洗衣机漏水", "李芳芳 A031", "酒仙桥", "finished", at(21, 8, 30), at(21, 9, 30), 3, false, true, true}}, 500, "/visits?format=csv", "/papers/day-sheets.pdf?day=2026-11-21"}
			v.Saved = []View{{"/visits?unasked=true", "未确认", true}, {"/visits?days=7", "本周", false}}
			return v
		}()},
		{"order", order},
		{"order-refused", wrong},
		{"day", Day{phone("/m"), "2026-11-21", "/m?day=2026-11-20", "/m?day=2026-11-22", "2026-11-22", "today", []StopsOn{{"2026-11-21", []Stop{stop, second}}}, []Pickup{pickup}, "A012", []Person{{Name: "派工台", Phone: "010-64320000"}}, []string{"/m?day=2026-11-22"}}},
		{"day-week", Day{Chrome: phone("/m?span=week"), Day: "2026-11-21", View: "week", Shown: []StopsOn{{"2026-11-21", []Stop{stop}}, {"2026-11-22", nil}}}},
		{"job", job},
		{"sheet", form},
		{"sheet-clerk", clerk},
		{"van", Van{phone("/m/van"), "VAN-A012", stock[:2], []Pickup{pickup}, parts, places, []Wish{wish, ready}}},
		{"me", Me{phone("/m/me"), "王伟", "A012", "/m/me/calendar.ics", []OwnAbsence{{"sick", "requested", "11月21日 08:00", "11月22日 00:00", "发烧"}}, true, []CashOfDay{{"2026-11-20", 38850}, {"2026-11-21", 8000}}, "BNbR4b2HnkeRPTmGyHMd3cyp-ZsmM_jb1qT9OQbRyjMoDd2hgFaRmFhyzAxi8XqWmJBSDhb7C7iAOMOzN6yPvnU"}},
		{"parked", Parked{chrome(lang, "/desk/parked"), []ParkedRow{{"k1", "WO-2026-000123", "空调不制冷", "王伟", "sheet", "", "done", "F03 → C11 → A07", "已更换", []PartLine{{SKU: "FAN-35", Quantity: 1}}, 2, true, at(21, 10, 0), at(21, 12, 0), "上门当前状态不能这样操作"}, {"k1", "WO-2026-000131", "洗衣机漏水", "王伟", "step", "arrive", "", "", "", nil, 0, false, at(21, 9, 0), at(21, 12, 0), "上门当前状态不能这样操作"}}}},
		{"offline", Offline{phone("/m/x")}},
		{"track", track},
		{"track-done", finished},
		{"track-held", held},
		{"gone", Gone{outside(lang, "/c/x"), true, "400-810-0000"}},
		{"follow-ups", FollowUps{chrome(lang, "/follow-ups"), "2026-11-21", "due", "陈静", []Option{{Value: "陈静", Text: "陈静"}}, []FollowUpRow{{"f1", "due", "after_visit", "2026-11-20", "2026-11-20", "2026-11-23", "WO-2026-000119", "周敏", "空调不制冷", "陈静", 1, at(21, 15, 0), true}, {"f2", "attempted", "after_answer", "2026-11-21", "2026-11-21", "2026-11-21", "WO-2026-000118", "李先生", "洗衣机", "陈静", 2, time.Time{}, false}}, "/follow-ups?cursor=x", "/follow-ups/papers.pdf?due_on=2026-11-21", "/follow-ups/register.pdf", "/follow-ups?assignee=u1", []CallerRow{{"u1", "陈静", 12, 2, 5, 40, ""}, {"u2", "刘洋", 0, 0, 0, 30, "2026-11-25"}}, true}},
		{"calls", Calls{chrome(lang, "/calls"), "answered", true, []CallRow{{at(21, 9, 0), at(21, 9, 4), "in", "phone", "周敏", "138****2210", "问保修期", "transferred", "已说明", "财务部", true, "林晓", []Link{{Path: "/requests/RQ-2026-000211", Text: "RQ-2026-000211"}}}}, "/calls?cursor=x", true, "周敏", "13812342210", "c1", "r1", "2026-11-21T02:00:00Z", engineers}},
		{"settings-groups", SettingsGroups{chrome(lang, "/settings/groups"), []GroupRow{{"orders", "订单组", 4, 1, []string{"repair"}, []MemberRow{{"u1", "林晓", "technical", 2}}}}, []Option{{Value: "orders", Text: "订单组"}}, engineers, true}},
		{"standards", Standards{chrome(lang, "/settings/standards"), []HoursRow{{"1", "08:00", "18:00"}, {"7", "", ""}}, []SeverityRow{{"4", 72}}, []TargetRow{{"A", "repair", 1, "30 分钟", "4 小时", "24 小时"}, {"", "", 3, "2 小时", "2 天", "3 天"}}, []KindRow{{"after_visit", "完工回访", 2, 3}}, []LadderRow{{"reply", []RungRow{{"到期前 4 小时", "desk"}, {"到期时", "manager"}}}}, []VersionRow{{3, at(20, 9, 0), "赵主管", "complaint_targets", "4", []string{"hours 72 → 48"}}}, "/settings/standards?cursor=x", true}},
		{"minutes-list", MinutesList{chrome(lang, "/minutes"), "c1", "r1", "k1", []MinutesRow{{"m1", "MM-2026-000003", at(20, 14, 0), "周敏；客服部 赵主管", "客户来访，要求换机", []Link{{Path: "/customers/c1", Text: "周敏"}}, 2}}, "/minutes?cursor=x", true, engineers}},
		{"minutes", Minutes{chrome(lang, "/minutes/m1"), "MM-2026-000003", at(20, 14, 0), "接待室", "周敏；客服部 赵主管", []string{"客户来访，要求换机"}, []Link{{Path: "/customers/c1", Text: "周敏"}}, better, "林晓", "/minutes/m1/minutes.pdf"}},
		{"improvements", Improvements{chrome(lang, "/improvements"), "open", "corrective", better, true}},
		{"settings-follow-ups", SettingsFollowUps{chrome(lang, "/settings/follow-ups"), []KindRow{{"after_visit", "完工回访", 2, 3}, {"7dc", "7DC 回访", 7, 10}}, "after_visit", "您好\n您满意吗？", "Good day\nAre you satisfied?", 3, []string{"service", "product", "on_time"}, []CampaignRow{{"大客户季度回访", "phone", 40, 31, "4.6", "2027-01-20"}}, []CallerRow{{"u1", "陈静", 12, 2, 5, 40, "2026-11-25"}}, true, true}},
		{"call-sheet", CallSheet{Chrome: chrome(lang, "/follow-ups/f1"), ID: "f1", State: "attempted", Kind: "after_visit", DueOn: "2026-11-21", From: "2026-11-20", To: "2026-11-23", Order: Link{"/orders/WO-2026-000119", "WO-2026-000119", "order", "completed"}, Customer: customer, Contacts: contacts, BestTime: "18:00–20:00", Device: device, Summary: "空调不制冷", Engineer: "王伟", DoneOn: at(18, 17, 0), Sheets: []Sheet{sheet}, Promises: []Link{complaint}, Script: []string{"您好，我是服务中心的回访员。", "设备现在使用正常吗？"}, Earlier: attempts, Claimed: "陈静", Complaint: complaint, NextCall: "/follow-ups/f2", Allowed: []string{"attempts", "claim", "waive"}, PaperPath: "/orders/WO-2026-000119/papers/follow-up.pdf",
			Number: "FU-2026-000091", Questions: []string{"service", "product", "on_time"}, Version: 3, Mode: "visit", Campaign: "大客户季度回访", Visit: Link{Path: "/orders/WO-2026-000140", Text: "WO-2026-000140"}, Made: []Link{{"/requests/SR-2026-000213", "SR-2026-000213", "request", "received"}, {Path: "/improvements", Text: "整改"}}, WrongFile: "/customers/c1"}},
		{"complaints", Complaints{chrome(lang, "/complaints"), "registered", []ComplaintRow{{"k1", "K-2026-0007", "registered", "grumble", 3, 2, "周敏", "WO-2026-000119", "机器修了两次还是坏", at(20, 15, 0), at(21, 15, 0), "赵主管"}, {"k2", "K-2026-0006", "closed", "complaint", 1, 1, "李先生", "", "迟到两小时", at(18, 15, 0), time.Time{}, "赵主管"}}, "/complaints?cursor=x", true, "WO-2026-000119"}},
		{"complaint", grave},
		{"complaint-closed", closed},
		{"callbacks", Callbacks{chrome(lang, "/callbacks"), "delay", "陈静", []Option{{Value: "陈静", Text: "陈静"}}, []CallbackRow{{"cb1", "part_arrived", "open", at(21, 9, 0), Link{"/orders/WO-2026-000123", "WO-2026-000123", "order", "ready"}, "周敏", "13810102210", "风机电机已到", "陈静", 1, true}, {"cb2", "appointment", "done", at(20, 9, 0), Link{}, "李先生", "", "", "", 0, false}}, "/callbacks?cursor=x", true}},
		{"stock", Stock{chrome(lang, "/stock"), "R32", "WH-BJ", places, stock, "/stock?cursor=x", parts, true, []VanAway{{"VAN1", "1 号车", "病假", []string{"启动电容 P1 × 2"}}, {Code: "VAN2", Name: "2 号车"}}, engineers}},
		{"movements", Movements{chrome(lang, "/stock/movements"), "R32", "WH-BJ", places, []MovementRow{{at(20, 18, 55), "consume", "R32-500", "R32 制冷剂", 500, "g", "VAN-A012", "", "good", "WO-2026-000123", "", "王伟"}, {at(20, 8, 0), "return", "FAN-35", "室外风机电机 35", 1, "件", "VAN-A012", "WH-BJ", "defective", "", "旧件返还", "吴库管"}}, "/stock/movements?cursor=x"}},
		{"pickups", Pickups{chrome(lang, "/stock/pickups"), "WH-BJ", "2026-11-21", "ready", places, []Pickup{pickup}, []Wish{wish, ready}, "/stock/pickups?cursor=x", "/papers/pick-lists.pdf?day=2026-11-21"}},
		{"shortages", Shortages{chrome(lang, "/stock/shortages"), []ShortageRow{{"s1", "WO-2026-000123", "FAN-35", "室外风机电机 35", "件", 1, at(20, 18, 55), "2026-11-24", "open", "周敏", true, true}}, "/stock/shortages?cursor=x", []ExpectedRow{{"x1", "FAN-35", "室外风机电机 35", "件", 10, "WH-BJ", "2026-11-24", "PO-88"}}, places, parts, true}},
		{"receipts", Receipts{chrome(lang, "/receipts"), "2026-11-01", "2026-11-30", "part_paid", "e1", engineers, []ReceiptRow{receipt, paid}, "/receipts?cursor=x", 123456789, 100000000, "/api/v1/reports/receipts?format=csv", true}},
		{"cash-ups", CashUps{chrome(lang, "/receipts/cash-ups"), "2026-11-01", "2026-11-21", "counted", "e1", engineers, []CashUpRow{{"", "e1", "王伟", "2026-11-20", 0, 38850, 0, "", "", time.Time{}, "open", "", []Taken{{"R-2026-000087", at(20, 19, 5), 20000}, {"R-2026-000091", at(20, 20, 5), 18850}}, false}, {"", "e2", "李芳芳", "2026-11-21", 0, 8000, 0, "", "", time.Time{}, "open", "", nil, true}}, 46850, []CashUpRow{{"cu1", "e1", "王伟", "2026-11-19", 2, 12000, 11900, "少一元，次日补交", "林晓", at(20, 9, 5), "counted", "", nil, false}, {"cu2", "e1", "王伟", "2026-11-18", 1, 8000, 80000, "", "林晓", at(19, 9, 5), "void", "多输一个零", nil, false}}, "/receipts/cash-ups?cursor=x", true, true}},
		{"invoices", Invoices{chrome(lang, "/receipts/invoices"), "requested", []InvoiceRow{{"i1", "R-2026-000087", "WO-2026-000123", "周敏", "北京某某科技有限公司", "91110105MA00000000", "fp@example.com", 38850, "requested", "", "", "", "2026-11-23", at(20, 9, 0), time.Time{}, time.Time{}, []string{"issue", "withdraw"}}, {"i1", "R-2026-000081", "WO-2026-000111", "三里屯小学", "三里屯小学", "", "", 18000, "issued", "26112000004", "", "", "", at(18, 9, 0), at(18, 10, 0), time.Time{}, []string{"send", "reverse"}}, {"i1", "R-2026-000080", "WO-2026-000110", "三里屯小学", "三里屯小学", "", "", 18000, "sent", "26112000001", "", "", "", at(18, 9, 0), at(18, 10, 0), at(18, 11, 0), []string{"reverse"}}, {"i1", "R-2026-000070", "WO-2026-000100", "周敏", "周敏", "", "", 18000, "reversed", "26112000002", "26112000003", "抬头写错", "", at(18, 9, 0), at(18, 10, 0), at(18, 11, 0), nil}}, "/receipts/invoices?cursor=x", true}},
		{"receipt", Receipt{chrome(lang, "/receipts/R-2026-000087"), receipt, lines, "叁佰捌拾捌元伍角整", "周敏", customer, []Payment{{at(20, 19, 5), 20000, "wechat", "4200001", "王伟", ""}, {at(21, 9, 0), -1000, "cash", "", "林晓", "多收退回"}}, "已申请开票", "开错抬头", "/orders/WO-2026-000123/papers/receipt.pdf", []string{"payments", "void", "waive", "invoice-request"}}},
		{"customers", Customers{chrome(lang, "/customers"), "zm", true, []CustomerRow{{"c1", "周敏", "138****2210", "A", true, 1, 2, 1, at(21, 9, 50)}, {"c2", "三里屯小学", "010-6432****", "B", false, 3, 28, 0, time.Time{}}}, "/customers?cursor=x", true, "/customers?format=csv"}},
		{"customer", Customer{chrome(lang, "/customers/c1"), "c1", "周敏", "13810102210", "A", true, contacts, []Place{site}, []Device{device}, earlier, "¥188.50", regions, time.Time{}, true, true, true, "CU-2026-000009", "zh-Hans", "先打电话", []LeftAlone{{"k1", "周敏", "sms", true, at(20, 9, 0)}}, []Option{{Value: "", Text: "周敏"}, {Value: "k1", Text: "物业王经理"}}}},
		{"customer-erased", Customer{Chrome: chrome(lang, "/customers/c9"), ID: "c9", Name: "CU-2026-000009", Class: "C", Devices: []Device{device}, History: earlier, ErasedAt: at(20, 19, 0)}},
		{"assets", Assets{chrome(lang, "/assets"), "格力", []AssetRow{{device, "周敏", site.Address, 2}}, "/assets?cursor=x", "/assets?format=csv"}},
		{"asset", asset},
		{"figures", Figures{chrome(lang, "/figures"), "2026-11-01", "2026-11-30", allFigures(), []FigureTable{{"engineers", "按工程师 / By engineer", []string{"工程师", "上门", "一次修复率", "准时率"}, [][]string{{"王伟", "84", "81.2 %", "93.0 %"}, {"李芳芳", "91", "86.4 %", "96.1 %"}}, "/api/v1/reports/engineers?format=csv", "一次修复", []Bar{{"王伟", "81.2 %", 812, ""}, {"李芳芳", "86.4 %", 864, "late"}}, "一次修复率", []View{{"/figures?by-engineers=engineer", "工程师", true}}}}, []SentReport{{"x1", "回访", "weekly", "boss@example.com", "2026-11-30"}}, true, []Option{{Value: "follow-ups", Text: "回访"}}}},
		{"settings", Settings{chrome(lang, "/settings"), "0.1.0", "PostgreSQL 15.14", []Setting{{"listen", "127.0.0.1:8080", "default"}, {"DATABASE_URL", "postgres://paigong:***@db/paigong", "environment"}}, true, at(21, 9, 0), 91, 3,
			[]CheckArea{{"stock", 14, 0, nil}, {"diary", 9, 0, nil}, {"money", 17, 3, []BrokenCheck{{"a receipt is the sum of its lines", 3}}}, {"promises", 12, 0, nil}, {"states", 15, 0, nil}, {"story", 20, 0, nil}, {"records", 4, 0, nil}}}},
		{"settings-users", SettingsUsers{chrome(lang, "/settings/users"), []UserRow{{"u1", "dispatcher", "赵军", []string{"dispatcher"}, "总部", at(21, 8, 0), false}, {"u2", "old", "离职员工", []string{"agent", "clerk"}, "总部", time.Time{}, true}}, "/settings/users?cursor=x", []Option{{Value: "jb", Text: "京北服务商"}}, true, &UserForm{"u1", "dispatcher", "赵军", 4, []string{"dispatcher"}, "e1", true}, engineers, "/setup/one-time"}},
		{"settings-organisations", SettingsOrganisations{chrome(lang, "/settings/organisations"), []OrganisationRow{{"HQ", "华北家电服务", "head", "", []string{"北京", "天津"}, "Asia/Shanghai"}, {"JB", "京北服务商", "partner", "HQ", []string{"北京·昌平"}, "Asia/Shanghai"}}, []Option{{Value: "HQ", Text: "华北家电服务"}}, regions, true, &LetterheadForm{"HQ", "华北家电服务", 2, "华北家电服务有限公司", "北京市朝阳区望京街 1 号", "400-800-1234", "400-800-1235", "www.hbjd.example", "13900000000", "www.hbjd.example/fp"}}},
		{"settings-engineers", SettingsEngineers{chrome(lang, "/settings/engineers"), []EngineerRow{{"e1", "王伟", "A012", "13900001111", []string{"北京·望京"}, []string{"制冷 3", "燃气 1"}, "总部", at(21, 8, 0), at(21, 18, 0), "", time.Time{}, 7}, {"e2", "李芳芳", "A031", "13900002222", []string{"北京·望京", "北京·酒仙桥"}, []string{"制冷 3"}, "总部", time.Time{}, time.Time{}, "sick", at(22, 18, 0), 0}}, []AbsenceRow{{"ab1", "李芳芳", "sick", at(21, 8, 0), at(22, 18, 0), "发烧", "requested", true, true}}, []DisplacedRow{{Link{"/orders/WO-2026-000132", "WO-2026-000132", "order", "ready"}, "王女士", at(21, 14, 0), at(21, 16, 0), "点火针 × 1"}}, true, true, []DutyRow{{"2026-11-21", "总部", "王伟", "139 0000 1111"}, {"2026-11-22", "总部", "李芳芳", "139 0000 2222"}}, []Option{{Value: "u1", Text: "王伟"}}}},
		{"settings-calendar", calendar},
		{"out", Out{Chrome: chrome(lang, "/desk/out?engineer=e1"), Engineer: "e1", Name: "王伟 A012", Engineers: engineers, From: "2026-11-21T10:00", To: "2026-11-22T00:00", Ahead: []OutVisit{{Number: "WO-2026-000123", From: at(21, 14, 0), To: at(21, 15, 0)}}, UnderWay: 1, Left: 1, Untold: 1, MayOut: true, MayPlan: true, MayAgree: true,
			Plans: []OutPlan{{ID: "p1", Day: "2026-11-21", Visits: 8}, {ID: "p1", Day: "2026-11-22", Running: true, Done: 40}, {ID: "p1", Day: "2026-11-23", Broken: []string{"李芳芳已有其他任务"}}},
			Visits: []OutVisit{{Number: "WO-2026-000123", Summary: "空调不制冷", Customer: "周敏", Phone: "138****2210", Priority: 1, ToldFrom: at(21, 14, 0), ToldTo: at(21, 16, 0), Engineer: "李芳芳", From: at(21, 14, 0), To: at(21, 15, 0), Booked: true, Kept: true, Parts: []string{"FAN-35 × 1 车上"}, Message: "改派通知已送达 10:20", Visit: "v1", Call: "cb1", CallDue: at(21, 11, 0)},
				{Number: "WO-2026-000124", Summary: "漏水", Customer: "陈明", Message: "没有送达", MessageBad: true, Reasons: []string{"没有人有空"}, Priority: 3}, {Number: "WO-2026-000125", Engineer: "李芳芳", From: at(21, 16, 0), To: at(21, 17, 0), ToldFrom: at(21, 9, 0), ToldTo: at(21, 10, 0), Agreed: true, Priority: 2}}}},
		{"settings-checklists", SettingsChecklists{Chrome: chrome(lang, "/settings/checklists"), Kind: "repair", Category: "空调", Written: true, MayEdit: true, Lines: []CheckLine{{"power", "通电", "Power on", true}, {"drain", "排水", "", false}},
			Rows: []ChecklistRow{{"/settings/checklists?kind=repair", "repair", "空调", []CheckLine{{"power", "通电", "Power on", true}, {"drain", "排水", "", false}}}, {"/settings/checklists?kind=install", "install", "", nil}}}},
		{"settings-templates", SettingsTemplates{Chrome: chrome(lang, "/settings/templates"), Rows: []TemplateRow{{"/settings/templates?kind=repair", "repair", "空调", 60, 2, []string{"制冷"}, []string{"FAN-35 × 1"}}, {"/settings/templates?kind=install", "install", "", 120, 3, nil, nil}}, Kind: "repair", Category: "空调", Written: true, Minutes: 60, Priority: 2, Skills: proposed.Skills, Parts: proposed.Parts, PartChoices: parts, MayEdit: true}},
		{"settings-calendar-known", year},
		{"settings-webhooks", SettingsWebhooks{chrome(lang, "/settings/webhooks"), []WebhookRow{{"w1", "https://erp.example.com/hooks/paigong", []string{"order.completed"}, 120, 2, 1}, {"w2", "https://crm.example.com/in", nil, 8, 0, 0}}, []DeliveryRow{{"d1", "https://erp.example.com/hooks/paigong", "order.completed", at(20, 22, 0), 12, "503 Service Unavailable"}}, "/settings/webhooks?cursor=x", "whsec_demo", true}},
		{"api", API{chrome(lang, "/api"), "Paigong", "1.0", "/api/v1/openapi.json", []OperationGroup{{"work-orders", []Operation{{"get-work-order", "GET", "/api/v1/work-orders/{id}", "One work order", "By id or number.", []OperationField{{"path", "id", "string", true, "Id or number"}}, []string{"200 WorkOrder", "404 Problem"}}, {"assign", "POST", "/api/v1/work-orders/{id}/assign", "Send an engineer", "", nil, []string{"201 Visit"}}}}}}},
		{"problem", Problem{chrome(lang, "/orders/x"), 409, "slot_taken", "李芳芳 13:00–14:30 已有上门", []string{"改派", "改时间"}, []FieldProblem{{"starts_at", "已被占用"}}, "/orders/WO-2026-000123", "req-01HX"}},
		{"report", Report{Chrome: outside(lang, "/report"), Company: "华北家电服务中心", Hotline: "400-810-0000", Hours: []string{"周一–周五 08:00–18:00"}, IdempotencyKey: "0199a3c4-7d1e-7000-8000-3f5a0c9d1e24"}},
		{"report-label", Report{Chrome: outside(lang, "/report?label=abcdefghij234567"), Company: "华北家电服务中心", Hotline: "400-810-0000", IdempotencyKey: "0199a3c4-7d1e-7000-8000-3f5a0c9d1e24", Label: "abcdefghij234567", Device: "格力 KFR-35GW"}},
		{"suggestion-box", Report{Chrome: outside(lang, "/report?about=suggestion"), Company: "华北家电服务中心", Hotline: "400-810-0000", IdempotencyKey: "0199a3c4-7d1e-7000-8000-3f5a0c9d1e24", Box: true}},
		{"track-request", asked}, {"track-able", able}, {"track-bothered", bothered}, {"receipt-page", printed},
		{"device-page", DevicePage{outside(lang, "/d/abcdefghij234567"), "abcdefghij234567", "华北家电服务中心", "格力 壁挂空调 KFR-35GW", "2384", "2023-06-20", "2026-06-18", "400-810-0000", "WO-2026-000123", []DeviceEvent{{"2026-11-21", "repair", "in_progress", "WO-2026-000123"}, {"2025-07-02", "maintain", "closed", "WO-2025-000871"}}, "/assets/a1"}},
		{"plans", Plans{chrome(lang, "/desk/plans"), []PlanRow{{"/desk/plans/1", "2026-11-22", "absence", "王伟", "ready", "bj", 3, 1, 1, at(21, 9, 0), 100}, {"/desk/plans/2", "2026-11-22", "asked", "", "running", "", 0, 0, 0, at(21, 9, 0), 40}}, regions, "2026-11-22", true, &PlanAt{"HQ", "18:30", "60"}, "/desk/plans?cursor=x"}},
		{"plan", PlanView{chrome(lang, "/desk/plans/p1"), "p1", "2026-11-22", "absence", "王伟", "ready", "had to end", 100, []PlanChange{{"WO-2026-000119", "/orders/WO-2026-000119", "空调不制冷", "周女士", "北京·望京", 2, "both", "李芳芳", at(22, 9, 0), at(22, 10, 0), "王伟", at(22, 9, 30), at(22, 10, 30), at(22, 9, 0), at(22, 11, 0), true,
			[]string{"R32-500 北京总库"}, []PlanReason{{"good", "具备技能 制冷"}}, []PlanChoice{{"张强", at(22, 10, 0), 12}}, []PlanCount{{"skill", 3}}}, {"WO-2026-000120", "/orders/WO-2026-000120", "洗衣机漏水", "李先生", "", 3, "new", "李芳芳", at(22, 11, 0), at(22, 12, 0), "", time.Time{}, time.Time{}, time.Time{}, time.Time{}, false, nil, nil, nil, nil}},
			[]PlanLeft{{"WO-2026-000131", "/orders/WO-2026-000131", "洗衣机漏水", 1, true, []string{"缺件"}}}, []string{"地图服务未应答"}, nil, 1, 1, 1, "12.5", true, ""}},
		{"plan that went stale", PlanView{chrome(lang, "/desk/plans/p1"), "p1", "2026-11-22", "asked", "", "stale", "王伟 请假", 100, nil, nil, nil, []string{"王伟 请假"}, 0, 0, 0, "", true, "p1"}},
		{"schedule-full-day", Schedule{Chrome: chrome(lang, "/desk"), Day: "2026-11-21", Side: ScheduleSide{Inserts: true, Number: "WO-2026-000131", Title: "燃气热水器漏气"}}},
		{"schedule", fullSchedule(lang)},
		{"schedule-visit", visitSchedule(lang)},
		{"outbox", Outbox{phone("/m/outbox")}},
		{"search", Search{chrome(lang, "/search"), "zm", []FoundRow{{"work_order", "/orders/WO-2026-000123", "WO-2026-000123", "空调不制冷", "周敏 · 北京·望京", at(20, 16, 30)}, {"customer", "/customers/c1", "", "周敏", "138****2210", time.Time{}}}}},
		{"exceptions", Exceptions{chrome(lang, "/desk/exceptions"), []Short{{"orders_late", []ShortRow{{"/orders/WO-2026-000131", "WO-2026-000131", "洗衣机漏水", "李先生", "order", "ready", at(21, 9, 48)}}, "/orders?late=true"}}, []ShortRow{{Path: "/settings/engineers", Title: "王伟 · A012", Detail: "无班次"}}, true}},
		{"keys", KeyHelp{chrome(lang, "/keys")}},
		{"search-none", Search{chrome(lang, "/search"), "不存在", nil}},
		{"unreconciled", Unreconciled{chrome(lang, "/stock/unreconciled"), []UnreconciledRow{{"x1", "WO-2026-000123", "FAN-35", "室外风机电机 35", "件", 1, "FM-0102", "王伟", at(20, 18, 45)}}, "/stock/unreconciled?cursor=x", places, true}},
		{"devices", Devices{chrome(lang, "/stock/devices"), []DeviceOut{{custody, "WO-2026-000123", "周敏", true, 30}}, "/stock/devices?cursor=x", "received", "depot", []Age{{0, 200, true, false}, {30, 3, false, true}, {60, 1, false, false}, {90, 0, false, false}}}},
		{"settings-messages", SettingsMessages{chrome(lang, "/settings/messages"), []MessageGroup{{"customer", []MessageEvent{{"message.customer.window", "上门时间已定", true, true, false, false}, {"message.customer.done", "已完工", false, false, true, true}}}, {"desk", []MessageEvent{{"message.desk.declined", "拒单", false, false, false, false}}}},
			"message.customer.window", "上门时间已定", "zh-Hans", "sms", 2, "服务通知", "您的工单 {number}，上门时间：{window}。", []string{"{number}", "{window}"}, "服务通知", "您的工单 WO-2026-000123，上门时间：2026-11-24 09:00-11:00。", true, true, true, "21:00", "08:00", true}},
		{"messages", Undelivered{chrome(lang, "/messages"), true, []UndeliveredRow{{"x1", "报价", "您的工单 WO-2026-000123 的维修报价为 388.50 元", "customer", "138****2210", "短信", "dead", "550 no such mailbox", at(20, 9, 0), 9}}, "/messages?cursor=x"}},
		{"notices", Notices{chrome(lang, "/notices"), []NoticeRow{{"x1", "工程师拒单 WO-2026-000123：空调不制冷", "/orders/WO-2026-000123", false, "北京服务中心", at(21, 9, 0), true, ""}, {"x2", "李敏 通报：望京停水", "", true, "总部", at(20, 9, 0), false, "赵军、林晓"}}, 1, true, []Option{{Value: "BJ", Text: "北京服务中心"}}}},
		{"setup", Setup{outside(lang, "/setup/one-time"), "one-time", "zhaojun", 12}},
		{"setup-first", Setup{outside(lang, "/setup/one-time"), "one-time", "", 12}},
		{"reported", Reported{outside(lang, "/report"), "RQ-2026-000212", "/c/9Zk3", "400-810-0000"}},
	}
}

func allFigures() []Figure {
	values := []string{"128", "117", "82.4 %", "1 天 6 小时", "93.1 %", "99.2 %", "71.8 %", "4.1 %", "97.5 %", "4.6", "3", "¥86,410.00", "¥4,120.50", "¥21,904.00", "7"}
	trends := []string{"up", "down", "same", ""}
	list := make([]Figure, len(figures))
	for i, key := range figures {
		list[i] = Figure{key, values[i], "80.1 %", trends[i%len(trends)], "/orders?state=closed", "不含等备件 3 小时"}
	}
	return list
}

func five(now int) []Step {
	list := make([]Step, len(steps))
	for i, key := range steps {
		list[i] = Step{Key: key, Now: i == now}
	}
	return list
}

// fullSchedule has something in every corner of the board and the queue.
func fullSchedule(lang string) Schedule {
	c := chrome(lang, "/desk")
	job := QueueRow{Number: "WO-2026-000123", Title: "空调不制冷，出风是常温", Customer: "周敏", Region: "北京·望京", Priority: 1, Minutes: 90, DueAt: at(21, 9, 48), WantedFrom: at(21, 9, 0), WantedTo: at(21, 12, 0), Displaced: true, Arrived: true, Parts: []QueuePart{{"R32 制冷剂 500 g", "李芳芳 车上有"}}}
	row := ScheduleRow{ID: "e1", Engineer: "王伟", Staff: "A012", Load: 104, Visits: 2, Lanes: 2, Spans: []ScheduleSpan{{Part{0, 9000}, "shift"}, {Part{300, 400}, "way"}, {Part{9000, 1000}, "leave"}},
		Bars: []ScheduleBar{{Part: Part{700, 900}, Number: "WO-2026-000100", State: "accepted", Version: 3, At: at(21, 9, 0), Title: "洗衣机漏水", Customer: "李先生", Moves: true, Forced: true, Asked: true, Priority: 2},
			{Part: Part{900, 900}, Lane: 1, Number: "WO-2026-000101", State: "on_site", Version: 1, At: at(21, 9, 30), Title: "热水器不点火", Customer: "王女士", Late: true, Helper: true}}}
	return Schedule{Chrome: c, Day: "2026-11-21", Last: "2026-11-23", DayCount: 3, Previous: "/desk?day=2026-11-18", Following: "/desk?day=2026-11-24", Back: "/desk", Lengths: []View{{"/desk?days=1", "1", false}}, Zooms: []View{{"/desk?zoom=1", "1", true}}, Zoom: 1,
		Regions: []Option{{Value: "bj-wj", Text: "北京·望京"}}, Region: "bj-wj", FromHour: 8, ToHour: 18, NowAt: 2000, DayTicks: []Tick{{Part{0, 0}, "11-21"}}, Hours: []Tick{{Part{0, 0}, "08:00"}},
		Waits: Queue{Rows: []QueueRow{job}, Total: 80, Chosen: job.Number}, Groups: []ScheduleGroup{{"北京·望京", []ScheduleRow{row, {ID: "e2", Engineer: "李芳芳", Off: true, Lanes: 1}}}}, Live: "/desk/live?after=1-0", Assigns: true, Plans: true, Absent: true, Count: 2,
		Proposed: []PlanRow{{Path: "/desk/plans/i1", Day: "2026-11-21", Cause: "asked", Visits: 37, Moved: 3, LeftOver: 1, CreatedAt: at(21, 7, 0)}},
		Side: ScheduleSide{Inserts: true, Insert: &PlanView{ID: "i1", MayPublish: true, Moved: 1, Changes: []PlanChange{{Number: job.Number, Path: "/orders/" + job.Number, Customer: "周敏", Engineer: "王伟", From: at(21, 10, 0), To: at(21, 11, 0)}, {Number: "WO-2026-000101", Path: "/orders/WO-2026-000101", Customer: "李先生", Engineer: "李芳芳", From: at(21, 11, 0), To: at(21, 12, 0), WasEngineer: "王伟", WasFrom: at(21, 10, 0), WasTo: at(21, 11, 0), WindowFrom: at(21, 10, 0), WindowTo: at(21, 12, 0), Kept: true}}, Left: []PlanLeft{{Number: "WO-2026-000102", Path: "/orders/WO-2026-000102", Reasons: []string{"没有时间"}}}}, Number: job.Number, Title: job.Title, Customer: job.Customer, Phone: "138****2210", Address: "朝阳区望京西园四区", Offers: []Candidate{{EngineerID: "e1", Name: "王伟", Staff: "A012", Eligible: true, Score: 92, StartsAt: at(21, 10, 0), EndsAt: at(21, 11, 30), Travel: 12, Reasons: []Reason{{"part_van", "good", "车上有 R32"}}, Parts: []SeenPart{{"R32-500", 1, 1, "总库"}}}},
			Refused: []Candidate{{EngineerID: "e3", Name: "张强", Reasons: []Reason{{"skill", "refuse", "没有制冷技能"}}}}, Scheme: Scheme{Areas: []MapArea{{"0,0 320,0 320,200", "望京", 100, 60}}, Dots: []MapDot{{10, 10, "best", "王伟", "1"}, {20, 20, "job", "WO-1", ""}}}}}
}

// visitSchedule looks at a visit that can still be moved.
func visitSchedule(lang string) Schedule {
	s := fullSchedule(lang)
	s.DayCount, s.NowAt = 1, -1
	s.Side = ScheduleSide{Number: "WO-2026-000100", Title: "洗衣机漏水", Customer: "李先生", Engineer: "e1", People: []Option{{Value: "e1", Text: "王伟"}, {Value: "e2", Text: "李芳芳"}},
		Visit: &Visit{ID: "v1", State: "accepted", Engineer: "王伟", Staff: "A012", StartsAt: at(21, 9, 0), EndsAt: at(21, 10, 0), WindowFrom: at(21, 9, 0), WindowTo: at(21, 11, 0), ConfirmedAt: at(20, 15, 0), Override: "客户指定", Late: true, Allowed: []string{"reschedule", "unassign"}}}
	return s
}
