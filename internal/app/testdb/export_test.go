package testdb

import (
	"context"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
)

// Prefix is what the names of the project's databases of a kind begin with: test or template.
func Prefix(a *app.App, kind string) string {
	return strings.Replace(prefixOf(a), "_test_", "_"+kind+"_", 1)
}

// TemplateName is the name of the template.
func (d *Databases) TemplateName() string { return d.template.Name }

// DropTemplate drops the template, which is then made again.
func (d *Databases) DropTemplate(ctx context.Context) error {
	return d.server.DropIfExists(ctx, d.template.Name)
}
