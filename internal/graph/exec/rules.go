package exec

import (
	"strings"

	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// longDocument is the length in bytes from which mistakes get no suggestions. A suggestion compares a name with all names of a type.
const longDocument = 8 << 10

// The rules by which documents are validated. A server that does not answer introspection suggests no names either.
var (
	suggesting = validation()
	silent     = validation(rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions, rules.ValuesOfCorrectTypeRuleWithoutSuggestions)
)

// validation returns the rules of gqlparser, with mergeRule, where those given take the places of their likes.
func validation(instead ...core.Rule) *rules.Rules {
	list := rules.NewDefaultRules()
	list.ReplaceRule(mergeRule.Name, mergeRule.RuleFunc)
	for _, r := range instead {
		list.ReplaceRule(strings.TrimSuffix(r.Name, "WithoutSuggestions"), r.RuleFunc)
	}
	return list
}

func (p *pipeline) rules(document string) *rules.Rules {
	if p.Introspection && len(document) < longDocument {
		return suggesting
	}
	return silent
}
