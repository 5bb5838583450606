package importing

import (
	"maps"
	"testing"
)

func TestSpreadsheetsTakeNoCellForAFormula(t *testing.T) {
	for cell, want := range map[string]string{"=1+1": "'=1+1", "@x": "'@x", "-x": "'-x", "-5": "-5", "+86 571 8800": "+86 571 8800", "": "", "plain": "plain", "+cmd": "'+cmd"} {
		if got := harmless(cell); got != want {
			t.Errorf("%q is written %q, want %q", cell, got, want)
		}
	}
}

// Columns are found by the words that spreadsheets of this country head them with, each at most once.
func TestColumnsAreGuessed(t *testing.T) {
	for kind, c := range map[string]struct {
		header []string
		want   map[string]string
	}{
		"parts":     {[]string{"物料编码", "物料名称", "单位", "含税单价（元）", "备注"}, map[string]string{"sku": "物料编码", "name": "物料名称", "unit": "单位", "price": "含税单价（元）"}},
		"customers": {[]string{"客户编号", "客户姓名", "手机号", "地址", "区域编码", "联系人", "联系人电话"}, map[string]string{"external_ref": "客户编号", "name": "客户姓名", "phone": "手机号", "address": "地址", "region": "区域编码", "contact": "联系人", "contact_phone": "联系人电话"}},
		"engineers": {[]string{"工号", "姓名", "电话", "服务区域", "技能"}, map[string]string{"staff_number": "工号", "name": "姓名", "phone": "电话", "regions": "服务区域", "skills": "技能"}},
		"stock":     {[]string{"SKU", "Place", "Quantity"}, map[string]string{"sku": "SKU", "place": "Place", "quantity": "Quantity"}},
		"assets":    {[]string{"x", "y"}, map[string]string{}},
	} {
		if got := Guess(kind, c.header); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", kind, got, c.want)
		}
	}
}
