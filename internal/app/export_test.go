package app

import (
	"context"
	"strings"
)

// TestPrefix is what the names of the project's databases of a kind begin with: test or template.
func (a *App) TestPrefix(kind string) string {
	return strings.Replace(a.testPrefix(), "_test_", "_"+kind+"_", 1)
}

// TemplateName is the name of the template.
func (d *TestDatabases) TemplateName() string { return d.template.Name }

// DropTemplate drops the template, which is then made again.
func (d *TestDatabases) DropTemplate(ctx context.Context) error {
	return d.server.DropIfExists(ctx, d.template.Name)
}

// ServeOptions are those of `krowoc serve`.
func (a *App) ServeOptions() ServerOptions { return a.serveOptions() }

// DevServerOptions are those of the API of a development session whose other services do not run.
func (a *App) DevServerOptions() ServerOptions {
	return a.newDevConsole().serverOptions(a.Config.Server.Address)
}
