// Package seeds holds the fixtures of the prompt platform: common for every environment, dev for a
// developer's machine, demo for showing it.
package seeds

import "embed"

// FS is the fixtures, a folder for each set.
//
//go:embed common dev demo
var FS embed.FS
