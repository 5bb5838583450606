package importing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"paigong/internal/calendar"
	"paigong/workorders"
)

// Mapping says how a file's columns become fields. docs/examples/README.md explains each line.
type Mapping struct {
	Kind      string                       `json:"kind"`
	Columns   map[string]string            `json:"columns"`   // field → column
	Constants map[string]string            `json:"constants"` // field → the same value in every row
	Defaults  map[string]string            `json:"defaults"`  // field → value where the row has none
	Values    map[string]map[string]string `json:"values"`    // field → the file's word → ours
	Nulls     []string                     `json:"nulls"`     // words that mean nothing, in every field
	NullsOf   map[string][]string          `json:"nulls_of"`  // and in this field alone
	Dates     string                       `json:"dates"`     // YYYY-MM-DD and the like
	Zone      string                       `json:"zone"`      // where the file's days are counted
	Encoding  string                       `json:"encoding"`
	Delimiter string                       `json:"delimiter"`
	Rows      string                       `json:"rows"`    // JSON: the list inside the object
	Escapes   bool                         `json:"escapes"` // the two characters \n stand for a line break
	List      string                       `json:"list"`    // what parts several values in one cell; default ;
	Notice    string                       `json:"notice"`  // where the file is from, for whoever reads the mapping
	Limits    struct {
		Bytes int `json:"bytes"`
		Rows  int `json:"rows"`
		Cell  int `json:"cell"`
	} `json:"limits"`

	zone  *time.Location
	dates string
	at    map[string]int // column → place in the row
}

// fieldsOf lists what each kind of row may have; the first ones are needed.
var fieldsOf = map[string]struct{ needed, more []string }{
	"requests":  {[]string{"external_ref", "received_on", "state", "region"}, []string{"region_name", "outlet", "kind", "category", "brand", "model", "produced_year", "description", "end_reason"}},
	"customers": {[]string{"name"}, []string{"external_ref", "phone", "class", "language", "notes", "address", "region", "lat", "lng", "access_notes", "contact", "contact_phone", "contact_role", "phone_region", "organisation"}},
	"assets":    {[]string{"customer"}, []string{"external_ref", "serial_number", "plate", "model", "category", "brand", "produced_year", "purchased_on", "installed_on", "produced_on", "proof", "warranty_until", "seller", "notes"}},
	"parts":     {[]string{"sku", "name"}, []string{"unit", "price", "price_minor", "serialised", "warranty_days", "return_old"}},
	"stock":     {[]string{"sku", "place", "quantity"}, []string{"condition", "serial_numbers"}},
	"regions":   {[]string{"code", "name"}, []string{"parent", "retired_on", "replaced_by"}},
	"engineers": {[]string{"staff_number", "name", "regions"}, []string{"phone", "skills", "lat", "lng", "organisation", "max_visits"}},
	"calls":     {[]string{"external_ref", "started_at", "ended_at"}, []string{"answered_at", "channel", "direction", "phone", "agent", "outcome"}},
	"holidays":  {[]string{"day"}, []string{"working", "off", "name", "source"}},
}

// NewMapping is one that says nothing yet: days as YYYY-MM-DD, counted in Shanghai, values parted by semicolons.
func NewMapping(kind string) *Mapping {
	m := &Mapping{Kind: kind, Dates: "YYYY-MM-DD", Zone: "Asia/Shanghai", List: ";"}
	m.Limits.Bytes, m.Limits.Rows, m.Limits.Cell = mostBytes, mostRows, mostCell
	return m
}

// ReadMapping reads one from a JSON file; kind is what its rows have to be.
func ReadMapping(name, kind string) (*Mapping, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	m := NewMapping("")
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("mapping %s: %w", name, err)
	}
	if m.Kind == "" {
		m.Kind = kind
	}
	if m.Kind != kind {
		return nil, fmt.Errorf("mapping %s is for %s, not for %s", name, m.Kind, kind)
	}
	if err := m.Ready(); err != nil {
		return nil, fmt.Errorf("mapping %s: %w", name, err)
	}
	return m, nil
}

var dateWords = strings.NewReplacer("YYYY", "2006", "YY", "06", "MM", "01", "DD", "02", "M", "1", "D", "2")

// Ready refuses what cannot be read by: fields that rows of the kind do not have, days without year, month or day.
func (m *Mapping) Ready() (err error) {
	if m.zone, err = time.LoadLocation(m.Zone); err != nil {
		return fmt.Errorf("zone %q: %w", m.Zone, err)
	}
	m.dates = dateWords.Replace(m.Dates)
	if !strings.Contains(m.dates, "06") || !strings.Contains(m.dates, "1") || !strings.Contains(m.dates, "2") {
		return fmt.Errorf("dates %q: write it with YYYY, MM and DD, such as YYYY-MM-DD or D.M.YYYY", m.Dates)
	}
	fields := fieldsOf[m.Kind]
	for _, group := range []map[string]string{m.Columns, m.Constants, m.Defaults} {
		for field := range group {
			if !slices.Contains(fields.needed, field) && !slices.Contains(fields.more, field) {
				return fmt.Errorf("%s have no field %q; there are: %s", m.Kind, field, strings.Join(append(slices.Clone(fields.needed), fields.more...), ", "))
			}
		}
	}
	return nil
}

