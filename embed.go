// Package krowoc holds the prompt platform, the project of this repository, as a template for new ones.
package krowoc

import "embed"

// Platform is the schema, the migrations and the seeds of the prompt platform.
//
//go:embed schema.graphql migrations/*.sql seeds/common seeds/dev
var Platform embed.FS
