package pdf

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

func TestTheSameValueGivesTheSameBytes(t *testing.T) {
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, s := range samples() {
			first := render(t, s.full, options(lang))
			var wait sync.WaitGroup
			for range 3 {
				wait.Go(func() {
					if !bytes.Equal(first, render(t, s.full, options(lang))) {
						t.Errorf("%s in %s differs from one print to the next", s.kind, lang)
					}
				})
			}
			wait.Wait()
		}
	}
}

func TestPapersWithoutATimeOfPrintingAreStillTheSame(t *testing.T) {
	first := render(t, NoAccess{}, Options{})
	if !bytes.Contains(first, []byte("D:19700101000000")) || !bytes.Equal(first, render(t, NoAccess{}, Options{})) {
		t.Error("the clock found its way into a paper")
	}
}

func TestPapersSayWhatPeopleLookFor(t *testing.T) {
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, s := range samples() {
			p := read(t, render(t, s.full, options(lang)))
			want := []string{"杭州安居电器服务有限公司", "林晓芸"}
			switch s.kind {
			case "day-sheet", "pick-list":
				want = append(want, "WO-2026-001284", "陈思远", "HR-DP-0031", "王建国")
			case "report":
				want = append(want, "SJ-2026-000907", "¥206.50")
			default:
				want = append(want, "WO-2026-001284", "陈思远")
			}
			switch s.kind {
			case "work-order":
				want = append(want, "HR-DP-0031", "排水泵", "PU-2026-0712", "¥50.00", "¥400.00", "09:00–11:00", "E2", "WO-2026-001102", "大型犬")
			case "repair-sheet":
				want = append(want, "HR-DP-0031", "DP19-44210", "DP26-10077", "¥306.50", "F-WM-021", "A-02", "152 Ω", "周慧兰", "0571-0000 0000")
			case "quote":
				want = append(want, "QT-2026-000618", "HR-DP-0031", "¥351.50", "¥400.00", "¥306.50", "¥45.00")
			case "settlement":
				want = append(want, "SJ-2026-000907", "HR-DP-0031", "¥306.50", "¥100.00", "¥206.50", "4200002841202611211234567890", "杭州云栖物业管理有限公司")
			case "receipt":
				want = append(want, "SJ-2026-000907", "HR-DP-0031", "¥306.50", "ICBC 20261121 0077")
			case "follow-up":
				want = append(want, "FU-2026-001150", "18:00 以后", "2026-11-25 前电话告知")
			case "custody":
				want = append(want, "JX-2026-000231", "进水管", "左前角漆面划伤", "LN-0021", "¥680.00")
			case "acceptance":
				want = append(want, "HT-2026-118", "7210-00931", "302 室排水管重新找坡", "何主任")
			case "reception":
				want = append(want, "浙A·00000", "41 260 km", "四轮换位", "充电枪")
			case "checklist":
				want = append(want, "四万公里常规检查", "3.2 mm", "球头松旷")
			case "no-access":
				want = append(want, "400-000-0000", "A012")
			}
			pages := len(p.pages)
			if lang == "en" {
				want = append(want, fmt.Sprintf("Page 1 of %d", pages), fmt.Sprintf("Page %d of %d", pages, pages), "version 1")
			} else {
				want = append(want, fmt.Sprintf("第 1 页／共 %d 页", pages), fmt.Sprintf("第 %d 页／共 %d 页", pages, pages), "第 1 版")
			}
			for _, w := range want {
				if !strings.Contains(p.joined(), w) {
					t.Errorf("%s in %s does not say %q:\n%s", s.kind, lang, w, p.all())
				}
			}
			if pages != 1 {
				t.Errorf("%s in %s takes %d pages, an ordinary one fits on one", s.kind, lang, pages)
			}
		}
	}
}

func TestEveryTextIsInTheCatalogueAndInTheFont(t *testing.T) {
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, s := range append(samples(), grown()...) {
			for _, p := range []Paper{s.full, s.blank} {
				if p == nil {
					continue
				}
				text := read(t, render(t, p, options(lang))).all()
				if strings.Contains(text, "paper.") || strings.Contains(text, "%!") || strings.ContainsRune(text, missing) {
					t.Errorf("%s in %s has a text without words:\n%s", s.kind, lang, text)
				}
			}
		}
	}
}

