package workorders

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/gofrs/uuid/v5"
	"github.com/mozillazg/go-pinyin"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Found is one answer of a search.
type Found struct {
	Kind       string     `bun:"kind" json:"kind" enum:"request,work_order,customer,asset,part,receipt,complaint"`
	ID         uuid.UUID  `bun:"id" json:"id"`
	Number     string     `bun:"number" json:"number,omitempty"`
	Title      string     `bun:"title" json:"title"`
	Detail     string     `bun:"detail" json:"detail,omitempty"`
	CustomerID *uuid.UUID `bun:"customer_id" json:"customer_id,omitempty"`
	At         time.Time  `bun:"at" json:"at"`
}

// doc is what can be found about a row.
type doc struct {
	ID         uuid.UUID
	Kind       string
	OrgID      int32
	Serving    *int32
	CustomerID *uuid.UUID
	Number     string
	Title      string
	Detail     string
	Words      []string // further words it is found by
}

// remember keeps what people look a row up by; pinyin and its initials are added to Chinese words.
func (w *work) remember(ctx context.Context, d doc) error {
	words := append([]string{d.Number, d.Title, d.Detail}, d.Words...)
	words = append(words, Pinyin(d.Title)...)
	_, err := w.tx.ExecContext(ctx, `INSERT INTO search_docs (id, kind, org_id, serving_org_id, customer_id, number, title, detail, words, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET serving_org_id = EXCLUDED.serving_org_id, customer_id = EXCLUDED.customer_id, title = EXCLUDED.title, detail = EXCLUDED.detail, words = EXCLUDED.words`,
		d.ID, d.Kind, d.OrgID, d.Serving, d.CustomerID, d.Number, d.Title, d.Detail, limitText(strings.Join(words, " "), 20000), w.at)
	if err != nil {
		return fmt.Errorf("search %s: %w", d.Kind, err)
	}
	return nil
}

// Pinyin gives a Chinese name as whole syllables and as initials, so that 王伟 is found by wangwei and ww.
func Pinyin(name string) []string {
	runes := []rune(limitText(name, 40))
	hasHan := false
	for _, r := range runes {
		hasHan = hasHan || unicode.Is(unicode.Han, r)
	}
	if !hasHan {
		return nil
	}
	args := pinyin.NewArgs()
	syllables := pinyin.LazyPinyin(string(runes), args)
	var initials strings.Builder
	for _, s := range syllables {
		initials.WriteString(s[:1])
	}
	return []string{strings.Join(syllables, ""), initials.String()}
}

func limitText(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

// Search finds requests, orders, customers, devices and receipts by number, name, pinyin, phone, serial
// number, plate or any Chinese text of two characters and more. At most 50 answers, the nearest first.
func (d *Desk) Search(ctx context.Context, by auth.Caller, text string) ([]Found, error) {
	text = strings.TrimSpace(limitText(text, 100))
	if text == "" {
		return nil, fault.New(fault.Invalid, "query_missing", "type what to look for").Field("query.q", "must not be blank")
	}
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, err
	}
	see := s.Reach(`(d.id IN (SELECT order_id FROM visits WHERE engineer_id = :me AND state <> 'proposed') OR d.customer_id IN (SELECT w.customer_id FROM visits v JOIN work_orders w ON w.id = v.order_id WHERE v.engineer_id = :me AND v.state <> 'proposed'))`, "d.org_id", "d.serving_org_id")
	rows := []Found{}
	err := d.reader(ctx).NewRaw(`WITH h AS MATERIALIZED (
			SELECT d.kind, d.id, d.number, d.title, d.detail, d.customer_id, d.at FROM search_docs d WHERE `+see+` AND d.grams @> grams(?) AND d.words ILIKE ? LIMIT 20000)
		SELECT * FROM h ORDER BY upper(number) = upper(?) DESC, upper(number) LIKE upper(?) DESC, title ILIKE ? DESC, at DESC LIMIT 50`,
		text, "%"+likeText(text)+"%", text, likeText(text)+"%", "%"+likeText(text)+"%").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("search: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
