package pages

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/importing"
)

// What a table brought in by the pages may be; larger ones are for the command line. The text of the file goes
// back and forth with the form, so that lists of customers lie nowhere in between.
const (
	mostImportBytes = 2 << 20
	mostImportRows  = 5000
	sampleRows      = 4
	refusedShown    = 100
)

// importRights says what a kind of row needs besides, and where the rows are to be seen.
var importRights = []struct {
	kind string
	may  auth.Permission
	next string
}{
	{"regions", auth.ManageBasics, "/settings/regions"}, {"holidays", auth.ManageBasics, "/settings/calendar"}, {"engineers", auth.ManageEngineers, "/settings/engineers"},
	{"parts", auth.ManageParts, "/stock/parts"}, {"stock", auth.MoveStock, "/stock"}, {"customers", auth.WriteCustomers, "/customers"}, {"assets", auth.WriteCustomers, "/assets"},
}

// importing is GET /settings/import.
func (p *Pages) importing(a *ask) (templates.Page, error) { return a.importPage("") }

func (a *ask) importPage(kind string) (templates.SettingsImport, error) {
	v := templates.SettingsImport{Kind: kind, Dates: "YYYY-MM-DD", List: ";"}
	for _, r := range importRights {
		if !a.by.May(r.may) {
			continue
		}
		needed, more := importing.Fields(r.kind)
		k := templates.ImportKind{Kind: r.kind, Example: "/settings/import/example.csv?kind=" + r.kind}
		for _, f := range needed {
			k.Needed = append(k.Needed, a.t("import.field."+f))
		}
		for _, f := range more {
			k.More = append(k.More, a.t("import.field."+f))
		}
		v.Kinds = append(v.Kinds, k)
		v.Options = append(v.Options, templates.Option{Value: r.kind, Text: a.t("import.kind." + r.kind), Selected: r.kind == kind || kind == "" && a.QueryParam("kind") == r.kind})
	}
	if len(v.Kinds) == 0 {
		return v, a.by.Must(auth.ManageBasics)
	}
	v.Chrome = a.chrome()
	return v, nil
}

// mayImport is the right that a kind of row needs.
func mayImport(kind string) (may auth.Permission, next string, known bool) {
	for _, r := range importRights {
		if r.kind == kind {
			return r.may, r.next, true
		}
	}
	return "", "", false
}

// bringIn is POST /settings/import: opens a file, looks at it, or takes it. What is taken twice is taken once,
// because rows are known by their own numbers.
func (p *Pages) bringIn(c echo.Context) error {
	by, err := p.who(c)
	if err != nil {
		return p.toLogin(c, err)
	}
	a := p.newAsk(c, by)
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	kind := f.text("kind")
	may, next, known := mayImport(kind)
	if !known {
		return p.again(a, f, fault.New(fault.Invalid, "import_kind", "choose what the rows are").Field("kind", "unknown"), p.importing)
	}
	if err := a.by.Must(may); err != nil {
		return p.problem(a, err)
	}
	v, err := a.importPage(kind)
	if err != nil {
		return p.problem(a, err)
	}
	sheet, err := a.openTable(f, &v)
	if err != nil {
		return p.again(a, f, err, p.importing)
	}
	if f.text("then") == "open" {
		return a.draw(http.StatusOK, v)
	}
	if err := sheet.Mapping.Check(sheet.Header); err != nil {
		return a.importRefused(v, a.t("import.missing", a.missing(v)))
	}
	o := workorders.ImportOptions{By: a.by, Org: a.by.OrgID, Dry: f.text("then") != "take"}
	done, err := importing.Take(a.ctx(), p.desk, kind, o, sheet)
	if err != nil {
		return a.importRefused(v, api.ProblemOf(err, a.lang).Detail)
	}
	result, err := a.importResult(sheet, done)
	if err != nil {
		return p.problem(a, err)
	}
	if o.Dry {
		v.Looked = result
	} else {
		v.Taken, v.Next = result, next
	}
	return a.draw(http.StatusOK, v)
}

