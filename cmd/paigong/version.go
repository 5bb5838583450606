package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints one line.
func (*versionCmd) Run(g *Globals) error {
	_, err := fmt.Fprintln(g.Out, "paigong", version())
	return err
}

// version is the module's version and the commit it was built from, as far as the build
// recorded them.
func version() string {
	text := "(devel)"
	commit := ""
	if built, ok := debug.ReadBuildInfo(); ok {
		if built.Main.Version != "" {
			text = built.Main.Version
		}
		for _, s := range built.Settings {
			if s.Key == "vcs.revision" {
				commit = " " + s.Value[:min(len(s.Value), 12)]
			}
			if s.Key == "vcs.modified" && s.Value == "true" {
				commit += "+changes"
			}
		}
	}
	return fmt.Sprintf("%s%s %s %s/%s", text, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
