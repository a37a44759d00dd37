package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/console"
	errorpages "github.com/krowoc/krowoc/internal/dev/errors"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/dev/mail"
	"github.com/krowoc/krowoc/internal/dev/traces"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/localhost"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// authURL is the variable with the URL of a session's identity provider.
const authURL = "KROWOC_AUTH_URL"

// devConsole is the development console of a session: mail, traces and the identity provider behind one address.
type devConsole struct {
	app     *App
	people  *identity.People
	console atomic.Pointer[console.Console]
	tokens  atomic.Pointer[token.Verifier] // of the identity provider
	revoked atomic.Pointer[revocation.Reader]
	errors  atomic.Pointer[devErrors]
	pages   *errorpages.Pages // of the list of errors
}

func (a *App) newDevConsole() *devConsole {
	d := &devConsole{app: a, people: identity.NewPeople(a.Config.Dev.Auth.Users)}
	d.pages = d.errorPages()
	return d
}

// service returns the console as a service of the stack. Its parts log under their own names.
func (d *devConsole) service(log func(part string) *slog.Logger) dev.Service {
	return dev.Service{Name: "console", Start: func(ctx context.Context, own *slog.Logger) (dev.RunningService, error) {
		return d.start(ctx, own, log)
	}}
}

func (d *devConsole) start(ctx context.Context, own *slog.Logger, log func(string) *slog.Logger) (_ dev.RunningService, err error) {
	c, err := console.New(ctx, console.Options{Address: d.app.Config.Dev.Address, Project: d.app.Config.Project, Logger: own, Links: d.links})
	if err != nil {
		return dev.RunningService{}, err
	}
	running := dev.RunningService{Detail: "the console is up", URL: c.URL(), Env: []string{"KROWOC_CONSOLE_URL=" + c.URL()}}
	var send func(to, subject, text, html string)
	var catcher *mail.Catcher
	stop := func(ctx context.Context) error {
		if v := d.tokens.Load(); v != nil {
			v.Close()
		}
		err := errors.Join(d.stopTraces(ctx), c.Stop(ctx))
		if catcher != nil {
			err = errors.Join(err, catcher.Stop(ctx))
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, stop(context.WithoutCancel(ctx)))
		}
	}()
	if m := d.app.Config.Dev.Mail; m.Enabled {
		if catcher, err = mail.New(ctx, mail.Options{Address: m.Address, Logger: log("mail"), Now: d.app.Now}); err != nil {
			return running, err
		}
		catcher.Register(c.Mux)
		catcher.Start()
		send = catcher.Send
		host, port, err := net.SplitHostPort(catcher.Address())
		if err != nil {
			return running, err
		}
		running.Env = append(running.Env, "SMTP_HOST="+host, "SMTP_PORT="+port, "SMTP_URL=smtp://"+catcher.Address())
	}
	if d.app.Config.Dev.Traces.Enabled {
		if err := d.receiveTraces(c); err != nil {
			return running, err
		}
		running.Env = append(running.Env, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL(), "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
	}
	d.pages.Register(c.Mux)
	if d.app.Config.Dev.Auth.Enabled {
		if err := d.startIdentity(c, log("auth"), send); err != nil {
			return running, err
		}
		running.Env = append(running.Env, authURL+"="+c.URL()+identity.Path)
	}
	d.console.Store(c)
	c.Start(ctx)
	running.Stop = stop
	if d.app.tracing != nil {
		err = d.app.tracing.Start(ctx)
	}
	return running, err
}

// receiveTraces has the console receive traces, those of the session's own API too.
func (d *devConsole) receiveTraces(c *console.Console) error {
	(&traces.Sink{}).Register(c.Mux)
	if d.app.tracing == nil {
		return nil
	}
	return d.app.tracing.SetEndpoint(c.URL())
}

// stopTraces sends the last traces while the console still runs.
func (d *devConsole) stopTraces(ctx context.Context) error {
	if d.app.tracing == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	return d.app.tracing.Stop(ctx)
}

func (d *devConsole) startIdentity(c *console.Console, log *slog.Logger, send func(to, subject, text, html string)) error {
	p, err := identity.New(identity.Options{
		Environment: d.app.Config.Environment, Origin: c.URL(), Project: d.app.Config.Project, Dir: filepath.Join(d.app.StateDir(), "auth"),
		Users: d.people, Mail: send, RedirectTo: d.app.Config.Dev.Auth.RedirectTo, Logger: log, Now: d.app.Now,
	})
	if err != nil {
		return err
	}
	v, err := token.New(token.Options{
		Issuers: []token.Issuer{{Kind: token.Supabase, URL: c.URL()}}, Logger: log, Now: d.app.Now,
		Revoked: func(claims token.Claims) bool {
			revoked := d.revoked.Load() // nil before the API starts
			return !p.Lives(claims.Session) || (revoked != nil && isRevoked(revoked, claims))
		},
	})
	if err != nil {
		return err
	}
	p.Register(c.Mux)
	d.tokens.Store(v)
	return nil
}

