package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"sync"
)

//go:embed */*.html
var pages embed.FS

// Page is one of the page structs of this package. Every one embeds Chrome
// and names its template, so a page that is not declared cannot be drawn.
type Page interface {
	place() place
}

// place says where a page's template lies (<name>/<name>.html) and which
// layout surrounds it: "desk" for people at a desk, "phone" for engineers,
// "plain" for customers and for whoever is not signed in.
type place struct{ name, layout string }

// Render draws p. Nothing is written when drawing fails, so the caller can
// still answer with an error page.
func Render(w io.Writer, p Page) error {
	all, err := parsed()
	if err != nil {
		return err
	}
	at := p.place()
	t, ok := all[at.name]
	if !ok {
		return fmt.Errorf("draw %s: no such page", at.name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, at.layout, p); err != nil {
		return fmt.Errorf("draw %s: %w", at.name, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Check parses every template and reads every static file. Call it at start:
// a page that cannot be parsed should stop the program, not its first reader.
func Check() error {
	if _, err := parsed(); err != nil {
		return err
	}
	_, err := assets()
	return err
}

var parsed = sync.OnceValues(parse)

func parse() (map[string]*template.Template, error) {
	base := template.New("base").Funcs(template.FuncMap{"asset": AssetPath})
	for _, dir := range []string{"layout", "partial"} {
		if err := parseInto(base, dir); err != nil {
			return nil, err
		}
	}
	dirs, err := fs.ReadDir(pages, ".")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	all := map[string]*template.Template{}
	for _, d := range dirs {
		if d.Name() == "layout" || d.Name() == "partial" {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", d.Name(), err)
		}
		if err := parseInto(t, d.Name()); err != nil {
			return nil, err
		}
		all[d.Name()] = t
	}
	return all, nil
}

func parseInto(t *template.Template, dir string) error {
	files, err := fs.ReadDir(pages, dir)
	if err != nil {
		return fmt.Errorf("list templates in %s: %w", dir, err)
	}
	for _, f := range files {
		name := dir + "/" + f.Name()
		text, err := fs.ReadFile(pages, name)
		if err != nil {
			return fmt.Errorf("read template %s: %w", name, err)
		}
		if _, err := t.New(name).Parse(string(text)); err != nil {
			return fmt.Errorf("parse template %s: %w", name, err)
		}
	}
	return nil
}
