package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// operator is who acts in the account of changes when the command line does.
func operator() auth.Caller { return auth.System("command-line") }

type userCmd struct {
	Add userAddCmd `cmd:"" help:"Add a person who may sign in."`
}

type userAddCmd struct {
	Login         string      `required:"" help:"What the person signs in with."`
	Role          []auth.Role `required:"" help:"What the person may do; several, repeated or separated by commas."`
	Name          string      `help:"The person's name; default: the login."`
	Organisation  string      `placeholder:"CODE" help:"Where the person works; default: the head office, which is made when there is none."`
	Company       string      `placeholder:"NAME" default:"总部" help:"Name of the head office, when it is made."`
	PasswordStdin bool        `help:"Read the password from standard input. Without it a one-time set-up link is printed."`
}

// Run adds the person and, without a password, prints the link to set one.
func (c *userAddCmd) Run(g *Globals) (err error) {
	password := ""
	if c.PasswordStdin {
		text, err := io.ReadAll(io.LimitReader(g.In, 4<<10))
		if err != nil {
			return err
		}
		if password = strings.TrimRight(string(text), "\r\n"); password == "" {
			return errors.New("the password on standard input is empty")
		}
	}
	s, config, err := g.database()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if c.Name == "" {
		c.Name = c.Login
	}
	var setup string
	err = changePeople(g.Context, s, config.Now, func(ctx context.Context, people *auth.Directory) error {
		if _, err := people.Head(ctx); fault.HasCode(err, "organisation_unknown") {
			if _, err := people.CreateOrganisation(ctx, operator().Scope(), auth.OrganisationInput{Code: "HQ", Name: c.Company, Kind: "head", Timezone: config.Zone.String()}); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		_, setup, err = people.AddUser(ctx, operator(), auth.UserInput{
			Login: c.Login, Name: c.Name, Roles: c.Role, Password: password, OrganisationCode: c.Organisation,
		})
		return err
	})
	if err != nil {
		return err
	}
	if setup != "" {
		_, err = fmt.Fprintln(g.Out, config.base()+setupPath+setup)
	}
	return err
}

// setupPath is the page of one-time set-up links.
const setupPath = "/setup/"

// base is the program's address as far as the settings tell.
func (c Config) base() string {
	return "http://" + strings.Replace(c.Listen, "0.0.0.0", "localhost", 1)
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token with which a program acts as a person; prints the token alone."`
}

type tokenCreateCmd struct {
	Login string `required:"" help:"Whom the program acts as."`
	Name  string `default:"command line" help:"What the token is for, shown in the person's list of sessions."`
	Days  int    `default:"365" help:"How long it is good for."`
}

// Run prints the token and nothing else on standard output.
func (c *tokenCreateCmd) Run(g *Globals) (err error) {
	if c.Days < 1 {
		return errors.New("--days must be at least 1")
	}
	s, config, err := g.database()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var issued auth.SignedIn
	err = changePeople(g.Context, s, config.Now, func(ctx context.Context, people *auth.Directory) error {
		person, err := people.UserByLogin(ctx, operator().Scope(), c.Login)
		if err != nil {
			return fmt.Errorf("--login %s: %w", c.Login, err)
		}
		issued, err = people.IssueToken(ctx, operator(), person.ID, c.Name, time.Duration(c.Days)*24*time.Hour)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(g.Out, issued.Token)
	return err
}
