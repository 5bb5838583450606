package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"paigong/dispatch"
)

// A service centre is set up by forms alone: region with its outline, skill, engineer, store and van, part with its
// price, letterhead, and somebody who forgot his password.
func TestSetUpByForms(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	v := n.signedIn("admin")
	corner := "39.99, 116.40\n39.99, 116.50\n39.90, 116.45"
	v.see("/settings/regions?parent=bj", 200).shows("朝阳区").form("/settings/regions").send(url.Values{"code": {"bj-wj"}, "name": {"望京"}, "parent_code": {"bj-cy"}, "shape": {corner}}).done().shows("望京")
	edit := v.see("/settings/regions?code=bj-wj&parent=bj-cy", 200).shows("✓")
	edit.form("/settings/regions").send(url.Values{"shape": {"39.99, 116.40\n39.99, 116.50"}}).refused(422, "3 到 200 个角")
	edit.form("/settings/regions").send(url.Values{"shape": {"north of the river"}}).refused(422, "纬度, 经度")
	edit.form("/settings/regions").send(url.Values{"parent_code": {"nowhere"}}).refused(422)
	edit.form("/settings/regions").send(url.Values{"name": {"望京街道"}}).done()
	if r := must(n.desk.Look(context.Background()).Board.Region(context.Background(), "bj-wj"))(t); r.Name != "望京街道" || len(r.Shape) != 3 || r.FullName != "北京 朝阳区 望京街道" {
		t.Errorf("the region is %+v", r)
	}
	if page := string(n.signedIn("dispatcher").see("/desk", 200).raw); !strings.Contains(page, ">望京街道</text>") {
		t.Error("the outline is not on the dispatcher's scheme")
	}
	v.see("/settings/regions?code=bj-wj", 200).form("/settings/regions").send(url.Values{"shape": {""}}).done()
	if r := must(n.desk.Look(context.Background()).Board.Region(context.Background(), "bj-wj"))(t); r.Shape != nil {
		t.Errorf("an outline that was taken away is %v", r.Shape)
	}

	v.see("/settings/skills", 200).form("/settings/skills").send(url.Values{"code": {"boiler"}, "name": {"壁挂炉"}}).done().shows("壁挂炉", "无人")
	person := v.see("/settings/engineers/new", 200).form("/settings/engineers/person")
	filled := url.Values{"name": {"刘洋"}, "staff_number": {"A901"}, "phone": {"13900001234"}, "region_codes": {"bj-wj，bj-hd"}, "skill_level": {"4", "", ""}, "lat": {"39.95"}, "lng": {"116.45"}}
	person.send(url.Values{"name": {"刘洋"}, "region_codes": {"bj-wj"}, "lat": {"39.95"}}).refused(422, "必填")
	person.send(filled).done().shows("刘洋", "壁挂炉 4")
	people := must(n.desk.Look(context.Background()).Board.Engineers(context.Background(), must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(t).Scope(), dispatch.EngineerFilter{Q: "A901"}))(t)
	if len(people.Items) != 1 {
		t.Fatal("the engineer was not made")
	}
	at := "/settings/engineers/" + people.Items[0].ID.String()
	stale := v.see(at, 200).shows("为他建车载库").form("/settings/engineers/person")
	v.see(at, 200).form("/settings/engineers/person").send(url.Values{"name": {"刘洋洋"}}).done().shows("刘洋洋")
	stale.send(url.Values{"name": {"刘小洋"}}).refused(412)
	v.see(at, 200).form("/settings/engineers/person").send(url.Values{"active": {""}}).done().hides("刘洋洋")

	keeper := n.signedIn("stock")
	places := keeper.see("/stock/places?engineer="+n.unskilled.String(), 200).form("/stock/places")
	places.send(url.Values{"code": {"V9"}, "name": {"新车"}, "engineer_id": {""}}).refused(422, "谁的车")
	places.send(url.Values{"code": {"OUT1"}, "name": {"望京网点"}, "kind": {"outlet"}, "engineer_id": {""}, "open_hours": {"8:30–17:30"}}).done().shows("望京网点", "没有坐标")
	keeper.see("/stock/places?edit=OUT1", 200).form("/stock/places").send(url.Values{"lat": {"39.96"}, "lng": {"116.46"}}).done().hides("没有坐标")
	parts := keeper.see("/stock/parts", 200).form("/stock/parts")
	parts.send(url.Values{"sku": {"FAN-35"}, "name": {"室外风机电机"}, "price": {"12.345"}}).refused(422)
	parts.send(url.Values{"sku": {"FAN-35"}, "name": {"室外风机电机"}, "price": {"128.5"}, "return_old": {"true"}}).done().shows("128.50", "返旧件")
	keeper.see(keeper.see("/stock/parts?q=FAN", 200).link("/stock/parts?edit="), 200).form("/stock/parts").send(url.Values{"price": {"99"}}).done().shows("99.00")
	n.signedIn("agent").see("/stock/parts", 200).hides("name=\"sku\"")

	head, late := v.see("/settings/organisations?code=HQ", 200).form("/settings/organisations/letterhead"), v.see("/settings/organisations?code=HQ", 200).form("/settings/organisations/letterhead")
	head.send(url.Values{"hotline": {"400-800-1234"}, "address": {"望京街 1 号"}}).done()
	late.send(url.Values{"hotline": {"400-000-0000"}}).refused(412)
	v.see("/settings/organisations?code=HQ", 200)
	n.stranger().see("/report", 200).shows("400-800-1234")

	users := v.see("/settings/users", 200)
	chosen := v.see(users.link("/settings/users?user="), 200)
	link := chosen.form("/settings/users/link").send(nil).done().link("/setup/")
	n.stranger().see(link, 200)
	chosen.form("/settings/users/change").send(url.Values{"roles": {"agent", "clerk"}}).done().shows("坐席员、信息管理员")
}

