package scaffold_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/scaffold"
	"github.com/krowoc/krowoc/templates"
)

func minimal() scaffold.Options {
	return scaffold.Options{Name: "shop", Template: "minimal", Frontend: "none", CI: "none"}
}

func plan(t *testing.T, o scaffold.Options) map[string]string {
	t.Helper()
	files, err := scaffold.Plan(o, scaffold.Sources{Templates: templates.FS, Platform: fstest.MapFS{"schema.graphql": {Data: []byte("# the platform")}}, Types: "# types"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(files, func(a, b scaffold.File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the files are not sorted")
	}
	contents := map[string]string{}
	for _, f := range files {
		if strings.Contains(string(f.Content), "[[") && strings.HasSuffix(f.Path, ".yaml") {
			t.Errorf("%s contains a template action", f.Path)
		}
		contents[f.Path] = string(f.Content)
	}
	return contents
}

func TestValidate(t *testing.T) {
	if err := minimal().Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*scaffold.Options){
		`invalid project name "Shop"`:        func(o *scaffold.Options) { o.Name = "Shop" },
		`unknown value "big" for --template`: func(o *scaffold.Options) { o.Template = "big" },
		`unknown value "vue" for --frontend`: func(o *scaffold.Options) { o.Frontend = "vue" },
		`unknown value "jenkins" for --ci`:   func(o *scaffold.Options) { o.CI = "jenkins" },
	} {
		o := minimal()
		change(&o)
		err := o.Validate()
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || fault.HintOf(err) == "" {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPlan(t *testing.T) {
	files := plan(t, minimal())
	if !strings.Contains(files["krowoc.yaml"], "project: shop") || !strings.Contains(files["schema.graphql"], "type Note") || files[".gitignore"] == "" {
		t.Errorf("got %v", files)
	}
	if yaml := files["krowoc.yaml"]; !strings.Contains(yaml, "people: {type: User, name: name}") || strings.Contains(yaml, "session:") {
		t.Errorf("the configuration of a project without pages is\n%s", yaml)
	}
	if _, found := files["go.mod"]; found {
		t.Error("a project without Go has a go.mod")
	}

	o := minimal()
	o.Template, o.Frontend, o.CI, o.Module = "prompts", "react", "github", "example.com/shop"
	files = plan(t, o)
	if files["schema.graphql"] != "# the platform" || !strings.Contains(files["go.mod"], "module example.com/shop") {
		t.Errorf("got %v", files)
	}
	yaml, production, _ := strings.Cut(files["krowoc.yaml"], "\n  production:\n")
	if !strings.Contains(yaml, "people: {type: User, name: name}") || strings.Contains(yaml, "session:") || !strings.Contains(production, "    auth:\n      session: {page: /login}") {
		// `krowoc dev` has the page only behind the proxy of Vite
		t.Errorf("the configuration of a project with pages is\n%s", files["krowoc.yaml"])
	}
	if files["web/package.json"] == "" || files[".github/workflows/krowoc.yml"] == "" || !strings.Contains(files["web/src/App.tsx"], "prompts") {
		t.Error("the front end or the workflow is missing")
	}

	o = minimal()
	o.Existing = fstest.MapFS{"migrations/00001_init.sql": {}}
	files = plan(t, o)
	if strings.Contains(files["schema.graphql"], "type Note") || files["migrations/00001_init.sql"] != "" {
		t.Error("the template was added to an existing project")
	}
	if strings.Contains(files["krowoc.yaml"], "people") {
		t.Error("people are kept in a type that the project does not have")
	}
}

// The pipeline of a project installs the release that has created it.
func TestPin(t *testing.T) {
	for want, o := range map[string]scaffold.Options{
		"v1.2.3":          {Version: "1.2.3", Commit: "c0ffee"},
		"v1.2.3-rc.1":     {Version: "v1.2.3-rc.1"},
		"v0.0.0-2026-abc": {Version: "0.0.0-2026-abc+dirty"},
		"c0ffee":          {Version: "dev", Commit: "c0ffee"},
		"latest":          {Version: "dev"},
	} {
		if got := o.Pin(); got != want {
			t.Errorf("%+v: %s, want %s", o, got, want)
		}
		for ci, file := range map[string]string{"github": ".github/workflows/krowoc.yml", "gitlab": ".gitlab-ci.yml"} {
			o := o
			o.Name, o.Template, o.Frontend, o.CI = "shop", "minimal", "none", ci
			files := plan(t, o)
			if !strings.Contains(files[file], "cmd/krowoc@"+want+"\n") {
				t.Errorf("%s: %s", file, files[file])
			}
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := scaffold.Write(dir, []scaffold.File{{Path: "a", Content: []byte("ours")}, {Path: "b/c", Content: []byte("c")}})
	if err != nil || !slices.Equal(kept, []string{"a"}) {
		t.Fatal(kept, err)
	}
	for name, want := range map[string]string{"a": "mine", "b/c": "c"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	// "a/d" cannot be written, since a is a file: what was written before is removed.
	if _, err := scaffold.Write(dir, []scaffold.File{{Path: "e/f", Content: nil}, {Path: "a/d", Content: nil}}); err == nil {
		t.Error("a file was written below a file")
	}
	if _, err := os.Stat(filepath.Join(dir, "e")); !os.IsNotExist(err) {
		t.Error("files of a failed Write remain")
	}
}

func TestNameFor(t *testing.T) {
	for dir, want := range map[string]string{"/src/My Shop": "my-shop", "/src/2024-shop": "shop", "/src/shop": "shop"} {
		if got := scaffold.NameFor(dir); got != want {
			t.Errorf("NameFor(%q) = %q, want %q", dir, got, want)
		}
	}
}
