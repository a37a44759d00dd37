package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// revision is one Alembic revision.
type revision struct {
	id, name string
	down     []string // the revisions that it follows: none for the first, and several for a merge
	needs    []string // those on other branches that must be applied before it: depends_on
	labels   []string // the names of its branch
}

// parents returns the revisions that must be applied before it.
func (r revision) parents() []string { return append(slices.Clone(r.down), r.needs...) }

// history has the revisions by their IDs.
type history map[string]revision

// head returns the only revision that no other follows or depends on.
func (h history) head() (string, error) {
	followed := map[string]bool{}
	for _, r := range h {
		for _, down := range r.parents() {
			if _, known := h[down]; !known {
				return "", fault.New(fault.Invalid, "", fmt.Sprintf("%s follows %s, which has no file", r.id, down), "check the history with `alembic history`")
			}
			followed[down] = true
		}
	}
	var heads []string
	for id := range h {
		if !followed[id] {
			heads = append(heads, id)
		}
	}
	slices.Sort(heads)
	switch len(heads) {
	case 1:
		return heads[0], nil
	case 0:
		return "", fault.New(fault.Invalid, "", "no revision is the last one", "check the folder of the revisions, and the history with `alembic history`")
	}
	return "", fault.New(fault.Conflict, "", fmt.Sprintf("the revision history has %d heads: %s", len(heads), strings.Join(heads, ", ")),
		"merge them with `alembic merge heads`, bring the databases to the merged revision, and retry")
}

// resolve replaces the labels of branches in depends_on with the IDs of the revisions that have the labels, as Alembic does.
func (h history) resolve() {
	for id, r := range h {
		for i, name := range r.needs {
			if _, known := h[name]; known {
				continue
			}
			for _, other := range h {
				if slices.Contains(other.labels, name) {
					r.needs[i] = other.id
				}
			}
		}
		r.needs = slices.DeleteFunc(r.needs, func(need string) bool { return slices.Contains(r.down, need) })
		h[id] = r
	}
}
