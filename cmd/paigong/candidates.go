package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"paigong/internal/auth"
	"paigong/workorders"
)

type candidatesCmd struct {
	Source string `enum:"import" default:"import" help:"Which orders: import = those taken from a file that still have to be done."`
	Limit  int    `default:"200" help:"How many orders, the oldest first."`
}

// Run ranks every engineer for each order, as the dispatcher's page does.
func (c *candidatesCmd) Run(g *Globals) (err error) {
	if c.Limit < 1 {
		return errors.New("--limit must be at least 1")
	}
	s, config, err := g.existing()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	desk := workorders.New(workorders.Config{DB: s.DB(), Now: config.Now, Log: config.Log})
	by := auth.System("candidates")
	orders, err := desk.ImportedOpen(g.Context, by, c.Limit)
	if err != nil {
		return err
	}
	if len(orders) == 0 {
		return errors.New("no imported order is waiting: run `paigong import requests` first; docs/examples/README.md has a file to try")
	}
	took := make([]time.Duration, 0, len(orders))
	judged, eligible := 0, 0
	for _, o := range orders {
		began := time.Now()
		list, err := desk.Candidates(g.Context, by, o.ID.String(), 500)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Number, err)
		}
		took = append(took, time.Since(began))
		judged += len(list)
		for _, one := range list {
			if one.Eligible {
				eligible++
			}
		}
	}
	slices.Sort(took)
	_, err = fmt.Fprintf(g.Out, "%d orders, %d judgements, %d of them eligible\np50 %.1f ms  p99 %.1f ms  max %.1f ms\n",
		len(orders), judged, eligible, milliseconds(at(took, 50)), milliseconds(at(took, 99)), milliseconds(took[len(took)-1]))
	return err
}

// at is the value below which so many percent of the sorted list lie.
func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
