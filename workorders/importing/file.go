package importing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"paigong/workorders"
)

// Limits of a file to import, unless its mapping says otherwise.
const (
	mostBytes = 256 << 20
	mostRows  = 1_000_000
	mostCell  = 64 << 10
)

// Sheet is a file as rows of text.
type Sheet struct {
	Name    string
	Text    string // of the file, as UTF-8
	Mapping *Mapping
	Header  []string
	Rows    []Row
}

// Row is one of them; Bad says why it cannot even be read, nil when it can.
type Row struct {
	Line  int // where it begins in the file, the header is line 1
	Cells []string
	Bad   *workorders.RowProblem
}

// ReadFile reads a file of rows: CSV, or JSON when it begins like it.
func ReadFile(name string, m *Mapping) (*Sheet, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > int64(m.Limits.Bytes) {
		return nil, fmt.Errorf("%s has %d MB, more than the %d MB a file may have; split it, or raise limits.bytes in the mapping", name, info.Size()>>20, m.Limits.Bytes>>20)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s, err := Read(filepath.Base(name), raw, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, m.Check(s.Header)
}

// Read takes a file apart into rows, without asking yet whether the mapping fits its columns.
func Read(name string, raw []byte, m *Mapping) (*Sheet, error) {
	text, err := decode(raw, m.Encoding)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Name: name, Text: string(text), Mapping: m}
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		err = s.readJSON(start)
	} else {
		err = s.readCSV(text)
	}
	return s, err
}

// decode makes UTF-8 of a file: what the mapping names, else a byte order mark, else UTF-8 when it is
// valid, else GB 18030, which every Chinese spreadsheet before it wrote.
func decode(raw []byte, named string) ([]byte, error) {
	switch strings.ToLower(named) {
	case "", "auto":
	case "utf-8", "utf8":
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		if !utf8.Valid(raw) {
			return nil, errors.New("is not UTF-8; leave encoding out of the mapping and it is found out")
		}
		return raw, nil
	case "gb18030", "gbk", "gb2312":
		return simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw)
	default:
		return nil, fmt.Errorf("encoding %q: want auto, utf-8, utf-16 or gb18030", named)
	}
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return decode(raw, "utf-8")
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return decode(raw, "utf-16")
	case utf8.Valid(raw):
		return raw, nil
	}
	text, err := decode(raw, "gb18030")
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, errors.New("is neither UTF-8 nor GB 18030; save it as UTF-8, or name its encoding in the mapping")
	}
	return text, nil
}

func (s *Sheet) readCSV(text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	r.ReuseRecord = false
	if d := s.Mapping.Delimiter; d != "" {
		c, n := utf8.DecodeRuneInString(d)
		if n != len(d) {
			return fmt.Errorf("delimiter %q: want one character", d)
		}
		r.Comma = c
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			if s.Header == nil {
				return fmt.Errorf("the header cannot be read: %w", broken.Err)
			}
			s.Rows = append(s.Rows, Row{Line: broken.StartLine, Cells: cells, Bad: bad("import.broken", broken.Err.Error())})
			continue
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if s.Header == nil {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			s.Header = cells
			continue
		}
		if len(s.Rows) >= s.Mapping.Limits.Rows {
			return fmt.Errorf("has more than %d rows; split it, or raise limits.rows in the mapping", s.Mapping.Limits.Rows)
		}
		s.Rows = append(s.Rows, s.row(line, cells))
	}
	if s.Header == nil {
		return errors.New("is empty: the first row names the columns")
	}
	return nil
}

func bad(key string, args ...any) *workorders.RowProblem {
	return &workorders.RowProblem{Key: key, Args: args}
}

func (s *Sheet) row(line int, cells []string) Row {
	row := Row{Line: line, Cells: cells}
	if len(cells) != len(s.Header) {
		row.Bad = bad("import.cells", len(cells), len(s.Header))
	}
	for i, cell := range cells {
		switch {
		case len(cell) > s.Mapping.Limits.Cell:
			row.Bad = bad("import.long", i+1, len(cell), s.Mapping.Limits.Cell)
		case strings.ContainsRune(cell, 0):
			row.Bad = bad("import.nul", i+1)
		}
	}
	return row
}

// readJSON takes a list of objects, or the one that the mapping names inside an object; their keys are columns.
func (s *Sheet) readJSON(text []byte) error {
	var list []map[string]any
	if text[0] == '{' {
		var outer map[string]json.RawMessage
		if err := json.Unmarshal(text, &outer); err != nil {
			return err
		}
		inner, ok := outer[s.Mapping.Rows]
		if !ok {
			return errors.New(`is a JSON object: name the list of rows inside it in the mapping, such as "rows": "days"`)
		}
		text = inner
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	if len(list) > s.Mapping.Limits.Rows {
		return fmt.Errorf("has more than %d rows; split it, or raise limits.rows in the mapping", s.Mapping.Limits.Rows)
	}
	for _, object := range list {
		for key := range object {
			if !slices.Contains(s.Header, key) {
				s.Header = append(s.Header, key)
			}
		}
	}
	slices.Sort(s.Header)
	for i, object := range list {
		cells := make([]string, len(s.Header))
		for j, key := range s.Header {
			switch v := object[key].(type) {
			case nil:
			case string:
				cells[j] = v
			default:
				raw, err := json.Marshal(v)
				if err != nil {
					return err
				}
				cells[j] = string(raw)
			}
		}
		s.Rows = append(s.Rows, s.row(i+1, cells))
	}
	return nil
}
