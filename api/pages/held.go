package pages

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/templates"
)

// A session may end while somebody fills a form in. What he sent then is not lost: the door carries it along as
// hidden fields, and once he is signed in again he sends it with one press. Its idempotency key travels too, so
// that a form which did arrive is not done twice. Nothing is stored for somebody who is not signed in.
const (
	heldPath  = "held"      // where the form was sent
	heldFrom  = "held_from" // the page it stood on
	heldField = "held."     // before the name of each field
	heldFiles = "held_files"
)

// held is the form of a request whose sender has no session; its path is empty when there is nothing to keep.
func (p *Pages) held(c echo.Context) templates.Held {
	r := c.Request()
	h := templates.Held{Path: r.URL.RequestURI()}
	if r.Method != http.MethodPost || !mayHold(h.Path) {
		return templates.Held{}
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxUpload)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return templates.Held{}
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if r.ParseForm() != nil {
			return templates.Held{}
		}
		for _, name := range sortedKeys(r.PostForm) {
			for _, v := range r.PostForm[name] {
				h.Fields = append(h.Fields, templates.Option{Value: name, Text: v})
			}
		}
	case "multipart/form-data":
		if h.Fields, h.Files, err = textParts(r); err != nil {
			return templates.Held{}
		}
	default:
		return templates.Held{}
	}
	for _, f := range h.Fields {
		if !utf8.ValidString(f.Text) || strings.ContainsRune(f.Text, 0) {
			return templates.Held{}
		}
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && local(from.RequestURI()) {
		h.From = from.RequestURI()
	}
	return h
}

// textParts reads what was typed out of a form with pictures, which are passed over without being kept.
func textParts(r *http.Request) (fields []templates.Option, files bool, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, false, err
	}
	size := 0
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, files, nil
		}
		if err != nil {
			return nil, false, err
		}
		if part.FileName() != "" {
			files = true
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, maxForm))
		if size += len(text); err != nil || size > maxForm {
			return nil, false, http.ErrContentLength
		}
		fields = append(fields, templates.Option{Value: part.FormName(), Text: string(text)})
	}
}

// mayHold reports whether a path is one of ours that people send forms to: the doors themselves keep nothing.
func mayHold(path string) bool {
	at, _, _ := strings.Cut(path, "?")
	return local(path) && at != "/login" && at != "/logout" && !strings.HasPrefix(at, "/setup/")
}

// heldIn is what the form of the door carries along.
func heldIn(f *form) templates.Held {
	h := templates.Held{Path: f.text(heldPath), From: f.text(heldFrom), Files: f.Get(heldFiles) != ""}
	if !mayHold(h.Path) {
		return templates.Held{}
	}
	if !local(h.From) {
		h.From = ""
	}
	for _, name := range sortedKeys(f.Values) {
		if field, ok := strings.CutPrefix(name, heldField); ok {
			for _, v := range f.Values[name] {
				h.Fields = append(h.Fields, templates.Option{Value: field, Text: v})
			}
		}
	}
	return h
}

// typed are the fields in which people write: they are shown, so that one sees what is kept.
var typed = []string{"summary", "description", "told", "text", "reason", "note", "notes", "comment", "solution", "proposal", "customer_name", "name", "phone", "address", "title", "body", "subject"}

// sendAgain is the page on which somebody who signed in again sends what was kept.
func (p *Pages) sendAgain(c echo.Context, by auth.Caller, h templates.Held) error {
	a := p.newAsk(c, by)
	var fields []templates.Option
	for _, f := range h.Fields {
		if f.Value == "idempotency_key" {
			h.Key = f.Text
			continue
		}
		fields = append(fields, f)
		if slices.Contains(typed, f.Value) && strings.TrimSpace(f.Text) != "" {
			h.Typed = append(h.Typed, f.Text)
		}
	}
	h.Fields = fields
	return a.draw(http.StatusOK, templates.SendAgain{Chrome: a.chrome(), Held: h})
}
