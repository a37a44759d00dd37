package exec

import (
	"context"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
)

// Sessions are the sessions of browsers. Each method is about those of one person alone.
type Sessions interface {
	// Mine lists where a person is logged in.
	Mine(ctx context.Context, who caller.Caller) ([]graph.Session, error)
	// End ends one session on all servers, and returns it. A session of somebody else is not found.
	End(ctx context.Context, who caller.Caller, id string) (graph.Session, error)
	// EndOthers ends all sessions of a person but the one that makes the request, and returns them.
	EndOthers(ctx context.Context, who caller.Caller) ([]graph.Session, error)
}

// sessionsOf answers the fields of an operation about sessions. The list is read once, however many fields want it.
type sessionsOf struct {
	*pipeline
	op   *Operation
	list []graph.Session
	read bool
}

func (s *sessionsOf) value(ctx context.Context, f *graph.SessionField) ([]byte, error) {
	if err := s.refusal(); err != nil {
		return nil, err
	}
	end, err := s.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	switch {
	case f.Name == graph.EndSession:
		ended, err := s.Sessions.End(ctx, s.op.Caller, f.ID(s.op.Variables))
		if err != nil {
			return nil, err
		}
		return f.One(ended)
	case f.Name == graph.EndOtherSessions:
		s.list, err = s.Sessions.EndOthers(ctx, s.op.Caller)
	case !s.read:
		s.list, err = s.Sessions.Mine(ctx, s.op.Caller)
		s.read = true
	}
	if err != nil {
		return nil, err
	}
	return f.JSON(s.list)
}

// refusal refuses everybody but a person.
func (s *sessionsOf) refusal() error {
	switch who := s.op.Caller; {
	case s.Sessions == nil:
		return fault.New(fault.Forbidden, "", "this server has no sessions of browsers", "set auth.session.keys")
	case who.Anonymous():
		return fault.New(fault.Unauthenticated, "", "sessions are those of a person who is logged in", "sign in")
	case who.UID == "" || who.Key != "" || who.Service:
		return fault.New(fault.Forbidden, "", "sessions are those of a person who is logged in", "do this as a person, without an API key")
	}
	return nil
}
