package sdl

import (
	"github.com/krowoc/krowoc/internal/schema"
)

// http reads @http.
func (b *builder) http(c *schema.Custom, u *use) {
	v := u.args["url"]
	if v == nil {
		return
	}
	c.SQLPos = b.position(v.Position)
	template, err := schema.ParseURLTemplate(v.Raw)
	if err != nil {
		b.errorf(codeInvalidCustom, v.Position, "write a URL such as https://billing.example.com/quote or ${BILLING_URL}/quote", "%v", err)
		return
	}
	for _, name := range template.Arguments() {
		a := c.Argument(name)
		switch {
		case a == nil:
			b.errorf(codeInvalidCustom, v.Position, "add the argument, or remove it from the URL", "the URL uses {%s}, which is no argument of %q", name, c.Name)
		case !isPathArgument(a):
			b.errorf(codeInvalidCustom, v.Position, "write "+name+": String!, or remove it from the URL", "{%s} in the URL needs a required argument of one value", name)
		}
	}
	c.HTTP = &schema.HTTP{URL: template}
}

// isPathArgument reports whether the value of an argument is always one segment of a path.
func isPathArgument(a *schema.Argument) bool {
	isText := a.Type.Scalar != schema.JSON && a.Type.Scalar != schema.Vector && a.Type.Scalar != schema.Bytes
	return isText && a.Type.NonNull && !a.Type.List
}

// httpDirective writes @http.
func httpDirective(h *schema.HTTP) string {
	if h == nil {
		return ""
	}
	return directive("http", text("url", h.URL.Text))
}
