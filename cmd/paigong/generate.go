package main

import (
	"bufio"
	"io"

	"paigong/dispatch/planner"
)

// generateCmd groups what can be made up.
type generateCmd struct {
	Plan generatePlanCmd `cmd:"" help:"A realistic day to plan, for paigong plan."`
}

type generatePlanCmd struct {
	Orders    int    `required:"" help:"How many orders."`
	Seed      uint64 `default:"1" help:"Seed; the same numbers give the same bytes."`
	Engineers int    `help:"How many engineers; one for every eight orders when 0."`
	Pins      bool   `help:"Tie some orders to an engineer."`
	Matrix    bool   `help:"Give travel as matrices instead of coordinates."`
	Out       string `default:"-" help:"File to write; - is standard output."`
}

// Run writes the problem.
func (c *generatePlanCmd) Run(g *Globals) error {
	write := func(w io.Writer) error {
		return planner.Generate(w, planner.Generated{Orders: c.Orders, Seed: c.Seed, Engineers: c.Engineers, Pins: c.Pins, Matrix: c.Matrix})
	}
	if c.Out != "-" {
		return writeWhole(c.Out, write)
	}
	w := bufio.NewWriter(g.Out)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
