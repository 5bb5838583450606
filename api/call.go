package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/workorders"
)

// Public is the permission of calls that need no sign-in.
const Public auth.Permission = "public"

// Route is a line of the table: what may be called by whom. Tests compare the whole table with a golden one.
type Route struct {
	Method     string
	Path       string // under /api/v1
	Permission auth.Permission
	Keyed      bool // an Idempotency-Key is required
	Summary    string
	Status     int
	tag        string
}

// heard is what the middleware learnt about a call.
type heard struct {
	by    auth.Caller
	key   string
	path  string
	match int // version of If-Match; 0 = any
	lang  string
	r     *http.Request
}

type heardKey struct{}

func heardIn(ctx context.Context) heard { h, _ := ctx.Value(heardKey{}).(heard); return h }

// answer is a response whose status the handler may choose.
type answer[O any] struct {
	Status int
	ETag   string `header:"ETag"`
	Body   O
}

// statused lets an output choose its status, such as 200 for what was there and 201 for what was made.
type statused interface{ StatusCode() int }

// secret marks an output that carries something shown once: it is kept for a repeated call without it.
type secret interface{ WithoutSecret() any }

// on adds a line to the table. The permission is checked before the input is read; a POST with an
// Idempotency-Key runs at most once.
func on[I, O any](s *Server, method, path string, may auth.Permission, summary string, fn func(ctx context.Context, by auth.Caller, in *I) (O, error), more ...func(*Route)) {
	r := Route{Method: method, Path: path, Permission: may, Summary: summary, Status: http.StatusOK, tag: s.tag}
	if method == http.MethodPost {
		r.Status = http.StatusCreated
	}
	for _, m := range more {
		m(&r)
	}
	s.routes = append(s.routes, r)
	op := s.operation(r)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*answer[O], error) {
		h := heardIn(ctx)
		out := &answer[O]{Status: r.Status}
		if r.Method != http.MethodPatch { // a PATCH passes the version on by itself
			ctx = workorders.WithMatch(ctx, h.match)
		}
		err := s.once(ctx, r, h, in, &out.Status, &out.Body, func(ctx context.Context) (any, error) {
			o, err := fn(ctx, h.by, in)
			out.Body = o
			if st, ok := any(o).(statused); ok {
				out.Status = st.StatusCode()
			}
			return o, err
		})
		if err != nil {
			return nil, failed(s.log, h.r, err, h.lang)
		}
		out.ETag = versionOf(out.Body)
		return out, nil
	})
}

// once runs a call under its key, if it has one, and fills the answer of an earlier run.
func (s *Server) once(ctx context.Context, r Route, h heard, in any, status *int, body any, run func(ctx context.Context) (any, error)) error {
	if h.key == "" || r.Method != http.MethodPost {
		if r.Keyed {
			return fault.New(fault.Invalid, "idempotency_key_missing", "this call needs an Idempotency-Key, so that it can safely be sent twice").Field("header.Idempotency-Key", "required")
		}
		_, err := run(ctx)
		return err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("body of %s: %w", r.Path, err)
	}
	who, path := "anyone", h.path
	if h.by.Person() {
		who = h.by.UserID.String()
	} else {
		path = r.Path + " " + workorders.LinkScope(h.path) // the path holds a secret
	}
	call := workorders.Call{Scope: who + " " + r.Method + " " + path, Key: h.key, Route: r.Method + " " + r.Path, Body: sha256.Sum256(raw)}
	by := h.by
	if !by.Person() {
		by = auth.System("public")
	}
	kept, answer, replayed, err := s.desk.Once(ctx, by, call, func(ctx context.Context) (int, any, error) {
		o, err := run(ctx)
		if sec, ok := o.(secret); ok {
			o = sec.WithoutSecret()
		}
		return *status, o, err
	})
	if err != nil || !replayed {
		return err
	}
	*status = kept
	return json.Unmarshal(answer, body)
}

// versionOf is the ETag of a resource that has a version.
func versionOf(body any) string {
	v := reflect.Indirect(reflect.ValueOf(body))
	if v.Kind() != reflect.Struct {
		return ""
	}
	if f := v.FieldByName("Version"); f.IsValid() && f.CanInt() && f.Int() > 0 {
		return `"` + strconv.FormatInt(f.Int(), 10) + `"`
	}
	return ""
}