// Set gives every row the same value in a field.
func (m *Mapping) Set(field, value string) error {
	if m.Constants == nil {
		m.Constants = map[string]string{}
	}
	m.Constants[field] = value
	return m.Ready()
}

// Check finds every mapped column in the header, and every field that is needed.
func (m *Mapping) Check(header []string) error {
	m.at = map[string]int{}
	for i, column := range header {
		if _, twice := m.at[column]; !twice {
			m.at[column] = i
		}
	}
	for _, field := range slices.Sorted(maps.Keys(m.Columns)) {
		if column := m.Columns[field]; column != "" {
			if _, ok := m.at[column]; !ok {
				return fmt.Errorf("the mapping reads %s from the column %q, which is not in the file; its columns are: %s", field, column, strings.Join(header, ", "))
			}
		}
	}
	for _, field := range fieldsOf[m.Kind].needed {
		if m.Columns[field] == "" && m.Constants[field] == "" && m.Defaults[field] == "" {
			return fmt.Errorf("the mapping says nothing about %s, which %s need", field, m.Kind)
		}
	}
	return nil
}

// reading is one row while it becomes a record; what is wrong with it gathers in problems.
type reading struct {
	row      Row
	mapping  *Mapping
	source   string
	problems []workorders.RowProblem
}

// wrong notes what cannot be read; key is a text of the catalogue.
func (r *reading) wrong(field, key string, args ...any) {
	r.problems = append(r.problems, workorders.RowProblem{Field: field, Key: key, Args: args})
}

// raw is the cell as it stands.
func (r *reading) raw(field string) string {
	if i, ok := r.mapping.at[r.mapping.Columns[field]]; ok && i < len(r.row.Cells) {
		return r.row.Cells[i]
	}
	return ""
}

// text is a field's value: constant, else the cell without what means nothing and in our words, else the default.
func (r *reading) text(field string) string {
	m := r.mapping
	if v, ok := m.Constants[field]; ok {
		return v
	}
	v := strings.TrimSpace(r.raw(field))
	if m.Escapes {
		v = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n").Replace(v)
	}
	v = strings.TrimSpace(strings.ReplaceAll(v, "\r\n", "\n"))
	if slices.Contains(m.Nulls, v) || slices.Contains(m.NullsOf[field], v) {
		v = ""
	}
	if words, ok := m.Values[field]; ok && v != "" {
		ours, known := words[v]
		if !known {
			ours, known = words["*"]
		}
		if !known {
			r.wrong(field, "import.word", v)
			return ""
		}
		v = ours
	}
	if v == "" {
		v = m.Defaults[field]
	}
	return v
}

func (r *reading) needed(field string) string {
	v := r.text(field)
	if v == "" {
		r.wrong(field, "import.empty")
	}
	return v
}

func (r *reading) maybe(field string) *string {
	if v := r.text(field); v != "" {
		return &v
	}
	return nil
}

func (r *reading) list(field string) (out []string) {
	for _, v := range strings.Split(r.text(field), r.mapping.List) {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (r *reading) day(field string) *calendar.Date {
	v := r.text(field)
	if v == "" {
		return nil
	}
	t, err := time.Parse(r.mapping.dates, v)
	if err != nil {
		r.wrong(field, "import.day", v, r.mapping.Dates)
		return nil
	}
	day := calendar.Of(t, time.UTC)
	return &day
}

// moment reads an instant: RFC 3339, or a date and a time of day where the rows come from. Empty is nil.
func (r *reading) moment(field string) *time.Time {
	text := r.text(field)
	if text == "" {
		return nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return &at
	}
	zone := r.mapping.zone
	if zone == nil {
		zone = calendar.Shanghai()
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006/1/2 15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return &at
		}
	}
	r.wrong(field, "import.instant", text)
	return nil
}

// number reads whole numbers, also when a spreadsheet wrote them as 5.0.
func (r *reading) number(field string) *int64 {
	v := r.text(field)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(v, ".0"), 10, 64)
	if err != nil {
		r.wrong(field, "import.number", v)
		return nil
	}
	return &n
}

func (r *reading) small(field string) *int {
	n := r.number(field)
	if n == nil {
		return nil
	}
	small := int(*n)
	return &small
}

// money reads 12.5 as 1250.
func (r *reading) money(field string) *int64 {
	v := strings.ReplaceAll(r.text(field), ",", "")
	if v == "" {
		return nil
	}
	whole, part, _ := strings.Cut(v, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil || len(part) > 2 {
		r.wrong(field, "import.amount", v)
		return nil
	}
	return &n
}

func (r *reading) yes(field string) *bool {
	v := strings.ToLower(r.text(field))
	var yes bool
	switch v {
	case "":
		return nil
	case "1", "true", "yes", "y", "是", "有":
		yes = true
	case "0", "false", "no", "n", "否", "无":
	default:
		r.wrong(field, "import.yes", v)
	}
	return &yes
}

// degrees reads a coordinate. 0,0 and whole degrees are where people put what they do not know.
func (r *reading) degrees(lat, lng string) (*float64, *float64) {
	read := func(field string) *float64 {
		v := r.text(field)
		if v == "" {
			return nil
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			r.wrong(field, "import.degrees", v)
			return nil
		}
		return &f
	}
	a, b := read(lat), read(lng)
	if a != nil && b != nil && *a == float64(int(*a)) && *b == float64(int(*b)) {
		return nil, nil
	}
	return a, b
}