func (a *ask) importRefused(v templates.SettingsImport, why string) error {
	v.Flash = templates.Flash{Bad: true, Text: why}
	return a.draw(http.StatusUnprocessableEntity, v)
}

// openTable reads the file of a form, or its text when it was opened before, and says which column is which field:
// as the form says, or as the headings let guess.
func (a *ask) openTable(f *form, v *templates.SettingsImport) (*importing.Sheet, error) {
	unreadable := func(why string) error {
		return fault.New(fault.Invalid, "import_unreadable", "the file cannot be read: %s", why).Field("file", "unreadable")
	}
	raw, name := []byte(f.Get("content")), f.text("name")
	if list := f.files["file"]; len(list) == 1 {
		name = list[0].Filename
		if list[0].Size > mostImportBytes {
			return nil, fault.New(fault.TooLarge, "import_large", "the file has more than %d MB: split it, or let an administrator use paigong import", mostImportBytes>>20).Field("file", "too large")
		}
		file, err := list[0].Open()
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if raw, err = io.ReadAll(io.LimitReader(file, mostImportBytes)); err != nil {
			return nil, err
		}
	}
	if len(raw) == 0 {
		return nil, fault.New(fault.Invalid, "import_empty", "choose a file whose first row names its columns").Field("file", "required")
	}
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")) {
		return nil, fault.New(fault.Invalid, "import_workbook", "this is a workbook: save the table as CSV in the spreadsheet program, then choose that file").Field("file", "a workbook")
	}
	m := importing.NewMapping(v.Kind)
	m.Zone, m.Limits.Rows = a.zone.String(), mostImportRows
	if d := f.text("dates"); d != "" {
		m.Dates = d
	}
	if l := f.text("list"); l != "" {
		m.List = l
	}
	sheet, err := importing.Read(name, raw, m)
	if err != nil {
		return nil, unreadable(err.Error())
	}
	m.Columns = map[string]string{}
	if fields := f.Values["field"]; len(fields) > 0 {
		for i, field := range fields {
			if column := f.at("column", i); column != "" {
				m.Columns[field] = column
			}
		}
	} else {
		m.Columns = importing.Guess(v.Kind, sheet.Header)
	}
	if err := m.Ready(); err != nil {
		return nil, unreadable(err.Error())
	}
	v.Name, v.Content, v.Rows, v.Head, v.Dates, v.List = name, sheet.Text, len(sheet.Rows), sheet.Header, m.Dates, m.List
	for _, row := range sheet.Rows[:min(sampleRows, len(sheet.Rows))] {
		v.Sample = append(v.Sample, row.Cells)
	}
	needed, more := importing.Fields(v.Kind)
	for _, field := range slices.Concat(needed, more) {
		c := templates.ImportColumn{Field: field, Label: a.t("import.field." + field), Needed: slices.Contains(needed, field)}
		for _, column := range sheet.Header {
			c.Options = append(c.Options, templates.Option{Value: column, Text: column, Selected: m.Columns[field] == column && column != ""})
		}
		v.Columns = append(v.Columns, c)
	}
	return sheet, nil
}

// missing names the fields that are needed and read from no column.
func (a *ask) missing(v templates.SettingsImport) string {
	var list []string
	for _, c := range v.Columns {
		if c.Needed && !slices.ContainsFunc(c.Options, func(o templates.Option) bool { return o.Selected }) {
			list = append(list, c.Label)
		}
	}
	return strings.Join(list, a.t("ui.comma"))
}

