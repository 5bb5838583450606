package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"paigong/dispatch/planner"
)

// benchPlanCmd measures the planner against published values. The folder given by --data holds the instances
// in trsp/, solomon/ and homberger/, and the best-known values in bks/trsp_published.csv,
// bks/solomon_distance.csv and bks/homberger_distance.csv (name, value). Rows without
// instances are left out and say so.
type benchPlanCmd struct {
	Quick  bool     `help:"One seed and a fifth of the time."`
	Seeds  int      `help:"Seeds of each instance; 5, or 1 with --quick."`
	Only   []string `help:"Rows to measure, such as B,C,I."`
	Sample int      `help:"Take only so many instances of a set, evenly spread; 0 is all."`
	Out    string   `help:"File to write the table to as well."`
	// Referee is asked about every plan beside Problem.Score.
	Referee string `placeholder:"COMMAND" help:"A program that judges every plan. With {format}, {instance} and {plan} in its arguments it is run for each, and an exit status other than 0 counts as a broken rule; without, it is run once, gets a line of JSON with format, instance and plan for each, and answers with a line, ok or what is wrong."`
	Days    int    `default:"10000" help:"How many days row M draws; a fifth with --quick."`
}

type benchRow struct {
	row, what, target, figure string
}

// planBench is one run of the table.
type planBench struct {
	c     *benchPlanCmd
	g     *Globals
	seeds int
	share float64 // of the full time
	plans int
	wrong int // plans that break a rule or leave an order of a benchmark unserved
	// refused of the judged plans were refused by the referee; the first of its answers is kept.
	judged, refused int
	answer          string
	rows            []benchRow
	standing        *standingReferee
}

// standingReferee is a second program that judges many plans in one run.
type standingReferee struct {
	ask    io.WriteCloser
	answer *bufio.Scanner
	wait   func() error
}

func standReferee(ctx context.Context, command string, errs io.Writer) (*standingReferee, error) {
	args := strings.Fields(command)
	run := exec.CommandContext(ctx, args[0], args[1:]...)
	ask, err := run.StdinPipe()
	if err != nil {
		return nil, err
	}
	answer, err := run.StdoutPipe()
	if err != nil {
		return nil, err
	}
	run.Stderr = errs
	if err := run.Start(); err != nil {
		return nil, err
	}
	return &standingReferee{ask, bufio.NewScanner(answer), run.Wait}, nil
}

// judge is empty when the referee finds nothing wrong.
func (r *standingReferee) judge(format, instance, plan string) (wrong string, err error) {
	if err := json.NewEncoder(r.ask).Encode(map[string]string{"format": format, "instance": instance, "plan": plan}); err != nil {
		return "", err
	}
	if !r.answer.Scan() {
		return "", errors.Join(errors.New("it ended without an answer"), r.answer.Err())
	}
	if wrong = strings.TrimSpace(r.answer.Text()); wrong == "ok" {
		wrong = ""
	}
	return wrong, nil
}

func (r *standingReferee) end() error { return errors.Join(r.ask.Close(), r.wait()) }

