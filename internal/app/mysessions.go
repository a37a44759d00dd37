package app

import (
	"context"
	"slices"

	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// mySessions answers the fields of the API about the sessions of browsers.
type mySessions struct{ *session.Manager }

// sessionsOfAPI returns what answers the fields about sessions; nil if there are none.
func sessionsOfAPI(m *session.Manager) exec.Sessions {
	if m == nil {
		return nil
	}
	return mySessions{m}
}

// Mine implements exec.Sessions.
func (s mySessions) Mine(ctx context.Context, who caller.Caller) ([]graph.Session, error) {
	found, err := s.List(ctx, who.UID, who.LogIn.Session)
	list := make([]graph.Session, len(found))
	for n, i := range found {
		list[n] = graph.Session(i)
	}
	return list, err
}

// End implements exec.Sessions.
func (s mySessions) End(ctx context.Context, who caller.Caller, id string) (graph.Session, error) {
	list, err := s.Mine(ctx, who)
	if err != nil {
		return graph.Session{}, err
	}
	i := slices.IndexFunc(list, func(one graph.Session) bool { return one.ID == id })
	if i >= 0 {
		err = s.Manager.End(ctx, who.UID, list[i].ID, "")
	}
	if i < 0 || fault.CodeOf(err) == fault.NotFound { // it may end meanwhile
		return graph.Session{}, fault.New(fault.NotFound, "end a session", "you have no such session", "list them with "+graph.MySessions)
	}
	return list[i], err
}

// EndOthers implements exec.Sessions.
func (s mySessions) EndOthers(ctx context.Context, who caller.Caller) ([]graph.Session, error) {
	list, err := s.Mine(ctx, who)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(one graph.Session) bool { return one.Current })
	return list, s.Manager.End(ctx, who.UID, "", who.LogIn.Session)
}