// importResult says in the reader's language what became of the rows.
func (a *ask) importResult(sheet *importing.Sheet, done workorders.Imported) (*templates.ImportResult, error) {
	slices.SortFunc(done.Rejected, func(x, y workorders.RejectedRow) int { return x.Line - y.Line })
	r := &templates.ImportResult{New: done.New, Unchanged: done.Unchanged, Changed: done.Changed, Refused: len(done.Rejected)}
	cells := map[int][]string{}
	for _, row := range sheet.Rows {
		cells[row.Line] = row.Cells
	}
	for i := range done.Rejected {
		row := &done.Rejected[i]
		row.Why = a.whyRow(*row)
		if i < refusedShown {
			r.Rows = append(r.Rows, templates.ImportRow{Line: row.Line, Why: row.Why, Cells: cells[row.Line]})
		}
	}
	if r.Refused == 0 {
		return r, nil
	}
	var b strings.Builder
	err := sheet.WriteRejected(&b, done.Rejected)
	r.File = b.String()
	return r, err
}

// whyRow says why a row was not taken.
func (a *ask) whyRow(row workorders.RejectedRow) string {
	var list []string
	for _, p := range row.Problems {
		text := say.Text(a.lang, p.Key, p.Args...)
		if p.Field != "" {
			text = a.t("import.field."+p.Field) + a.t("import.colon") + text
		}
		list = append(list, text)
	}
	if row.Err != nil {
		problem := api.ProblemOf(row.Err, a.lang)
		text := problem.Detail
		for _, f := range problem.Errors {
			name := field(f.Name)
			if key := "import.field." + name; say.Has(key) {
				name = a.t(key)
			}
			text += " (" + name + a.t("import.colon") + a.fieldText(f.Message) + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, a.t("import.semicolon"))
}

// refusedRows is POST /settings/import/refused: hands the rows back that were not taken, as a file.
func (p *Pages) refusedRows(ctx echo.Context) error {
	by, err := p.who(ctx)
	if err != nil {
		return p.toLogin(ctx, err)
	}
	a := p.newAsk(ctx, by)
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	return a.table("refused-"+a.today().String(), []byte(f.Get("content")))
}

// table sends a table that spreadsheets open: UTF-8 with its mark.
func (a *ask) table(name string, body []byte) error {
	a.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	a.Response().Header().Set("Cache-Control", "no-store")
	return a.send(http.StatusOK, "text/csv; charset=utf-8", append([]byte("\ufeff"), body...))
}

// importSamples are one row of each kind, to show how it is filled in.
var importSamples = map[string]map[string]string{
	"regions":   {"code": "bj-wj", "name": "望京", "parent": "bj"},
	"holidays":  {"day": "2027-02-06", "working": "0", "name": "春节"},
	"engineers": {"staff_number": "A012", "name": "王伟", "regions": "bj-wj;bj-jxq", "phone": "13800138000", "skills": "cooling:3;gas", "lat": "39.9921", "lng": "116.4703", "max_visits": "8"},
	"parts":     {"sku": "FAN-35", "name": "室外风机电机", "unit": "件", "price": "128.50", "serialised": "0", "warranty_days": "90", "return_old": "1"},
	"stock":     {"sku": "FAN-35", "place": "WH-BJ", "quantity": "12"},
	"customers": {"external_ref": "C-1001", "name": "周敏", "phone": "13810102210", "class": "A", "address": "望京西园四区 410 号楼", "region": "bj-wj"},
	"assets":    {"customer": "C-1001", "model": "KFR-35GW", "category": "空调", "brand": "格力", "serial_number": "GR35-0912384", "purchased_on": "2023-06-18"},
}

// importExample is GET /settings/import/example.csv?kind=: a table with the columns and one row.
func (p *Pages) importExample(a *ask) (templates.Page, error) {
	kind := a.QueryParam("kind")
	may, _, known := mayImport(kind)
	if !known {
		return nil, fault.New(fault.NotFound, "import_kind", "choose what the rows are")
	}
	if err := a.by.Must(may); err != nil {
		return nil, err
	}
	needed, more := importing.Fields(kind)
	var head, row []string
	for _, f := range slices.Concat(needed, more) {
		head, row = append(head, a.t("import.field."+f)), append(row, importSamples[kind][f])
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll([][]string{head, row}); err != nil {
		return nil, err
	}
	return written{}, a.table(kind, b.Bytes())
}
