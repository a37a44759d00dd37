package graph

// filter leaves the row that only tells whether there is another page out of an aggregate.
func (p *page) filter() string {
	if !p.numbered {
		return ""
	}
	return ` FILTER (WHERE ` + p.scope.alias + `."row" <= ` + p.limit + `)`
}

// pageInfo appends the JSON of the page's PageInfo. Backwards, the rows are numbered from the last.
func (b *builder) pageInfo(t *text, p *page, f selected) error {
	fields, err := b.collect(f.selections...)
	if err != nil {
		return err
	}
	aggregate := func(sql string) {
		p.needed = true
		t.expr(sql)
	}
	more := "(count(*) > " + p.limit + ")::text"
	t.constant("{")
	for i, field := range fields {
		t.member(i, field)
		switch field.Name {
		case "__typename":
			t.constant(`"PageInfo"`)
		case "hasNextPage":
			if p.backward {
				t.constant(boolText(p.before))
			} else {
				aggregate(more)
			}
		case "hasPreviousPage":
			switch {
			case p.backward:
				aggregate(more)
			case p.skips != "" && !p.after:
				t.expr(p.skips)
			default:
				t.constant(boolText(p.after))
			}
		case "startCursor":
			aggregate(p.edgeCursor(false))
		case "endCursor":
			aggregate(p.edgeCursor(true))
		}
	}
	t.constant("}")
	return nil
}

func boolText(v bool) string {
	if v {
		return "true"
	}
	return "false"
}

// edgeCursor returns SQL for the JSON of the cursor of the first or the last row of the page.
func (p *page) edgeCursor(last bool) string {
	return `coalesce('"' || (array_agg(` + p.cursorSQL() + " ORDER BY " + p.outerOrder(last) + ")" + p.filter() + `)[1] || '"', 'null')`
}

// totalCount returns SQL for the number of rows of the whole list.
func (b *builder) totalCount(p *page) string {
	sql := "(SELECT count(*)::text FROM " + ident(p.object.typ.Table) + " " + p.scope.alias
	if len(p.base) > 0 {
		sql += " WHERE " + join(p.base, " AND ")
	}
	return sql + ")"
}
