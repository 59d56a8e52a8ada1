package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// program is one run: the streams, the global flags, the clock.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	zone           *time.Location // in which people are told times: the firm's; nil: the machine's

	data, database, keyFile, logLevel string
	json                              bool

	log     *slog.Logger
	started bool // a verb has begun: what goes wrong now is no misuse
}

// run is the program: it gives the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv, now: time.Now}
	root := p.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if missing, ok := strings.CutPrefix(err.Error(), "required flag(s) "); ok {
		err = misused("needed: --%s; the verb with --help says what each is", strings.Join(strings.Split(strings.ReplaceAll(strings.TrimSuffix(missing, " not set"), `"`, ""), ", "), " and --"))
	}
	if !p.started { // cobra found the mistake
		err = usageError{err.Error()}
	}
	fmt.Fprintf(stderr, "kaveri: %s\n", sentence(err))
	if cause := causeOf(err); cause != "" && p.log != nil {
		p.log.Debug("the cause", "error", cause)
	}
	return exitCode(err)
}

// command builds the tree of verbs.
func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "kaveri",
		Short:         "An e-mail hub and collaborative CRM: the mailboxes of your staff become the history of your customers",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			p.started = true
			return p.prepare()
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%s; see %q", flagText(err), c.CommandPath()+" --help")
	})
	f := root.PersistentFlags()
	f.StringVar(&p.data, "data", "", "folder of Kaveri's data (default $KAVERI_DATA, else ~/.local/share/kaveri)")
	f.StringVar(&p.database, "database", "", "sqlite:///path/file.db or postgres://user@host/name (default $KAVERI_DATABASE, else kaveri.db in the data folder)")
	f.StringVar(&p.keyFile, "key", "", "file of the key that seals secrets (default kaveri.key in the data folder)")
	f.StringVar(&p.logLevel, "log-level", "", "debug, info, warn or error (default warn; info while serving)")
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.firmCommand(), p.userCommand(), p.mailboxCommand(), p.senderCommand(), p.dkimCommand(), p.mailingCommand(), p.suppressionCommand(), p.topicCommand(), p.censusCommand(), p.customerCommand(),
		p.searchCommand(), p.whyCommand(), p.questionCommand(), p.tagCommand(), p.reviewCommand(), p.detailCommand(), p.mailCommand(), p.organisationCommand(), p.rematchCommand(), p.excludeCommand(), p.purgeCommand(), p.reindexCommand(), p.importCommand(), p.exportCommand(), p.orderCommand(), p.rateCommand(), p.tokenCommand(), p.webhookCommand(),
		p.inspectCommand(), p.threadsCommand(), p.contactsCommand(), p.insightCommand(), p.ladderCommand(), p.segmentCommand(), p.wishCommand(), p.surveyCommand(), p.templateCommand(), p.sendCommand(), p.campaignCommand(), p.journeyCommand(), p.dropboxCommand(), p.quarantineCommand(), p.backupCommand(), p.restoreCommand(),
		p.doctorCommand(), p.migrateCommand(), p.versionCommand(),
	)
	sayUsage(root.Commands())
	return root
}

// flagText says what is wrong with a flag: of a value what it must be, and not
// what the machine made of it.
func flagText(err error) string {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err.Error()
	}
	must := map[string]string{"int": "a whole number", "float64": "a number", "bool": "true or false", "duration": "a time such as 20s or 5m"}[bad.GetFlag().Value.Type()]
	if must == "" {
		return err.Error()
	}
	return fmt.Sprintf("--%s: %q is not %s", bad.GetFlag().Name, bad.GetValue(), must)
}

// sayUsage has each verb answer a wrong number of arguments with the line by
// which it is called.
func sayUsage(verbs []*cobra.Command) {
	for _, c := range verbs {
		sayUsage(c.Commands())
		fits := c.Args
		if fits == nil { // as many as there are
			continue
		}
		c.Args = func(c *cobra.Command, args []string) error {
			if fits(c, args) != nil {
				return fmt.Errorf("%s given; write it like %q", plural(len(args), "argument", "arguments"), c.UseLine())
			}
			return nil
		}
	}
}

// prepare reads the global flags.
func (p *program) prepare() error {
	level := slog.LevelWarn
	if p.logLevel != "" {
		if err := level.UnmarshalText([]byte(p.logLevel)); err != nil || strings.ContainsAny(p.logLevel, "+-") {
			return misused("--log-level: %q is unknown; choose debug, info, warn or error", p.logLevel)
		}
	}
	p.setLog(level)
	return nil
}

func (p *program) setLog(level slog.Level) {
	p.log = slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: level}))
}

// group makes a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	c.RunE = func(c *cobra.Command, args []string) error {
		var names []string
		for _, s := range subs {
			names = append(names, s.Name())
		}
		if len(args) > 0 {
			return misused("%s has no verb %q; choose one of %s", c.CommandPath(), args[0], strings.Join(names, ", "))
		}
		return misused("%s needs a verb: one of %s", c.CommandPath(), strings.Join(names, ", "))
	}
	c.AddCommand(subs...)
	return c
}

// reads adds the flag of every verb that reads.
func (p *program) reads(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&p.json, "json", false, "print JSON (docs/cli.md has the shapes)")
	return c
}
