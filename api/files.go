package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
)

// blob is an answer that is not JSON.
type blob struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Security     string `header:"Content-Security-Policy"`
	Body         []byte
}

// raw adds a line to the table whose answer is bytes.
func raw[I any](s *Server, path string, may auth.Permission, summary string, fn func(ctx context.Context, by auth.Caller, in *I) (*blob, error)) {
	r := Route{Method: http.MethodGet, Path: path, Permission: may, Summary: summary, Status: http.StatusOK, tag: s.tag}
	s.routes = append(s.routes, r)
	huma.Register(s.api, s.operation(r), func(ctx context.Context, in *I) (*blob, error) {
		h := heardIn(ctx)
		out, err := fn(ctx, h.by, in)
		if err != nil {
			return nil, failed(s.log, h.r, err, h.lang)
		}
		return out, nil
	})
}

// putFile is the one call whose body is not JSON.
func (s *Server) putFile() {
	r := Route{Method: http.MethodPut, Path: "/files/{sha256}", Permission: auth.PutFile, Summary: "Keep a file by the hash of what is sent; sending it again changes nothing", Status: http.StatusOK, tag: s.tag}
	s.routes = append(s.routes, r)
	op := s.operation(r)
	op.MaxBodyBytes = files.MaxBytes + 1
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *struct {
		SHA256  string `path:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of the bytes sent, in hex"`
		Kind    string `query:"kind" maxLength:"40" doc:"before, after, nameplate, invoice, old_part, door, paper"`
		RawBody []byte `contentType:"application/octet-stream"`
	}) (*answer[files.File], error) {
		h := heardIn(ctx)
		up := files.Upload{OrgID: h.by.OrgID, Actor: h.by.Actor(), SHA256: in.SHA256, Kind: in.Kind, Body: in.RawBody}
		if h.by.Person() {
			up.By = &h.by.UserID
		}
		f, err := s.desk.PutFile(ctx, h.by, up)
		if err != nil {
			return nil, failed(s.log, h.r, err, h.lang)
		}
		return &answer[files.File]{Status: http.StatusOK, Body: f}, nil
	})
}

func (s *Server) getFile(ctx context.Context, by auth.Caller, in *ByID) (*blob, error) {
	cabinet := s.desk.Look(ctx).Cabinet
	f, err := cabinet.Get(ctx, by.Scope(), by.UserID, in.ID)
	if err != nil {
		return nil, err
	}
	mime, content, err := cabinet.Bytes(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	h := f.Headers()
	return &blob{ContentType: mime, Disposition: h["Content-Disposition"], CacheControl: h["Cache-Control"], Security: h["Content-Security-Policy"], Body: content}, nil
}

// plain are the addresses outside the versioned API.
func (s *Server) plain(e *echo.Echo) {
	e.GET("/metrics", s.metrics)
	e.GET("/api/v1/openapi.json", func(c echo.Context) error {
		doc, err := s.api.OpenAPI().MarshalJSON()
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "application/json", doc)
	})
}

// pdfName makes a name for a download out of a human number.
func pdfName(parts ...string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.Join(parts, "-")) + ".pdf"
}

func pdfBlob(content []byte, name string) *blob {
	return &blob{ContentType: "application/pdf", Disposition: `inline; filename="` + name + `"`, CacheControl: "private, no-store", Security: "sandbox; default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; plugin-types application/pdf", Body: content}
}

func badKind(kind string) error {
	return fault.New(fault.NotFound, "paper_unknown", "there is no paper called %s", kind)
}
