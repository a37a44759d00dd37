// Package templates contains the files of new projects. Files that end in .tmpl are executed by text/template with the delimiters [[
// and ]].
package templates

import "embed"

// FS has a folder for each part of a project: common, minimal, react, and ci/github and ci/gitlab.
//
//go:embed all:common all:minimal all:react all:ci
var FS embed.FS
