package main

import "fmt"

type serveCmd struct{}

// Run serves until Ctrl-C or SIGTERM, then lets running requests finish.
func (*serveCmd) Run(g *Globals) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	app, err := New(c)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(g.Out, app.URL())
	return app.Run(g.Context)
}
