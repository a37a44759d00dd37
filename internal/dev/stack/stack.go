// Package stack runs the parts of a development session other than the API: Postgres with its replicas, the services, and the project's
// own processes.
package stack

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
)

// Engine is how a part of the stack runs.
type Engine string

// The engines.
const (
	Auto   Engine = "auto"   // whichever is available
	Native Engine = "native" // a program on this machine
	Docker Engine = "docker"
)

// Options describe the stack of a project.
type Options struct {
	Project  string // the name of its database
	Root     string // its folder
	StateDir string // the folder of data, ports and passwords
	Engine   Engine // of parts whose own engine is Auto

	Postgres  Postgres
	Redis     Redis
	Services  []Service
	Processes []Process
	Web       bool // start the front end in web/, if its tool is known

	Logger *slog.Logger
	Env    func(string) string // the environment of the process
	Guard  func(container string) (dismiss func())
}

// Postgres is the server of the stack.
type Postgres struct {
	Engine, Image string
	Replicas      int
	Version       int // major version; 0 means any
}

// Redis is the Redis of the stack.
type Redis struct {
	Enabled       bool
	Engine, Image string
}

// Service is a container of the stack.
type Service struct {
	Name, Image   string
	Command, Env  []string // of the environment, NAME=value
	Port, Publish int
	Data, Ready   string
}

// Process is one of the project's own commands.
type Process struct {
	Name, Command, Build, Dir string
	Env                       []string
	Port                      int
	Ready, Restart            string
	After, Watch              []string
	Handover                  bool
}

// Stack is the stack of a project.
type Stack struct{ Options }

// New returns a stack.
func New(o Options) *Stack { return &Stack{o} }

// EngineOf returns the engine of a part, given the engine in its options.
func (s *Stack) EngineOf(named string) Engine {
	if named == string(Auto) {
		return s.Engine
	}
	return Engine(named)
}

// Images returns the images of the parts that certainly run in containers. ownPostgres includes Postgres.
func (s *Stack) Images(ownPostgres bool) []string {
	var images []string
	if ownPostgres && s.EngineOf(s.Postgres.Engine) == Docker {
		images = append(images, s.PostgresImage())
	}
	if s.Redis.Enabled && s.EngineOf(s.Redis.Engine) == Docker {
		images = append(images, s.Redis.Image)
	}
	for _, service := range s.Services {
		images = append(images, service.Image)
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// path returns the absolute form of a path that is relative to the project's folder.
func (s *Stack) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(s.Root, name)
}

// splitVars parses variables in the form NAME=value.
func splitVars(list []string) map[string]string {
	vars := map[string]string{}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	return vars
}
