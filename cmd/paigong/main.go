// Command paigong is the whole product in one program: the service desk's pages and REST
// API, the database it needs, and the commands of whoever operates it.
//
//	paigong            serve on 127.0.0.1:8080 with a private PostgreSQL
//	paigong demo       the same with a sample company
//	paigong --help     everything else
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones, where the system has none

	"github.com/alecthomas/kong"
)

// commands is the command line. One file per command; each has Run(*Globals) error.
type commands struct {
	Globals `embed:""`

	Serve      serveCmd      `cmd:"" default:"withargs" help:"Serve pages and API (the default command)."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to this version's schema and end."`
	Config     configCmd     `cmd:"" help:"Print every setting, its value and where it comes from; secrets hidden."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	User       userCmd       `cmd:"" help:"People who sign in."`
	Token      tokenCmd      `cmd:"" help:"Tokens of programs."`
	Check      checkCmd      `cmd:"" help:"Count what breaks the promises of the data; fails when anything does."`
	Backup     backupCmd     `cmd:"" help:"Write everything the database holds to a file, while the program works."`
	Restore    restoreCmd    `cmd:"" help:"Fill an empty database from a backup."`
	Import     importCmd     `cmd:"" help:"Take rows from another system's file."`
	Candidates candidatesCmd `cmd:"" help:"Rank engineers for many orders and print how long that took."`
	Demo       demoCmd       `cmd:"" help:"Serve a sample company on this machine, to look around."`
	Bench      benchCmd      `cmd:"" help:"Measure something and print the figures."`
	Plan       planCmd       `cmd:"" help:"Plan a day from a file, without a database."`
	Generate   generateCmd   `cmd:"" help:"Make something up, such as a day to plan."`
}

// Globals are what every command knows: the settings given on the command line and the
// world it runs in.
type Globals struct {
	Listen string `placeholder:"ADDRESS" help:"Where to listen; port 0 picks a free one. PAIGONG_LISTEN, else 127.0.0.1:8080."`
	Data   string `placeholder:"FOLDER" help:"Folder of the private PostgreSQL. PAIGONG_DATA, else 'paigong' in your data folder."`
	Travel string `name:"travel-url" placeholder:"URL" help:"Map server with OSRM's table service, for driving times. PAIGONG_TRAVEL_URL, else estimated from the distance."`

	Erasures string `placeholder:"FILE" help:"Keeps who asked to be erased outside the database, so that an older backup does not bring him back. PAIGONG_ERASURES, else 'erasures.txt' in the folder of the private PostgreSQL."`

	TLSCert       string `name:"tls-cert" placeholder:"FILE" help:"Speak https with this certificate (PEM). PAIGONG_TLS_CERT."`
	TLSKey        string `name:"tls-key" placeholder:"FILE" help:"Its key. PAIGONG_TLS_KEY."`
	TLSACME       string `name:"tls-acme" placeholder:"NAME" help:"Speak https and fetch the certificate for this public name; listen on :443. PAIGONG_TLS_ACME."`
	TLSSelfSigned bool   `name:"tls-self-signed" help:"Speak https with a certificate of our own, for a trial in the office network. PAIGONG_TLS_SELF_SIGNED=yes."`

	Context context.Context     `kong:"-"` // ends with the first Ctrl-C or SIGTERM
	In      io.Reader           `kong:"-"`
	Out     io.Writer           `kong:"-"` // results
	Err     io.Writer           `kong:"-"` // everything else
	Getenv  func(string) string `kong:"-"`
	Log     *slog.Logger        `kong:"-"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal asks for an orderly end; after it the second one ends at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run is main with everything it touches passed in, so that tests can call it. It returns
// the exit status: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, getenv func(string) string) (status int) {
	line := &commands{Globals: Globals{
		Context: ctx, In: in, Out: out, Err: errs, Getenv: getenv,
		Log: slog.New(slog.NewTextHandler(errs, nil)),
	}}
	type exit int // --help ends inside the parser
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case exit:
			status = int(ended)
		default:
			panic(ended)
		}
	}()
	parser, err := kong.New(line,
		kong.Name("paigong"),
		kong.Description("Paigong (派工): from the service request through the engineer's visit to the follow-up call."),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the table above is wrong
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(errs, "paigong: %v; paigong --help lists commands and flags\n", err)
		return 2
	}
	if err := chosen.Run(&line.Globals); err != nil {
		fmt.Fprintln(errs, "paigong:", err)
		return 1
	}
	return 0
}
