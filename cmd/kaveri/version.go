package main

import (
	"runtime"
	"runtime/debug"

	"github.com/mattn/go-sqlite3"
	"github.com/spf13/cobra"
)

// version is set by the release build; a build from the tree is a development one.
var version = "0.1.0-dev"

func (p *program) versionCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return p.printVersion() },
	})
}

// versionJSON is the version in JSON.
type versionJSON struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"` // built from a changed tree
	Go       string `json:"go"`
	SQLite   string `json:"sqlite"`
	Platform string `json:"platform"`
}

func thisVersion() versionJSON {
	sqlite, _, _ := sqlite3.Version()
	v := versionJSON{Version: version, Go: runtime.Version(), SQLite: sqlite, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return v
}

func (p *program) printVersion() error {
	v := thisVersion()
	if p.json {
		return p.printJSON(v)
	}
	p.printf("kaveri %s", v.Version)
	if v.Revision != "" {
		p.printf(" (%s)", shorten(v.Revision, 12))
	}
	p.printf(", %s, SQLite %s, %s\n", v.Go, v.SQLite, v.Platform)
	return nil
}
