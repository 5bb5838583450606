package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"paigong/internal/fault"
	"paigong/internal/say"
)

// Problem is how every refusal and failure is answered: RFC 9457, with a stable code for programs, a
// sentence for people, and for refusals what would have been allowed.
type Problem struct {
	Type     string        `json:"type" doc:"about:blank"`
	Title    string        `json:"title" doc:"the status in words"`
	Status   int           `json:"status"`
	Detail   string        `json:"detail" doc:"what to do, in the caller's language"`
	Instance string        `json:"instance,omitempty" doc:"the request, for whoever looks into the log"`
	Code     string        `json:"code" doc:"stable; programs rely on it"`
	Errors   []fault.Field `json:"errors,omitempty" doc:"inputs to correct"`
	Allowed  []string      `json:"allowed,omitempty" doc:"what would be allowed instead"`

	extra map[string]any
	retry time.Duration
}

func (p *Problem) Error() string             { return p.Code + ": " + p.Detail }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) ContentType(string) string { return "application/problem+json" }
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	raw, err := json.Marshal((*plain)(p))
	if err != nil || len(p.extra) == 0 {
		return raw, err
	}
	members := map[string]json.RawMessage{}
	for key, value := range p.extra {
		if members[key], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	own := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &own); err != nil {
		return nil, err
	}
	maps.Copy(members, own)
	return json.Marshal(members)
}

// GetHeaders says when trying again makes sense.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(p.retry.Round(time.Second)/time.Second))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Conflict: http.StatusConflict, fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden,
	fault.Unauthenticated: http.StatusUnauthorized, fault.Stale: http.StatusPreconditionFailed, fault.Gone: http.StatusGone, fault.TooMany: http.StatusTooManyRequests,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unavailable: http.StatusServiceUnavailable,
}

// ProblemOf turns any error into what may be shown. A fault says what it is; everything else is an
// internal error: it is logged by the caller and shown without its text.
func ProblemOf(err error, lang string) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if f := fault.As(fault.FromSQL(err)); f != nil {
		status := statuses[f.Kind]
		detail := f.Message
		if key := "fault." + f.Code; lang != "" && lang != "en" && say.Has(key) {
			detail = fitted(say.Text(lang, key), f.Args)
		}
		p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: f.Code, Errors: f.Fields, Allowed: f.Allowed, extra: f.Extra, retry: f.RetryAfter}
		if status == http.StatusServiceUnavailable && p.retry == 0 {
			p.retry = time.Second
		}
		return p
	}
	return &Problem{Type: "about:blank", Title: "Internal Server Error", Status: http.StatusInternalServerError, Code: "internal", Detail: "something went wrong on our side; nothing was changed"}
}

// fitted fills a translated sentence with as many arguments as it has places for: the same code may be
// raised with more detail in one place than in another.
func fitted(sentence string, args []any) string {
	places := strings.Count(sentence, "%") - 2*strings.Count(sentence, "%%")
	if places == 0 {
		return strings.ReplaceAll(sentence, "%%", "%")
	}
	if places > len(args) {
		return sentence
	}
	return fmt.Sprintf(sentence, args[:places]...)
}

// failed logs what nobody outside may see and turns every error into a problem.
func failed(log *slog.Logger, r *http.Request, err error, lang string) *Problem {
	p := ProblemOf(err, lang)
	if p.Status >= 500 && p.Status != http.StatusServiceUnavailable {
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	return p
}

// newError is what huma makes of input that does not fit the declared types: always 422 with the field
// named, and never the value, which may be a secret.
func newError(status int, msg string, errs ...error) huma.StatusError {
	p := &Problem{Type: "about:blank", Status: status, Code: "invalid_input", Detail: msg}
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		p.Status, p.Detail = http.StatusUnprocessableEntity, "the input is not as described: see the fields named"
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "too_large", "send less: the body is larger than this call takes"
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "unsupported_media_type", "send JSON with Content-Type: application/json"
	case http.StatusNotAcceptable:
		p.Code, p.Detail = "not_acceptable", "this call answers JSON"
	case http.StatusRequestTimeout:
		p.Code, p.Detail = "timeout", "the body did not arrive in time: send it again"
	case http.StatusInternalServerError:
		p.Code, p.Detail = "internal", "something went wrong on our side; nothing was changed"
	}
	p.Title = http.StatusText(p.Status)
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			e := d.ErrorDetail()
			p.Errors = append(p.Errors, fault.Field{Name: e.Location, Message: e.Message})
		} else if err != nil && p.Status < 500 {
			p.Errors = append(p.Errors, fault.Field{Name: "body", Message: err.Error()})
		}
	}
	return p
}

// httpError answers what never reached a handler: unknown paths, wrong methods, panics.
func (s *Server) httpError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	r := c.Request()
	lang := langOf(r, "")
	var p *Problem
	var he *echo.HTTPError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &he):
		p = &Problem{Type: "about:blank", Title: http.StatusText(he.Code), Status: he.Code, Code: strings.ReplaceAll(strings.ToLower(http.StatusText(he.Code)), " ", "_"), Detail: http.StatusText(he.Code)}
		switch he.Code {
		case http.StatusNotFound:
			p.Code, p.Detail = "not_found", "there is nothing at this address"
		case http.StatusMethodNotAllowed:
			p.Code, p.Detail = "method_not_allowed", "this address does not take "+r.Method
		}
	default:
		p = failed(s.log, r, err, lang)
	}
	p.Instance = c.Response().Header().Get(echo.HeaderXRequestID)
	s.answerProblem(c, p)
}

// answerProblem writes a problem as JSON, or as a page where people look at it.
func (s *Server) answerProblem(c echo.Context, p *Problem) {
	for key, values := range p.GetHeaders() {
		c.Response().Header()[key] = values
	}
	if s.screens != nil && !isAPI(c.Request().URL.Path) {
		s.screens.Problem(c, p)
		return
	}
	raw, err := json.Marshal(p)
	if err != nil {
		s.log.Error("problem", "error", err)
	}
	if err := c.Blob(p.Status, "application/problem+json", raw); err != nil {
		s.log.Debug("answer", "error", err)
	}
}

// isAPI reports whether programs rather than people ask at this path.
func isAPI(path string) bool {
	return path == "/api/v1" || strings.HasPrefix(path, "/api/v1/") || path == "/healthz" || path == "/readyz" || path == "/metrics"
}
