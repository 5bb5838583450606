package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/postgres/pgtest"
)

// flag is a picture whose left half is red and right half blue.
func flag(w, h int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			c := color.RGBA{220, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 220, 255}
			}
			picture.Set(x, y, c)
		}
	}
	return picture
}

func jpegOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an EXIF block with an orientation and a text where a phone would write the place.
func withExif(sent []byte, held uint16, order binary.AppendByteOrder) []byte {
	mark := "II"
	if order == binary.BigEndian {
		mark = "MM"
	}
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][3]uint16{{0x010F, 2, 4}, {0x0112, 3, held}} {
		tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, entry[0]), entry[1]), 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[2]), 0)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	body = append(body, "GPS 31.2304 121.4737"...)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(body)+2))
	return append(append(append([]byte{}, sent[:2]...), append(segment, body...)...), sent[2:]...)
}

func TestWhatIsTakenAndWhatIsKept(t *testing.T) {
	t.Parallel()
	code := func(sent []byte) string {
		kept, err := cleaned(sent)
		if f := fault.As(err); f != nil {
			return f.Code
		}
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s %dx%d", kept.mime, kept.width, kept.height)
	}
	claims := func(w, h uint32) []byte { // a small file whose header claims to be large
		b := pngOf(t, flag(2, 2))
		binary.BigEndian.PutUint32(b[16:], w)
		binary.BigEndian.PutUint32(b[20:], h)
		binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		return b
	}
	webp, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	photo := jpegOf(t, flag(40, 20))
	for name, x := range map[string]struct {
		sent []byte
		want string
	}{
		"a photo":                    {photo, "image/jpeg 40x20"},
		"a drawing":                  {pngOf(t, flag(30, 20)), "image/png 30x20"},
		"a PDF":                      {[]byte("%PDF-1.4\n1 0 obj\n%%EOF\n"), "application/pdf 0x0"},
		"half a PDF":                 {[]byte("%PDF-1.4\n1 0 obj"), "file_kind"},
		"transparent WebP":           {webp, "image/png 1x1"},
		"a page":                     {[]byte("<html><script>alert(1)</script>"), "file_kind"},
		"SVG":                        {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "file_kind"},
		"GIF":                        {[]byte("GIF89a......"), "file_kind"},
		"nothing":                    {nil, "file_kind"},
		"half a photo":               {photo[:len(photo)/2], "file_damaged"},
		"a photo's beginning alone":  {photo[:4], "file_damaged"},
		"400 megapixels in 70 bytes": {claims(20_000, 20_000), "file_too_many_pixels"},
		"one endless line":           {claims(0x7fffffff, 1), "file_too_many_pixels"},
	} {
		if got := code(x.sent); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestAPhotoLosesItsPlaceAndStandsUpright(t *testing.T) {
	t.Parallel()
	red := func(c color.Color) bool { r, _, b, _ := c.RGBA(); return r > b }
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for held, want := range map[uint16]struct {
			w, h int
			// whether the corners top left and bottom right are red
			topLeft, bottomRight bool
		}{
			1: {40, 20, true, false}, 2: {40, 20, false, true}, 3: {40, 20, false, true}, 4: {40, 20, true, false},
			5: {20, 40, true, false}, 6: {20, 40, true, false}, 7: {20, 40, false, true}, 8: {20, 40, false, true},
			9: {40, 20, true, false},
		} {
			sent := withExif(jpegOf(t, flag(40, 20)), held, order)
			kept, err := cleaned(sent)
			if err != nil {
				t.Fatalf("held %d: %v", held, err)
			}
			if bytes.Contains(kept.bytes, []byte("Exif")) || bytes.Contains(kept.bytes, []byte("GPS")) || !bytes.Contains(sent, []byte("GPS")) {
				t.Errorf("held %d: the place is still in the file", held)
			}
			picture, err := jpeg.Decode(bytes.NewReader(kept.bytes))
			if err != nil {
				t.Fatal(err)
			}
			b := picture.Bounds()
			if b.Dx() != want.w || b.Dy() != want.h || red(picture.At(1, 1)) != want.topLeft || red(picture.At(b.Dx()-2, b.Dy()-2)) != want.bottomRight {
				t.Errorf("held %d: %dx%d, top left red %v, bottom right red %v; want %+v", held, b.Dx(), b.Dy(), red(picture.At(1, 1)), red(picture.At(b.Dx()-2, b.Dy()-2)), want)
			}
		}
	}
	hidden := append(jpegOf(t, flag(40, 20)), "PK\x03\x04 an archive behind the picture"...)
	kept, err := cleaned(hidden)
	if err != nil || bytes.Contains(kept.bytes, []byte("archive")) {
		t.Errorf("what hides behind the picture is kept, %v", err)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, 20, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if held := orientation(b); held < 1 || held > 8 {
			t.Errorf("held %d", held)
		}
	})
}

