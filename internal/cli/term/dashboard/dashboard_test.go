package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// shown is a dashboard of two parts on a screen.
func shown(width, height int, actions ...Action) *model {
	m := newModel(context.Background(), Options{Title: "shop", Actions: actions, Now: func() time.Time { return noon }})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	m.Update(partsMsg{
		{Name: "postgres", State: "ready", CPU: 3, Memory: 50 << 20},
		{Name: "web", State: "failed", URL: "http://localhost:3000", CPU: -1, Memory: -1},
	})
	return m
}

func (m *model) lines(l ...Line) {
	for i := range l {
		l[i].Time = noon
	}
	m.Update(linesMsg(l))
}

// keys presses keys: names such as esc, or characters.
func (m *model) keys(names ...string) (cmd tea.Cmd) {
	codes := map[string]rune{"esc": tea.KeyEscape, "enter": tea.KeyEnter, "backspace": tea.KeyBackspace, "up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp, "space": tea.KeySpace}
	for _, name := range names {
		key := tea.KeyPressMsg{Code: codes[name]}
		if key.Code == 0 {
			key = tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
		}
		_, cmd = m.Update(key)
	}
	return cmd
}

func (m *model) text() string { return ansi.Strip(m.screen()) }

func (m *model) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if missing, not := strings.CutPrefix(w, "!"); (not && strings.Contains(m.text(), missing)) || (!not && !strings.Contains(m.text(), w)) {
			t.Errorf("%q is not as it should be:\n%s", w, m.text())
		}
	}
}

