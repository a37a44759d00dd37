package addcmd

import (
	"strings"
	"testing"
)

func TestArgumentsBecomeAnAddition(t *testing.T) {
	added, err := addType([]string{"BlogPost", "title:String!", "owner:User!"})
	if err != nil || added.Type != "BlogPost" || !added.New || len(added.Field) != 2 || added.Name != "add_blog_posts" {
		t.Errorf("%+v, %v", added, err)
	}
	added, err = addField([]string{"Prompt", "summary:String", "readAt:DateTime"})
	if err != nil || added.New || len(added.Field) != 2 || added.Name != "add_summary_read_at_to_prompts" {
		t.Errorf("%+v, %v", added, err)
	}
	added, err = addIndex([]string{"Prompt", "visibility,", "createdAt"})
	if err != nil || strings.Join(added.Index, " ") != "visibility createdAt" || added.Name != "index_prompts" {
		t.Errorf("%+v, %v", added, err)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, field := range []string{"title", "title:", ":String", "title:String!!", "1:String"} {
		if added, err := addField([]string{"Prompt", field}); err == nil {
			t.Errorf("%s is accepted: %+v", field, added)
		}
	}
	if added, err := addIndex([]string{"Prompt", ",", ""}); err == nil {
		t.Errorf("an index on nothing is accepted: %+v", added)
	}
}
