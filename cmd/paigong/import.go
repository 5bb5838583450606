package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/postgres"
	"paigong/workorders"
	"paigong/workorders/importing"
)

type importCmd struct {
	Kind         string            `arg:"" enum:"requests,customers,assets,parts,stock,regions,engineers,holidays,calls" help:"What the rows are: requests, customers, assets, parts, stock, regions, engineers, holidays, calls."`
	File         string            `arg:"" optional:"" type:"existingfile" help:"CSV with a header row, or JSON."`
	Mapping      string            `type:"existingfile" placeholder:"FILE" help:"JSON file that says which column is which field; see docs/examples/README.md."`
	Builtin      string            `placeholder:"NAME" help:"Instead of a file: cn = the division codes of China down to districts (regions only)."`
	DryRun       bool              `help:"Look at every row and count, but take nothing."`
	Rejected     string            `placeholder:"FILE" help:"Where rejected rows go; default: the file's name with .rejected.csv."`
	Organisation string            `placeholder:"CODE" help:"Whose rows they become; default: the head office."`
	Set          map[string]string `placeholder:"FIELD=VALUE" help:"Give every row this value in a field, over what the mapping says."`
}

// Run prints `R read, N new, U unchanged, E rejected`.
func (c *importCmd) Run(g *Globals) (err error) {
	began := time.Now()
	rows, err := c.rows()
	if err != nil {
		return err
	}
	s, config, err := g.database()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	o, err := c.options(g.Context, s, config)
	if err != nil {
		return err
	}
	desk := workorders.New(workorders.Config{DB: s.DB(), Now: config.Now, Log: config.Log})
	done, err := importing.Take(g.Context, desk, c.Kind, o, rows)
	if err != nil {
		return err
	}
	if err := s.Tell(g.Context); err != nil { // programs that show lists
		config.Log.Warn("running programs will show the new rows somewhat later", "error", err)
	}
	slices.SortFunc(done.Rejected, func(a, b workorders.RejectedRow) int { return a.Line - b.Line })
	if len(done.Rejected) > 0 {
		name, err := c.writeRejected(rows, done.Rejected)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(g.Err, "%d rejected rows with their reasons: %s\n", len(done.Rejected), name)
	}
	if done.Changed > 0 {
		_, _ = fmt.Fprintf(g.Err, "%d of the new rows were there with other content\n", done.Changed)
	}
	if c.DryRun {
		_, _ = fmt.Fprintln(g.Err, "dry run: nothing was taken")
	}
	took := time.Since(began)
	_, _ = fmt.Fprintf(g.Err, "%.1f s, %.0f rows/s\n", took.Seconds(), float64(len(rows.Rows))/took.Seconds())
	_, err = fmt.Fprintf(g.Out, "%d read, %d new, %d unchanged, %d rejected\n", len(rows.Rows), done.New, done.Unchanged, len(done.Rejected))
	return err
}

// rows reads the file, or what comes with the program.
func (c *importCmd) rows() (*importing.Sheet, error) {
	switch {
	case c.Builtin != "" && c.File != "":
		return nil, errors.New("give a file or --builtin, not both")
	case c.Builtin != "":
		if c.Kind != "regions" || c.Builtin != "cn" {
			return nil, errors.New("the program brings one list with it: import regions --builtin cn")
		}
		return importing.ChinaRegions()
	case c.File == "":
		return nil, errors.New("name the file to import")
	case c.Mapping == "":
		return nil, errors.New("--mapping FILE is missing: it says which column is which field; see docs/examples/README.md")
	}
	m, err := importing.ReadMapping(c.Mapping, c.Kind)
	if err != nil {
		return nil, err
	}
	for field, value := range c.Set {
		if err := m.Set(field, value); err != nil {
			return nil, err
		}
	}
	return importing.ReadFile(c.File, m)
}

func (c *importCmd) options(ctx context.Context, s *postgres.Server, config Config) (workorders.ImportOptions, error) {
	people := auth.New(s.DB(), config.Now, auth.Rules{})
	var org auth.Organisation
	var err error
	if c.Organisation != "" {
		org, err = people.ByCode(ctx, c.Organisation)
	} else {
		if org, err = people.Head(ctx); fault.HasCode(err, "organisation_unknown") {
			// On an empty database the company is made, as `paigong user add` does.
			err = changePeople(ctx, s, config.Now, func(ctx context.Context, people *auth.Directory) (err error) {
				org, err = people.CreateOrganisation(ctx, operator().Scope(), auth.OrganisationInput{Code: "HQ", Name: "总部", Kind: "head", Timezone: config.Zone.String()})
				return err
			})
		}
	}
	if err != nil {
		return workorders.ImportOptions{}, err
	}
	by := auth.System("import")
	by.OrgID = org.ID
	return workorders.ImportOptions{By: by, Org: org.ID, Dry: c.DryRun}, nil
}

// writeRejected keeps rejected rows as they came, with line number and reason in front, so that they can
// be corrected and imported again.
func (c *importCmd) writeRejected(rows *importing.Sheet, rejected []workorders.RejectedRow) (string, error) {
	name := c.Rejected
	if name == "" {
		name = strings.TrimSuffix(c.File, filepath.Ext(c.File)) + ".rejected.csv"
	}
	file, err := os.Create(name)
	if err != nil {
		return "", fmt.Errorf("rejected rows: %w (say --rejected FILE)", err)
	}
	err = rows.WriteRejected(file, rejected)
	return name, errors.Join(err, file.Close())
}
