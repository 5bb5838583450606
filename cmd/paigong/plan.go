package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"paigong/dispatch/planner"
)

// planCmd plans a day from a file, without a database. It ends with the best plan so far at
// the time limit or the first Ctrl-C.
type planCmd struct {
	In         string  `required:"" type:"existingfile" help:"Problem to read."`
	Out        string  `required:"" help:"Plan to write; - writes to standard output."`
	Format     string  `default:"paigong" enum:"paigong,trsp,solomon" help:"Format of the problem: ${enum}."`
	Seconds    float64 `help:"Time limit; 10 when neither this nor --iterations is given."`
	Iterations int     `help:"Iterations of every thread; the same number and seed give the same plan."`
	Seed       uint64  `default:"1" help:"Seed."`
	Threads    int     `help:"Threads; one for each processor when 0."`
	Best       float64 `help:"A known cost, to show the gap to."`
	Quiet      bool    `help:"No progress line."`
	Explain    string  `default:"auto" enum:"auto,yes,no" help:"Explain every order: ${enum}; auto leaves it out of large plans."`
}

// explainable is how many order × engineer questions an explanation may ask by itself.
const explainable = 2_000_000

// Run plans.
func (c *planCmd) Run(g *Globals) error {
	if c.Seconds < 0 || c.Iterations < 0 || c.Threads < 0 {
		return errors.New("--seconds, --iterations and --threads cannot be negative")
	}
	if math.IsNaN(c.Seconds) || math.IsInf(c.Seconds, 0) {
		return errors.New("--seconds has to be a number of seconds")
	}
	in, err := os.Open(c.In)
	if err != nil {
		return err
	}
	file, err := planner.Read(bufio.NewReader(in), planner.Format(c.Format))
	_ = in.Close()
	if err != nil {
		return fmt.Errorf("%s: %w", c.In, err)
	}
	o := planner.Options{Objective: file.Objective, Iterations: c.Iterations, Seed: c.Seed, Threads: c.Threads}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if c.Seconds == 0 && c.Iterations == 0 {
		c.Seconds = 10
	}
	began := time.Now()
	var interrupted atomic.Bool
	defer watch(g, &interrupted)()
	// With iterations alone the clock only looks for Ctrl-C, so that the plan stays repeatable.
	o.Clock = func() float64 {
		switch {
		case interrupted.Load():
			return 1
		case c.Seconds > 0:
			return time.Since(began).Seconds() / c.Seconds
		}
		return 0
	}
	if !c.Quiet {
		shown := time.Now()
		o.Progress = func(p planner.Progress) {
			if time.Since(shown) < time.Second && p.Fraction < 1 {
				return
			}
			shown = time.Now()
			gap := ""
			if c.Best > 0 && p.Unserved == 0 {
				gap = fmt.Sprintf(", gap %+.3f %%", 100*(float64(p.Cost)/file.Unit/c.Best-1))
			}
			_, _ = fmt.Fprintf(g.Err, "%3.0f %%: cost %.3f%s, %d unserved, %.0f iterations/s\n", 100*min(1, p.Fraction), float64(p.Cost)/file.Unit, gap, p.Unserved, float64(p.Iterations)/time.Since(began).Seconds())
		}
	}
	plan, err := file.Problem.Plan(o)
	if err != nil {
		return fmt.Errorf("plan %s: %w", c.In, err)
	}
	var accounts []planner.Account
	small := len(file.Problem.Orders)*len(file.Problem.Engineers) <= explainable && !interrupted.Load()
	if file.Format == planner.FormatPaigong && (c.Explain == "yes" || c.Explain == "auto" && small) {
		if accounts, err = file.Problem.Explain(plan); err != nil {
			return fmt.Errorf("explain %s: %w", c.In, err)
		}
	}
	write := func(w io.Writer) error { return file.Write(w, plan, accounts) }
	if c.Out == "-" {
		return write(g.Out)
	}
	return writeWhole(c.Out, write)
}

// watch tells when the program is asked to end; the function it returns stops watching.
func watch(g *Globals, asked *atomic.Bool) func() {
	done := make(chan struct{})
	go func() {
		select {
		case <-g.Context.Done():
			asked.Store(true)
		case <-done:
		}
	}()
	return func() { close(done) }
}

// writeWhole writes a file beside its name first, so that nobody ever reads half a plan.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".paigong-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err = write(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
