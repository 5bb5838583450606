package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"paigong/internal/auth"
	"paigong/internal/notify"
	"paigong/internal/postgres"
	"paigong/internal/roads"
	"paigong/internal/say"
	"paigong/templates"
)

// Config is what the program needs to know before it starts.
type Config struct {
	Listen       string         // host:port
	Data         string         // folder of the private PostgreSQL
	DatabaseURL  string         // empty: private PostgreSQL
	TLS          TLS            // how https is spoken; nothing: a proxy in front speaks it
	Zone         *time.Location // the company's; sites may have their own
	Lang         string         // language of people who have not chosen one
	Now          func() time.Time
	Log          *slog.Logger
	BaseURL      string                // where customers reach the program; empty: its own address
	SMTP         string                // smtp://user:password@host:port?from=…&tls=…; empty: no mail
	Gateway      string                // address that takes messages to telephone numbers; empty: none
	GatewayKey   string                // the secret it is signed with
	SMS          string                // aliyun://, tencent:// or sms+https://; empty: no text messages
	Bot          string                // address of a WeCom or DingTalk group's robot; its secret as the fragment
	Erasures     string                // file with the list of who was erased, outside the database; empty: none
	TravelURL    string                // map server with OSRM's table service; empty: ways are estimated from the distance
	SignIn       auth.Rules            // of passwords and sessions
	DemoLogins   []templates.DemoLogin // offered on the sign-in page of the sample company
	DemoPassword string
	Shown        []templates.Setting // for the settings page, secrets hidden
	// Prepare puts something into the migrated database before the program says that it is ready; nil: nothing.
	Prepare func(ctx context.Context, s *postgres.Server, base string) error
	Say     func(line string) // what the operator must see, such as the set-up link; nil: silence
}

// Setting is one line of `paigong config`.
type Setting struct {
	Name, Value string
	Origin      string // the flag or variable that gave it, or "default"
	Secret      bool
}

// settings resolves every setting in one place: flag, then variable, then for secrets the
// file named by VARIABLE_FILE, then the default.
func (g *Globals) settings() ([]Setting, error) {
	folder, err := dataFolder("paigong")
	if err != nil && g.Data == "" && g.Getenv("PAIGONG_DATA") == "" && g.Getenv("DATABASE_URL") == "" {
		return nil, err
	}
	list := []struct {
		flag, given, env, standard string
		secret                     bool
	}{
		{flag: "--listen", given: g.Listen, env: "PAIGONG_LISTEN", standard: "127.0.0.1:8080"},
		{flag: "--data", given: g.Data, env: "PAIGONG_DATA", standard: folder},
		{env: "DATABASE_URL", secret: true},
		{flag: "--tls-cert", given: g.TLSCert, env: "PAIGONG_TLS_CERT"},
		{flag: "--tls-key", given: g.TLSKey, env: "PAIGONG_TLS_KEY"},
		{flag: "--tls-acme", given: g.TLSACME, env: "PAIGONG_TLS_ACME"},
		{flag: "--tls-self-signed", given: map[bool]string{true: "yes"}[g.TLSSelfSigned], env: "PAIGONG_TLS_SELF_SIGNED"},
		{env: "PAIGONG_TZ", standard: "Asia/Shanghai"},
		{env: "PAIGONG_LANG", standard: say.Chinese},
		{env: "PAIGONG_BASE_URL"},
		{flag: "--erasures", given: g.Erasures, env: "PAIGONG_ERASURES"},
		{env: "PAIGONG_SMTP", secret: true},
		{env: "PAIGONG_GATEWAY"},
		{env: "PAIGONG_GATEWAY_KEY", secret: true},
		{env: "PAIGONG_SMS", secret: true},
		{env: "PAIGONG_BOT", secret: true},
		{flag: "--travel-url", given: g.Travel, env: "PAIGONG_TRAVEL_URL", secret: true},
	}
	var all []Setting
	for _, s := range list {
		one := Setting{Name: s.env, Value: s.standard, Origin: "default", Secret: s.secret}
		switch value := g.Getenv(s.env); {
		case s.given != "":
			one.Value, one.Origin = s.given, s.flag
		case value != "":
			one.Value, one.Origin = value, s.env
		case s.secret && g.Getenv(s.env+"_FILE") != "":
			text, err := os.ReadFile(g.Getenv(s.env + "_FILE"))
			if err != nil {
				return nil, fmt.Errorf("%s_FILE: %w", s.env, err)
			}
			one.Value, one.Origin = strings.TrimSpace(string(text)), s.env+"_FILE"
		}
		all = append(all, one)
	}
	return all, nil
}

