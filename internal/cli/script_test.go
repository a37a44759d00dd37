package cli_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/cli/scripttest"
)

func TestMain(m *testing.M) { scripttest.Main(m) }

func TestScripts(t *testing.T) { scripttest.Run(t) }
