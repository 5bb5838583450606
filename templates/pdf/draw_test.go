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

func TestSamplesForPictures(t *testing.T) {
	if *pictures == "" {
		return
	}
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, s := range append(samples(), grown()...) {
			name := filepath.Join(*pictures, s.kind+"-"+lang+".pdf")
			if err := os.WriteFile(name, render(t, s.full, options(lang)), 0o600); err != nil {
				t.Fatal(err)
			}
			if s.blank != nil {
				name = filepath.Join(*pictures, "blank-"+s.kind+"-"+lang+".pdf")
				if err := os.WriteFile(name, render(t, s.blank, options(lang)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