// shelf is a cabinet in a company with one request and its order, visited by one engineer.
type shelf struct {
	*testing.T
	db             *bun.DB
	c              *Cabinet
	at             time.Time
	request, order uuid.UUID
	engineer       uuid.UUID
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{T: t, db: pgtest.New(t), at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	s.c = New(s.db, func() time.Time { return s.at })
	s.request, s.order, s.engineer = uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	customer := uuid.Must(uuid.NewV7())
	// Only the rows that files hang on, without the guards of their own stories.
	owner := pgtest.Owner(t, s.db)
	must(t, owner.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, `SET LOCAL session_replication_role = replica;
			INSERT INTO organisations (code, name, kind, path, parent_id, created_at) VALUES ('HQ', 'x', 'head', '{1}', NULL, ?0), ('A', 'x', 'centre', '{1,2}', 1, ?0), ('B', 'x', 'partner', '{1,3}', 1, ?0);
			INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?1, 2, 'C-1', '李女士', ?0);
			INSERT INTO requests (id, org_id, number, channel, kind, summary, received_at, registered_at, reply_due_at) VALUES (?2, 2, 'SR-1', 'phone', 'repair', 'x', ?0, ?0, ?0::timestamptz + interval '24 hours');
			INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, summary, customer_id, created_at, request_id) VALUES (?3, 2, 3, 'WO-1', 'repair', 'x', ?1, ?0, ?2);
			INSERT INTO engineers (id, org_id, name, created_at) VALUES (?4, 3, 'x', ?0);
			INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, created_at)
				VALUES (?5, 2, ?3, ?4, 3, 'dispatched', '[2026-11-20Z,2026-11-21Z)', '[2026-11-20Z,2026-11-21Z)', 'x', ?0)`,
			s.at, customer, s.request, s.order, s.engineer, uuid.Must(uuid.NewV7()))
		return err
	}))
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func upload(org int32, body []byte) Upload {
	sum := sha256.Sum256(body)
	return Upload{OrgID: org, Actor: "wang", SHA256: hex.EncodeToString(sum[:]), Body: body, Kind: "photo"}
}

func (s *shelf) change(fn func(*Cabinet) error) error {
	return s.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT set_config('app.actor', 'wang', true)"); err != nil {
			return err
		}
		return fn(s.c.In(tx))
	})
}

// sight sees these organisations, and for an engineer only his visits.
type sight struct {
	orgs     string
	engineer *uuid.UUID
}

func (s sight) Check() error {
	if s.orgs == "" {
		return fault.New(fault.Forbidden, "no_scope", "x")
	}
	return nil
}
func (s sight) Engineer() *uuid.UUID { return s.engineer }
func (s sight) Reach(visit string, columns ...string) string {
	if s.engineer != nil {
		return strings.ReplaceAll(visit, ":me", "'"+s.engineer.String()+"'")
	}
	return s.SQL(columns...)
}
func (s sight) SQL(columns ...string) string {
	return "(" + strings.Join(columns, " IN ("+s.orgs+") OR ") + " IN (" + s.orgs + "))"
}

