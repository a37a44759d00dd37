package stack

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/supervise"
)

// Commands returns the declared processes, and the front end if its tool is known, as commands. Their environment is that of this process
// and what the stack adds.
func (s *Stack) Commands(environ, env []string) ([]supervise.Process, error) {
	declared := s.Processes
	if web, found := s.frontEnd(); found {
		declared = append(slices.Clone(declared), web)
	}
	var list []supervise.Process
	for _, p := range declared {
		ready, err := supervise.ParseReadiness(p.Ready)
		if err != nil {
			return nil, fault.Wrap("dev.processes: "+p.Name, err)
		}
		// By default, Python buffers output to a pipe.
		all := slices.Concat(environ, []string{"PYTHONUNBUFFERED=1"}, env, p.Env)
		list = append(list, supervise.Process{
			Name: p.Name, Command: p.Command, Build: p.Build, Dir: s.path(cmp.Or(p.Dir, ".")), Env: all, Port: p.Port, Ready: ready,
			Restart: supervise.Policy(cmp.Or(p.Restart, string(supervise.OnFailure))), After: p.After, Watch: p.Watch,
			Handover: p.Handover && p.Port != 0 && len(p.Watch) > 0,
		})
	}
	return list, nil
}

// frontEnds are the tools with a known development server, by npm package.
var frontEnds = []struct {
	name, arguments string
	port            int
}{
	{"next", "--port $PORT", 3000},
	{"vite", "--port $PORT --strictPort", 5173},
}

// managers are the package managers, by lock file; npm without a lock file is the default. installed is a file that exists in node_modules
// only after a complete installation.
var managers = []struct{ lock, installed, install, run string }{
	{"pnpm-lock.yaml", ".modules.yaml", "pnpm install", "pnpm run dev "},
	{"yarn.lock", ".yarn-integrity", "yarn install", "yarn run dev "},
	{"bun.lock", ".bin", "bun install", "bun run dev "},
	{"bun.lockb", ".bin", "bun install", "bun run dev "},
	{"package-lock.json", ".package-lock.json", "npm ci", "npm run dev -- "},
	{"", ".package-lock.json", "npm install", "npm run dev -- "},
}

// frontEnd returns the process of web/, if it uses a known tool and no declared process is called web.
func (s *Stack) frontEnd() (Process, bool) {
	dir := s.path("web")
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	isWeb := func(p Process) bool { return p.Name == "web" }
	if err != nil || !s.Web || slices.ContainsFunc(s.Processes, isWeb) {
		return Process{}, false
	}
	var pkg struct {
		Scripts                       map[string]string
		Dependencies, DevDependencies map[string]string
	}
	if json.Unmarshal(text, &pkg) != nil || pkg.Scripts["dev"] == "" {
		return Process{}, false
	}
	for _, f := range frontEnds {
		if pkg.Dependencies[f.name] == "" && pkg.DevDependencies[f.name] == "" {
			continue
		}
		for _, m := range managers {
			if _, err := os.Stat(filepath.Join(dir, m.lock)); err != nil {
				continue
			}
			return Process{
				Name: "web", Dir: "web", Build: "test -e node_modules/" + m.installed + " || " + m.install, Command: "exec " + m.run + f.arguments,
				Port: f.port, Ready: "http:/", Restart: string(supervise.OnFailure),
			}, true
		}
	}
	return Process{}, false
}
