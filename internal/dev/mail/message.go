package mail

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

// Message is a caught message.
type Message struct {
	ID          string       `json:"id"`
	At          time.Time    `json:"at"`
	From        string       `json:"from"`
	To          string       `json:"to"`
	Subject     string       `json:"subject"`
	Sender      string       `json:"sender"`     // of the envelope
	Recipients  []string     `json:"recipients"` // of the envelope, including Bcc
	Text        string       `json:"text"`
	HTML        string       `json:"html,omitempty"`
	Links       []string     `json:"links"` // in text and HTML, without duplicates
	Attachments []Attachment `json:"attachments"`
	Trouble     string       `json:"trouble,omitempty"` // the parse error, if any

	raw []byte
}

// Attachment is an attached file, or an image in the HTML.
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"` // bytes

	id      string // Content-ID
	content []byte
}

// read parses a message. The source of an invalid message is kept.
func read(raw []byte) (m *Message) {
	m = &Message{raw: raw, Links: []string{}, Attachments: []Attachment{}}
	defer func() {
		if p := recover(); p != nil { // a bug in the parser must not lose mail
			m.Trouble = fmt.Sprint(p)
		}
	}()
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		m.Trouble = err.Error()
		m.Text = string(bytes.ToValidUTF8(raw, []byte("\uFFFD")))
		return m
	}
	for _, problem := range e.Errors {
		if problem.Severe {
			m.Trouble = problem.Error()
		}
	}
	m.From, m.To, m.Subject, m.Text, m.HTML = e.GetHeader("From"), e.GetHeader("To"), e.GetHeader("Subject"), e.Text, e.HTML
	for _, p := range slices.Concat(e.Attachments, e.Inlines, e.OtherParts) {
		m.Attachments = append(m.Attachments, Attachment{p.FileName, p.ContentType, len(p.Content), p.ContentID, p.Content})
	}
	m.Links = links(m.HTML, m.Text)
	return m
}

var (
	inHTML = regexp.MustCompile(`(?i)href\s*=\s*["']?(https?://[^"'\s>]+)`)
	inText = regexp.MustCompile(`https?://[^\s<>"')\]]+`)
)

// links returns the URLs in a message, those in the HTML first.
func links(html, text string) []string {
	found := []string{}
	add := func(link string) {
		if !slices.Contains(found, link) {
			found = append(found, link)
		}
	}
	for _, match := range inHTML.FindAllStringSubmatch(html, -1) {
		add(strings.ReplaceAll(match[1], "&amp;", "&"))
	}
	for _, link := range inText.FindAllString(text, -1) {
		add(strings.TrimRight(link, ".,;:!?"))
	}
	return found
}

// matches reports whether the message contains a text.
func (m *Message) matches(text string) bool {
	text = strings.ToLower(text)
	return text == "" || slices.ContainsFunc([]string{m.From, m.To, m.Subject, m.Text, strings.Join(m.Recipients, " ")},
		func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

// to reports whether an address is one of the recipients.
func (m *Message) to(address string) bool {
	return address == "" || slices.ContainsFunc(m.Recipients, func(r string) bool { return strings.EqualFold(r, address) })
}