func TestScreen(t *testing.T) {
	m := shown(80, 14)
	m.lines(Line{Part: "web", Text: "hello"}, Line{Part: "postgres", Level: slog.LevelWarn, Text: "slow\nvery slow"})
	want := `shop  1 of 2 failed  0s
▸ all
  postgres     ● ready         3%    50 MB     very slow
  web          ● failed                      http://localhost:3000  hello
── all ─────────────────────────────────────────────────────────────────────────
12:00:00 web      hello
12:00:00 postgres slow
12:00:00 postgres very slow





↑↓ part  / search  f level  i request  ? help  q quit`
	got := m.text()
	var trimmed []string
	for _, line := range strings.Split(got, "\n") {
		trimmed = append(trimmed, strings.TrimRight(line, " "))
	}
	if got := strings.Join(trimmed, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestScreenFitsEveryWindow(t *testing.T) {
	for width := 1; width < 130; width += 7 {
		for height := 1; height < 45; height += 3 {
			m := shown(width, height)
			for i := range 100 {
				m.lines(Line{Part: "web", Text: fmt.Sprint(i, strings.Repeat("界😀", 80))})
			}
			for _, mode := range []string{"", "?"} {
				if mode != "" {
					m.keys(mode)
				}
				lines := strings.Split(m.screen(), "\n")
				if len(lines) > height {
					t.Fatalf("%d×%d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if w := ansi.StringWidth(line); w > width {
						t.Fatalf("%d×%d: %d wide: %s", width, height, w, line)
					}
				}
			}
		}
	}
}

func TestFilters(t *testing.T) {
	m := shown(100, 20)
	m.lines(
		Line{Part: "web", Text: "Alpha", Request: "request-0001"}, Line{Part: "postgres", Text: "beta", Request: "request-0001"},
		Line{Part: "web", Text: "gamma", Request: "request-0002"}, Line{Part: "web", Level: slog.LevelDebug, Text: "delta"},
		Line{Part: "web", Level: slog.LevelError, Text: "epsilon"},
	)
	m.expect(t, "Alpha", "beta", "gamma", "!delta")
	m.keys("down")
	m.expect(t, "▸ postgres", "beta", "!gamma")
	m.keys("down", "down", "down")
	m.expect(t, "▸ web", "gamma", "!12:00:00 postgres")
	m.keys("up", "up")
	m.keys("/", "A", "L", "x", "backspace")
	m.expect(t, "/al", "Alpha", "!gamma")
	m.keys("enter")
	m.expect(t, "── all, with al", "!gamma")
	m.keys("i")
	m.expect(t, "request est-0001")
	m.keys("esc")
	m.expect(t, "gamma", "epsilon")
	m.keys("i")
	m.expect(t, "request est-0002", "gamma", "!Alpha")
	m.keys("i", "f", "f")
	m.expect(t, "level error and above", "epsilon", "!gamma")
	m.keys("f")
	m.expect(t, "level debug and above", "delta")
	m.keys("esc", "space")
	m.lines(Line{Part: "web", Text: "zeta"})
	m.expect(t, "paused, 1 more")
	m.keys("space")
	m.expect(t, "12:00:00 web      zeta")
	m.keys("c")
	m.expect(t, "!zeta")
}

func TestScrollStays(t *testing.T) {
	m := shown(80, 14)
	for i := range 100 {
		m.lines(Line{Part: "web", Text: fmt.Sprintf("line %d.", i)})
	}
	m.expect(t, "12:00:00 web      line 99.", "!line 80.")
	m.keys("pgup")
	m.expect(t, "line 91.", "!12:00:00 web      line 92.", "8 below")
	m.lines(Line{Part: "web", Text: "more"})
	m.expect(t, "line 91.", "9 below")
	m.keys("g")
	m.expect(t, "line 0.")
	m.keys("pgup", "pgup")
	m.expect(t, "line 0.")
	m.keys("G")
	m.expect(t, "12:00:00 web      more")
	for range 3 * keep / 1000 {
		m.lines(Line{Part: "web", Text: strings.Repeat("x\n", 1000)})
	}
	if len(m.log) > keep+keep/10 {
		t.Errorf("%d rows are kept", len(m.log))
	}
}

func TestActions(t *testing.T) {
	var ran []string
	m := shown(80, 14,
		Action{Key: "r", Name: "restart", PerPart: true, Run: func(_ context.Context, part string) error { ran = append(ran, part); return nil }},
		Action{Key: "s", Name: "seed", Confirm: "Sure?", Run: func(context.Context, string) error { return errors.New("no\x1b[2Jway") }},
	)
	m.keys("r")
	m.expect(t, "choose a part to restart")
	m.keys("down", "down")
	m.Update(m.keys("r")())
	m.expect(t, "restart web: done")
	if m.keys("s") != nil || m.keys("n") != nil {
		t.Error("it runs without consent")
	}
	m.keys("s")
	m.expect(t, "Sure? (y/n)")
	m.Update(m.keys("y")())
	m.expect(t, "seed: noway")
	if fmt.Sprint(ran) != "[web]" {
		t.Error(ran)
	}
	m.keys("?")
	m.expect(t, "PgUp", "restart")
	m.keys("x")
	m.expect(t, "▸ web")
	if cmd := m.keys("q"); cmd == nil || cmd() != tea.Quit() {
		t.Error("q does not leave")
	}
}

// TestHostileLines have sequences that would move the cursor, set the title, hide text or overflow.
func TestHostileLines(t *testing.T) {
	m := shown(80, 14)
	m.lines(Line{Part: "web", Text: "a\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil\x1b\\b\r\x08\x9b31mc\x00\u202ed\te\xff"})
	for _, r := range m.text() {
		if r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0) || r == '\u202e') {
			t.Fatalf("%q is shown", r)
		}
	}
	m.expect(t, "12:00:00 web      ab", "!title", "!evil")
}

// BenchmarkLines takes and shows 10,000 lines.
func BenchmarkLines(b *testing.B) {
	for b.Loop() {
		m := shown(120, 40)
		for i := range 100 {
			batch := make(linesMsg, 100)
			for j := range batch {
				batch[j] = Line{Time: noon, Part: "web", Text: fmt.Sprintf("GET /things/%d 200 %d ms", i, j)}
			}
			m.Update(batch)
			_ = m.screen()
		}
	}
}