func TestSendingTheSameFileTwice(t *testing.T) {
	t.Parallel()
	s, ctx := newShelf(t), context.Background()
	photo := withExif(jpegOf(t, flag(40, 20)), 6, binary.LittleEndian)
	first, err := s.c.Put(ctx, upload(2, photo))
	must(t, err)
	second, err := s.c.Put(ctx, upload(2, photo))
	must(t, err)
	if first.ID != second.ID || first.Width != 20 || first.Mime != "image/jpeg" || first.Sent() != upload(2, photo).SHA256 {
		t.Errorf("sent twice: %+v and %+v", first, second)
	}
	wrong := upload(2, photo)
	wrong.SHA256 = strings.Repeat("0", 64)
	if _, err := s.c.Put(ctx, wrong); !fault.HasCode(err, "file_hash") {
		t.Errorf("a wrong hash: %v", err)
	}
	if _, err := s.c.Put(ctx, upload(2, make([]byte, MaxBytes+1))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	var actor string
	must(t, s.db.NewRaw("SELECT actor FROM audit_log WHERE tbl = 'files' AND row_id = ?", first.ID.String()).Scan(ctx, &actor))
	if actor != "wang" {
		t.Errorf("%s answers for the file", actor)
	}
	noise := image.NewNRGBA(image.Rect(0, 0, 1500, 1500))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32())
	}
	large := pngOf(t, noise)
	f, err := s.c.Put(ctx, upload(2, large))
	must(t, err)
	got, err := s.c.Get(ctx, sight{orgs: "2"}, uuid.Nil, f.ID)
	must(t, err)
	if back, err := png.Decode(bytes.NewReader(got.Bytes)); err != nil || back.At(700, 700) != noise.At(700, 700) {
		t.Errorf("%d bytes of PNG came back different: %v", len(large), err)
	}
	if h := got.Headers(); h["X-Content-Type-Options"] != "nosniff" || !strings.HasPrefix(h["Content-Security-Policy"], "sandbox") || h["Content-Type"] != "image/png" ||
		h["Content-Disposition"] != "inline; filename="+f.ID.String()+".png" {
		t.Errorf("headers %v", h)
	}
	pdf, err := s.c.Put(ctx, upload(2, []byte("%PDF-1.4\n%%EOF\n")))
	must(t, err)
	if h := pdf.Headers(); !strings.HasPrefix(h["Content-Disposition"], "attachment") {
		t.Errorf("a PDF opens beside the product's pages: %v", h)
	}
	if pdf.Sent() != hex.EncodeToString(pdf.SHA256) {
		t.Error("a PDF is kept as it came")
	}
}