// links are the links on the console's start page.
func (d *devConsole) links() []console.Link {
	state, err := dev.Find(d.app.StateDir())
	if err != nil {
		return nil // the session is ending
	}
	var links []console.Link
	if state.URL != "" {
		links = append(links, console.Link{Name: "GraphiQL", URL: state.URL + "/graphiql"}, console.Link{Name: "Health", URL: state.URL + "/healthz"})
	}
	for _, l := range state.Links {
		if l.Name != "console" {
			links = append(links, console.Link{Name: l.Name, URL: l.URL})
		}
	}
	return links
}

// watch passes reloads and errors of the session on to the pages under development.
func (d *devConsole) watch(report func(dev.Event)) func(dev.Event) {
	return func(e dev.Event) {
		report(e)
		d.recordEvent(e)
		c := d.console.Load()
		switch {
		case c == nil:
		case e.Reloaded:
			c.Reload()
		case e.Err != nil && ofFiles[e.Part]:
			text := e.Err.Error()
			if list := (diag.List{}); errors.As(e.Err, &list) {
				text += "\n\n" + list.Error()
			}
			if hint := fault.HintOf(e.Err); hint != "" {
				text += "\n" + hint
			}
			c.Mistake(text)
		}
	}
}

// ofFiles are the parts whose errors are caused by the project's files.
var ofFiles = map[string]bool{"schema": true, "migrate": true, "seed": true, "generate": true, "api": true}

// devAPI is the API of a session. When its schema is replaced, it updates the users of the identity provider.
type devAPI struct {
	*Server
	people   *identity.People
	pool     *pgxpool.Pool
	sessions *session.Manager
	known    credentials
	events   *Analytics
	errors   *errorlog.Recorder
}

// serverOptions returns the server options of the API of a session. Callers log in with the identity provider of the session or simply
// name themselves, so the API only serves this machine. Probes share the address of the API, so that two sessions do not need a second
// fixed port.
func (d *devConsole) serverOptions(address string, keys *apikey.Verifier) ServerOptions {
	var hosts []string
	host, _, err := net.SplitHostPort(d.app.Config.Server.Address)
	if isEvery := host == "" || net.ParseIP(host).IsUnspecified(); err == nil && !isEvery {
		hosts = append(hosts, host) // the configured name of this machine
	}
	return ServerOptions{
		Address: address, Metrics: d.app.collectMetrics(), ServeMetrics: true, Authenticators: []server.Authenticator{auth.Keys{Verifier: keys}, devTokens{d}, ActAs{d.app.Now}},
		Middleware: []server.Middleware{{Stage: server.Shield, Name: "this machine only", Wrap: localhost.Only("the API of a development session", hosts...), Probes: true}},
	}
}

func (d *devConsole) newAPI(address string, pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (dev.API, error) {
	logger = slog.New(server.LogRequestID(logger.Handler()))
	known := d.app.newCredentials(pool, logger)
	d.revoked.Store(known.revoked)
	events, err := d.app.newAnalytics(pool, s, logger)
	if err != nil {
		return nil, err
	}
	o := d.serverOptions(address, known.keys)
	o.Analytics, o.callers = events, known.checks
	if d.app.Config.Dev.Auth.Enabled {
		if o.Sessions, err = d.newSessions(pool, logger, known.revoked, events); err != nil {
			return nil, err
		}
	}
	o.Errors = d.app.newErrors(pool, logger, d.pages.Changed)
	srv, err := d.app.NewServer(pool, s, logger, o)
	if err != nil {
		return nil, err
	}
	d.people.Use(pool, s)
	d.errors.Store(&devErrors{o.Errors, pool})
	return &devAPI{srv, d.people, pool, o.Sessions, known, events, o.Errors}, nil
}

// Start serves once it is known what is revoked.
func (a *devAPI) Start(ctx context.Context) error {
	if err := errors.Join(a.errors.Start(ctx), a.known.Start(ctx)); err != nil {
		return err
	}
	err := errors.Join(a.events.Start(ctx), a.Server.Start(ctx))
	if err != nil {
		err = errors.Join(err, a.events.Stop(ctx), a.known.Stop(ctx), a.errors.Stop(ctx))
	}
	return err
}

// Stop drains and stops the server.
func (a *devAPI) Stop(ctx context.Context) error {
	err := a.Server.Stop(ctx)
	a.sessions.Close()
	return errors.Join(err, a.events.Stop(ctx), a.known.Stop(ctx), a.errors.Stop(ctx))
}

// Replace serves another schema, starting with the next request.
func (a *devAPI) Replace(next *schema.Schema) error {
	err := a.Server.Replace(next)
	if err == nil {
		a.people.Use(a.pool, next)
		a.events.use(next)
	}
	return err
}
