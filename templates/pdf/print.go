package pdf

import (
	"io"
	"strconv"
	"time"

	"github.com/go-pdf/fpdf"
)

const family = "noto"

// print hands the recorded pages to fpdf with a font cut to the characters they use. The dates of the file are the time of
// printing that came in, so that the same papers give the same bytes.
func (c *canvas) print(w io.Writer) error {
	doc := fpdf.NewCustom(&fpdf.InitType{
		UnitStr: "mm", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight},
	})
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.SetCatalogSort(true)
	// A page is 10 to 20 KB of text beside 40 KB of font, but every compressed stream costs fpdf a new
	// compressor of 0.8 MB, a tenth of the time of a paper and half of that of a pile.
	doc.SetCompression(false)
	printed := c.o.PrintedAt.UTC()
	if printed.IsZero() {
		printed = time.Unix(0, 0).UTC() // fpdf would take the clock instead
	}
	doc.SetCreationDate(printed)
	doc.SetModificationDate(printed)
	doc.SetProducer("Paigong", false)
	doc.SetLang(c.lang)
	doc.SetTitle(c.title+" "+c.number(), true)
	doc.SetAuthor(c.clean(c.head.Letterhead.Name, 80), true)
	doc.AddUTF8FontFromBytes(family, "", c.cut(c.characters()))
	doc.SetFont(family, "", body)
	p := press{Fpdf: doc, size: body}
	for _, page := range c.pages {
		doc.AddPage()
		p.shade, p.heavy, p.width = 0, false, 0
		for i := range page {
			p.mark(&page[i])
		}
		p.light()
	}
	return doc.Output(w)
}

// characters lists what the pages use, in order.
func (c *canvas) characters() []rune {
	var out []rune
	for i, word := range c.used {
		for bit := range 64 {
			if word>>bit&1 == 1 {
				out = append(out, rune(i<<6|bit))
			}
		}
	}
	return out
}

// press remembers what fpdf was last told, so that nothing is said twice.
type press struct {
	*fpdf.Fpdf
	size  float64
	shade ink
	heavy bool
	width float64
}

func (p *press) mark(m *mark) {
	switch m.shape {
	case text, bold:
		p.ink(m.ink)
		if p.size != m.w {
			p.size = m.w
			p.SetFontSize(m.w)
		}
		if m.shape == bold {
			p.pen(m.w * point * 0.028)
			p.bold()
		} else {
			p.light()
		}
		p.Text(m.x, m.y, m.text)
	case filled:
		p.ink(m.ink)
		p.Rect(m.x, m.y, m.w, m.h, "F")
	case framed:
		p.ink(m.ink)
		p.pen(0.2)
		p.Rect(m.x, m.y, m.w, m.h, "D")
	case stroke:
		p.ink(m.ink)
		p.pen(m.w)
		p.SetLineCapStyle("round")
		p.MoveTo(m.points[0][0], m.points[0][1])
		for _, to := range m.points[1:] {
			p.LineTo(to[0], to[1])
		}
		p.DrawPath("D")
	case modules:
		p.ink(m.ink)
		k := 1 / point
		matrix := make([]byte, 0, len(m.text)+64)
		matrix = append(matrix, "q "...)
		for _, v := range []float64{m.w * k, 0, 0, -m.h * k, m.x * k, (pageHeight - m.y) * k} {
			matrix = append(strconv.AppendFloat(matrix, v, 'f', 4, 64), ' ')
		}
		matrix = append(matrix, "cm "...)
		matrix = append(matrix, m.text...)
		p.RawWriteStr(string(append(matrix, "f Q\n"...)))
	case watermark:
		p.light()
		p.ink(m.ink)
		p.size = m.w
		p.SetFontSize(m.w)
		p.TransformBegin()
		p.TransformRotate(35, pageWidth/2, pageHeight/2)
		p.Text(m.x, m.y, m.text)
		p.TransformEnd()
	}
}

// ink sets one shade for text, lines and areas alike, past fpdf's own three colours: if they differed from
// black it would wrap every text in one.
func (p *press) ink(shade ink) {
	if p.shade != shade {
		p.shade = shade
		p.RawWriteStr(shades[shade])
	}
}

// shades are the operators for all shades of grey.
var shades = func() (out [256]string) {
	for i := range out {
		v := strconv.FormatFloat(float64(i)/255, 'f', 3, 64)
		out[i] = v + " g " + v + " G"
	}
	return out
}()

func (p *press) pen(width float64) {
	if p.width != width {
		p.width = width
		p.SetLineWidth(width)
	}
}

func (p *press) bold() {
	if !p.heavy {
		p.heavy = true
		p.SetTextRenderingMode(2)
	}
}

func (p *press) light() {
	if p.heavy {
		p.heavy = false
		p.SetTextRenderingMode(0)
	}
}
