package schemacmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// usualManifest is where the manifest is if nothing else is configured.
const usualManifest = "persisted.json"

// persisted is what `schema persist --output json` prints.
type persisted struct {
	File       string `json:"file"`
	Operations int    `json:"operations"`
	Changed    bool   `json:"changed"`
}

func newPersist(f *factory.Factory) *cobra.Command {
	var out string
	var check bool
	cmd := &cobra.Command{
		Use:   "persist [PATTERN]...",
		Short: "Write the manifest of the operations that clients send",
		Long: `Collect the GraphQL operations in the files of clients, check each against the schema, and write them with their IDs to a manifest.
A server with graphql.documents: trusted runs only the operations of its manifest.

PATTERN names files relative to the folder of krowoc.yaml, such as web/src/**/*.tsx; without any, those of ci.operations. In TypeScript
and JavaScript, documents are those in gql` + "`…`, graphql(`…`) and /* GraphQL */ `…`" + `. An ID is the SHA-256 hash of the operation as it is in the
manifest. The manifest has Apollo's format.`,
		Example: "krowoc schema persist 'web/src/**/*.tsx' 'web/src/**/*.graphql'\nkrowoc schema persist --check",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, patterns []string) error {
			return persist(f, patterns, out, check)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "the `file` of the manifest (default: graphql.trustedDocuments, or "+usualManifest+")")
	flags.BoolVar(&check, "check", false, "write nothing, and exit with 3 if the manifest is not up to date")
	return cmd
}

func persist(f *factory.Factory, patterns []string, out string, check bool) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	if len(patterns) == 0 {
		patterns = a.Config.CI.Operations
	}
	m, err := change.Persist(a, patterns)
	if err != nil {
		return err
	}
	text, err := m.JSON()
	if err != nil {
		return err
	}
	out = cmp.Or(out, a.Config.GraphQL.TrustedDocuments, usualManifest)
	was, err := os.ReadFile(a.Config.Path(out))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap("read the manifest", err)
	}
	r := persisted{File: out, Operations: len(m.Operations), Changed: !bytes.Equal(was, text)}
	if r.Changed && !check {
		if err := atomicfile.Write(a.Config.Path(out), text, 0o644); err != nil {
			return fault.Wrap("write the manifest", err)
		}
	}
	if err := f.Term.Result(r, func() error { return showPersisted(f.Term, r) }); err != nil {
		return err
	}
	if check && r.Changed {
		return fault.New(fault.CheckFailed, "check "+out, "the manifest is not up to date", "run `krowoc schema persist`")
	}
	return nil
}

func showPersisted(t *term.Terminal, r persisted) error {
	state := "unchanged"
	if r.Changed {
		state = "changed"
	}
	_, err := fmt.Fprintf(t.Out, "%s: %s, %s\n", r.File, term.Count(r.Operations, "operation"), state)
	return err
}
