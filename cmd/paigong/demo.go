package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paigong/cmd/paigong/demo"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/postgres"
	"paigong/migrations"
	"paigong/workorders"
	"paigong/workorders/importing"
)

type demoCmd struct {
	Fresh bool `help:"Start over: throw the sample company away and make a new one."`
}

// demoNote lies beside the sample company's database once it is complete.
const demoNote = "sample-company.json"

// Run serves the sample company on this machine until Ctrl-C. The first start makes it; later ones keep it.
func (d *demoCmd) Run(g *Globals) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	c.DatabaseURL = "" // never anybody's real data
	if g.Data == "" {
		if c.Data, err = dataFolder("paigong-demo"); err != nil {
			return err
		}
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return err
	}
	if address := net.ParseIP(host); host != "localhost" && (address == nil || !address.IsLoopback()) {
		return fmt.Errorf("the sample company's passwords are known to everybody: listen on 127.0.0.1, not on %q", host)
	}
	c.SignIn = auth.Rules{AnyPassword: true}
	c.Say = func(line string) { _, _ = fmt.Fprintln(g.Out, line) }
	c.Prepare = func(ctx context.Context, s *postgres.Server, base string) error {
		made, took, err := d.prepare(ctx, s, c, base)
		if err != nil {
			return err
		}
		d.welcome(c.Say, base, made, took)
		return nil
	}
	app, err := New(c)
	if err != nil {
		return err
	}
	c.Say(app.URL())
	err = app.Run(g.Context)
	if errors.Is(err, context.Canceled) && g.Context.Err() != nil {
		return nil
	}
	return err
}

// prepare finds the company or makes it.
func (d *demoCmd) prepare(ctx context.Context, s *postgres.Server, c Config, base string) (made demo.Made, took time.Duration, err error) {
	note := filepath.Join(c.Data, demoNote)
	if raw, err := os.ReadFile(note); err == nil && !d.Fresh {
		return made, 0, json.Unmarshal(raw, &made)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return made, 0, err
	}
	head, err := auth.New(s.DB(), c.Now, c.SignIn).Head(ctx)
	switch {
	case fault.HasCode(err, "organisation_unknown"):
	case err != nil:
		return made, 0, err
	case head.Name != demo.Company:
		return made, 0, fmt.Errorf("%s holds the data of %s; the sample company wants a folder of its own: say --data FOLDER", c.Data, head.Name)
	default: // asked for anew, or cut short while it was made
		if err := os.Remove(note); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return made, 0, err
		}
		if err := emptyDatabase(ctx, s); err != nil {
			return made, 0, err
		}
		if _, err := s.Migrate(ctx, migrations.FS); err != nil {
			return made, 0, err
		}
	}
	calm, err := hurry(ctx, s)
	if err != nil {
		return made, 0, err
	}
	c.Say("making the sample company: three weeks of work …")
	began := time.Now()
	now := c.Now()
	open := func(clock func() time.Time) *workorders.Desk {
		return workorders.New(workorders.Config{DB: s.DB(), Now: clock, Log: c.Log, BaseURL: base, SignIn: c.SignIn})
	}
	regions, err := demoRegions()
	if err != nil {
		return made, 0, err
	}
	if made, err = demo.Load(ctx, open, now, regions); err != nil {
		return made, 0, err
	}
	if err := calm(ctx); err != nil {
		return made, 0, err
	}
	raw, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return made, 0, err
	}
	return made, time.Since(began), os.WriteFile(note, raw, 0o600)
}

// demoRegions are the division codes that come with the program.
func demoRegions() ([]dispatch.RegionInput, error) {
	rows, err := importing.ChinaRegions()
	if err != nil {
		return nil, err
	}
	list := make([]dispatch.RegionInput, 0, len(rows.Rows))
	for _, row := range rows.Rows {
		in := dispatch.RegionInput{Code: row.Cells[0], Name: row.Cells[1]}
		if parent := row.Cells[2]; parent != "" {
			in.ParentCode = &parent
		}
		if gone := row.Cells[3]; gone != "" {
			day, err := calendar.Parse(gone)
			if err != nil {
				return nil, err
			}
			in.RetiredOn = &day
		}
		list = append(list, in)
	}
	return list, nil
}

// welcome says where to look.
func (d *demoCmd) welcome(say func(string), base string, made demo.Made, took time.Duration) {
	if took > 0 {
		say(fmt.Sprintf("%d orders, %d follow-up calls, made in %.1f s", made.Orders, made.FollowUps, took.Seconds()))
	}
	say("")
	say("Sign in at " + base + "/login with the password " + demo.Password + ":")
	for _, l := range made.Logins {
		say(fmt.Sprintf("  %-12s %s · %s", l.Login, l.Name, l.Work))
	}
	say("")
	say("What a customer sees, without signing in:")
	for i, link := range made.Links {
		what := "an order"
		if i < len(made.Links)-1 {
			what = "a quote to approve or decline"
		}
		say("  " + base + link + "  " + what)
	}
	say("")
	say("Look around:")
	for _, page := range []string{"/desk  the schedule (dispatcher)", "/desk/intake  a call comes in (agent)", "/orders  all orders", "/m  the engineer's day (engineer1)", "/follow-ups  calls due (caller)", "/complaints  the ladder (manager)", "/stock  parts (stock)", "/api  the API"} {
		path, why, _ := strings.Cut(page, "  ")
		say(fmt.Sprintf("  %-38s %s", base+path, why))
	}
	say("")
	say("Ctrl-C ends it; the company is kept. paigong demo --fresh starts over.")
}
