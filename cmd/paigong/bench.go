package main

import (
	"fmt"
	"os"
	"time"

	"paigong/internal/postgres"
)

// benchCmd groups the measurements; each prints figures and the command that made them.
type benchCmd struct {
	Start     benchStartCmd     `cmd:"" help:"Time to the first query of a private PostgreSQL, on a fresh and on an existing folder."`
	Deadlines benchDeadlinesCmd `cmd:"" help:"Deadlines against a slow, independent reckoning; none may differ."`
	Plan      benchPlanCmd      `cmd:"" help:"The planner against published values, with its speed and repeatability."`
	Roads     benchRoadsCmd     `cmd:"" help:"Measured ways by road against what is assumed where no map server is asked."`
}

type benchStartCmd struct {
	Rounds int `default:"3" help:"How often."`
}

// Run starts and stops a private server in a temporary folder.
func (b *benchStartCmd) Run(g *Globals) error {
	_, _ = fmt.Fprintf(g.Out, "paigong bench start --rounds=%d\n", b.Rounds)
	for round := range b.Rounds {
		data, err := os.MkdirTemp("", "paigong-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(data) }()
		for _, folder := range []string{"fresh", "existing"} {
			began := time.Now()
			s, err := postgres.Open(g.Context, postgres.Options{Data: data, Log: g.Log})
			if err != nil {
				return err
			}
			if err := s.Pool().Ping(g.Context); err != nil {
				return err
			}
			first := time.Since(began)
			began = time.Now()
			if err := s.Close(); err != nil {
				return err
			}
			_, _ = fmt.Fprintf(g.Out, "round %d, %-8s folder: first query after %.2f s, stopped in %.2f s\n", round+1, folder, first.Seconds(), time.Since(began).Seconds())
		}
	}
	return nil
}
