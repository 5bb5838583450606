package pdf

import (
	"io"
	"strconv"
	"time"

	"paigong/internal/calendar"
)

// FollowUp is the 回访单 a caller works from and ticks off.
type FollowUp struct {
	Head
	Kind            string // after_visit after_answer 3dc 7dc …
	From, To, DueOn calendar.Date
	Customer        Party
	BestTime        string
	Language        string
	Device          Device
	FinishedAt      time.Time
	Engineer        Person
	Done            string   // what was done
	Told            string   // what the customer was told
	Promises        []string // still open
	EarlierScores   string
	Script          string // version of the questions
	Attempts        []Attempt
	IdentityChecked bool
	Scores          []Score // empty: the questions of the house, to be ticked by hand
	Words           string  // of the customer
	Next            string  // none repeat_visit new_request complaint corrective_action concession
	NextNumber      string  // of what was created
	Caller          Person
	ReachedAt       time.Time
	CheckedBy       string
}

// Attempt is one call.
type Attempt struct {
	At      time.Time
	Caller  string
	Outcome string // reached no_answer busy …
	Comment string
}

// Score is an answer from 1 to 5; 0 has not been asked.
type Score struct {
	Question string // product service on_time manner charges clean fixed, or words of its own
	Value    int
}

// Write draws the follow-up.
func (p FollowUp) Write(w io.Writer, o Options) error { return write(w, []FollowUp{p}, o) }

func (FollowUp) name(c *canvas) string { return c.t("title.follow_up") }

func (p FollowUp) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("call_on"), value: c.date(p.DueOn), heavy: true, blank: true},
		pair{label: c.t("call_window"), value: c.days(p.From, p.To)},
		pair{label: c.t("follow_up_kind"), value: c.code("follow_up", p.Kind)},
		pair{label: c.t("script"), value: p.Script},
	)
	c.section(c.t("whom_to_call"), 14)
	c.pairs(
		pair{label: c.t("customer"), value: p.Customer.Name, heavy: true, blank: true},
		pair{label: c.t("phone"), value: c.phone(p.Customer.Phone), blank: true},
		pair{label: c.t("on_site"), value: list(p.Customer.OnSite.Name, c.code("contact", p.Customer.OnSite.Role), c.phone(p.Customer.OnSite.Phone))},
		pair{label: c.t("best_time"), value: p.BestTime},
		pair{label: c.t("language"), value: c.code("language", p.Language)},
		pair{label: c.t("earlier_scores"), value: p.EarlierScores},
		pair{label: c.t("address"), value: p.Customer.Address, wide: true},
	)
	c.section(c.t("what_was_done"), 14)
	c.pairs(
		pair{label: c.t("device"), value: list(p.Device.Category, p.Device.Brand, p.Device.Model), blank: true},
		pair{label: c.t("serial"), value: p.Device.Serial},
		pair{label: c.t("engineer"), value: c.person(p.Engineer)},
		pair{label: c.t("finished_at"), value: c.moment(p.FinishedAt)},
		pair{label: c.t("work_done"), value: p.Done, wide: true},
		pair{label: c.t("told"), value: p.Told, wide: true},
	)
	c.notice(promises(c, p.Promises)...)

	c.section(c.t("attempts"), 20)
	var rows [][]cell
	for i, a := range p.Attempts {
		rows = append(rows, cells(strconv.Itoa(i+1), c.moment(a.At), a.Caller, c.code("attempt", a.Outcome), a.Comment))
	}
	for i := len(rows); i < 3; i++ {
		rows = append(rows, cells(strconv.Itoa(i+1)))
	}
	c.table([]column{{head: c.t("no"), width: 10}, {head: c.t("time"), width: 36}, {head: c.t("caller"), width: 30}, {head: c.t("attempt_result"), width: 30}, {head: c.t("remark"), width: 74}}, rows, 0)
	c.pairs(pair{label: c.t("identity"), wide: true, choices: []choice{{c.t("identity_checked"), ticked(p.IdentityChecked)}}})

	c.section(c.t("questions"), 24)
	scores := p.Scores
	if len(scores) == 0 {
		for _, q := range []string{"fixed", "product", "service", "on_time", "manner", "charges", "clean"} {
			scores = append(scores, Score{Question: q})
		}
	}
	for _, s := range scores[:min(len(scores), 40)] {
		c.score(s)
	}
	c.fine(c.t("scale"))
	c.y += 1
	c.pairs(
		pair{label: c.t("customer_words"), value: p.Words, wide: true, blank: true, height: 13},
		pair{label: c.t("next_step"), wide: true, choices: c.scale("next", p.Next, "none", "repeat_visit", "new_request", "complaint", "corrective_action", "concession")},
		pair{label: c.t("next_number"), value: p.NextNumber, blank: true},
		pair{label: c.t("reached_at"), value: c.moment(p.ReachedAt), blank: true},
		pair{label: c.t("caller"), value: c.person(p.Caller), blank: true},
		pair{label: c.t("checked_by"), value: p.CheckedBy, blank: true},
	)
}

func promises(c *canvas, open []string) []string {
	out := make([]string, 0, len(open))
	for _, s := range open {
		if s != "" {
			out = append(out, c.colon(c.t("promise"), s))
		}
	}
	return out
}

// score sets a question with five squares.
func (c *canvas) score(s Score) {
	const step = 14.0
	question := c.clean(c.code("question", s.Question), 120)
	lines := c.wrap(question, body, full-5*step-6)
	height := float64(len(lines))*lineHeight(body) + 1.8
	c.need(height)
	for i, l := range lines {
		c.note(left, baseline(c.y+0.9, body, i), body, black, l)
	}
	for v := 1; v <= 5; v++ {
		x, y := right-float64(6-v)*step, baseline(c.y+0.9, body, 0)
		c.box(x, y-2.6, ticked(s.Value == v))
		c.note(x+4.2, y, body, black, strconv.Itoa(v))
	}
	c.y += height
	c.line(left, c.y, right, c.y, 0.15, rule)
}
