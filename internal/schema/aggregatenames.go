package schema

// AggregateSuffixes are the ends of the names of the types that the API derives from a type for its aggregates: PromptAggregate, PromptAggregateSum, …
var AggregateSuffixes = aggregateSuffixes()

func aggregateSuffixes() (list []string) {
	for _, suffix := range []string{"", "Where", "ListWhere", "Order", "Field", "By", "Group", "GroupOrder", "Keys"} {
		list = append(list, "Aggregate"+suffix)
	}
	for _, family := range []string{"Distinct", "Sum", "Average", "Extreme"} {
		for _, suffix := range []string{"", "Where", "Order"} {
			list = append(list, "Aggregate"+family+suffix)
		}
	}
	return list
}