// Run measures and prints the table.
func (c *benchPlanCmd) Run(g *Globals) (err error) {
	if c.Days < 0 || c.Seeds < 0 || c.Sample < 0 {
		return errors.New("--days, --seeds and --sample cannot be negative")
	}
	if g.Data == "" {
		return errors.New("--data names the folder with the benchmark instances: trsp/, solomon/, homberger/ and bks/")
	}
	b := &planBench{c: c, g: g, seeds: 5, share: 1}
	command := "paigong bench plan --data DIR"
	if c.Quick {
		b.seeds, b.share = 1, 0.2
		command += " --quick"
	}
	if c.Seeds > 0 {
		b.seeds = c.Seeds
		command += fmt.Sprintf(" --seeds %d", c.Seeds)
	}
	if len(c.Only) > 0 {
		command += " --only " + strings.Join(c.Only, ",")
	}
	if c.Sample > 0 {
		command += fmt.Sprintf(" --sample %d", c.Sample)
	}
	if c.Referee != "" {
		command += " --referee COMMAND"
	}
	if c.Referee != "" && !strings.Contains(c.Referee, "{plan}") {
		if b.standing, err = standReferee(g.Context, c.Referee, g.Err); err != nil {
			return fmt.Errorf("--referee: %w", err)
		}
		defer func() {
			if ended := b.standing.end(); g.Context.Err() == nil {
				err = errors.Join(err, ended)
			}
		}()
	}
	began := time.Now()
	for _, part := range []struct {
		row string
		run func() error
	}{
		{"A", func() error {
			return b.gaps("A", "TRSP, 60 s × 2 threads", "≤ -0.3 %", "trsp", planner.FormatTRSP, 60, 2)
		}},
		{"A'", func() error {
			return b.gaps("A'", "TRSP, 4 s × 2 threads", "≤ +0.4 %", "trsp", planner.FormatTRSP, 4, 2)
		}},
		{"B", func() error { return b.gaps("B", "TRSP, 2 CPU s", "≤ 0.7 %", "trsp", planner.FormatTRSP, 2, 1) }},
		{"C", func() error {
			return b.gaps("C", "Solomon distance, 10 CPU s", "≤ 0.25 %", "solomon", planner.FormatSolomon, 10, 1)
		}},
		{"D", func() error {
			return b.gaps("D", "Gehring-Homberger 1000, 600 CPU s", "≤ 1.2 %", "homberger", planner.FormatSolomon, 600, 1)
		}},
		{"E", b.large},
		{"F", b.scaling},
		{"G", b.growth},
		{"I", b.hint},
		{"K", b.repair},
		{"L", b.repeat},
		{"M", b.fuzz},
	} {
		if len(c.Only) > 0 && !slices.Contains(c.Only, part.row) {
			continue
		}
		if g.Context.Err() != nil {
			break
		}
		if err := part.run(); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	_, _ = fmt.Fprintf(&out, "# The planner, measured\n\n`%s`, %s, %s/%s, %d processors, %.0f s in all, %d plans, %d of them invalid.\n\n", command, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Since(began).Seconds(), b.plans, b.wrong)
	_, _ = fmt.Fprintf(&out, "A gap is cost ÷ best published value − 1. Times are CPU seconds of this process; a fifth of them with `--quick`.\n\n| | measure | target | measured |\n|---|---|---|---|\n")
	for _, r := range b.rows {
		_, _ = fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.row, r.what, r.target, r.figure)
	}
	if c.Referee != "" {
		_, _ = fmt.Fprintf(&out, "\nA second program judged %d of the plans and refused %d%s.\n", b.judged, b.refused, b.answer)
	}
	if _, err := g.Out.Write(out.Bytes()); err != nil {
		return err
	}
	if c.Out != "" {
		return writeWhole(c.Out, func(w io.Writer) error { _, err := w.Write(out.Bytes()); return err })
	}
	return nil
}

func (b *planBench) add(row, what, target, format string, args ...any) {
	b.rows = append(b.rows, benchRow{row, what, target, fmt.Sprintf(format, args...)})
	_, _ = fmt.Fprintf(b.g.Err, "%s %s: %s\n", row, what, b.rows[len(b.rows)-1].figure)
}

