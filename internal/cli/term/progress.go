package term

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress shows the progress of a task on Err. On a terminal it redraws one line, with a spinner or, if the total is known, a bar.
// Elsewhere it writes a line at the start and one at the end. It is safe for concurrent use.
type Progress struct {
	out    io.Writer
	tty    bool
	styles Styles
	label  string
	now    func() time.Time
	start  time.Time

	mu          sync.Mutex
	done, total int64
	unit        string    // of the counted things; empty shows only a percentage
	counted     time.Time // when counting began
	frame       int
	stopped     bool
	stop        chan struct{}
	drawn       sync.WaitGroup
}

const (
	frames    = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	barWidth  = 24
	frameTime = 100 * time.Millisecond
	clearLine = "\r\x1b[K"
)

// Progress starts to show the progress of a task. With --output json it shows nothing.
func (t *Terminal) Progress(label string) *Progress {
	p := &Progress{out: t.Err, tty: t.ErrTTY, styles: t.errStyles, label: label, now: t.Now, start: t.Now(), stop: make(chan struct{})}
	switch {
	case t.Format == JSON:
		p.out = io.Discard
	case !p.tty:
		fmt.Fprintf(p.out, "%s …\n", label)
	}
	if p.tty {
		p.drawn.Go(p.animate)
	}
	t.running.Store(p)
	return p
}

func (p *Progress) animate() {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	for {
		p.draw()
		select {
		case <-p.stop:
			return
		case <-ticker.C:
		}
	}
}

func (p *Progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	runes := []rune(frames)
	p.frame = (p.frame + 1) % len(runes)
	line := p.styles.Accent.Render(string(runes[p.frame])) + " " + p.label
	if p.total > 0 {
		full := int(min(p.done, p.total) * barWidth / p.total)
		line += fmt.Sprintf(" %s%s %3d%%", p.styles.Good.Render(strings.Repeat("█", full)),
			p.styles.Faint.Render(strings.Repeat("░", barWidth-full)), min(p.done, p.total)*100/p.total) + p.rate()
	}
	fmt.Fprint(p.out, clearLine+line)
}

// Set sets the amount done and the total; 0 means that the total is unknown.
func (p *Progress) Set(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = done, total
}

// Count is like Set, and also shows the counts, the rate and the time left.
func (p *Progress) Count(unit string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unit == "" {
		p.unit, p.counted = unit, p.now()
	}
	p.done, p.total = done, total
}

// Label sets the description of the current work.
func (p *Progress) Label(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.label = text
}

// rate returns the counts, the rate and the time left.
func (p *Progress) rate() string {
	if p.unit == "" || p.done == 0 {
		return ""
	}
	took := p.now().Sub(p.counted)
	if took < time.Second {
		return ""
	}
	perSecond := float64(p.done) / took.Seconds()
	text := fmt.Sprintf(" %s of %s %s, %s/s", Thousands(p.done), Thousands(p.total), p.unit, Thousands(int64(perSecond)))
	if left := time.Duration(float64(p.total-p.done) / perSecond * float64(time.Second)).Round(time.Second); left > 0 {
		text += ", " + left.String() + " left"
	}
	return p.styles.Faint.Render(text)
}

// Done ends the display with a line that contains the outcome and the duration.
func (p *Progress) Done(outcome string) { p.end(p.styles.Good.Render("✓"), outcome) }

// Fail ends the display of a failed task. The caller reports the error.
func (p *Progress) Fail() { p.end(p.styles.Bad.Render("✗"), p.label) }

// end is idempotent, so that a deferred Fail after Done does nothing.
func (p *Progress) end(mark, text string) {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return
	}
	p.stopped = true
	close(p.stop)
	p.mu.Unlock()
	p.drawn.Wait()
	took := p.now().Sub(p.start)
	rounded := took.Round(time.Millisecond)
	if p.tty {
		fmt.Fprint(p.out, clearLine)
	}
	fmt.Fprintf(p.out, "%s %s %s\n", mark, text, p.styles.Faint.Render("("+rounded.String()+")"))
}
