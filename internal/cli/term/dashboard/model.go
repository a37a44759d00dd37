package dashboard

import (
	"context"
	"log/slog"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// mode determines the meaning of keys.
type mode int

const (
	normal mode = iota
	searching
	confirming
	helping
)

// model is the state of the dashboard.
type model struct {
	options Options
	ctx     context.Context //nolint:containedctx // actions run in the background and end with the dashboard
	began   time.Time

	width, height int
	parts         []Part
	chosen        int // 0 means all, n means parts[n-1]
	log           rows
	filter        filter
	scroll        int // rows above the newest one; 0 follows the log
	paused        rows
	pausing       bool

	mode    mode
	pending Action // waits for a confirmation
	status  string // the result of the last action
}

func newModel(ctx context.Context, o Options) *model {
	return &model{options: o, ctx: ctx, began: o.Now(), width: 80, height: 24, filter: filter{least: slog.LevelInfo}}
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case partsMsg:
		m.parts = msg
		m.chosen = min(m.chosen, len(msg))
	case linesMsg:
		m.take(msg)
	case endMsg:
		return m, tea.Quit
	case doneMsg:
		m.status = msg.action + ": done"
		if msg.err != nil {
			why := term.Plain(msg.err.Error())
			m.status = msg.action + ": " + strings.TrimPrefix(why, msg.action+": ")
		}
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			m.scrollBy(3)
		} else {
			m.scrollBy(-3)
		}
	case tea.KeyPressMsg:
		m.status = ""
		return m, m.press(msg)
	}
	return m, nil
}

// take adds lines. If the user has scrolled up or paused, the displayed rows stay the same.
func (m *model) take(lines []Line) {
	for _, l := range lines {
		before := len(m.log)
		if m.pausing {
			m.paused = m.paused.add(l)
			continue
		}
		m.log = m.log.add(l)
		if m.scroll > 0 && len(m.log) > before {
			m.scroll += m.log[before:].count(m.filter)
		}
	}
}

func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	switch name := key.String(); {
	case name == "ctrl+c":
		return tea.Quit
	case m.mode == searching:
		m.typed(key)
	case m.mode == confirming:
		m.mode = normal
		if name == "y" || name == "Y" {
			return m.act(m.pending)
		}
	case m.mode == helping:
		m.mode = normal
	case name == "q":
		return tea.Quit
	default:
		return m.normal(name)
	}
	return nil
}

// typed edits the search text.
func (m *model) typed(key tea.KeyPressMsg) {
	switch name := key.String(); {
	case name == "enter":
		m.mode = normal
	case name == "esc":
		m.mode, m.filter.search = normal, ""
	case name == "backspace":
		if r := []rune(m.filter.search); len(r) > 0 {
			m.filter.search = string(r[:len(r)-1])
		}
	case key.Text != "":
		m.filter.search += strings.ToLower(term.Plain(key.Text))
	}
	m.scroll = 0
}

// levels are the levels that the key f cycles through.
var levels = []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

// normal handles a key outside of the special modes.
func (m *model) normal(name string) tea.Cmd {
	switch name {
	case "up", "k":
		m.choose(m.chosen - 1)
	case "down", "j":
		m.choose(m.chosen + 1)
	case "/":
		m.mode, m.filter.search, m.scroll = searching, "", 0
	case "f":
		m.nextLevel()
	case "i":
		m.joinRequest()
	case "esc":
		m.filter, m.scroll = filter{part: m.filter.part, least: slog.LevelInfo}, 0
	case "pgup":
		m.scrollBy(m.pane())
	case "pgdown":
		m.scrollBy(-m.pane())
	case "g", "home":
		m.scrollBy(keep * 2)
	case "G", "end":
		m.scroll = 0
	case "c":
		m.log, m.scroll = nil, 0
	case "space":
		if m.pausing = !m.pausing; !m.pausing {
			m.log, m.paused = append(m.log, m.paused...), nil
		}
	case "?":
		m.mode = helping
	default:
		return m.actionOf(name)
	}
	return nil
}

func (m *model) choose(n int) {
	m.chosen = max(0, min(n, len(m.parts)))
	m.filter.part, m.scroll = m.part(), 0
}

// part returns the name of the chosen part, or "" for all.
func (m *model) part() string {
	if m.chosen == 0 || m.chosen > len(m.parts) {
		return ""
	}
	return m.parts[m.chosen-1].Name
}

func (m *model) nextLevel() {
	for i, l := range levels {
		if l == m.filter.least {
			m.filter.least, m.scroll = levels[(i+1)%len(levels)], 0
			return
		}
	}
}

// joinRequest shows only the lines of one request: the request of the newest displayed line that has one.
func (m *model) joinRequest() {
	if m.filter.request != "" {
		m.filter.request, m.scroll = "", 0
		return
	}
	shown := m.log.last(m.filter, m.pane(), m.scroll)
	for i := len(shown) - 1; i >= 0; i-- {
		if shown[i].request != "" {
			m.filter.request, m.scroll = shown[i].request, 0
			return
		}
	}
	m.status = "none of these lines belongs to a request"
}

func (m *model) scrollBy(n int) {
	m.scroll = max(0, min(m.scroll+n, m.log.count(m.filter)-m.pane()))
}

func (m *model) actionOf(key string) tea.Cmd {
	for _, a := range m.options.Actions {
		switch {
		case a.Key != key:
		case a.PerPart && m.part() == "":
			m.status = "choose a part to " + a.Name
		case a.Confirm != "":
			m.mode, m.pending = confirming, a
		default:
			return m.act(a)
		}
	}
	return nil
}

// act runs an action in the background.
func (m *model) act(a Action) tea.Cmd {
	part := m.part()
	name := a.Name
	if a.PerPart {
		name += " " + part
	}
	m.status = name + " …"
	return func() tea.Msg { return doneMsg{name, a.Run(m.ctx, part)} }
}
