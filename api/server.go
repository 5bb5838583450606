package api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/workorders"
)

// maxBody is how large a JSON body may be, in bytes; files have their own limit.
const maxBody = 2 << 20

// Server answers HTTP.
type Server struct {
	desk    *workorders.Desk
	hooks   *notify.Webhooks
	log     *slog.Logger
	echo    *echo.Echo
	api     huma.API
	screens Screens
	events  *watchers
	told    func() bool
	gauges  *gauges
	version string

	routes []Route
	tag    string
}

// Screens are the pages for people, kept apart in api/pages.
type Screens interface {
	Mount(e *echo.Echo)
	Problem(c echo.Context, p *Problem)
}

// Config is what the server needs.
type Config struct {
	Desk    *workorders.Desk
	Hooks   *notify.Webhooks
	Log     *slog.Logger
	Version string
	Stop    <-chan struct{} // closed when event streams have to end
	Told    func() bool     // whether commits of other programs call Woken too; nil = they do not
	Screens func(s *Server) Screens
}

// New builds the handler: one table of routes, one error format, one guard.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{desk: c.Desk, hooks: c.Hooks, log: c.Log, version: c.Version, events: newWatchers(c.Stop), told: c.Told, gauges: newGauges()}
	if s.told == nil {
		s.told = func() bool { return false }
	}
	e := echo.New()
	s.echo = e
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.httpError
	huma.NewError = newError
	e.Pre(s.checked)
	e.Use(middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: func() string { return uuid.Must(uuid.NewV7()).String() }}))
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
		s.log.Error("panic", "path", c.Request().URL.Path, "error", err, "stack", string(stack))
		return err
	}}))
	e.Use(headers, s.gauges.count)

	config := huma.DefaultConfig("Paigong", c.Version)
	config.CreateHooks = nil
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", Description: "token of POST /api/v1/sessions or of paigong token create"}}
	config.Info.Description = "Field service and repair dispatch: from a reported fault to the follow-up call. Money is in minor units, instants are RFC 3339, civil dates are YYYY-MM-DD. Every refusal is application/problem+json with a stable code."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	s.api = humaecho.New(e, config)
	s.table()
	s.plain(e)
	if c.Screens != nil {
		s.screens = c.Screens(s)
		s.screens.Mount(e)
	}
	return s
}

// schemaName names a type after itself, with its package where two packages use the same word.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := t.PkgPath()
	pkg = pkg[strings.LastIndex(pkg, "/")+1:]
	if pkg == "" || pkg == "api" || pkg == "workorders" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Routes is the table, for tests and documents.
func (s *Server) Routes() []Route { return s.routes }

// OpenAPI is the document as served.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

// Desk is the desk behind the server.
func (s *Server) Desk() *workorders.Desk { return s.desk }

// Woken tells the event streams that something was committed.
func (s *Server) Woken() { s.events.wake() }

// checked refuses what no handler should see: bodies that are too large, NUL and broken UTF-8, and reads a
// POST without a body as {}.
func (s *Server) checked(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if strings.ContainsRune(r.URL.Path, 0) || strings.Contains(strings.ToLower(r.URL.RawQuery), "%00") || !utf8.ValidString(r.URL.Path) {
			return fault.New(fault.Invalid, "bad_text", "the address holds characters that no text holds").Field("path", "NUL or broken UTF-8")
		}
		if !isAPI(r.URL.Path) || r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasPrefix(r.URL.Path, "/api/v1/files/") {
			return next(c)
		}
		body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxBody))
		if err != nil {
			var big *http.MaxBytesError
			if asMax(err, &big) {
				return fault.New(fault.TooLarge, "too_large", "send less: a body has at most %d KiB", maxBody>>10)
			}
			return fault.New(fault.Invalid, "body_broken", "the body did not arrive whole: send it again")
		}
		if unwelcome(body) || !utf8.Valid(body) {
			return fault.New(fault.Invalid, "bad_text", "the body holds characters that no text holds").Field("body", "NUL or broken UTF-8")
		}
		if len(bytes.TrimSpace(body)) == 0 && r.Method == http.MethodPost {
			body = []byte("{}")
			r.Header.Set("Content-Type", "application/json")
		}
		if bytes.Contains(body, []byte("null")) {
			body = withoutNulls(body)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		return next(c)
	}
}

// withoutNulls leaves out members that are null: an optional input may be absent or null, which mean the
// same. What is not JSON is left for the decoder to refuse.
func withoutNulls(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return body
	}
	var strip func(any)
	strip = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, member := range v {
				if member == nil {
					delete(v, key)
					continue
				}
				strip(member)
			}
		case []any:
			for _, element := range v {
				strip(element)
			}
		}
	}
	strip(v)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return body
	}
	return out.Bytes()
}

func asMax(err error, to **http.MaxBytesError) bool {
	m, ok := err.(*http.MaxBytesError)
	if ok {
		*to = m
	}
	return ok
}

// headers are sent with every answer: nothing is framed, sniffed, or loaded from elsewhere.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		if isAPI(c.Request().URL.Path) {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// addressOf is where a request comes from, without the port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
