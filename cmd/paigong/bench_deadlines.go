package main

import (
	"fmt"
	"time"

	"paigong/workorders/aftercare"
)

type benchDeadlinesCmd struct {
	Cases int    `default:"1000000" help:"How many deadlines."`
	Seed  uint64 `default:"2026" help:"Of the cases."`
}

// Run reckons deadlines twice and fails when any differ.
func (b *benchDeadlinesCmd) Run(g *Globals) error {
	_, _ = fmt.Fprintf(g.Out, "paigong bench deadlines --cases=%d --seed=%d\n", b.Cases, b.Seed)
	began := time.Now()
	found, err := aftercare.CheckDeadlines(b.Cases, b.Seed)
	if err != nil {
		return err
	}
	for _, d := range found {
		_, _ = fmt.Fprintf(g.Out, "%s: %s, leafing through it is %s\n", d.Case, d.Fast, d.Slow)
	}
	_, _ = fmt.Fprintf(g.Out, "%d deadlines, %d differences, %.1f s\n", b.Cases, len(found), time.Since(began).Seconds())
	if len(found) > 0 {
		return fmt.Errorf("%d deadlines differ", len(found))
	}
	return nil
}
