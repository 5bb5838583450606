package pdf

import (
	"math"
	"strings"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

var shanghai = time.FixedZone("CST", 8*3600)

func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", clock, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

func options(lang string) Options {
	return Options{Lang: lang, Version: 1, PrintedAt: at("2026-11-21 17:05"), PrintedBy: "林晓芸", Zone: shanghai}
}

var (
	sampleHead = Head{
		Letterhead: Letterhead{
			Name: "杭州安居电器服务有限公司", Address: "杭州市西湖区文三路 000 号", Hotline: "400-000-0000",
			Complaints: "0571-0000 0000", Website: "service.example.cn",
		},
		Order: "WO-2026-001284",
		Link:  "https://service.example.cn/c/7Kq2mWv9ZtR4xLb8NcYd3f",
	}
	sampleCustomer = Party{
		Name: "陈思远", Phone: "138 0000 5678", OnSite: Contact{"周阿姨", "139 0000 1234", "on_site"},
		Payer: "杭州云栖物业管理有限公司", Address: "杭州市余杭区良渚街道玉鸟路 88 号 12 幢 2 单元 1503 室",
		AccessNotes: "东门进，车停地下 B2；12 幢电梯需刷卡，到楼下请先来电",
	}
	sampleDevice = Device{
		Category: "滚筒洗衣机", Brand: "Haier 海尔", Model: "EG100MATE6", Serial: "CE0JH9E0K00QTM3R0042",
		PurchasedOn: calendar.On(2023, 9, 2), InstalledOn: calendar.On(2023, 9, 6), WarrantyUntil: calendar.On(2026, 9, 1),
		Coverage: "none", CoverageReason: "超出三年整机保修期", Proof: "invoice",
	}
	sampleEngineer = Person{"王建国", "A012", "137 0000 0012"}
	sampleLines    = []Line{
		{Kind: "travel", Description: "上门检测费（确认维修后抵扣）", Quantity: 1, UnitPrice: money.Yuan(50), Amount: money.Yuan(50)},
		{Kind: "part", Description: "排水泵 Drain pump 220 V 30 W", SKU: "HR-DP-0031", Unit: "件", Quantity: 1, UnitPrice: money.Yuan(168), Amount: money.Yuan(168)},
		{Kind: "material", Description: "卡箍与密封胶", Quantity: 1, Unit: "套", UnitPrice: 1850, Amount: 1850},
		{Kind: "labour", Description: "拆装与调试", Quantity: 1, UnitPrice: money.Yuan(120), Amount: money.Yuan(120)},
		{Kind: "discount", Description: "抵扣上门检测费", Amount: -money.Yuan(50)},
	}
	sampleTotal     = money.Fen(30650)
	sampleSignature = Signature{Strokes: scribble(), Name: "周慧兰", Relation: "family", At: at("2026-11-21 11:18")}
)

// scribble looks like a name written with a finger.
func scribble() [][][2]float64 {
	var out [][][2]float64
	for s := range 4 {
		var line [][2]float64
		for i := range 40 {
			v := float64(i) / 6
			line = append(line, [2]float64{float64(s)*70 + 12*v + 9*math.Cos(2.1*v+float64(s)), 60 + 28*math.Sin(1.7*v+float64(2*s))*math.Cos(0.6*v)})
		}
		out = append(out, line)
	}
	return out
}

// public is the head of what hangs at a door.
func public() Head {
	h := sampleHead
	h.Link = "https://service.example.cn/report"
	return h
}

// inside is the head of papers that stay in the house.
func inside(number string) Head {
	h := numbered(number)
	h.Link = ""
	return h
}

func numbered(number string) Head {
	h := sampleHead
	h.Number = number
	return h
}

func sampleWorkOrder() WorkOrder {
	return WorkOrder{
		Head: inside(""), Request: "SR-2026-003391", Received: at("2026-11-20 08:42"), Kind: "repair", Mode: "on_site", Priority: 2,
		Customer: sampleCustomer, Window: Window{at("2026-11-21 09:00"), at("2026-11-21 11:00")}, Device: sampleDevice,
		Fault:  "洗到一半停机，屏幕显示 E2，水排不出去，阳台地面有积水。昨晚试过重新通电，没有用。",
		Photos: 2, Tried: "已请客户清理排水过滤器并检查排水管，故障仍在。",
		History: []PastRepair{
			{calendar.On(2026, 3, 14), "WO-2026-000377", "不进水", "清洗进水阀滤网", "李芳芳"},
			{calendar.On(2025, 6, 30), "WO-2025-002210", "脱水异响", "更换减震器 2 只", "王建国"},
		},
		RepeatOf: &PastRepair{calendar.On(2026, 10, 28), "WO-2026-001102", "排水慢", "疏通排水管", "赵磊"},
		Parts: []CarriedPart{
			{"HR-DP-0031", "排水泵 Drain pump 220 V 30 W", "件", 1, "余杭中心库 A-03-2", "PU-2026-0712"},
			{"HR-CL-0007", "卡箍 Ø 32 mm", "只", 2, "随车库存", ""},
		},
		Tools: "万用表、吸水机、防水垫", CallOutFee: money.Yuan(50), FeeAgreed: true, DeductIfRepaired: true, Limit: money.Yuan(400),
		Chases: 1, Warnings: []string{"家中有大型犬，进门前请先来电"}, Engineer: sampleEngineer, Helpers: []Person{{"孙浩", "A031", ""}},
		DispatchedBy: "林晓芸", DispatchedAt: at("2026-11-20 16:20"),
	}
}

func sampleRepairSheet() RepairSheet {
	return RepairSheet{
		Head: sampleHead, Kind: "repair", Mode: "on_site", Customer: sampleCustomer, Device: sampleDevice,
		ArrivedAt: at("2026-11-21 09:26"), FinishedAt: at("2026-11-21 11:15"), WorkMinutes: 95,
		Fault: Coded{"F-WM-021", "不排水"}, Cause: Coded{"C-WM-007", "排水泵叶轮卡死，线圈烧毁"}, Action: Coded{"A-02", "更换排水泵，清理泵腔异物（发卡、硬币）"},
		Notes:    "泵腔内取出发卡一枚、一角硬币两枚，已交客户。试运行两个程序，排水、脱水正常。",
		Readings: []Reading{{"排水泵线圈电阻", "∞ Ω", "152 Ω"}, {"绝缘电阻", "≥ 200 MΩ", "≥ 200 MΩ"}},
		Parts: []FittedPart{
			{"HR-DP-0031", "排水泵 Drain pump 220 V 30 W", "件", 1, "DP19-44210", "DP26-10077", money.Yuan(168), money.Yuan(168), false, "kept"},
			{"HR-CL-0007", "卡箍 Ø 32 mm", "只", 2, "", "", 0, 0, true, ""},
		},
		Charges: sampleLines, Total: sampleTotal, PaidBy: "wechat", Outcome: "done",
		Advice: "洗涤前请掏空衣袋；每月清理一次排水过滤器，清理前务必断电。", WarrantyUntil: calendar.On(2027, 2, 19), WarrantyOn: "所换排水泵及本次工时",
		Tested: true, Opinion: "good", Signature: sampleSignature, Engineer: sampleEngineer,
		EngineerSignature: Signature{Strokes: scribble()[:3], Name: "王建国", At: at("2026-11-21 11:19")},
	}
}

func sampleQuote() Quote {
	return Quote{
		Head: numbered("QT-2026-000618"), Purpose: "repair", IssuedAt: at("2026-11-20 10:05"), IssuedBy: "林晓芸", ValidUntil: calendar.On(2026, 11, 27),
		Customer: sampleCustomer, Device: sampleDevice,
		Lines: append(append([]Line{}, sampleLines...), Line{Kind: "part", Description: "排水管总成", SKU: "HR-HS-0102", Unit: "件", Quantity: 1, UnitPrice: money.Yuan(45), Amount: money.Yuan(45), Possible: true}),
		Total: 35150, Limit: money.Yuan(400), FeeIfRefused: money.Yuan(50), DeductIfRepaired: true, OldParts: "kept", WarrantyDays: 90, State: "approved",
		Approval: &Approval{How: "link", Name: "陈思远", At: at("2026-11-20 12:31"), Signature: Signature{Strokes: scribble()}},
	}
}

func sampleSettlement() Settlement {
	return Settlement{
		Head: numbered("SJ-2026-000907"), IssuedAt: at("2026-11-21 11:20"), Customer: sampleCustomer, Device: sampleDevice, Lines: sampleLines,
		Total: sampleTotal, Paid: money.Yuan(100), Payments: []Payment{{at("2026-11-21 11:22"), money.Yuan(100), "wechat", "4200002841202611211234567890", "王建国"}},
		DueOn: calendar.On(2026, 12, 5), Cashier: "何静", Engineer: sampleEngineer, InvoiceLink: "https://service.example.cn/c/7Kq2mWv9ZtR4xLb8NcYd3f/invoice",
	}
}

func sampleReceipt() Receipt {
	p := sampleSettlement()
	p.Paid, p.DueOn = p.Total, calendar.Date{}
	p.Payments = append(p.Payments, Payment{at("2026-11-21 16:40"), 20650, "transfer", "ICBC 20261121 0077", "何静"})
	return Receipt(p)
}

func sampleFollowUp() FollowUp {
	return FollowUp{
		Head: inside("FU-2026-001150"), Kind: "after_visit", From: calendar.On(2026, 11, 23), To: calendar.On(2026, 11, 24), DueOn: calendar.On(2026, 11, 23),
		Customer: sampleCustomer, BestTime: "18:00 以后", Language: "zh-Hans", Device: sampleDevice, FinishedAt: at("2026-11-21 11:15"), Engineer: sampleEngineer,
		Done: "更换排水泵，清理泵腔异物", Told: "洗涤前掏空衣袋；每月清理排水过滤器", Promises: []string{"2026-11-25 前电话告知地面水渍的处理办法"}, EarlierScores: "2026-03：5 / 5，2026-10：3 / 4",
		Script: "2026-2", Attempts: []Attempt{{at("2026-11-23 10:12"), "许婷", "no_answer", "语音信箱"}},
	}
}

func reachedFollowUp() FollowUp {
	p := sampleFollowUp()
	p.Attempts = append(p.Attempts, Attempt{at("2026-11-23 18:20"), "许婷", "reached", "周女士接听"})
	p.IdentityChecked = true
	p.Scores = []Score{{"fixed", 5}, {"product", 4}, {"service", 2}, {"on_time", 2}, {"manner", 4}, {"charges", 5}, {"clean", 3}}
	p.Words, p.Next, p.NextNumber = "机器修好了，就是师傅晚到半个小时，也没提前打电话。", "complaint", "CP-2026-0044"
	p.Caller, p.ReachedAt, p.CheckedBy = Person{"许婷", "C07", ""}, at("2026-11-23 18:26"), "高敏"
	return p
}

func sampleDaySheet() DaySheet {
	head := inside("20261121-A012")
	head.Order = ""
	o := sampleWorkOrder()
	visit := func(order, from, to, name, address, fault string) Stop {
		return Stop{Window: Window{at("2026-11-21 " + from), at("2026-11-21 " + to)}, Order: order, Kind: "repair", Priority: 3,
			Customer: Party{Name: name, Phone: "138 0000 2200", Address: address}, Device: Device{Brand: "Midea 美的", Model: "KFR-35GW", Coverage: "maker"}, Fault: fault, TravelMinutes: 18, Metres: 7400}
	}
	last := visit("WO-2026-001299", "15:30", "17:00", "良渚第一小学", "杭州市余杭区良渚街道金昌路 1 号 教学楼 3 楼", "教室空调外机异响，开机十分钟跳闸")
	last.Unconfirmed, last.Warnings = true, []string{"进校须登记身份证", "投诉处理中"}
	return DaySheet{
		Head: head, Day: calendar.On(2026, 11, 21), Engineer: sampleEngineer, Region: "余杭区 · 西湖区", Shift: Window{at("2026-11-21 08:30"), at("2026-11-21 17:30")},
		Emergency: "值班派工员 0571-0000 0001",
		Stops: []Stop{
			{Pickup: true, Place: "余杭中心库", Window: Window{To: at("2026-11-21 08:45")}, Parts: o.Parts[:1]},
			{Window: o.Window, Order: o.Order, Kind: o.Kind, Priority: o.Priority, Customer: o.Customer, Device: o.Device, Fault: o.Fault, Parts: o.Parts, Fee: o.CallOutFee, Warnings: o.Warnings, TravelMinutes: 24, Metres: 11200},
			visit("WO-2026-001290", "11:30", "12:30", "沈国强", "杭州市西湖区三墩镇振华路 19 号", "空调不制冷"),
			last,
		},
	}
}

func samplePickList() PickList {
	head := inside("PU-2026-0712")
	head.Order = ""
	return PickList{
		Head: head, Day: calendar.On(2026, 11, 21), Place: "余杭中心库", Engineer: sampleEngineer, NeededBy: Window{To: at("2026-11-21 08:45")},
		Lines: []PickLine{
			{"A-03-2", "HR-DP-0031", "排水泵 Drain pump 220 V 30 W", "件", 1, "WO-2026-001284", "陈思远", "DP26-10077"},
			{"A-05-1", "MD-CP-0350", "压缩机电容 35 µF", "件", 2, "WO-2026-001290", "沈国强", ""},
			{"C-01-4", "GS-R32", "制冷剂 R32", "g", 800, "WO-2026-001299", "良渚第一小学", ""},
		},
	}
}

func sampleCustody() Custody {
	return Custody{
		Head: numbered("JX-2026-000231"), TakenAt: at("2026-11-21 11:20"), TakenWhere: "客户家中（上门拉修）", TakenBy: sampleEngineer, Customer: sampleCustomer, Device: sampleDevice,
		Accessories: []string{"电源线", "进水管", "过滤网"}, Condition: "左前角漆面划伤约 3 cm，面板完好", Photos: 4, Fault: "主板进水，通电无反应", DataConsent: true,
		Estimate: money.Yuan(680), Value: money.Yuan(2600), ReturnOn: calendar.On(2026, 11, 28), Loaner: &Loaner{"小型洗衣机 B02", "LN-0021", "九成新", calendar.On(2026, 11, 28)},
		Signature: sampleSignature,
	}
}

func sampleAcceptance() Acceptance {
	return Acceptance{
		Head: numbered("YS-2026-000054"), Project: "良渚第一小学空调更新（二期）", Contract: "HT-2026-118", FinishedAt: at("2026-11-20 16:30"), Customer: sampleCustomer,
		Installed: []InstalledItem{{"KFR-72LW 立柜式", "7210-00931", "教学楼 3 楼 302", 1, 1}, {"KFR-35GW 挂壁式", "3510-22107", "教学楼 3 楼 办公室", 1, 1}},
		Checks: []Check{
			{"安全", "electrical", "pass", "≥ 200 MΩ / 0.8 Ω", ""}, {"安全", "支架承重", "pass", "", "膨胀螺栓 6 只"},
			{"功能", "leak", "pass", "", "保压 30 分钟"}, {"功能", "function", "fail", "", "302 室排水管坡度不足"}, {"功能", "遥控器配对", "none", "", ""},
		},
		Materials: []Line{{Kind: "material", Description: "加长铜管 Ø 6/10", SKU: "CU-0610", Unit: "m", Quantity: 4, UnitPrice: money.Yuan(95), Amount: money.Yuan(380)}},
		Training:  true, Papers: []string{"说明书", "保修卡", "合格证"}, Defects: []Defect{{"302 室排水管重新找坡", calendar.On(2026, 11, 24)}}, Result: "with_defects",
		WarrantyFrom: calendar.On(2026, 11, 20), WarrantyUntil: calendar.On(2032, 11, 19), Installers: []Person{sampleEngineer, {"孙浩", "A031", ""}},
		Signature: Signature{Strokes: scribble(), Name: "何主任", Relation: "客户代表", At: at("2026-11-20 16:42")}, Original: "客户服务部", Copies: "生产部、财务部",
	}
}

func sampleReception() Reception {
	device := Device{Category: "轿车", Brand: "比亚迪", Model: "秦 PLUS DM-i", Serial: "LC0CE4DC6P0000000", Plate: "浙A·00000", PurchasedOn: calendar.On(2023, 4, 18), Coverage: "maker", CoverageReason: "整车质保 6 年"}
	return Reception{
		Head: numbered("JC-2026-000412"), ReceivedAt: at("2026-11-21 08:15"), ReceivedBy: Person{"高敏", "B003", ""}, Customer: sampleCustomer, Device: device, Odometer: "41 260 km",
		Fault: "低速转向有异响，右前方更明显", Wishes: []string{"检查转向与悬挂", "更换机油机滤", "四轮换位"}, Condition: "右后门轻微凹陷；轮毂划痕；油量约 1/2",
		LeftBehind: []string{"行驶证", "充电枪", "雨伞"}, Estimate: money.Yuan(860), ReadyAt: at("2026-11-21 17:30"), OldParts: "kept", Signature: sampleSignature,
	}
}

func sampleChecklist() Checklist {
	var checks []Check
	for _, group := range []string{"发动机舱", "底盘", "电器"} {
		for i, name := range []string{"液位与渗漏", "紧固与磨损", "异响", "功能"} {
			checks = append(checks, Check{group, name, []string{"pass", "pass", "fail", ""}[i], []string{"", "3.2 mm", "", ""}[i], []string{"", "", "右前球头松旷", ""}[i]})
		}
	}
	return Checklist{
		Head: numbered("JC-2026-000412"), Template: "四万公里常规检查", CheckedAt: at("2026-11-21 09:40"), Customer: sampleCustomer,
		Device: sampleReception().Device, Counter: "41 260 km", Checks: checks, Conclusion: "右前下摆臂球头松旷，建议更换；其余正常。", Inspector: Person{"钱伟", "B011", ""}, Signature: sampleSignature,
	}
}

func sampleNoAccess() NoAccess {
	return NoAccess{
		Head: public(), Customer: "陈思远", CameAt: at("2026-11-21 10:05"), Window: Window{at("2026-11-21 09:00"), at("2026-11-21 11:00")},
		Engineer: sampleEngineer, Attempt: 1, Note: "敲门三次并拨打两次电话，均无人应答。", AnswerBy: at("2026-11-28 18:00"),
	}
}

func sampleReplyLetter() ReplyLetter {
	return ReplyLetter{
		Head: numbered("TS-2026-000031"), To: "陈思远", Address: "杭州市余杭区文一西路 969 号 3 幢 1201 室", ReceivedAt: at("2026-11-19 16:20"), Channel: "来信", Reference: "12315-2026-0771",
		Text: "来信收悉。您反映的洗衣机三次维修后仍不排水一事，我们已于 11 月 20 日派工程师复核。\n现将核查结果和处理意见答复如下。", Found: "三次故障均为同一批次排水泵轴封老化，前两次更换的备件属同批次。",
		Offer: "为您更换同型号新机，旧机由我们负责取回，原保修期延长 12 个月。", Apology: "对多次上门给您带来的不便，我们深表歉意。", On: calendar.On(2026, 11, 21), Signer: Person{"赵敏", "M003", ""}, ComplaintsHotline: "400-000-1234",
	}
}

func sampleMinutes() Minutes {
	return Minutes{
		Head: numbered("MM-2026-000012"), HeldAt: at("2026-11-20 14:00"), Place: "客户接待室", Present: "陈思远；客服部 赵敏、工程部 钱伟", About: []string{"陈思远", "TS-2026-000031"},
		Text:  "客户反映洗衣机三次维修后仍不排水，要求换新机。\n双方核对了三次维修单，确认更换的排水泵属同一批次。",
		Tasks: []MinutesTask{{"CA-2026-000107", "核查该批次排水泵库存并停发", "钱伟", "2026-11-22", "整改中"}, {"CA-2026-000108", "书面答复客户", "赵敏", "2026-11-21", "已验证有效"}}, Writer: Person{"林晓芸", "", ""},
	}
}

func sampleReport() Report {
	head := inside("")
	head.Order = ""
	return Report{
		Head: head, Title: "收款月报", From: calendar.On(2026, 11, 1), To: calendar.On(2026, 11, 30), Scope: "余杭服务中心",
		Columns: []ReportColumn{{"日期", 2, false}, {"收据号", 3, false}, {"客户", 3, false}, {"应收", 2, true}, {"已收", 2, true}, {"尚欠", 2, true}},
		Rows:    [][]string{{"2026-11-20", "SJ-2026-000906", "沈国强", "¥80.00", "¥80.00", "¥0.00"}, {"2026-11-21", "SJ-2026-000907", "陈思远", "¥306.50", "¥100.00", "¥206.50"}},
		Totals:  []string{"合计", "", "2 笔", "¥386.50", "¥180.00", "¥206.50"}, Notes: []string{"已收不含挂账。"},
	}
}

type sample struct {
	kind  string
	full  Paper
	blank Paper // nothing known
}

func samples() []sample {
	return []sample{
		{"work-order", sampleWorkOrder(), WorkOrder{}},
		{"repair-sheet", sampleRepairSheet(), RepairSheet{}},
		{"quote", sampleQuote(), Quote{}},
		{"settlement", sampleSettlement(), Settlement{}},
		{"receipt", sampleReceipt(), Receipt{}},
		{"follow-up", sampleFollowUp(), FollowUp{}},
		{"follow-up-reached", reachedFollowUp(), FollowUp{}},
		{"day-sheet", sampleDaySheet(), DaySheet{}},
		{"pick-list", samplePickList(), PickList{}},
		{"custody", sampleCustody(), Custody{}},
		{"acceptance", sampleAcceptance(), Acceptance{}},
		{"reception", sampleReception(), Reception{}},
		{"checklist", sampleChecklist(), Checklist{}},
		{"no-access", sampleNoAccess(), NoAccess{}},
		{"report", sampleReport(), Report{}},
		{"reply-letter", sampleReplyLetter(), ReplyLetter{}},
		{"minutes", sampleMinutes(), Minutes{}},
	}
}

// A customer's name of 40 characters, as companies have them, and 30 lines.
const longName = "杭州余杭良渚新城智慧物业管理服务集团有限公司玉鸟流苏创意园区第二分公司综合保障部"

func grown() []sample {
	customer := sampleCustomer
	customer.Name, customer.Payer = longName, longName
	head := func(h Head) Head { h.Letterhead.Name = longName; return h }
	var lines []Line
	var fitted []FittedPart
	var carried []CarriedPart
	var picked []PickLine
	var checks []Check
	var stops []Stop
	total := money.Fen(0)
	for i := range 30 {
		l := sampleLines[i%4]
		l.Description = strings.Repeat(l.Description, 1+i%3)
		lines, total = append(lines, l), total+l.Amount
		fitted = append(fitted, sampleRepairSheet().Parts[i%2])
		carried = append(carried, sampleWorkOrder().Parts[i%2])
		picked = append(picked, samplePickList().Lines[i%3])
		checks = append(checks, sampleChecklist().Checks[i%12])
		stops = append(stops, sampleDaySheet().Stops[i%4])
	}
	long := strings.Repeat("洗到一半停机，屏幕显示 E2，水排不出去。The drum keeps turning slowly while the door stays locked. ", 30)
	w, r, q, s, f := sampleWorkOrder(), sampleRepairSheet(), sampleQuote(), sampleSettlement(), reachedFollowUp()
	w.Head, w.Customer, w.Parts, w.Fault = head(w.Head), customer, carried, long
	r.Head, r.Customer, r.Parts, r.Charges, r.Total, r.Notes = head(r.Head), customer, fitted, lines, total, long
	q.Head, q.Customer, q.Lines, q.Total = head(q.Head), customer, lines, total
	s.Head, s.Customer, s.Lines, s.Total = head(s.Head), customer, lines, total
	f.Head, f.Customer, f.Words = head(f.Head), customer, long
	d, p, c, a, e, k, n := sampleDaySheet(), samplePickList(), sampleCustody(), sampleAcceptance(), sampleReception(), sampleChecklist(), sampleNoAccess()
	d.Head, d.Stops = head(d.Head), stops
	p.Head, p.Lines = head(p.Head), picked
	c.Head, c.Customer, c.Condition = head(c.Head), customer, long
	a.Head, a.Customer, a.Checks = head(a.Head), customer, checks
	e.Head, e.Customer, e.Fault = head(e.Head), customer, long
	k.Head, k.Customer, k.Checks = head(k.Head), customer, checks
	n.Head, n.Customer = head(n.Head), longName
	return []sample{
		{"work-order-long", w, nil}, {"repair-sheet-long", r, nil}, {"quote-long", q, nil}, {"settlement-long", s, nil}, {"follow-up-long", f, nil},
		{"day-sheet-long", d, nil}, {"pick-list-long", p, nil}, {"custody-long", c, nil}, {"acceptance-long", a, nil}, {"reception-long", e, nil},
		{"checklist-long", k, nil}, {"no-access-long", n, nil},
	}
}
