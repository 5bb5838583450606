package main

import (
	"errors"
	"fmt"

	"paigong/workorders"
)

type checkCmd struct{}

// errViolations makes the command fail after it has said everything.
var errViolations = errors.New("the data break promises that must hold at all times: see the lines above that are not 0")

// Run prints one line per promise with the number of rows that break it, then the sum.
func (*checkCmd) Run(g *Globals) (err error) {
	s, _, err := g.existing()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	results, violations, err := workorders.RunChecks(g.Context, s.DB())
	if err != nil {
		return err
	}
	for _, r := range results {
		_, _ = fmt.Fprintf(g.Out, "%6d  %s: %s\n", r.Count, r.Area, r.Name)
	}
	if _, err := fmt.Fprintf(g.Out, "%d checks, %d violations\n", len(results), violations); err != nil {
		return err
	}
	if violations > 0 {
		return errViolations
	}
	return nil
}
