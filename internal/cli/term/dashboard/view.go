package dashboard

import (
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/krowoc/krowoc/internal/cli/term"
)

var (
	bold   = lipgloss.NewStyle().Bold(true)
	dim    = lipgloss.NewStyle().Faint(true)
	green  = lipgloss.NewStyle().Foreground(lipgloss.Green)
	yellow = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	red    = lipgloss.NewStyle().Foreground(lipgloss.Red)
	marked = lipgloss.NewStyle().Reverse(true)
)

// stateStyles are the colours of states. Other states have no colour.
var stateStyles = map[string]lipgloss.Style{
	"ready": green, "done": green, "failed": red, "restarting": yellow, "starting": yellow, "building": yellow, "waiting": yellow,
}

// partColours distinguish parts. Red is reserved for errors.
var partColours = []lipgloss.Style{
	lipgloss.NewStyle().Foreground(lipgloss.Cyan), lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	lipgloss.NewStyle().Foreground(lipgloss.Blue), green, yellow,
}

func partStyle(name string) lipgloss.Style {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // never fails
	return partColours[sum.Sum32()%uint32(len(partColours))]
}

// The smallest usable screen.
const minWidth, minHeight = 30, 8

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	return v
}

func (m *model) screen() string {
	if m.width < minWidth || m.height < minHeight {
		return fit("the window is too small", m.width)
	}
	if m.mode == helping {
		return m.help()
	}
	lines := append([]string{m.header()}, m.table()...)
	lines = append(lines, m.divider())
	lines = append(lines, m.logPane()...)
	return strings.Join(append(lines, m.footer()), "\n")
}

func (m *model) header() string {
	ready, failed := 0, 0
	for _, p := range m.parts {
		switch p.State {
		case "ready", "done":
			ready++
		case "failed", "restarting":
			failed++
		}
	}
	state := green.Render(fmt.Sprintf("%d of %d ready", ready, len(m.parts)))
	if failed > 0 {
		state = red.Render(fmt.Sprintf("%d of %d failed", failed, len(m.parts)))
	}
	up := m.options.Now().Sub(m.began).Truncate(time.Second)
	return fit(bold.Render(m.options.Title)+"  "+state+"  "+dim.Render(up.String()), m.width)
}

// tableRows is the number of parts shown: at most a third of the screen.
func (m *model) tableRows() int { return min(len(m.parts), max(1, m.height/3)) }

// table returns a row for each part. If not all fit, it shows the rows around the chosen one.
func (m *model) table() []string {
	n := m.tableRows()
	first := max(0, min(m.chosen-n, len(m.parts)-n))
	lines := []string{m.tableRow(m.chosen == 0, "all", "", "", "", "")}
	for i := first; i < first+n && i < len(m.parts); i++ {
		p := m.parts[i]
		cpu, memory := "", ""
		if p.CPU >= 0 {
			cpu = fmt.Sprintf("%.0f%%", p.CPU)
		}
		if p.Memory >= 0 {
			memory = fmt.Sprintf("%d MB", p.Memory>>20)
		}
		lines = append(lines, m.tableRow(m.chosen == i+1, p.Name, p.State, cpu, memory, p.URL))
	}
	return lines
}

func (m *model) tableRow(chosen bool, name, state, cpu, memory, url string) string {
	mark := "  "
	if chosen {
		mark = "▸ "
	}
	line := mark + pad(name, 12) + " "
	if state != "" {
		line += stateStyles[state].Render("● ") + pad(state, 10)
	}
	if m.width >= 60 && state != "" {
		line += fmt.Sprintf(" %5s %8s  ", cpu, memory)
	}
	line += " " + term.Plain(url)
	if m.width >= 60 {
		line += "  " + dim.Render(m.lastOf(name))
	}
	if chosen {
		line = bold.Render(line)
	}
	return fit(line, m.width)
}

// lastOf returns the last line of a part.
func (m *model) lastOf(part string) string {
	for i := len(m.log) - 1; i >= max(0, len(m.log)-500); i-- {
		if m.log[i].part == part {
			return m.log[i].text
		}
	}
	return ""
}

