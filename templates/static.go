package templates

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
)

//go:embed static
var static embed.FS

// file is one static file, ready to be sent either way.
type file struct {
	kind        string // content type
	plain, gzip []byte
}

// tree is all static files under one name, made from what is in them: modules
// import each other by relative path and stay of one version.
type tree struct {
	hash  string
	files map[string]file
}

// kinds are the only file types served; mime tables differ between systems.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".png": "image/png",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

var assets = sync.OnceValues(func() (tree, error) {
	t := tree{files: map[string]file{}}
	sum := sha256.New()
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "static/")
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		kind := kinds[path.Ext(name)]
		if kind == "" {
			return nil // licences and checksum lists are for the repository
		}
		t.files[name], err = pack(kind, lean(name, body))
		return err
	})
	if err == nil {
		t.files["live.js"], err = t.joined(live...)
	}
	if err != nil {
		return tree{}, fmt.Errorf("read static files: %w", err)
	}
	t.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return t, nil
})

// live are the scripts of live.js, served as one: htmx begins by itself in the next turn of the browser, and an
// extension that arrives later than that, as on a slow line, would never hear of the page's streams.
var live = []string{"vendor/htmx-4.0.1.min.js", "vendor/hx-sse-4.0.1.min.js"}

// joined is one script made of several.
func (t tree) joined(names ...string) (file, error) {
	var all bytes.Buffer
	for _, name := range names {
		part, ok := t.files[name]
		if !ok {
			return file{}, fmt.Errorf("static file %s does not exist", name)
		}
		all.Write(part.plain)
		all.WriteString(";\n")
	}
	return pack(kinds[".js"], all.Bytes())
}

// pack compresses a file once.
func pack(kind string, body []byte) (file, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return file{}, err
	}
	if _, err := z.Write(body); err != nil {
		return file{}, err
	}
	if err := z.Close(); err != nil {
		return file{}, err
	}
	return file{kind, body, b.Bytes()}, nil
}

// notes are comments of style sheets.
var notes = regexp.MustCompile(`(?s)/\*.*?\*/`)

// lean leaves out of our own scripts and style sheets what only their readers in the repository need: comments
// on lines of their own, and indentation. Texts of more than a line are not written in scripts here, so no
// line begins inside one.
func lean(name string, body []byte) []byte {
	script := path.Ext(name) == ".js"
	if strings.HasPrefix(name, "vendor/") || !script && path.Ext(name) != ".css" {
		return body
	}
	if !script {
		body = notes.ReplaceAll(body, nil)
	}
	var b bytes.Buffer
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || script && bytes.HasPrefix(line, []byte("//")) {
			continue
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// AssetPath is the address of a static file, such as /static/4f1c…/base.css. It
// changes whenever any static file does, so browsers may keep it for ever.
func AssetPath(name string) (string, error) {
	t, err := assets()
	if err != nil {
		return "", err
	}
	if _, ok := t.files[name]; !ok {
		return "", fmt.Errorf("static file %s does not exist", name)
	}
	return "/static/" + t.hash + "/" + name, nil
}

// AssetVersion is the name under which all static files lie; it changes whenever any of them does.
func AssetVersion() (string, error) {
	t, err := assets()
	return t.hash, err
}

// phoneAssets are what the engineer's pages need without a network.
var phoneAssets = []string{"tokens.css", "base.css", "phone.css", "print.css", "app.js", "outbox.js", "phone.js", "sheet.js", "signature.js", "scan.js", "outbox-page.js", "icon.svg", "icon-192.png"}

// Worker is the service worker of the engineer's pages: the version, the files it keeps, and then its script.
func Worker() ([]byte, error) {
	t, err := assets()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "const VERSION = %q;\nconst BASE = \"/static/%s/\";\nconst FILES = [", t.hash, t.hash)
	for _, name := range phoneAssets {
		if _, ok := t.files[name]; !ok {
			return nil, fmt.Errorf("static file %s does not exist", name)
		}
		fmt.Fprintf(&b, "%q,", name)
	}
	b.WriteString("];\n")
	b.Write(t.files["sw.js"].plain)
	return b.Bytes(), nil
}

// Static serves /static/<hash>/<file>. A page drawn by another version of the
// program asks under another hash; it is sent to today's file.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := assets()
		if err != nil {
			http.Error(w, "static files cannot be read", http.StatusInternalServerError)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "static files can only be read", http.StatusMethodNotAllowed)
			return
		}
		rest, _ := strings.CutPrefix(r.URL.Path, "/static/")
		hash, name, _ := strings.Cut(rest, "/")
		f, ok := t.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		if hash != t.hash {
			h.Set("Cache-Control", "no-store")
			http.Redirect(w, r, "/static/"+t.hash+"/"+name, http.StatusFound)
			return
		}
		h.Set("Content-Type", f.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		h.Set("ETag", `"`+t.hash+`"`)
		body := f.plain
		if AcceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", `"`+t.hash+`-gz"`)
			body = f.gzip
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// AcceptsGzip reads an Accept-Encoding header.
func AcceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
