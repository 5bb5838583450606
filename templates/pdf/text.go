package pdf

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean makes text that the font can draw out of whatever people and machines wrote: broken UTF-8,
// characters above U+FFFF and characters without a glyph become □, control and direction characters
// disappear (a letter may not turn a line around), line breaks stay. What is longer than limit
// characters ends with "…". A paper is thus never refused for its text.
func (f *face) clean(s string, limit int) string {
	if f.plain(s, limit) {
		return s
	}
	if len(s) > 8*limit {
		s = s[:8*limit] // so that a note of 10 MB is not normalised first; the rest is cut below anyway
	}
	if utf8.ValidString(s) && !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f':
			r = '\n'
		case r == '\t' || r == '\u00a0' || r == '\u202f':
			r = ' '
		case r == '\n':
		case invisible(r):
			continue
		case !f.has(r): // includes utf8.RuneError, which the font has no business drawing
			r = missing
		}
		if r == utf8.RuneError {
			r = missing
		}
		if n == limit {
			return strings.TrimRight(b.String(), " \n") + "…"
		}
		b.WriteRune(r)
		n++
	}
	return strings.Trim(b.String(), " \n")
}

// plain finds the common case, text to which nothing has to be done, without copying it.
func (f *face) plain(s string, limit int) bool {
	if len(s) > limit || s == "" {
		return s == ""
	}
	for _, r := range s {
		if r < ' ' || r > 0xFFFF || r == utf8.RuneError || f.glyphs[r] == 0 || invisible(r) || r == '\u00a0' || r == '\u202f' || r >= 0x300 && r < 0x370 {
			return false
		}
	}
	return s[0] != ' ' && s[len(s)-1] != ' '
}

// invisible characters have no width of their own and often no purpose on paper: controls, soft hyphen,
// zero-width characters, direction marks, variation selectors, the byte order mark.
func invisible(r rune) bool {
	return r < ' ' || r >= 0x7F && r < 0xA0 || r == 0xAD || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E ||
		r >= 0x2060 && r <= 0x206F || r >= 0xFE00 && r <= 0xFE0F || r == 0xFEFF || r >= 0xE0000 && r <= 0xE0FFF
}

// wrap breaks clean text into lines that are no wider than width, both in mm; size is in points. Hanzi may part anywhere
// except before closing and after opening punctuation; Latin words stay whole while they fit a line.
func (f *face) wrap(s string, size, width float64) []string {
	limit := int(width / (size * point) * f.unit)
	var out []string
	for {
		paragraph, rest, more := strings.Cut(s, "\n")
		out = f.wrapParagraph(out, strings.TrimRight(paragraph, " "), limit)
		if !more {
			return out
		}
		s = rest
	}
}

func (f *face) wrapParagraph(out []string, s string, limit int) []string {
	start, used, seam, previous := 0, 0, 0, ' '
	for i, r := range s {
		w := int(f.widths[r])
		if i > start && mayPart(previous, r) {
			seam = i
		}
		if used+w > limit && i > start && r != ' ' {
			cut := i
			if seam > start {
				cut = seam
			}
			out = append(out, strings.TrimRight(s[start:cut], " "))
			for start = cut; start < i && s[start] == ' '; {
				start++
			}
			used = 0
			for _, c := range s[start:i] {
				used += int(f.widths[c])
			}
		}
		used += w
		previous = r
	}
	return append(out, s[start:])
}

const (
	closing = "，。、；：？！）」』】》〉”’…·～,.;:?!)]}%"
	opening = "（「『【《〈“‘([{¥￥"
)

// mayPart says whether a line may end between two neighbours.
func mayPart(a, b rune) bool {
	switch {
	case b == ' ':
		return false
	case a == ' ':
		return true
	case a < 0x2E80 && b < 0x2E80:
		return false
	}
	return !strings.ContainsRune(closing, b) && !strings.ContainsRune(opening, a)
}

// mask hides the middle of a telephone number on copies that leave the house: 138****5678.
func mask(phone string) string {
	runes := []rune(phone)
	if len(runes) < 5 {
		return strings.Repeat("*", len(runes))
	}
	keep := 4
	if len(runes) < 9 {
		keep = 2
	}
	head := min(3, len(runes)-keep-1)
	for i := head; i < len(runes)-keep; i++ {
		if runes[i] != ' ' && runes[i] != '-' {
			runes[i] = '*'
		}
	}
	return string(runes)
}