// config reads the settings and refuses what cannot work, naming the setting.
func (g *Globals) config() (Config, error) {
	all, err := g.settings()
	if err != nil {
		return Config{}, err
	}
	value := func(name string) string {
		return all[slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })].Value
	}
	c := Config{
		Listen: value("PAIGONG_LISTEN"), Data: value("PAIGONG_DATA"), DatabaseURL: value("DATABASE_URL"),
		Lang: value("PAIGONG_LANG"), Now: time.Now, Log: g.Log,
		BaseURL: strings.TrimRight(value("PAIGONG_BASE_URL"), "/"), SMTP: value("PAIGONG_SMTP"), Gateway: value("PAIGONG_GATEWAY"), GatewayKey: value("PAIGONG_GATEWAY_KEY"),
		SMS: value("PAIGONG_SMS"), Bot: value("PAIGONG_BOT"), TravelURL: value("PAIGONG_TRAVEL_URL"),
		Erasures: value("PAIGONG_ERASURES"),
	}
	if c.Erasures == "" && c.DatabaseURL == "" {
		c.Erasures = filepath.Join(c.Data, "erasures.txt")
	}
	if c.TLS = (TLS{Cert: value("PAIGONG_TLS_CERT"), Key: value("PAIGONG_TLS_KEY"), ACME: value("PAIGONG_TLS_ACME")}); value("PAIGONG_TLS_SELF_SIGNED") != "" {
		if c.TLS.SelfSigned = value("PAIGONG_TLS_SELF_SIGNED") == "yes"; !c.TLS.SelfSigned {
			return Config{}, fmt.Errorf("PAIGONG_TLS_SELF_SIGNED %q: want yes, or nothing", value("PAIGONG_TLS_SELF_SIGNED"))
		}
	}
	if err := c.TLS.check(); err != nil {
		return Config{}, err
	}
	for _, s := range all {
		c.Shown = append(c.Shown, templates.Setting{Name: s.Name, Value: s.shown(), Origin: s.Origin})
	}
	for _, name := range unknownSettings(os.Environ(), all) {
		_, _ = fmt.Fprintf(g.Err, "paigong: there is no setting %s, so it does nothing; paigong config lists those there are\n", name)
	}
	if c.DatabaseURL != "" {
		if err := postgres.CheckURL(c.DatabaseURL); err != nil {
			return Config{}, err
		}
	}
	if c.BaseURL != "" {
		if at, err := url.Parse(c.BaseURL); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return Config{}, fmt.Errorf("PAIGONG_BASE_URL %q: want the address customers reach, for example https://service.example.cn", c.BaseURL)
		}
	}
	if _, err := c.channels(notify.NewClient(false)); err != nil {
		return Config{}, err
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return Config{}, fmt.Errorf("PAIGONG_LISTEN %q: want HOST:PORT, for example 127.0.0.1:8080", c.Listen)
	}
	if c.Zone, err = time.LoadLocation(value("PAIGONG_TZ")); err != nil {
		return Config{}, fmt.Errorf("PAIGONG_TZ: %w", err)
	}
	if !slices.Contains(say.Languages(), c.Lang) {
		return Config{}, fmt.Errorf("PAIGONG_LANG %q: want one of %s", c.Lang, strings.Join(say.Languages(), ", "))
	}
	if _, err := c.roads(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// unknownSettings are the variables that look like settings of ours and are none. They are told and not
// refused: container platforms set variables after the name of a service.
func unknownSettings(environment []string, all []Setting) (unknown []string) {
	known := []string{"PAIGONG_E2E", "PAIGONG_FETCH"} // of the tests
	for _, s := range all {
		if known = append(known, s.Name); s.Secret {
			known = append(known, s.Name+"_FILE")
		}
	}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PAIGONG_") && !strings.HasPrefix(name, "PAIGONG_TEST_") && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// roads is the map server that was set up, nil without one.
func (c Config) roads() (*roads.Client, error) {
	if c.TravelURL == "" {
		return nil, nil
	}
	client, err := roads.New(c.TravelURL, roads.Options{Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("PAIGONG_TRAVEL_URL: %w", err)
	}
	return client, nil
}

// channels are the ways out of the house that were set up. Without one, what has to be told to a customer
// goes on the call-back list instead.
func (c Config) channels(client *notify.Client) ([]notify.Channel, error) {
	var out []notify.Channel
	if c.SMTP != "" {
		u, err := url.Parse(c.SMTP)
		if err != nil || u.Scheme != "smtp" || u.Query().Get("from") == "" {
			return nil, errors.New("PAIGONG_SMTP: want smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, with &tls=none for a server on this machine")
		}
		m := notify.MailConfig{Host: u.Hostname(), From: u.Query().Get("from"), FromName: u.Query().Get("name"), TLS: u.Query().Get("tls"), Username: u.User.Username()}
		m.Password, _ = u.User.Password()
		if u.Port() != "" {
			if m.Port, err = strconv.Atoi(u.Port()); err != nil {
				return nil, fmt.Errorf("PAIGONG_SMTP: %w", err)
			}
		}
		mail, err := notify.NewMail(m)
		if err != nil {
			return nil, fmt.Errorf("PAIGONG_SMTP: %w", err)
		}
		out = append(out, mail)
	}
	if c.Gateway != "" {
		g, err := notify.NewGateway(client, c.Gateway, []byte(c.GatewayKey), c.Now)
		if err != nil {
			return nil, fmt.Errorf("PAIGONG_GATEWAY: %w", err)
		}
		out = append(out, g)
	}
	if c.SMS != "" {
		s, err := notify.NewSMS(client, c.SMS, c.Now)
		if err != nil {
			return nil, fmt.Errorf("PAIGONG_SMS: %w", err)
		}
		out = append(out, s)
	}
	if c.Bot != "" {
		address, secret, _ := strings.Cut(c.Bot, "#")
		b, err := notify.NewBot(client, address, secret, c.Now)
		if err != nil {
			return nil, fmt.Errorf("PAIGONG_BOT: %w", err)
		}
		out = append(out, b)
	}
	return out, nil
}

// dataFolder is where a user's programs keep their data: as root /var/lib, else the
// system's place below the home folder.
func dataFolder(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no home folder known; say --data FOLDER")
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", name), nil
	case "windows":
		return filepath.Join(cmp.Or(os.Getenv("LocalAppData"), home), name), nil
	default:
		return filepath.Join(cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), name), nil
	}
}

type configCmd struct{}

// Run prints one line per setting: name, value, origin.
func (*configCmd) Run(g *Globals) error {
	all, err := g.settings()
	if err != nil {
		return err
	}
	for _, name := range unknownSettings(os.Environ(), all) {
		_, _ = fmt.Fprintf(g.Err, "paigong: there is no setting %s, so it does nothing\n", name)
	}
	table := tabwriter.NewWriter(g.Out, 0, 0, 2, ' ', 0)
	for _, s := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.shown(), s.Origin)
	}
	return table.Flush()
}

// shown hides secrets; of a database's address only the password is one.
func (s Setting) shown() string {
	if !s.Secret || s.Value == "" {
		return cmp.Or(s.Value, "-")
	}
	address, err := url.Parse(s.Value)
	if err != nil || address.Scheme == "" || address.Query().Has("password") {
		return "(hidden)"
	}
	return address.Redacted()
}
