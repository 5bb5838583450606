package pages

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/money"
)

// Limits of what a form may carry.
const (
	maxForm   = 1 << 20
	maxFiles  = 20
	maxUpload = maxFiles*files.MaxBytes + maxForm
)

// form is what was posted. Its readers note what is malformed; err answers all of it at once.
type form struct {
	url.Values
	name  string // last part of the path
	zone  *time.Location
	files map[string][]*multipart.FileHeader
	bad   *fault.Error
}

func (a *ask) form() (*form, error) {
	r := a.Request()
	limit := int64(maxForm)
	many := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
	if many {
		limit = maxUpload
	}
	r.Body = http.MaxBytesReader(a.Response(), r.Body, limit)
	f := &form{zone: a.zone, name: r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]}
	var err error
	if many {
		err = r.ParseMultipartForm(maxForm)
	} else {
		err = r.ParseForm()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fault.New(fault.TooLarge, "too_large", "send less: a form carries at most %d pictures of %d MiB", maxFiles, files.MaxBytes>>20)
	case err != nil:
		return nil, fault.New(fault.Invalid, "form_broken", "the form did not arrive whole: send it again")
	}
	f.Values = r.PostForm
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
		for key, values := range r.MultipartForm.Value {
			f.Values[key] = slices.Clone(values)
		}
	}
	for key, values := range f.Values {
		for _, v := range values {
			if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
				return nil, fault.New(fault.Invalid, "bad_text", "the form holds characters that no text holds").Field(key, "NUL or broken UTF-8")
			}
		}
	}
	return f, nil
}

// sum tells two forms with the same key apart; pictures count by what is in them.
func (f *form) sum() ([32]byte, error) {
	h := sha256.New()
	values := url.Values{}
	for key, v := range f.Values {
		if key != "idempotency_key" {
			values[key] = v
		}
	}
	_, _ = io.WriteString(h, values.Encode())
	for _, key := range sortedKeys(f.files) {
		for _, file := range f.files[key] {
			body, err := readFile(file)
			if err != nil {
				return [32]byte{}, err
			}
			fmt.Fprintf(h, "\n%s %d %x", key, len(body), sha256.Sum256(body))
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// readBody reads what is sent as it is, up to a limit in bytes.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fault.New(fault.TooLarge, "too_large", "a picture has at most %d MiB", limit>>20)
	case err != nil:
		return nil, fault.New(fault.Invalid, "body_broken", "the body did not arrive whole: send it again")
	}
	return body, nil
}

func readFile(h *multipart.FileHeader) ([]byte, error) {
	if h.Size > files.MaxBytes {
		return nil, fault.New(fault.TooLarge, "too_large", "a picture has at most %d MiB", files.MaxBytes>>20)
	}
	file, err := h.Open()
	if err != nil {
		return nil, fmt.Errorf("open upload: %w", err)
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, files.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return body, nil
}

// wrong notes that a field is malformed.
func (f *form) wrong(name, what string) {
	if f.bad == nil {
		f.bad = fault.New(fault.Invalid, "invalid_input", "some fields are not filled in as they should be: see what is marked")
	}
	f.bad.Field(name, what)
}

// err is what was malformed so far, or nil.
func (f *form) err() error {
	if f.bad == nil {
		return nil
	}
	return f.bad
}

// text is a field without blanks around it.
func (f *form) text(name string) string { return strings.TrimSpace(f.Get(name)) }

// need is a text that has to be there.
func (f *form) need(name string) string {
	v := f.text(name)
	if v == "" {
		f.wrong(name, "required")
	}
	return v
}

// opt is a text that may be left out.
func (f *form) opt(name string) *string {
	if v := f.text(name); v != "" {
		return &v
	}
	return nil
}

func (f *form) ticked(name string) bool { return f.Get(name) == "true" }

// at is the i-th of several fields with one name.
func (f *form) at(name string, i int) string {
	if v := f.Values[name]; i < len(v) {
		return strings.TrimSpace(v[i])
	}
	return ""
}

// list is what was separated by commas, in either script.
func (f *form) list(name string) []string {
	out := []string{}
	for _, v := range strings.FieldsFunc(f.Get(name), func(r rune) bool { return r == ',' || r == '，' || r == '、' || r == ';' || r == '；' }) {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (f *form) whole(name, v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		f.wrong(name, "expected a number")
	}
	return n
}

// number is a whole number that has to be there.
func (f *form) number(name string) int64 {
	v := f.need(name)
	if v == "" {
		return 0
	}
	return f.whole(name, v)
}

// minutes is a whole number that may be left out.
func (f *form) minutes(name string) *int {
	v := f.text(name)
	if v == "" {
		return nil
	}
	n := int(f.whole(name, v))
	return &n
}

func (f *form) decimal(name string) *float64 {
	v := f.text(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		f.wrong(name, "expected a number")
		return nil
	}
	return &n
}

// id is a reference that may be left out.
func (f *form) id(name string) *uuid.UUID {
	v := f.text(name)
	if v == "" {
		return nil
	}
	id, err := uuid.FromString(v)
	if err != nil {
		f.wrong(name, "unknown")
		return nil
	}
	return &id
}

// time is an instant: exact when the page put it in, in the reader's zone when he typed it.
func (f *form) time(name string) *time.Time {
	v := f.text(name)
	if v == "" {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return &t
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, v, f.zone); err == nil {
			return &t
		}
	}
	f.wrong(name, "expected a time")
	return nil
}

// needTime is an instant that has to be there.
func (f *form) needTime(name string) time.Time {
	if f.need(name) == "" {
		return time.Time{}
	}
	if t := f.time(name); t != nil {
		return *t
	}
	return time.Time{}
}

// dateAt is the i-th of several civil dates with one name, or nil.
func (f *form) dateAt(name string, i int) *calendar.Date {
	v := f.at(name, i)
	if v == "" {
		return nil
	}
	d, err := calendar.Parse(v)
	if err != nil {
		f.wrong(name, "not a date")
		return nil
	}
	return &d
}

func (f *form) date(name string) *calendar.Date {
	v := f.text(name)
	if v == "" {
		return nil
	}
	d, err := calendar.Parse(v)
	if err != nil {
		f.wrong(name, "expected YYYY-MM-DD")
		return nil
	}
	return &d
}

func (f *form) needDate(name string) calendar.Date {
	if f.need(name) == "" {
		return calendar.Date{}
	}
	if d := f.date(name); d != nil {
		return *d
	}
	return calendar.Date{}
}

// fen reads an amount in yuan with at most two decimals.
func fen(v string) (money.Fen, bool) {
	v = strings.NewReplacer("¥", "", "￥", "", ",", "", "，", "", " ", "", "−", "-").Replace(v)
	sign := money.Fen(1)
	if rest, minus := strings.CutPrefix(v, "-"); minus {
		sign, v = -1, rest
	}
	yuan, cents, dot := strings.Cut(v, ".")
	if yuan == "" || dot && (cents == "" || len(cents) > 2) {
		return 0, false
	}
	whole, err := strconv.ParseUint(yuan, 10, 50)
	if err != nil {
		return 0, false
	}
	part := uint64(0)
	if dot {
		if part, err = strconv.ParseUint(cents, 10, 8); err != nil {
			return 0, false
		}
		if len(cents) == 1 {
			part *= 10
		}
	}
	return sign * money.Fen(whole*100+part), true
}

// yuan is an amount that may be left out.
func (f *form) yuan(name string) *money.Fen {
	v := f.text(name)
	if v == "" {
		return nil
	}
	sum, ok := fen(v)
	if !ok {
		f.wrong(name, "expected an amount")
		return nil
	}
	return &sum
}
