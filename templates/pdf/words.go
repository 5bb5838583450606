package pdf

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
	"paigong/internal/say"
)

// words formats values the way the reader's language writes them. Texts lie in the catalogue's area "papers".
type words struct {
	lang string
	zone *time.Location
}

func newWords(o Options) words {
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	return words{say.Lang(o.Lang), zone}
}

// t says a text of the papers.
func (w words) t(key string, args ...any) string { return say.Text(w.lang, "paper."+key, args...) }

// code says a code of a group (outcome, method, ...); a code nobody has named prints as it is.
func (w words) code(group, code string) string {
	if code == "" {
		return ""
	}
	key := "paper." + group + "." + code
	if !say.Has(key) {
		return code
	}
	return say.Text(w.lang, key)
}

func (w words) chinese() bool { return w.lang == say.Chinese }

// colon joins a caption and its value.
func (w words) colon(caption, value string) string {
	if w.chinese() {
		return caption + "：" + value
	}
	return caption + ": " + value
}

// comma joins two remarks.
func (w words) comma(a, b string) string {
	if w.chinese() {
		return a + "，" + b
	}
	return a + ", " + b
}

// brackets adds a remark to a value.
func (w words) brackets(s string) string {
	if w.chinese() {
		return "（" + s + "）"
	}
	return " (" + s + ")"
}

// list joins what is not empty with a middle dot, which in this font brings its own space along.
func list(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "·")
}

// date writes a civil day: 2026-11-23 周一, Mon 23 Nov 2026.
func (w words) date(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return w.day(d.In(time.UTC))
}

func (w words) day(t time.Time) string {
	if w.chinese() {
		return t.Format("2006-01-02 ") + w.t("weekday."+strconv.Itoa(int(t.Weekday())))
	}
	return t.Format("Mon 2 Jan 2006")
}

// shortDate leaves the day of the week out.
func (w words) shortDate(d calendar.Date) string {
	if d.IsZero() || w.chinese() {
		return dash(d)
	}
	return d.In(time.UTC).Format("2 Jan 2006")
}

func dash(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// moment writes an instant to the minute, at the place of the paper.
func (w words) moment(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case w.chinese():
		return t.In(w.zone).Format("2006-01-02 15:04")
	}
	return t.In(w.zone).Format("2 Jan 2006 15:04")
}

// clock writes the time of day alone.
func (w words) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.zone).Format("15:04")
}

// window writes from-to; the day stands once when it is the same.
func (w words) window(v Window) string {
	from, to := v.From.In(w.zone), v.To.In(w.zone)
	switch {
	case v.From.IsZero() && v.To.IsZero():
		return ""
	case v.To.IsZero():
		return w.day(from) + " " + from.Format("15:04")
	case v.From.IsZero():
		return "– " + w.day(to) + " " + to.Format("15:04")
	case calendar.Of(from, w.zone) == calendar.Of(to, w.zone):
		return w.day(from) + " " + from.Format("15:04") + "–" + to.Format("15:04")
	}
	return w.moment(v.From) + " – " + w.moment(v.To)
}

// times writes the times of day of a window, for lists of one day.
func (w words) times(v Window) string {
	switch {
	case v.From.IsZero() && v.To.IsZero():
		return ""
	case v.To.IsZero():
		return w.clock(v.From)
	}
	return w.clock(v.From) + "–" + w.clock(v.To)
}

// days writes a window of civil days.
func (w words) days(from, to calendar.Date) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from == to || to.IsZero():
		return w.date(from)
	case from.IsZero():
		return "– " + w.date(to)
	}
	return w.date(from) + " – " + w.date(to)
}

// offset names the zone of the paper's times: UTC+8.
func (w words) offset(t time.Time) string {
	_, seconds := t.In(w.zone).Zone()
	sign, abs := "+", seconds
	if seconds < 0 {
		sign, abs = "−", -seconds
	}
	if abs%3600 != 0 {
		return fmt.Sprintf("UTC%s%d:%02d", sign, abs/3600, abs%3600/60)
	}
	return fmt.Sprintf("UTC%s%d", sign, abs/3600)
}

func amount(f money.Fen) string {
	if f < 0 {
		return "−¥" + strings.TrimPrefix(f.String(), "-")
	}
	return "¥" + f.String()
}

// some is the amount, or nothing for zero.
func some(f money.Fen) string {
	if f == 0 {
		return ""
	}
	return amount(f)
}

func quantity(n int64, unit string) string {
	return strings.TrimSpace(strconv.FormatInt(n, 10) + " " + unit)
}

func (w words) minutes(n int) string {
	if n == 0 {
		return ""
	}
	return w.t("minutes", n)
}

// person names somebody with the staff number, as on a badge.
func (w words) person(p Person) string {
	if p.StaffNumber == "" {
		return p.Name
	}
	if p.Name == "" {
		return p.StaffNumber
	}
	return w.t("person", p.Name, p.StaffNumber)
}

// coded writes a code and its words.
func coded(c Coded) string { return strings.TrimSpace(c.Code + "  " + c.Name) }