// divider returns the line above the log, which describes the filter.
func (m *model) divider() string {
	about := []string{"all"}
	if m.filter.part != "" {
		about[0] = m.filter.part
	}
	if m.filter.least != slog.LevelInfo {
		about = append(about, "level "+strings.ToLower(m.filter.least.String())+" and above")
	}
	if m.filter.request != "" {
		about = append(about, "request "+short(m.filter.request))
	}
	if m.filter.search != "" && m.mode != searching {
		about = append(about, "with "+m.filter.search)
	}
	if m.pausing {
		about = append(about, fmt.Sprintf("paused, %d more", len(m.paused)))
	}
	if m.scroll > 0 {
		about = append(about, fmt.Sprintf("%d below", m.scroll))
	}
	text := "── " + strings.Join(about, ", ") + " "
	return dim.Render(fit(text+strings.Repeat("─", max(0, m.width-ansi.StringWidth(text))), m.width))
}

// pane is the number of rows on the screen for the log.
func (m *model) pane() int { return max(1, m.height-4-m.tableRows()) }

func (m *model) logPane() []string {
	shown := m.log.last(m.filter, m.pane(), m.scroll)
	lines := make([]string, m.pane())
	for i, r := range shown {
		lines[i] = m.logLine(r)
	}
	return lines
}

func (m *model) logLine(r row) string {
	line := ""
	if m.width >= 60 {
		line = dim.Render(r.at.Format("15:04:05")) + " "
	}
	text := r.text
	switch {
	case m.filter.search != "":
		text = highlight(text, m.filter.search)
	case r.level >= slog.LevelError:
		text = red.Render(text)
	case r.level >= slog.LevelWarn:
		text = yellow.Render(text)
	}
	line += partStyle(r.part).Render(pad(r.part, 8)) + " " + text
	if r.request != "" {
		line += dim.Render(" " + short(r.request))
	}
	return fit(line, m.width)
}

// highlight marks the search text.
func highlight(text, search string) string {
	at := strings.Index(strings.ToLower(text), search)
	if at < 0 || at+len(search) > len(text) {
		return text
	}
	return text[:at] + marked.Render(text[at:at+len(search)]) + text[at+len(search):]
}

func (m *model) footer() string {
	switch {
	case m.mode == searching:
		return fit("/"+m.filter.search+"▏", m.width)
	case m.mode == confirming:
		return fit(yellow.Render(m.pending.Confirm+" (y/n)"), m.width)
	case m.status != "":
		return fit(m.status+"  "+dim.Render("? help"), m.width)
	}
	keys := []string{"↑↓ part", "/ search", "f level", "i request"}
	for _, a := range m.options.Actions {
		keys = append(keys, a.Key+" "+a.Name)
	}
	return fit(dim.Render(strings.Join(append(keys, "? help", "q quit"), "  ")), m.width)
}

func (m *model) help() string {
	lines := []string{bold.Render("Keys"), "",
		"↑ ↓ k j        choose a part and show only its lines",
		"/              search as you type; enter keeps the search, esc clears it",
		"f              change the lowest level: debug, info, warn, error",
		"i              show only the newest displayed request",
		"esc            clear the search and other filters",
		"PgUp PgDn g G  scroll; G follows the log again",
		"space          pause",
		"c              clear",
	}
	for _, a := range m.options.Actions {
		lines = append(lines, pad(a.Key, 14)+" "+a.Name)
	}
	lines = append(lines, "q Ctrl-C       quit", "", dim.Render("press any key to go back"))
	for i := range lines {
		lines[i] = fit(lines[i], m.width)
	}
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// short returns the end of a request ID, which is enough to distinguish requests.
func short(id string) string { return id[max(0, len(id)-8):] }

// pad pads or cuts a text to the width of a column, in terminal cells.
func pad(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", width-ansi.StringWidth(text))
}

// fit cuts a styled line to a width.
func fit(line string, width int) string { return ansi.Truncate(line, width, "…") }
