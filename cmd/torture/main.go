// Command torture attacks a running Paigong from outside, over HTTP and by killing its processes, and counts
// what it lost, doubled or broke. A development tool: it is never shipped and imports nothing of the program, so
// that it believes nothing the program believes.
//
//	go run ./cmd/torture kill -rounds 20 -seed 1     kill -9 between and during the steps of the story
//	go run ./cmd/torture phone -rounds 200 -seed 1   an engineer's phone without network, power, session, storage
//	go run ./cmd/torture slow                        his pages on a slow line and a slow processor, measured
//
// Every attack ends with one line of counts that begins with its name and its seed, and fails when a count
// that has to be 0 is not; slow counts nothing and prints figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// An attack is one subcommand: flags says what it may be told, run does it and writes to out, its last line the
// counts.
type attack struct {
	name, about string
	flags       func(*flag.FlagSet) (run func(ctx context.Context, out io.Writer) error)
}

// attacks lists every subcommand; one file each.
var attacks = []attack{
	{"kill", "tell the story to a program that is killed with -9, its PostgreSQL too", killAttack},
	{"phone", "fill in sheets on a phone whose network, browser, clock, session and storage fail", phoneAttack},
	{"slow", "measure the engineer's pages on a slow line and a slow processor", slowPhone},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "torture:", err)
		}
		os.Exit(1)
	}
}

// command runs one command line.
func command(ctx context.Context, args []string, out, errs io.Writer) error {
	usage := func() error {
		fmt.Fprintln(errs, "go run ./cmd/torture ATTACK [flags]; ATTACK -h lists its flags")
		for _, a := range attacks {
			fmt.Fprintf(errs, "  %-8s %s\n", a.name, a.about)
		}
		return flag.ErrHelp
	}
	if len(args) == 0 {
		return usage()
	}
	i := slices.IndexFunc(attacks, func(a attack) bool { return a.name == args[0] })
	if i < 0 {
		return usage()
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(errs)
	run := attacks[i].flags(flags)
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s does not know what to do with %q", args[0], flags.Arg(0))
	}
	return run(ctx, out)
}
