//go:build !linux && !darwin

package local

import (
	"errors"
	"os"
)

// cloneFile is for systems that cannot share blocks between files.
func cloneFile(_, _ *os.File) error { return errors.ErrUnsupported }
