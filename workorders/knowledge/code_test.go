package knowledge

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/fault"
	"paigong/internal/postgres/pgtest"
)

var morning = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

type list struct {
	testing.TB
	db    *bun.DB
	codes Codes
}

func open(t testing.TB) list {
	db := pgtest.New(t)
	return list{t, db, New(db, func() time.Time { return morning })}
}

func (l list) do(fn func(ctx context.Context, c Codes) error) error {
	return l.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", morning); err != nil {
			return err
		}
		return fn(ctx, l.codes.In(tx))
	})
}

func (l list) load() (n int) {
	l.Helper()
	if err := l.do(func(ctx context.Context, c Codes) (err error) { n, err = c.Load(ctx); return err }); err != nil {
		l.Fatal(err)
	}
	return n
}

func refused(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
}

func ptr[T any](v T) *T { return &v }

func TestTheFirstListIsFitForUse(t *testing.T) {
	codes, err := Appliances()
	if err != nil {
		t.Fatal(err)
	}
	count, seen := map[Kind]int{}, map[string]bool{}
	for _, c := range codes {
		count[c.Kind]++
		if key := string(c.Kind) + " " + c.Code; seen[key] {
			t.Errorf("%s is there twice", key)
		} else {
			seen[key] = true
		}
		if err := (CodeInput{Kind: c.Kind, Code: c.Code, Name: c.Name}).check(); err != nil {
			t.Errorf("%s: %v", c.Code, err)
		}
		if !strings.ContainsFunc(c.Name, isChinese) || c.NameEn == "" || strings.ContainsFunc(c.NameEn, isChinese) {
			t.Errorf("%s is called %q and %q", c.Code, c.Name, c.NameEn)
		}
		if helps := c.Help("zh-Hans") != "" && c.Help("en") != c.Help("zh-Hans"); helps != (c.Kind == Fault) {
			t.Errorf("%s %s has first aid in both languages: %v", c.Kind, c.Code, helps)
		}
		if strings.ContainsAny(c.Name+c.FirstAid, ",;:()") {
			t.Errorf("%s has Western punctuation in a Chinese text", c.Code)
		}
	}
	if count[Fault] < 20 || count[Cause] < 12 || count[Action] < 15 {
		t.Errorf("the list has %v", count)
	}
	if !slices.ContainsFunc(codes, func(c Code) bool { return c.Kind == Action && !c.Repairs }) {
		t.Error("every action repairs something")
	}
}

func isChinese(r rune) bool { return unicode.Is(unicode.Han, r) }

func TestLoadingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	l := open(t)
	all, err := Appliances()
	if err != nil {
		t.Fatal(err)
	}
	if n := l.load(); n != len(all) {
		t.Errorf("loaded %d of %d", n, len(all))
	}
	if err := l.do(func(ctx context.Context, c Codes) error {
		_, err := c.PatchCode(ctx, Fault, "WM-01", CodePatch{Name: ptr("洗衣机甩干不转")}, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := l.load(); n != 0 {
		t.Errorf("loaded %d again", n)
	}
	c, err := l.codes.Code(t.Context(), Fault, "WM-01")
	if err != nil || c.Name != "洗衣机甩干不转" || c.Version != 2 {
		t.Errorf("what people made of a code is lost: %+v %v", c, err)
	}
	if c.Called("en") != "Washer does not spin" || c.Called("zh-Hans") != "洗衣机甩干不转" {
		t.Errorf("%q %q", c.Called("en"), c.Called("zh-Hans"))
	}
	for name, x := range map[string]struct {
		f    CodeFilter
		want int
	}{
		"faults": {CodeFilter{Kind: "fault"}, 20}, "of washers and any device": {CodeFilter{Kind: "fault", Category: "washer"}, 6}, "by code": {CodeFilter{Q: "wm-0"}, 5},
		"by Chinese name": {CodeFilter{Q: "漏水"}, 2}, "by English name": {CodeFilter{Q: "LEAKS"}, 2},
	} {
		page, err := l.codes.Codes(t.Context(), x.f)
		if err != nil || len(page.Items) != x.want {
			t.Errorf("%s: %d (%v), want %d", name, len(page.Items), err, x.want)
		}
	}
	seen := 0
	f := CodeFilter{}
	for f.Limit = 20; ; {
		page, err := l.codes.Codes(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Items)
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	if seen != len(all) {
		t.Errorf("page by page %d, want %d", seen, len(all))
	}
}

func TestCodesComeAndRetire(t *testing.T) {
	t.Parallel()
	l := open(t)
	add := func(in CodeInput) (c Code, err error) {
		err = l.do(func(ctx context.Context, x Codes) (err error) { c, err = x.AddCode(ctx, in); return err })
		return c, err
	}
	c, err := add(CodeInput{Kind: Action, Code: "A-1", Name: " 检测 ", Repairs: ptr(false)})
	if err != nil || c.Repairs || c.Name != "检测" || c.Version != 1 {
		t.Fatalf("%+v %v", c, err)
	}
	if c, err := add(CodeInput{Kind: Fault, Code: "A-1", Name: "同码不同类"}); err != nil || !c.Repairs {
		t.Fatalf("%+v %v", c, err)
	}
	_, err = add(CodeInput{Kind: Action, Code: "A-1", Name: "again"})
	refused(t, err, fault.Conflict, "codes_pkey")
	_, err = add(CodeInput{Kind: "moon", Code: "A-2", Name: "x"})
	refused(t, err, fault.Invalid, "code_kind")
	_, err = add(CodeInput{Kind: Cause, Code: "A 2", Name: "x"})
	refused(t, err, fault.Invalid, "code_shape")
	_, err = add(CodeInput{Kind: Cause, Code: "A-2", Name: ""})
	refused(t, err, fault.Invalid, "name_length")

	if err := l.codes.Known(t.Context(), "action", "A-1"); err != nil {
		t.Error(err)
	}
	refused(t, l.codes.Known(t.Context(), "cause", "A-1"), fault.Invalid, "unknown_code")
	patch := func(code string, in CodePatch, version *int) (c Code, err error) {
		err = l.do(func(ctx context.Context, x Codes) (err error) {
			c, err = x.PatchCode(ctx, Action, code, in, version)
			return err
		})
		return c, err
	}
	c, err = patch("A-1", CodePatch{Retired: ptr(true), NameEn: ptr("tested")}, ptr(1))
	if err != nil || c.RetiredAt == nil || c.NameEn != "tested" || c.Name != "检测" || c.Version != 2 {
		t.Fatalf("%+v %v", c, err)
	}
	refused(t, l.codes.Known(t.Context(), "action", "A-1"), fault.Invalid, "unknown_code")
	if c, err := l.codes.Code(t.Context(), Action, "A-1"); err != nil || c.Called("en") != "tested" {
		t.Errorf("old sheets still name it: %+v %v", c, err)
	}
	if page, err := l.codes.Codes(t.Context(), CodeFilter{Kind: "action"}); err != nil || len(page.Items) != 0 {
		t.Errorf("still offered: %+v %v", page.Items, err)
	}
	_, err = patch("A-1", CodePatch{Retired: ptr(false)}, ptr(1))
	refused(t, err, fault.Stale, "stale")
	if c, err = patch("A-1", CodePatch{Retired: ptr(false)}, ptr(2)); err != nil || c.RetiredAt != nil {
		t.Errorf("%+v %v", c, err)
	}
	_, err = patch("A-9", CodePatch{}, nil)
	refused(t, err, fault.NotFound, "code_unknown")
	_, err = patch("A-1", CodePatch{Name: ptr(" ")}, nil)
	refused(t, err, fault.Invalid, "name_length")
}
