package customers

import (
	"testing"

	"paigong/internal/fault"
)

func TestOneShapeForEveryPhoneNumber(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"13812345678", "+8613812345678"},
		{" 138 1234 5678 ", "+8613812345678"},
		{"138-1234-5678", "+8613812345678"},
		{"+86 138 1234 5678", "+8613812345678"},
		{"008613812345678", "+8613812345678"},
		{"１３８１２３４５６７８", "+8613812345678"},
		{"tel:+8613812345678", "+8613812345678"},
		{"010-62345678", "+861062345678"},
		{"(010) 6234 5678", "+861062345678"},
		{"0371-65901234", "+8637165901234"},
		{"0371－65901234－801", "+8637165901234;ext=801"},
		{"0371-65901234转801", "+8637165901234;ext=801"},
		{"037165901234 分机 801", "+8637165901234;ext=801"},
		{"010-62345678 ext. 12", "+861062345678;ext=12"},
		{"+861062345678;ext=12", "+861062345678;ext=12"},
		{"19212345678", "+8619212345678"},
		{"021-12345678", "+862112345678"},
		{"13800000000", "+8613800000000"},
		{"400-820-8820", "+864008208820"},
		{"+1 650 253 0000", "+16502530000"},
	} {
		got, err := NormalisePhone(c.raw, "CN")
		if err != nil || got != c.want {
			t.Errorf("%q became %q (%v), want %q", c.raw, got, err, c.want)
		}
		if again, err := NormalisePhone(got, "CN"); err != nil || again != got {
			t.Errorf("%q became %q (%v) the second time", got, again, err)
		}
	}
	for _, raw := range []string{"", "65901234", "1381234567", "12345", "call me", "138123456789", "+86138;ext=1a"} {
		if got, err := NormalisePhone(raw, "CN"); !fault.HasCode(err, "phone_invalid") {
			t.Errorf("%q became %q (%v), want phone_invalid", raw, got, err)
		}
	}
}

func TestAPhoneNumberAsPeopleReadIt(t *testing.T) {
	for _, c := range []struct{ phone, shown, masked string }{
		{"+8613812345678", "138 1234 5678", "138****5678"},
		{"+861062345678;ext=801", "010 6234 5678 转 801", "106***5678"},
		{"+16502530000", "+1 650-253-0000", "+16*****0000"},
	} {
		if got := ShowPhone(c.phone); got != c.shown {
			t.Errorf("%s is shown as %q, want %q", c.phone, got, c.shown)
		}
		if got := MaskPhone(c.phone); got != c.masked {
			t.Errorf("%s is masked as %q, want %q", c.phone, got, c.masked)
		}
	}
}
