// Package templates holds what new projects are made of, as plain files. Those that end in .tmpl are text/template, with
// [[ and ]] around what is filled in.
package templates

import "embed"

// FS has a folder for each part of a project: common, minimal, react, and ci/github and ci/gitlab.
//
//go:embed all:common all:minimal all:react all:ci
var FS embed.FS