// A table is opened, its columns are found, what is wrong is said line by line before anything is taken, and taken
// twice it is taken once.
func TestImportWizard(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	v := n.signedIn("admin")
	file := "\xef\xbb\xbf物料编码,物料名称,含税单价,备注\nX-1,进水阀,35.50,\nX-2,,12,\nX-3,门封条,十元,\nX-4,皮带,18,\n"
	start := v.see("/settings/import", 200).form("/settings/import")
	start.sendWith(url.Values{"kind": {"parts"}}, map[string][]byte{"file": []byte("PK\x03\x04 workbook")}).refused(422, "另存为 CSV")
	opened := start.sendWith(url.Values{"kind": {"parts"}}, map[string][]byte{"file": []byte(file)}).shows("进水阀", "共 4 行")
	form := opened.form("/settings/import")
	if got := form.values["column"]; len(got) < 4 || got[0] != "物料编码" || got[1] != "物料名称" || got[3] != "含税单价" {
		t.Fatalf("columns found: %v", got)
	}
	unread := url.Values{"column": append([]string{""}, form.values["column"][1:]...)}
	form.send(unread).refused(422, "备件编码")
	looked := form.send(nil).shows("名称：没有填写", "不是金额", "写入 2 行", "尚未写入")
	n.signedIn("stock").see("/stock/parts?q=X-", 200).hides("进水阀")
	refused := looked.form("/settings/import/refused").send(nil)
	if text := string(refused.raw); !strings.Contains(text, "X-2,,12") || !strings.Contains(text, "X-3,门封条,十元") || strings.Contains(text, "X-1") {
		t.Errorf("the refused rows are %s", text)
	}
	take := looked.form("/settings/import")
	take.send(nil).shows("已导入").link("/stock/parts")
	take.send(nil).shows("已导入")
	n.signedIn("stock").see("/stock/parts?q=X-", 200).shows("进水阀", "35.50", "皮带")
	for _, kind := range []string{"regions", "holidays", "engineers", "parts", "stock", "customers", "assets"} {
		sample := v.see("/settings/import/example.csv?kind="+kind, 200)
		again := v.see("/settings/import", 200).form("/settings/import").sendWith(url.Values{"kind": {kind}}, map[string][]byte{"file": sample.raw})
		if again.status != 200 || strings.Contains(again.form("/settings/import").values.Get("column"), "（") {
			t.Errorf("the sample of %s is not understood: %d", kind, again.status)
		}
	}
	n.signedIn("caller").see("/settings/import", 403)
}