func TestChineseBillsCarryTheAmountInCapitals(t *testing.T) {
	for _, p := range []Paper{sampleQuote(), sampleSettlement(), sampleReceipt(), sampleRepairSheet()} {
		want := "叁佰零陆元伍角整"
		if _, quote := p.(Quote); quote {
			want = "叁佰伍拾壹元伍角整"
		}
		if !strings.Contains(read(t, render(t, p, options("zh-Hans"))).all(), want) {
			t.Errorf("%T has no %s", p, want)
		}
	}
}

func TestAReceiptIsHeadedByWhatItIs(t *testing.T) {
	p := sampleReceipt()
	if text := read(t, render(t, p, options(""))).all(); !strings.Contains(text, "\n收据\n") || strings.Contains(text, "结算单") {
		t.Errorf("paid, but not headed 收据:\n%s", text)
	}
	p.Paid--
	if text := read(t, render(t, p, options(""))).all(); !strings.Contains(text, "\n维修结算单\n") || !strings.Contains(text, "¥0.01") {
		t.Errorf("one fen is open, but it is not headed 维修结算单:\n%s", text)
	}
	for _, p := range []Paper{sampleSettlement(), p} {
		if !strings.Contains(read(t, render(t, p, options(""))).all(), "非税务发票") {
			t.Errorf("%T may be taken for a tax invoice", p)
		}
	}
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

func TestTelephoneNumbersAreMaskedOnCopiesThatLeaveTheHouse(t *testing.T) {
	for _, s := range samples() {
		for _, to := range []Copy{CopyCustomer, CopyOffice} {
			o := options("zh-Hans")
			o.Copy = to
			text := read(t, render(t, s.full, o)).all()
			open := strings.Contains(text, "138 0000 5678") || strings.Contains(text, "139 0000 1234")
			if to == CopyCustomer && open {
				t.Errorf("the customer's copy of %s shows a whole number", s.kind)
			}
			if s.kind == "no-access" && (open || strings.Contains(text, "排水")) {
				t.Error("the notice at the door tells strangers too much")
			}
		}
	}
}

func TestMarksOfAPrint(t *testing.T) {
	for lang, want := range map[string][]string{
		"zh-Hans": {"存根联", "补打", "作废", "第 3 版", "打印 2026-11-21 17:05（UTC+8）"},
		"en":      {"File copy", "Reprint", "VOID", "version 3", "Printed 21 Nov 2026 17:05 (UTC+8)"},
	} {
		p, o := sampleReceipt(), options(lang)
		p.Void, p.Version, o.Copy, o.Reprint = true, 3, CopyFile, true
		text := read(t, render(t, p, o)).all()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, text)
			}
		}
	}
}

func TestLongPapersFlowOn(t *testing.T) {
	if n := utf8.RuneCountInString(longName); n != 40 {
		t.Fatalf("the long name has %d characters", n)
	}
	heads := map[string]string{"work-order-long": "编码", "repair-sheet-long": "新件序列号", "quote-long": "单价", "settlement-long": "单价", "pick-list-long": "货位", "checklist-long": "不合格", "acceptance-long": "不合格"}
	for _, s := range grown() {
		p := read(t, render(t, s.full, options("zh-Hans")))
		if s.kind != "day-sheet-long" && s.kind != "pick-list-long" && !strings.Contains(p.joined(), longName) {
			t.Errorf("%s cut the customer's name", s.kind)
		}
		for i, page := range p.pages {
			if want := fmt.Sprintf("第 %d 页／共 %d 页", i+1, len(p.pages)); !strings.Contains(page, want) {
				t.Errorf("%s: page %d does not say %s", s.kind, i+1, want)
			}
			if i > 0 && !strings.Contains(page, "（续）") {
				t.Errorf("%s: page %d does not say what it continues", s.kind, i+1)
			}
		}
		if head := heads[s.kind]; head != "" && len(p.pages) > 1 {
			rows := map[string]string{"work-order-long": "HR-CL-0007", "repair-sheet-long": "DP26-10077", "quote-long": "HR-DP-0031", "settlement-long": "HR-DP-0031", "pick-list-long": "GS-R32", "checklist-long": "紧固与磨损", "acceptance-long": "紧固与磨损"}
			for i, page := range p.pages {
				if strings.Contains(page, rows[s.kind]) && !strings.Contains(page, head) {
					t.Errorf("%s: page %d has rows without their head", s.kind, i+1)
				}
			}
		}
		if s.kind == "settlement-long" {
			last := p.pages[len(p.pages)-1]
			if !strings.Contains(last, "HR-") || !strings.Contains(last, "贰仟柒佰壹拾叁元伍角整") {
				t.Errorf("the total stands on a page of its own:\n%s", last)
			}
		}
	}
}

