package importing

import (
	"maps"
	"slices"
	"strings"

	"paigong/internal/say"
)

// Kinds lists what rows may be.
func Kinds() []string { return slices.Sorted(maps.Keys(fieldsOf)) }

// Fields lists the fields that rows of a kind need, and those they may have besides.
func Fields(kind string) (needed, more []string) { return fieldsOf[kind].needed, fieldsOf[kind].more }

// headings are words that spreadsheets head a column with, besides the field's own name and its label in each
// language. The first that fits wins.
var headings = map[string][]string{
	"external_ref": {"客户编号", "编号", "外部编号", "id", "ref"}, "name": {"名称", "姓名", "客户名称", "客户姓名", "物料名称", "备件名称", "区域名称", "工程师姓名", "节日"}, "phone": {"手机号", "手机", "电话", "联系电话", "mobile", "tel"},
	"class": {"等级", "客户等级"}, "language": {"语言"}, "notes": {"备注", "说明"}, "address": {"地址", "详细地址", "服务地址"}, "region": {"区域编码", "行政区划", "区划代码", "区域"}, "lat": {"纬度", "latitude"}, "lng": {"经度", "longitude", "lon"},
	"contact": {"联系人", "联系人姓名"}, "contact_phone": {"联系人电话", "联系人手机"}, "organisation": {"网点", "机构", "所属网点"},
	"customer": {"客户编号", "客户"}, "serial_number": {"序列号", "机身号", "sn"}, "model": {"型号", "机型"}, "category": {"品类", "产品类别", "类别"}, "brand": {"品牌"}, "purchased_on": {"购买日期", "购机日期"}, "installed_on": {"安装日期"}, "warranty_until": {"保修截止", "质保到期"},
	"sku": {"物料编码", "备件编码", "料号", "编码"}, "unit": {"单位", "计量单位"}, "price": {"单价", "含税单价", "售价", "价格"}, "serialised": {"序列号管理"}, "warranty_days": {"保修天数", "质保天数"}, "return_old": {"旧件返还", "返旧件"},
	"place": {"仓库", "库位", "仓库编码", "库房"}, "quantity": {"数量", "库存", "库存数量", "qty"}, "condition": {"成色", "状态"}, "serial_numbers": {"序列号"},
	"code": {"编码", "代码", "区域编码", "区划代码"}, "parent": {"上级", "上级编码", "上级区域"}, "staff_number": {"工号", "员工编号"}, "regions": {"服务区域", "负责区域", "区域"}, "skills": {"技能", "资质"}, "max_visits": {"每班上限", "日单量"},
	"day": {"日期", "date"}, "working": {"上班", "工作日"}, "off": {"放假", "休息"},
}

// Guess finds the column of each field by its heading: first those that are headed with exactly such a word, then
// those whose heading holds one. No column is taken twice.
func Guess(kind string, header []string) map[string]string {
	found, taken := map[string]string{}, map[string]bool{}
	needed, more := Fields(kind)
	fields := slices.Concat(needed, more)
	plain := strings.NewReplacer(" ", "", "_", "", "-", "", "（", "(", "）", ")", "*", "", ":", "", "：", "")
	words := func(field string) []string {
		list := []string{field}
		for _, lang := range say.Languages() {
			list = append(list, say.Text(lang, "import.field."+field))
		}
		list = append(list, headings[field]...)
		for i := range list {
			list[i] = strings.ToLower(plain.Replace(list[i]))
		}
		return list
	}
	for _, exact := range []bool{true, false} {
		for _, field := range fields {
			if found[field] != "" {
				continue
			}
			for _, word := range words(field) {
				i := slices.IndexFunc(header, func(h string) bool {
					h, at := strings.ToLower(plain.Replace(h)), h
					if !exact {
						h, _, _ = strings.Cut(h, "(")
					}
					return !taken[at] && (h == word || !exact && len([]rune(word)) > 1 && strings.HasSuffix(h, word))
				})
				if i >= 0 {
					found[field], taken[header[i]] = header[i], true
					break
				}
			}
		}
	}
	return found
}
