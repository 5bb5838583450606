package main

import (
	"context"
	"errors"
	"fmt"
)

type serveCmd struct{}

// Run serves until Ctrl-C or SIGTERM, then lets running requests finish.
func (*serveCmd) Run(g *Globals) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	c.Say = func(line string) { _, _ = fmt.Fprintln(g.Out, line) }
	app, err := New(c)
	if err != nil {
		return err
	}
	c.Say(app.URL())
	err = app.Run(g.Context)
	if errors.Is(err, context.Canceled) && g.Context.Err() != nil {
		return nil // asked to end while it was starting
	}
	return err
}