func TestAPaperEndsAtItsLimit(t *testing.T) {
	p := sampleReport()
	for len(p.Rows) < maxRows+5 {
		p.Rows = append(p.Rows, []string{strings.Repeat("长", 500), "x", "y", "1", "2", "3"})
	}
	pages := read(t, render(t, p, options("zh-Hans"))).pages
	if len(pages) != maxPages || !strings.Contains(pages[maxPages-1], "后续内容未打印") {
		t.Errorf("%d pages, the last one says\n%s", len(pages), pages[len(pages)-1])
	}
	p.Rows = p.Rows[:0]
	for len(p.Rows) < maxRows+5 {
		p.Rows = append(p.Rows, []string{"2026-11-20", "x"})
	}
	pages = read(t, render(t, p, options("zh-Hans"))).pages
	if len(pages) >= maxPages || !strings.Contains(pages[len(pages)-1], "另有 5 行未打印") {
		t.Errorf("%d pages, the last one says\n%s", len(pages), pages[len(pages)-1])
	}
}

// nasty is text that has broken PDF writers, printers and people.
var nasty = []string{
	"🚗🛠️ 𠮷野家 \xff\xfe坏字节", "\x00\x01\x1b[31m\u202e倒写\u2066\ufeff", "e\u0301 ﷺ नमस्ते ไทย \u200d👨‍👩‍👧", ") Tj ET (\\", "%s %d %!",
	strings.Repeat("没有空格的长行", 60), strings.Repeat("LongWordWithoutAnyBreak", 60), "行一\r\n行二\n\n\n行五\t制表", " ", "\n", "\u00a0", strings.Repeat("\n", 900),
}

// fill sets every field of a paper, however deep, to something extreme.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		times := []time.Time{{}, time.Unix(1<<40, 0), at("2026-11-21 10:00"), time.Unix(-1<<40, 0)}
		v.Set(reflect.ValueOf(times[*n%len(times)]))
		return
	case calendar.Date:
		days := []calendar.Date{{}, calendar.On(2026, 2, 29), calendar.On(9999, 12, 31)}
		v.Set(reflect.ValueOf(days[*n%len(days)]))
		return
	case money.Fen:
		amounts := []money.Fen{0, math.MinInt64, math.MaxInt64, -1, 123456}
		v.SetInt(int64(amounts[*n%len(amounts)]))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(nasty[*n%len(nasty)])
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, -1, math.MaxInt32, 7}[*n%4])
	case reflect.Float64:
		v.SetFloat([]float64{0, math.NaN(), math.Inf(1), -3, 1e300, 12}[*n%6])
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 13, 13))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	}
}

func TestNothingPeopleTypeMakesAPaperFail(t *testing.T) {
	for _, s := range samples() {
		for start := range 5 {
			v := reflect.New(reflect.TypeOf(s.full)).Elem()
			n := start
			fill(v, &n)
			p := v.Interface().(Paper)
			o := Options{Lang: []string{"", "en", "\xff"}[start%3], Copy: Copy(nasty[start%len(nasty)]), PrintedBy: nasty[(start+3)%len(nasty)], Version: -1, PrintedAt: at("2026-11-21 10:00")}
			out := read(t, render(t, p, o))
			if len(out.pages) > maxPages {
				t.Errorf("%s: %d pages", s.kind, len(out.pages))
			}
			if !strings.ContainsRune(out.all(), missing) {
				t.Errorf("%s: characters outside the font are not shown as %c", s.kind, missing)
			}
			for _, bad := range []string{"\x00", "\x1b", "\u202e", "\ufeff", "🚗", "𠮷"} {
				if strings.Contains(out.all(), bad) {
					t.Errorf("%s: %q came through", s.kind, bad)
				}
			}
		}
		if s.blank != nil {
			read(t, render(t, s.blank, Options{}))
		}
	}
}

