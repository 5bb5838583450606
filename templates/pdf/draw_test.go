package pdf

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var pictures = flag.String("pictures", "", "write the sample papers as PDF into this folder, to be looked at")

func render(t testing.TB, p Paper, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b, o); err != nil {
		t.Fatalf("%T: %v", p, err)
	}
	return b.Bytes()
}

// The pictures of docs/papers.md are made of these files.
func TestSamplesForPictures(t *testing.T) {
	folder := *pictures
	if folder == "" {
		folder = t.TempDir()
	}
	save := func(name string, p Paper, lang string) {
		file := render(t, p, options(lang))
		if err := os.WriteFile(filepath.Join(folder, name+"-"+lang+".pdf"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(file) > 200_000 {
			t.Errorf("%s has %d bytes; was the font cut?", name, len(file))
		}
	}
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, s := range append(samples(), grown()...) {
			save(s.kind, s.full, lang)
			if s.blank != nil {
				save("blank-"+s.kind, s.blank, lang)
			}
		}
	}
}