// checked counts a plan and whether it holds. Where the text of the instance is at hand, the
// referee is asked as well.
func (b *planBench) checked(file *planner.File, plan *planner.Plan, all bool, instance []byte) error {
	b.plans++
	if _, broken := file.Problem.Score(plan); len(broken) > 0 || all && len(plan.Unplanned) > 0 {
		b.wrong++
	}
	if b.c.Referee == "" || instance == nil {
		return nil
	}
	folder, err := os.MkdirTemp("", "paigong-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	names := [2]string{filepath.Join(folder, "instance"), filepath.Join(folder, "plan.json")}
	if err := os.WriteFile(names[0], instance, 0o600); err != nil {
		return err
	}
	if err := writeWhole(names[1], func(w io.Writer) error { return file.Write(w, plan, nil) }); err != nil {
		return err
	}
	b.judged++
	if b.standing != nil {
		wrong, err := b.standing.judge(string(file.Format), names[0], names[1])
		if b.g.Context.Err() != nil {
			return nil // it was ended with the bench
		}
		if err != nil {
			return fmt.Errorf("--referee: %w", err)
		}
		b.refusal(wrong)
		return nil
	}
	fill := strings.NewReplacer("{format}", string(file.Format), "{instance}", names[0], "{plan}", names[1])
	args := strings.Fields(b.c.Referee)
	for i := range args {
		args[i] = fill.Replace(args[i])
	}
	said, err := exec.CommandContext(b.g.Context, args[0], args[1:]...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		b.refusal(string(bytes.TrimSpace(said)))
	case err != nil:
		return fmt.Errorf("--referee: %w", err)
	}
	return nil
}

// refusal counts what the referee found wrong; empty is nothing.
func (b *planBench) refusal(wrong string) {
	if wrong == "" {
		return
	}
	if b.refused++; b.refused == 1 {
		b.answer = fmt.Sprintf("; of the first it says: %.500s", wrong)
	}
}

// gaps plans every instance of a set and compares with the published values.
func (b *planBench) gaps(row, what, target, set string, format planner.Format, seconds float64, threads int) error {
	names, err := filepath.Glob(filepath.Join(b.g.Data, set, "*.txt"))
	if err != nil {
		return err
	}
	best, err := readBest(b.g.Data)
	if err != nil {
		return err
	}
	var chosen []string
	for _, name := range names {
		id := strings.TrimSuffix(filepath.Base(name), ".txt")
		if best[id] > 0 && (row != "D" || strings.Contains(id, "_10_")) {
			chosen = append(chosen, name)
		}
	}
	chosen = spread(chosen, b.c.Sample)
	if len(chosen) == 0 {
		b.add(row, what, target, "no instances")
		return nil
	}
	var all []float64
	better, classes := 0, map[string][]float64{}
instances:
	for _, name := range chosen {
		var gaps []float64
		id := strings.TrimSuffix(filepath.Base(name), ".txt")
		for seed := range b.seeds {
			if b.g.Context.Err() != nil {
				break instances // hours of work are reported as far as they came
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			file, err := planner.Read(bytes.NewReader(data), format)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			limit, began := seconds*b.share*float64(threads), cpuSeconds()
			plan, err := file.Problem.Plan(planner.Options{Objective: file.Objective, Seed: uint64(seed + 1), Threads: threads, Clock: func() float64 {
				if b.g.Context.Err() != nil {
					return 1
				}
				return (cpuSeconds() - began) / limit
			}})
			if b.g.Context.Err() != nil {
				break instances
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := b.checked(file, plan, true, data); err != nil {
				return err
			}
			gaps = append(gaps, 100*(file.Cost(plan)/best[id]-1))
			_, _ = fmt.Fprintf(b.g.Err, "%s %s, seed %d: %+.3f %%, %d iterations\n", row, id, seed+1, gaps[len(gaps)-1], plan.Iterations)
		}
		slices.Sort(gaps)
		median := gaps[len(gaps)/2]
		all = append(all, median)
		if median < 0 {
			better++
		}
		class := strings.TrimRight(strings.FieldsFunc(id, func(r rune) bool { return r == '.' || r == '_' })[0], "0123456789")
		if format == planner.FormatTRSP || set == "solomon" {
			class = id[:len(class)+1]
		}
		classes[class] = append(classes[class], median)
	}
	if len(all) == 0 {
		b.add(row, what, target, "interrupted before the first instance")
		return nil
	}
	var parts []string
	for class, gaps := range classes {
		parts = append(parts, fmt.Sprintf("%s %+.2f", class, mean(gaps)))
	}
	slices.Sort(parts)
	b.add(row, what, target, "mean %+.3f %%, worst %+.2f %%, better than published on %d of %d%s (%s)", mean(all), slices.Max(all), better, len(all), b.cut(len(all), len(chosen)), strings.Join(parts, ", "))
	return nil
}

// cut says that a row is not whole.
func (b *planBench) cut(done, of int) string {
	if done == of {
		return ""
	}
	return fmt.Sprintf(", interrupted after %d of %d", done, of)
}

func (b *planBench) drawn(orders int, seed uint64) (*planner.File, error) {
	var text bytes.Buffer
	if err := planner.Generate(&text, planner.Generated{Orders: orders, Seed: seed}); err != nil {
		return nil, err
	}
	return planner.Read(&text, planner.FormatPaigong)
}

// large is the first plan of a very large day, and what it takes in memory.
func (b *planBench) large() error {
	file, err := b.drawn(10000, 1)
	if err != nil {
		return err
	}
	runtime.GC()
	began, wall := cpuSeconds(), time.Now()
	plan, err := file.Problem.Plan(planner.Options{Iterations: 1, Seed: 1})
	if err != nil {
		return err
	}
	took, lasted := cpuSeconds()-began, time.Since(wall)
	if err := b.checked(file, plan, false, nil); err != nil {
		return err
	}
	b.add("E", "first full plan, 10,000 orders, 1,250 engineers", "≤ 1 s", "%.2f CPU s, %.2f s, with the reasons for %d orders left over", took, lasted.Seconds(), len(plan.Unplanned))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.add("H", "memory for 10,000 orders", "≤ 256 MiB", "%d MiB taken from the system by the whole process", m.Sys>>20)
	return nil
}

// scaling asks how the time to a good plan grows with the day: the processor time after which
// ten times as much improves the plan by no more than 3 %. Cost is working time and two hours
// for every order left over.
func (b *planBench) scaling() error {
	sizes := []int{100, 1000, 10000}
	var needed [3]float64
	for i, orders := range sizes {
		var text bytes.Buffer
		if err := planner.Generate(&text, planner.Generated{Orders: orders, Engineers: orders / 5, Seed: 1}); err != nil {
			return err
		}
		file, err := planner.Read(&text, planner.FormatPaigong)
		if err != nil {
			return err
		}
		cost := func(seconds float64) (float64, error) {
			began := cpuSeconds()
			plan, err := file.Problem.Plan(planner.Options{Objective: planner.WorkingTime, Seed: 1, Clock: func() float64 { return (cpuSeconds() - began) / seconds }})
			if err != nil {
				return 0, err
			}
			return float64(plan.Score[5] + 7200*int64(len(plan.Unplanned))), b.checked(file, plan, false, nil)
		}
		last := 0.0
		for seconds := 1e-4 * float64(orders); ; seconds *= 2 {
			short, err := cost(seconds)
			if err != nil {
				return err
			}
			long, err := cost(10 * seconds)
			if err != nil {
				return err
			}
			off := short/long - 1
			_, _ = fmt.Fprintf(b.g.Err, "F: %d orders, %.3f CPU s: %.2f %% above ten times as much\n", orders, seconds, 100*off)
			if off <= 0.03 {
				// Between the last two times, on a line in their logarithms.
				needed[i] = seconds
				if last > 0.03 {
					needed[i] = seconds / 2 * math.Pow(2, (last-0.03)/(last-off))
				}
				break
			}
			last = off
		}
	}
	b.add("F", "growth of the time to come within 3 % of ten times as much, 100 → 10,000 orders", "≤ n^1.2", "%.3f, %.2f, %.1f CPU s for 100, 1,000, 10,000 orders: n^%.2f", needed[0], needed[1], needed[2], math.Log10(needed[2]/needed[0])/2)
	return nil
}

// growth compares iterations a second of a small and a large day.
func (b *planBench) growth() error {
	rate := map[int]float64{}
	for _, orders := range []int{1000, 10000} {
		file, err := b.drawn(orders, 1)
		if err != nil {
			return err
		}
		var first, last planner.Progress
		var from float64
		began, limit := cpuSeconds(), 10*b.share
		plan, err := file.Problem.Plan(planner.Options{Seed: 1, Clock: func() float64 { return (cpuSeconds() - began) / limit }, Progress: func(p planner.Progress) {
			if first.Iterations == 0 {
				first, from = p, cpuSeconds()
			}
			last = p
			rate[orders] = float64(last.Iterations-first.Iterations) / max(cpuSeconds()-from, 1e-9)
		}})
		if err != nil {
			return err
		}
		if err := b.checked(file, plan, false, nil); err != nil {
			return err
		}
	}
	b.add("G", "iterations a second, 1,000 → 10,000 orders", "drop ≤ 2×", "%.0f → %.0f, %.1f×", rate[1000], rate[10000], rate[1000]/rate[10000])
	return nil
}

// hint asks for the candidates of one order among 1,000 engineers with eight visits each.
func (b *planBench) hint() error {
	file, err := b.drawn(8050, 3)
	if err != nil {
		return err
	}
	p := file.Problem
	p.Engineers = p.Engineers[:1000]
	p.Now = 0
	ask := p.Orders[:50]
	for e := range p.Engineers {
		s := p.Engineers[e].Shifts[0]
		for k := range 8 {
			at := s.From + 1200 + int64(k)*3600
			p.Booked = append(p.Booked, planner.Visit{Engineer: e, Place: p.Orders[50+e*8%7000+k].Place, Store: planner.NoStore, Start: at, End: at + 1500})
		}
	}
	p.Orders = ask
	scanner, err := planner.NewScanner(p)
	if err != nil {
		return err
	}
	var took []time.Duration
	used := cpuSeconds()
	for round := range 40 {
		for o := range ask {
			began := time.Now()
			if _, err := scanner.Candidates(o, planner.CandidateOptions{Limit: 20}); err != nil {
				return err
			}
			if round > 0 {
				took = append(took, time.Since(began))
			}
		}
	}
	slices.Sort(took)
	b.add("I", "candidates of one order, 1,000 engineers × 8 stops", "p99 ≤ 1 ms", "p50 %.2f ms, p99 %.2f ms, mean %.2f CPU ms", took[len(took)/2].Seconds()*1e3, took[len(took)*99/100].Seconds()*1e3, 1e3*(cpuSeconds()-used)/float64(40*len(ask)))
	return nil
}

// repair takes an engineer out of an announced day of 1,000 orders.
func (b *planBench) repair() error {
	var text bytes.Buffer
	if err := planner.Generate(&text, planner.Generated{Orders: 1000, Engineers: 220, Seed: 2}); err != nil {
		return err
	}
	file, err := planner.Read(&text, planner.FormatPaigong)
	if err != nil {
		return err
	}
	p := file.Problem
	before, err := p.Plan(planner.Options{Iterations: int(20000 * b.share), Seed: 1})
	if err != nil {
		return err
	}
	if err := b.checked(file, before, false, nil); err != nil {
		return err
	}
	announced := 0
	for _, r := range before.Routes {
		for _, s := range r.Stops {
			if s.Order >= 0 {
				p.Orders[s.Order].Announced = &planner.Pin{Engineer: p.Engineers[r.Engineer].ID, Start: s.Start}
				announced++
			}
		}
	}
	ill, freed := before.Routes[0].Engineer, 0
	for _, s := range before.Routes[0].Stops {
		if s.Order >= 0 {
			freed++
			p.Orders[s.Order].Announced = nil
		}
	}
	p.Engineers[ill].Shifts = nil
	wall, used := time.Now(), cpuSeconds()
	after, err := p.Plan(planner.Options{Iterations: 20, Seed: 1, Start: before, KeepAnnounced: 7200})
	if err != nil {
		return err
	}
	lasted, used := time.Since(wall), cpuSeconds()-used
	if err := b.checked(file, after, false, nil); err != nil {
		return err
	}
	moved := 0
	for _, r := range after.Routes {
		for _, s := range r.Stops {
			if s.Order < 0 || p.Orders[s.Order].Announced == nil {
				continue
			}
			if a := p.Orders[s.Order].Announced; a.Engineer != p.Engineers[r.Engineer].ID || s.Start-a.Start > 1800 || a.Start-s.Start > 1800 {
				moved++
			}
		}
	}
	b.add("K", "an engineer ill at 1,000 orders", "≤ 100 ms, ≤ 5 % moved", "%.0f ms, %.0f CPU ms, %d visits freed, %d of %d announced ones moved (%.1f %%)", lasted.Seconds()*1e3, used*1e3, freed, moved, announced-freed, 100*float64(moved)/float64(max(1, announced-freed)))
	return nil
}

// repeat plans twice with the same seed and compares the bytes.
func (b *planBench) repeat() error {
	same := true
	for _, threads := range []int{1, 2} {
		var texts [2]bytes.Buffer
		for k := range texts {
			file, err := b.drawn(200, 5)
			if err != nil {
				return err
			}
			plan, err := file.Problem.Plan(planner.Options{Iterations: 1000, Seed: 3, Threads: threads})
			if err != nil {
				return err
			}
			if err := errors.Join(b.checked(file, plan, false, nil), file.Write(&texts[k], plan, nil)); err != nil {
				return err
			}
		}
		same = same && bytes.Equal(texts[0].Bytes(), texts[1].Bytes())
	}
	b.add("L", "same seed, iterations and threads", "same bytes", "%v with 1 and 2 threads", same)
	return nil
}

// fuzz plans many small drawn days and counts broken rules.
func (b *planBench) fuzz() error {
	days, wrong, refused, orders, left := int(float64(b.c.Days)*b.share), b.wrong, b.refused, 0, 0
	for seed := range days {
		if b.g.Context.Err() != nil {
			days = seed
			break
		}
		if seed > 0 && seed%1000 == 0 {
			_, _ = fmt.Fprintf(b.g.Err, "M: %d days, %d break a rule, %d refused\n", seed, b.wrong-wrong, b.refused-refused)
		}
		var text bytes.Buffer
		drawn := planner.Generated{Orders: 3 + seed%38, Seed: uint64(seed), Engineers: seed % 7, Pins: true, Matrix: seed%3 == 1}
		if err := planner.Generate(&text, drawn); err != nil {
			return err
		}
		file, err := planner.Read(bytes.NewReader(text.Bytes()), planner.FormatPaigong)
		if err != nil {
			return fmt.Errorf("day %d: %w", seed, err)
		}
		plan, err := file.Problem.Plan(planner.Options{Iterations: 100, Seed: uint64(seed), Threads: 1 + seed%2})
		if err != nil {
			return fmt.Errorf("day %d: %w", seed, err)
		}
		if err := b.checked(file, plan, false, text.Bytes()); err != nil {
			return err
		}
		orders, left = orders+len(file.Problem.Orders), left+len(plan.Unplanned)
	}
	figure := fmt.Sprintf("%d of %d, with %d orders of which %d are left over", b.wrong-wrong, days, orders, left)
	if b.c.Referee != "" {
		figure += fmt.Sprintf("; the second program refuses %d", b.refused-refused)
	}
	b.add("M", "drawn days whose plan breaks a rule", "0", "%s", figure)
	return nil
}

func readBest(folder string) (map[string]float64, error) {
	best := map[string]float64{}
	for _, name := range []string{"trsp_published.csv", "solomon_distance.csv", "homberger_distance.csv"} {
		f, err := os.Open(filepath.Join(folder, "bks", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(f).ReadAll()
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, row := range rows[min(1, len(rows)):] {
			v, err := strconv.ParseFloat(row[len(row)-1], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			best[row[0]] = v
		}
	}
	return best, nil
}

// spread takes n of the names, evenly over the list.
func spread(names []string, n int) []string {
	if n <= 0 || n >= len(names) {
		return names
	}
	var out []string
	for k := range n {
		out = append(out, names[int(math.Round(float64(k)*float64(len(names)-1)/float64(max(1, n-1))))])
	}
	return out
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(1, len(v)))
}