func TestAPileIsOneFile(t *testing.T) {
	var b bytes.Buffer
	orders := []WorkOrder{sampleWorkOrder(), sampleWorkOrder(), sampleWorkOrder()}
	orders[1].Fault = strings.Repeat("很长的描述。", 400)
	orders[2].Version = 4
	if err := WriteAll(&b, orders, options("en")); err != nil {
		t.Fatal(err)
	}
	var counts []string
	p := read(t, b.Bytes())
	for _, page := range p.pages {
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "Page ") {
				counts = append(counts, strings.TrimSpace(line))
			}
		}
	}
	if got, want := strings.Join(counts, ", "), "Page 1 of 1, Page 1 of 2, Page 2 of 2, Page 1 of 1"; got != want {
		t.Errorf("pages are numbered %s, want %s", got, want)
	}
	if !strings.Contains(p.pages[3], "version 4") || !strings.Contains(p.pages[0], "version 1") {
		t.Error("a paper's own version does not win over that of the pile")
	}

	b.Reset()
	if err := WriteAll(&b, []Paper{sampleDaySheet(), samplePickList()}, options("")); err != nil {
		t.Fatal(err)
	}
	if p := read(t, b.Bytes()); len(p.pages) != 2 || !strings.Contains(p.pages[1], "备料单") {
		t.Error("papers of different kinds do not go into one file")
	}

	b.Reset()
	if err := WriteAll(&b, []DaySheet{}, options("en")); err != nil {
		t.Fatal(err)
	}
	if p := read(t, b.Bytes()); len(p.pages) != 1 || !strings.Contains(p.all(), "There is nothing to print.") {
		t.Error("an empty pile does not say so")
	}
}

func TestADaySheetAddsUpItsParts(t *testing.T) {
	p := sampleDaySheet()
	p.Stops = append(p.Stops, p.Stops[1])
	text := read(t, render(t, p, options("zh-Hans"))).all()
	if !strings.Contains(after(text, "当日配件汇总"), "HR-CL-0007\n卡箍 Ø 32 mm\n4 只\n") {
		t.Errorf("two visits need 4 clamps in all:\n%s", text)
	}
	p.Stops = nil
	if text := read(t, render(t, p, options("zh-Hans"))).all(); !strings.Contains(text, "当日没有派工") {
		t.Errorf("a free day looks like a mistake:\n%s", text)
	}
}

func TestTimesAreThoseOfTheSite(t *testing.T) {
	w := newWords(Options{Lang: "en", Zone: time.FixedZone("", -(3*3600 + 30*60))})
	if got := w.offset(at("2026-11-21 10:00")); got != "UTC−3:30" {
		t.Errorf("offset %s", got)
	}
	for _, c := range []struct{ lang, from, to, want string }{
		{"zh-Hans", "2026-11-21 09:00", "2026-11-21 11:00", "2026-11-21 周六 09:00–11:00"},
		{"en", "2026-11-21 09:00", "2026-11-21 11:00", "Sat 21 Nov 2026 09:00–11:00"},
		{"zh-Hans", "2026-11-21 23:00", "2026-11-22 01:00", "2026-11-21 23:00 – 2026-11-22 01:00"},
	} {
		w := newWords(Options{Lang: c.lang, Zone: shanghai})
		if got := w.window(Window{at(c.from), at(c.to)}); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	w = newWords(Options{Lang: "zh-Hans", Zone: shanghai})
	if got := w.window(Window{From: at("2026-11-21 09:00")}); got != "2026-11-21 周六 09:00" {
		t.Error(got)
	}
	if got := w.window(Window{}); got != "" {
		t.Error(got)
	}
}
