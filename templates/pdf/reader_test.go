package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// printed is a paper read back: what a copy machine for text would get from its pages.
type printed struct {
	pages []string
}

func (p printed) all() string { return strings.Join(p.pages, "\n") }

// joined has no line breaks, so that a name that was wrapped is still found.
func (p printed) joined() string { return strings.ReplaceAll(p.all(), "\n", "") }

var (
	kids     = regexp.MustCompile(`/Kids \[([^\]]*)\]`)
	contents = regexp.MustCompile(`/Contents (\d+) 0 R`)
	unicode  = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	size     = regexp.MustCompile(`/Length (\d+)`)
	glyphs   = regexp.MustCompile(`/CIDToGIDMap (\d+) 0 R`)
)

// read takes a paper apart: pages in order, their text through the font's ToUnicode map. It fails when
// a character has no glyph, since such a character would be invisible.
func read(t testing.TB, file []byte) printed {
	t.Helper()
	if !bytes.HasPrefix(file, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(file), []byte("%%EOF")) {
		t.Fatal("not a whole PDF file")
	}
	objects := map[string][]byte{}
	var tree, font []byte
	for rest := file; ; {
		before, behind, found := bytes.Cut(rest, []byte(" 0 obj\n"))
		if !found {
			break
		}
		o, next, _ := bytes.Cut(behind, []byte("endobj"))
		objects[string(before[bytes.LastIndexByte(before, '\n')+1:])] = o
		if head := o[:min(len(o), 4000)]; kids.Match(head) {
			tree = o
		} else if unicode.Match(head) {
			font = o
		}
		rest = next
	}
	if font == nil || tree == nil {
		t.Fatal("no font or no pages")
	}
	if to := stream(t, objects[string(unicode.FindSubmatch(font)[1])]); !bytes.Contains(to, []byte("<0000> <FFFF> <0000>")) {
		t.Fatal("the text cannot be copied: its codes are not Unicode")
	}
	var glyph []byte
	for _, o := range objects {
		if !bytes.Contains(o[:min(len(o), 100)], []byte("/CIDFontType2")) {
			continue
		}
		glyph = stream(t, objects[string(glyphs.FindSubmatch(o)[1])])
	}
	var out printed
	for _, id := range regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(kids.FindSubmatch(tree)[1], -1) {
		page := objects[string(id[1])]
		body := stream(t, objects[string(contents.FindSubmatch(page)[1])])
		var text strings.Builder
		for _, s := range shown(body) {
			for _, r := range s {
				if r < 0x10000 && binary.BigEndian.Uint16(glyph[2*r:]) == 0 {
					t.Errorf("%q is in the text but has no glyph", r)
				}
			}
			text.WriteString(s + "\n")
		}
		out.pages = append(out.pages, text.String())
	}
	return out
}

func stream(t testing.TB, o []byte) []byte {
	t.Helper()
	at := bytes.Index(o, []byte("stream\n"))
	if at < 0 {
		t.Fatalf("no stream in %.80q", o)
	}
	length := size.FindSubmatch(o[:at])
	if length == nil {
		t.Fatalf("no stream in %.80q", o)
	}
	n, _ := strconv.Atoi(string(length[1]))
	data := o[at+7 : at+7+n]
	if !bytes.Contains(o[:at], []byte("/FlateDecode")) {
		return data
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shown lists the strings that a page shows, in the order in which it draws them.
func shown(body []byte) (out []string) {
	for {
		at := bytes.Index(body, []byte(" Td ("))
		if at < 0 {
			return out
		}
		body = body[at+5:]
		var raw []byte
		for len(body) > 0 && body[0] != ')' {
			if body[0] == '\\' {
				body = body[1:]
				if body[0] == 'r' {
					body[0] = '\r'
				}
			}
			raw, body = append(raw, body[0]), body[1:]
		}
		var codes []uint16
		for ; len(raw) >= 2; raw = raw[2:] {
			codes = append(codes, binary.BigEndian.Uint16(raw))
		}
		out = append(out, string(utf16.Decode(codes)))
	}
}