func keyed(r *Route) { r.Keyed = true }
func ok(r *Route)    { r.Status = http.StatusOK }

// operation describes a line of the table for the OpenAPI document and guards it.
func (s *Server) operation(r Route) huma.Operation {
	op := huma.Operation{
		OperationID: operationID(r), Method: r.Method, Path: "/api/v1" + r.Path, Summary: r.Summary, Tags: []string{r.tag}, DefaultStatus: r.Status,
		Metadata: map[string]any{"permission": string(r.Permission)}, MaxBodyBytes: maxBody,
		Extensions: map[string]any{"x-permission": string(r.Permission)},
	}
	codes := []int{http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if r.Permission != Public {
		op.Security = []map[string][]string{{"bearer": {}}}
		codes = append(codes, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
	}
	if r.Method != http.MethodGet {
		codes = append(codes, http.StatusConflict)
	}
	slices.Sort(codes)
	op.Errors = codes
	if r.Method == http.MethodPost {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Required: r.Keyed,
			Description: "Made by the client, 8 to 200 characters. The same key and content again give the same answer and no second effect.",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: ptr(8), MaxLength: ptr(200)}})
	}
	if r.Method == http.MethodPatch || r.Method == http.MethodPost {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "If-Match", In: "header", Description: "The version that was read; 412 when it is no longer the newest.", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	op.Middlewares = huma.Middlewares{s.guard(r)}
	return op
}

func ptr[T any](v T) *T { return &v }

// operationID names an operation after its path: post-work-orders-id-sheet.
func operationID(r Route) string {
	return strings.ToLower(r.Method) + strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-", "_", "-").Replace(r.Path)
}

// guard lets in whoever holds the permission.
func (s *Server) guard(r Route) func(ctx huma.Context, next func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(ctx)
		h := heard{key: ctx.Header("Idempotency-Key"), path: c.Request().URL.Path, r: c.Request()}
		h.lang = langOf(c.Request(), "")
		refuse := func(err error) {
			s.answerProblem(c, failed(s.log, c.Request(), err, h.lang))
		}
		if r.Permission != Public {
			by, err := s.callerOf(c.Request())
			if err != nil {
				refuse(err)
				return
			}
			if by.Lang == "" {
				by.Lang = h.lang
			}
			if by.Lang == "" {
				by.Lang = "zh-Hans"
			}
			h.by, h.lang = by, by.Lang
			if err := by.Must(r.Permission); err != nil {
				refuse(err)
				return
			}
		}
		if m := strings.Trim(strings.TrimPrefix(ctx.Header("If-Match"), "W/"), `"`); m != "" && m != "*" {
			version, err := strconv.Atoi(m)
			if err != nil || version < 1 {
				refuse(fault.New(fault.Stale, "stale", "If-Match names a version such as \"3\""))
				return
			}
			h.match = version
		}
		next(huma.WithValue(ctx, heardKey{}, h))
	}
}

// callerOf is who calls, by the bearer token. Cookies are for pages alone.
func (s *Server) callerOf(r *http.Request) (auth.Caller, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return auth.Caller{}, fault.New(fault.Unauthenticated, "signed_out", "sign in first: send Authorization: Bearer TOKEN")
	}
	return s.desk.Look(r.Context()).People.Authenticate(r.Context(), strings.TrimSpace(token))
}

// langOf is the language of an answer: asked for in the address, chosen before, else as the browser says.
func langOf(r *http.Request, chosen string) string {
	if l := r.URL.Query().Get("lang"); l == "en" || l == "zh-Hans" {
		return l
	}
	if chosen != "" {
		return chosen
	}
	accept := strings.ToLower(r.Header.Get("Accept-Language"))
	switch {
	case strings.HasPrefix(accept, "en"):
		return "en"
	case strings.HasPrefix(accept, "zh"):
		return "zh-Hans"
	}
	return ""
}

// unwelcome finds what no call takes: NUL, which PostgreSQL's text cannot hold, and invalid UTF-8.
func unwelcome(body []byte) bool {
	return bytes.IndexByte(body, 0) >= 0 || bytes.Contains(body, []byte(`\u0000`))
}
