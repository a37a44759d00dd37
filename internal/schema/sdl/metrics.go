package sdl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// metricName is what Prometheus allows in names, without the colon of its recording rules.
var metricName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// metricPrefixes begin the names of other metrics, metricSuffixes end names that Prometheus derives.
var (
	metricPrefixes = []string{"db_", "go_", "graphql_", "http_", "krowoc_", "otel_", "process_", "promhttp_", "scrape_", "target_"}
	metricSuffixes = []string{"_total", "_count", "_sum", "_bucket", "_created", "_info"}
)

// metric reads @metric.
func (b *builder) metric(t *typeDecl, u *use) {
	m := schema.Metric{Name: u.text("name"), Pos: b.position(u.Position)}
	ok := b.metricName(u, m.Name)
	for _, v := range u.items("by") {
		f := b.metricLabel(t, m, v)
		if f == nil {
			ok = false
			continue
		}
		m.By = append(m.By, f)
	}
	if v := u.args["sum"]; v != nil {
		m.Sum = b.metricSum(t, v)
		ok = ok && m.Sum != nil
	}
	if ok {
		t.Metrics = append(t.Metrics, m)
	}
}

func (b *builder) metricName(u *use, name string) bool {
	at := u.position("name")
	if !metricName.MatchString(name) {
		b.errorf(codeInvalidMetric, at, `write name: "executions", for example`, "the name of a metric has lower-case letters, digits and _, and begins with a letter")
		return false
	}
	for _, suffix := range metricSuffixes {
		if stem, has := strings.CutSuffix(name, suffix); has {
			b.errorf(codeInvalidMetric, at, fmt.Sprintf("write name: %q", stem), "Prometheus derives names that end with %s; that of a metric gets _total by itself", suffix)
			return false
		}
	}
	for _, prefix := range metricPrefixes {
		if strings.HasPrefix(name, prefix) {
			b.errorf(codeInvalidMetric, at, "choose a name of what the project does", "names that begin with %s are those of other metrics", prefix)
			return false
		}
	}
	return true
}

// metricLabel returns the field of a label, or nil after reporting.
func (b *builder) metricLabel(t *typeDecl, m schema.Metric, v *ast.Value) *schema.Field {
	f := b.fieldNamed(t, v)
	if f == nil || f.broken {
		return nil
	}
	label := schema.SnakeCase(f.Name)
	problem, remedy := notLabel(f.Field)
	switch {
	case problem != "":
	case slices.ContainsFunc(m.By, func(other *schema.Field) bool { return schema.SnakeCase(other.Name) == label }):
		problem, remedy = fmt.Sprintf("the label %s is there twice", label), "remove one of them"
	case label == "le" || label == "quantile" || strings.HasPrefix(label, "__"):
		problem, remedy = fmt.Sprintf("Prometheus needs the label %s itself", label), "rename the field"
	default:
		return f.Field
	}
	b.errorf(codeInvalidMetric, v.Position, remedy, "%s", problem)
	return nil
}

// notLabel returns why the values of a field cannot be labels, and the fix; "" when they can. Each value makes a time series, and people read
// them without any of the rules of the schema.
func notLabel(f *schema.Field) (problem, remedy string) {
	const use = "use a field with few values: an enum, a Boolean, a String, or a reference to a type whose key is a String"
	typ := f.Type
	isReference := f.Relation != nil && f.Relation.Kind == schema.RefOne
	if isReference {
		key := f.Relation.Target.Key
		if len(key) != 1 || key[0].Relation != nil {
			return fmt.Sprintf("%q refers to rows by several columns", f.Name), use
		}
		typ = key[0].Type
	}
	isKey := len(f.Owner.Key) == 1 && f.Owner.Key[0] == f
	switch {
	case personal(f):
		return fmt.Sprintf("%q is personal data (@pii), which metrics never contain", f.Name), "remove it"
	case f.Unique || isKey:
		return fmt.Sprintf("%q is different in each row, and each value makes a time series", f.Name), use
	case len(f.Columns()) != 1 || typ.List:
		return fmt.Sprintf("%q has type %s, which is no label", f.Name, f.Type), use
	case typ.Enum != nil, typ.Scalar == schema.Boolean, typ.Scalar == schema.String:
		return "", ""
	case isReference:
		return fmt.Sprintf("%q refers to rows by a key of type %s, which people cannot read", f.Name, typ), use
	}
	return fmt.Sprintf("%q has type %s, which is no label", f.Name, f.Type), use
}

// metricSum returns the field that a metric sums up, or nil after reporting.
func (b *builder) metricSum(t *typeDecl, v *ast.Value) *schema.Field {
	f := b.fieldNamed(t, v)
	switch {
	case f == nil || f.broken:
		return nil
	case f.Personal():
		b.errorf(codeInvalidMetric, v.Position, "remove sum", "%q is personal data (@pii), which metrics never contain", f.Name)
		return nil
	case f.Type.List || !slices.Contains([]schema.Scalar{schema.Int, schema.Int64, schema.Float, schema.Decimal}, f.Type.Scalar):
		b.errorf(codeInvalidMetric, v.Position, "name a field of type Int, Int64, Float or Decimal", "%q has type %s, which has no sum", f.Name, f.Type)
		return nil
	}
	return f.Field
}

// metricNames reports metrics of the same name.
func (b *builder) metricNames() {
	taken := names{}
	b.stored(func(t *typeDecl) {
		for _, m := range t.Metrics {
			b.claim(taken, m.FullName(), "@metric of "+t.Name, m.Pos, `give one of them another name with name: "…"`)
		}
	})
}
