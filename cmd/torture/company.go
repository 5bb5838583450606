package main

import (
	"fmt"
	"time"
)

// settle makes the company: two regions, three engineers, a warehouse, three vans, five parts, and a login for
// everybody's work. Nobody dies yet.
func (k *killing) settle() {
	k.must(k.v.start())
	k.must(k.v.ready(k.ctx))
	const password = "correct horse battery"
	_, err := k.v.run(k.ctx, password+"\n", "user", "add", "--login", "admin", "--role", "admin", "--password-stdin")
	k.must(err)
	odds := k.odds
	k.odds = 0
	defer func() { k.odds = odds }()
	k.people = map[string]*person{"anyone": {v: k.v}}
	signIn := func(login string) {
		status, raw, _ := (&person{v: k.v}).send(k.ctx, "POST", "/sessions", "", m{"login": login, "password": password})
		a := read(status, raw)
		if status != 201 {
			k.fail("%s cannot sign in: %d %s", login, status, raw)
		}
		k.people[login] = &person{v: k.v, name: login, token: a.text("token")}
	}
	signIn("admin")
	user := func(login string, engineer any, roles ...string) {
		body := m{"login": login, "name": login, "roles": roles, "password": password}
		if engineer != nil {
			body["engineer_id"] = engineer
		}
		k.post("admin", "/users", body, 201)
		signIn(login)
	}
	user("manager", nil, "manager", "lead", "complaints", "technical", "auditor")
	user("dispatcher", nil, "dispatcher")
	user("agent", nil, "agent", "clerk", "cashier")
	user("caller", nil, "caller")
	user("stock", nil, "stock")

	for _, r := range []m{{"code": "bj-cy", "name": "朝阳区"}, {"code": "bj-hd", "name": "海淀区"}} {
		k.post("admin", "/regions", r, 201)
	}
	k.post("admin", "/skills", m{"code": "cooling", "name": "制冷"}, 201)
	for _, c := range []m{{"kind": "fault", "code": "F01", "name": "不制冷"}, {"kind": "cause", "code": "C01", "name": "电容老化"}, {"kind": "action", "code": "A01", "name": "更换电容"}} {
		k.post("admin", "/codes", c, 201)
	}
	k.post("admin", "/places", m{"code": "WH", "name": "总库", "kind": "warehouse"}, 201)
	cooling := []m{{"code": "cooling", "level": 3}}
	for i, e := range []struct {
		name   string
		skills []m
	}{{"王伟", cooling}, {"李芳", nil}, {"张强", cooling}} {
		id := k.post("admin", "/engineers", m{"name": e.name, "region_codes": []string{"bj-cy"}, "skills": e.skills}, 201).text("id")
		for day := range 3 {
			from := time.Now().Add(-time.Hour + time.Duration(day)*24*time.Hour).UTC().Truncate(time.Second)
			k.post("dispatcher", "/engineers/"+id+"/shifts", m{"starts_at": from, "ends_at": from.Add(24 * time.Hour)}, 201)
		}
		k.post("admin", "/places", m{"code": fmt.Sprintf("VAN%d", i+1), "name": e.name + "的车", "kind": "van", "engineer_id": id}, 201)
		user(fmt.Sprintf("engineer%d", i+1), id, "engineer")
		switch i {
		case 0:
			k.right = id
		case 2:
			k.colleague = id
		}
	}
	k.post("admin", "/organisations", m{"code": "P-EAST", "name": "城东网点", "kind": "partner", "parent_code": k.call("admin", "GET", "/organisations", nil, 200, 1).text("items", 0, "code"), "region_codes": []string{"bj-cy"}}, 201)
	k.post("admin", "/users", m{"login": "partner", "name": "partner", "roles": []string{"partner_manager", "partner_dispatcher"}, "organisation_code": "P-EAST", "password": password}, 201)
	signIn("partner")
	for i, name := range []string{"启动电容", "压缩机", "风机", "温控器", "排水泵"} {
		k.post("stock", "/parts", m{"sku": fmt.Sprintf("P%d", i+1), "name": name, "unit": "个", "price_minor": 3500}, 201)
	}
	customer := k.post("agent", "/customers", m{"name": "周晓明", "phone": "13912345678"}, 201).text("id")
	k.site = k.post("agent", "/customers/"+customer+"/sites", m{"address": "朝阳区望京街 9 号", "region_code": "bj-cy"}, 201).text("id")
}
