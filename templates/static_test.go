package templates

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Static().ServeHTTP(w, r)
	return w.Result()
}

func TestStaticFilesAreKeptForEver(t *testing.T) {
	at, err := AssetPath("base.css")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^/static/[0-9a-f]{12}/base\.css$`).MatchString(at) {
		t.Fatalf("address %s", at)
	}
	plain := get(t, at)
	body, _ := io.ReadAll(plain.Body)
	if plain.StatusCode != 200 || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") || plain.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("plain: %d %v", plain.StatusCode, plain.Header)
	}
	small := get(t, at, "Accept-Encoding", "br, gzip")
	if small.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v", small.Header)
	}
	z, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, _ := io.ReadAll(z); !bytes.Equal(unpacked, body) {
		t.Error("the compressed file differs from the plain one")
	}
	if refused := get(t, at, "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for a browser that refuses it")
	}
	if again := get(t, at, "If-None-Match", plain.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with its tag: %d", again.StatusCode)
	}
}

func TestAnOldPageFindsTodaysFile(t *testing.T) {
	at, _ := AssetPath("app.js")
	old := get(t, "/static/000000000000/app.js")
	if old.StatusCode != http.StatusFound || old.Header.Get("Location") != at || old.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d to %q", old.StatusCode, old.Header.Get("Location"))
	}
	for _, name := range []string{"/static/", "/static/x", "/static/x/nothing.css", "/static/x/vendor/SHA256SUMS", "/static/x/../templates.go"} {
		if r := get(t, name); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	Static().ServeHTTP(w, httptest.NewRequest(http.MethodPost, at, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestAMistypedFileNameIsFoundAtStart(t *testing.T) {
	if _, err := AssetPath("bse.css"); err == nil {
		t.Error("no error for a file that does not exist")
	}
	if err := Check(); err != nil {
		t.Error(err)
	}
}

// htmx begins in the turn after its own script: whatever extends it has to come with it, on a slow line too.
func TestStreamsAreHeardFromTheFirstMoment(t *testing.T) {
	all, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range live {
		if !bytes.Contains(all.files["live.js"].plain, all.files[name].plain) {
			t.Errorf("live.js comes without %s", name)
		}
	}
	err = fs.WalkDir(pages, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(pages, name)
		if bytes.Contains(text, []byte(`asset "vendor/`)) {
			t.Errorf("%s loads a part of live.js by itself", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Files of others are exactly what their authors published.
func TestVendoredFilesAreUnchanged(t *testing.T) {
	sums, err := fs.ReadFile(static, "static/vendor/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"SHA256SUMS": true}
	for line := range strings.Lines(string(sums)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = true
		body, err := fs.ReadFile(static, path.Join("static/vendor", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != want {
			t.Errorf("%s is not the file that was published", name)
		}
	}
	files, err := fs.ReadDir(static, "static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !listed[f.Name()] {
			t.Errorf("%s is not on the list", f.Name())
		}
	}
}

// The checker of pages is the unmodified file too (MPL-2.0, testdata/axe.LICENSE);
// it never becomes part of the program.
func TestTheAccessibilityCheckerIsUnchanged(t *testing.T) {
	body, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	const want = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // axe-core 4.14.1
	if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != want {
		t.Errorf("testdata/axe.min.js has the sum %x", got)
	}
}

// What the policy default-src 'self' would refuse must not be asked for.
func TestStaticFilesAskNobodyElse(t *testing.T) {
	tree, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range tree.files {
		if strings.HasPrefix(name, "vendor/") || name == "live.js" {
			continue
		}
		for _, bad := range []string{"@import", "url(", "eval(", "new Function", "innerHTML", "cssText", "https://", "localStorage"} {
			if strings.Contains(string(f.plain), bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
	}
}

// A first visit to the customer's page and to the sheet stays small.
func TestFirstVisitsAreLight(t *testing.T) {
	for _, c := range []struct {
		page  Page
		files []string
		limit int
	}{
		{sampleOf("track"), []string{"icon.svg", "tokens.css", "base.css", "phone.css", "print.css", "signature.js"}, 20 << 10},
		{sampleOf("sheet"), []string{"icon.svg", "tokens.css", "base.css", "phone.css", "print.css", "app.js", "outbox.js", "phone.js", "sheet.js", "signature.js"}, 30 << 10},
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if err := Render(z, c.page); err != nil {
			t.Fatal(err)
		}
		z.Close()
		total := b.Len()
		tree, _ := assets()
		for _, name := range c.files {
			total += len(tree.files[name].gzip)
		}
		if total > c.limit {
			t.Errorf("%T: %d bytes, limit %d", c.page, total, c.limit)
		}
		t.Logf("%T: %d bytes", c.page, total)
	}
}

func sampleOf(name string) Page {
	for _, s := range full("zh-Hans") {
		if s.name == name {
			return s.page
		}
	}
	panic("no sample " + name)
}

// Nothing is evaluated: htmx would do it for these, and the policy would refuse it then.
func TestPagesAskForNothingToBeEvaluated(t *testing.T) {
	dirs, err := fs.Glob(pages, "*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	evaluated := regexp.MustCompile(`hx-on|js:|javascript:|hx-trigger="[^"]*\[`)
	for _, name := range dirs {
		text, err := fs.ReadFile(pages, name)
		if err != nil {
			t.Fatal(err)
		}
		if found := evaluated.Find(text); found != nil {
			t.Errorf("%s holds %q", name, found)
		}
	}
}