func TestAFileBelongsToOneRecord(t *testing.T) {
	t.Parallel()
	s, ctx := newShelf(t), context.Background()
	photo := jpegOf(t, flag(40, 20))
	sent, err := s.c.Put(ctx, upload(2, photo))
	must(t, err)
	attach := func(to Owner) (f File, err error) {
		err = s.change(func(c *Cabinet) (err error) { f, err = c.Attach(ctx, to, sent.Sent(), "nameplate"); return err })
		return f, err
	}
	a, err := attach(OfRequest(2, s.request))
	must(t, err)
	again, err := attach(OfRequest(2, s.request))
	must(t, err)
	if a.ID != sent.ID || again.ID != a.ID || a.Kind != "nameplate" || *a.RequestID != s.request {
		t.Errorf("attached %+v, again %+v", a, again)
	}
	b, err := attach(OfOrder(2, s.order))
	must(t, err)
	if b.ID == a.ID || b.RequestID != nil || *b.OrderID != s.order {
		t.Errorf("for the order it is a file of its own: %+v", b)
	}
	if again, err := s.c.Put(ctx, upload(2, photo)); err != nil || again.ID != a.ID {
		t.Errorf("a late second sending makes another file: %v, %v", again.ID, err)
	}
	for what, statement := range map[string]string{
		"files_one_owner": fmt.Sprintf("UPDATE files SET order_id = '%s', request_id = NULL WHERE id = '%s'", s.order, a.ID),
		"files_fixed":     fmt.Sprintf("UPDATE files SET mime = 'image/png' WHERE id = '%s'", a.ID),
	} {
		err := s.change(func(c *Cabinet) error { _, err := c.db.ExecContext(ctx, statement); return err })
		if fault.Constraint(err) != what {
			t.Errorf("%s: %v, want %s", statement, err, what)
		}
	}
	if err := s.change(func(c *Cabinet) error {
		_, err := c.Attach(ctx, OfOrder(2, s.order), strings.Repeat("ab", 32), "")
		return err
	}); !fault.HasCode(err, "file_unsent") {
		t.Errorf("a file nobody sent: %v", err)
	}
	foreign, err := s.c.Put(ctx, upload(3, jpegOf(t, flag(10, 10)))) // the partner's engineer sends, the order is the centre's
	must(t, err)
	var moved File
	must(t, s.change(func(c *Cabinet) (err error) {
		moved, err = c.Attach(ctx, OfOrder(2, s.order), foreign.Sent(), "")
		return err
	}))
	if moved.OrgID != 2 || moved.ID == foreign.ID {
		t.Errorf("the order's file stays in the partner's hands: %+v", moved)
	}
	list, err := s.c.Of(ctx, OfOrder(2, s.order))
	must(t, err)
	if len(list) != 2 || list[0].ID != b.ID {
		t.Errorf("files of the order: %+v", list)
	}
	if _, content, err := s.c.Bytes(ctx, b.ID); err != nil || len(content) != b.Size {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	s.at = s.at.AddDate(0, 0, 8)
	removed, err := s.c.Sweep(ctx)
	must(t, err)
	if removed != 1 {
		t.Errorf("%d orphans swept, the partner's sending is one", removed)
	}
}

func TestWhoMayLookAtAFile(t *testing.T) {
	t.Parallel()
	s, ctx := newShelf(t), context.Background()
	me, other := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	up := upload(2, jpegOf(t, flag(40, 20)))
	up.By = &me
	loose, err := s.c.Put(ctx, up)
	must(t, err)
	sent, err := s.c.Put(ctx, upload(2, jpegOf(t, flag(20, 20))))
	must(t, err)
	var ordered, requested File
	must(t, s.change(func(c *Cabinet) (err error) {
		ordered, err = c.Attach(ctx, OfOrder(2, s.order), sent.Sent(), "")
		return err
	}))
	must(t, s.change(func(c *Cabinet) (err error) {
		requested, err = c.Attach(ctx, OfRequest(2, s.request), sent.Sent(), "")
		return err
	}))
	stranger := uuid.Must(uuid.NewV7())
	for _, x := range []struct {
		name   string
		who    sight
		reader uuid.UUID
		sees   string
	}{
		{"the owner's office", sight{orgs: "2"}, other, "loose ordered requested"},
		{"the serving partner's office", sight{orgs: "3"}, other, "ordered requested"},
		{"a third office", sight{orgs: "1"}, other, ""},
		{"the engineer on the visit", sight{"3", &s.engineer}, other, "ordered requested"},
		{"another engineer there", sight{"3", &stranger}, other, ""},
		{"who sent it", sight{"3", &stranger}, me, "loose"},
	} {
		var seen []string
		for name, id := range map[string]uuid.UUID{"loose": loose.ID, "ordered": ordered.ID, "requested": requested.ID} {
			_, err := s.c.Get(ctx, x.who, x.reader, id)
			if err == nil {
				seen = append(seen, name)
			} else if !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		want := strings.Fields(x.sees)
		if len(seen) != len(want) {
			t.Errorf("%s sees %v, want %v", x.name, seen, want)
		}
		for _, name := range seen {
			if !strings.Contains(x.sees, name) {
				t.Errorf("%s sees %s", x.name, name)
			}
		}
	}
	if _, err := s.c.Get(ctx, sight{}, me, loose.ID); !fault.Is(err, fault.Forbidden) {
		t.Errorf("without a scope: %v", err)
	}
}

func TestTheFirstRenderingOfAPaperWins(t *testing.T) {
	t.Parallel()
	s, ctx := newShelf(t), context.Background()
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			err := s.change(func(c *Cabinet) error {
				p, err := c.Issue(ctx, Paper{OrgID: 2, OrderID: &s.order, SubjectID: s.order, Kind: "receipt", Lang: "zh-Hans", Version: 1, Bytes: fmt.Appendf(nil, "rendering %d", i)})
				got[i] = string(p.Bytes)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, text := range got {
		if text != got[0] || !strings.HasPrefix(text, "rendering ") {
			t.Errorf("eight readers got %q", got)
			break
		}
	}
	if _, found, err := s.c.Issued(ctx, s.order, "receipt", "en", "", 1); found || err != nil {
		t.Errorf("an English copy nobody issued: %v, %v", found, err)
	}
}
