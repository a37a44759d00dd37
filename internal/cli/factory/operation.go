package factory

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/app/explain"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// OperationFlags are the flags of commands that take a GraphQL operation.
type OperationFlags struct{ As, Name, Variables string }

// Add adds the flags to those of a command.
func (o *OperationFlags) Add(flags *pflag.FlagSet) {
	flags.StringVar(&o.As, "as", "", "the `caller`: a user ID, then roles and a tier, such as ada,admin,tier=PRO (default: anonymous)")
	flags.StringVar(&o.Name, "operation", "", "the `name` of the operation, if the document has several")
	flags.StringVar(&o.Variables, "variables", "", "variables of the operation as a `JSON` object, or @FILE with one")
}

// Operation returns the operation that an argument and the flags describe, and the name of its file: stdin for -, document for one that is the
// argument itself.
func (f *Factory) Operation(arg string, o OperationFlags) (op exec.Operation, file string, err error) {
	op = exec.Operation{Name: o.Name, Caller: caller.Parse(o.As, ","), Time: f.Term.Now()}
	if op.Document, file, err = f.document(arg); err != nil {
		return op, file, err
	}
	op.Variables, err = f.variables(o.Variables)
	return op, file, err
}

func (f *Factory) document(arg string) (text, file string, err error) {
	isDocument := strings.Contains(arg, "{")
	switch {
	case isDocument:
		return arg, "document", nil
	case arg == "-":
		text, err := io.ReadAll(f.Term.In)
		return string(text), "stdin", fault.Wrap("read the document from stdin", err)
	}
	file = strings.TrimPrefix(arg, "@")
	text, err = f.readFile(file)
	return text, file, fault.Wrap("read the document", err)
}

func (f *Factory) readFile(path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.WorkDir(), path)
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

func (f *Factory) variables(text string) (values map[string]any, err error) {
	if text == "" {
		return nil, nil
	}
	source := "--variables"
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		source = path
		if text, err = f.readFile(path); err != nil {
			return nil, fault.Wrap("read the variables", err)
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, Usage(fmt.Errorf("%s is not a JSON object: %w", source, err))
	}
	return values, nil
}

// ShowStatements prints the SQL of an operation with its parameters and the plans of Postgres.
func ShowStatements(t *term.Terminal, list []explain.Statement) {
	s := t.Styles()
	for _, st := range list {
		fmt.Fprintf(t.Out, "%s\n%s\n", s.Faint.Render("-- "+st.Name), st.SQL)
		for i, p := range st.Parameters {
			value, _ := json.Marshal(p.Value)
			fmt.Fprintf(t.Out, "%s\n", s.Faint.Render(fmt.Sprintf("-- $%d = %s, %s", i+1, value, p.Source)))
		}
		if lines, ok := st.Plan.([]string); ok {
			for _, line := range lines {
				fmt.Fprintf(t.Out, "  %s\n", line)
			}
		}
		fmt.Fprintln(t.Out)
	}
}
