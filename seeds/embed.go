// Package seeds holds the fixtures of the prompt platform: common for every environment, dev for a
// developer's machine.
package seeds

import "embed"

// FS is the fixtures, a folder for each set.
//
//go:embed common dev
var FS embed.FS
