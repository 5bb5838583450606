package demo

// appliance is a kind of device with what usually happens to it.
type appliance struct {
	skill, name string
	models      []string
	faults      []complaintOf
	parts       []article
}

// complaintOf is what a customer says and the code an engineer gives it.
type complaintOf struct{ says, code string }

// article is a part of the price list; the price is in fen.
type article struct {
	sku, name string
	price     int64
	flags     string // s = counted by serial number, o = the old one comes back
}

var appliances = []appliance{
	{"washer", "洗衣机", []string{"XQG100-B14", "XQG80-D6", "XQB90-T3"}, []complaintOf{
		{"洗衣机不脱水，衣服湿漉漉的", "WM-03"}, {"洗衣机脱水时震动很大，会走动", "WM-05"}, {"洗衣机底部漏水", "WM-04"}, {"洗衣机不进水，一直报警", "WM-02"}, {"滚筒不转，嗡嗡响", "WM-01"}},
		[]article{{"WM-PUMP", "洗衣机排水泵", 8600, ""}, {"WM-SEAL", "滚筒门密封圈", 12800, ""}, {"WM-VALVE", "进水电磁阀", 5600, ""}, {"WM-BELT", "洗衣机传动皮带", 3200, ""},
			{"WM-DAMPER", "减震器（一对）", 9800, ""}, {"WM-PCB", "洗衣机主控板", 32800, "o"}, {"WM-LOCK", "洗衣机门锁", 6800, ""}, {"WM-MOTOR", "变频电机", 46800, "so"}, {"WM-HOSE", "排水管", 2600, ""}}},
	{"aircon", "空调", []string{"KFR-35GW/B1", "KFR-72LW/D2", "KFR-26GW/A3"}, []complaintOf{
		{"空调不制冷，出风是常温", "AC-01"}, {"空调不制热", "AC-02"}, {"室内机往下滴水", "AC-03"}, {"空调显示E1，自动停机", "AC-04"}},
		[]article{{"AC-CAP", "压缩机启动电容", 4500, ""}, {"AC-FAN", "室外机风扇电机", 21800, "o"}, {"AC-PCB", "空调主控板", 38800, "o"}, {"AC-R32", "制冷剂R32（100克）", 2800, ""},
			{"AC-SENSOR", "室温传感器", 3600, ""}, {"AC-REMOTE", "空调遥控器", 5800, ""}, {"AC-PUMP", "冷凝水提升泵", 16800, ""}, {"AC-VALVE", "四通换向阀", 24800, ""}, {"AC-COMP", "空调压缩机", 98000, "so"}}},
	{"fridge", "冰箱", []string{"BCD-468W", "BCD-258T", "BCD-550S"}, []complaintOf{
		{"冰箱不制冷，冷冻室化冻了", "RF-01"}, {"冷藏室后壁结冰，底下有水", "RF-02"}, {"冰箱噪音很大，半夜吵醒人", "RF-03"}},
		[]article{{"RF-FAN", "冰箱循环风扇", 9600, ""}, {"RF-THERMO", "冰箱温控器", 7800, ""}, {"RF-HEAT", "化霜加热管", 8800, ""}, {"RF-SEAL", "冰箱门封条", 13800, ""},
			{"RF-PCB", "冰箱主控板", 36800, "o"}, {"RF-LAMP", "冰箱照明灯", 2800, ""}, {"RF-START", "压缩机启动继电器", 4800, ""}, {"RF-DAMPER", "电动风门", 11800, ""}, {"RF-SENSOR", "化霜传感器", 3800, ""}}},
	{"heater", "热水器", []string{"JSQ30-X5", "F60-21A", "JSQ24-E2"}, []complaintOf{
		{"热水器不出热水", "WH-01"}, {"热水器漏水，滴到地上", "WH-02"}, {"热水忽冷忽热", "WH-01"}},
		[]article{{"WH-ANODE", "镁棒", 6800, ""}, {"WH-HEAT", "电加热管", 12600, ""}, {"WH-IGN", "点火针组件", 5200, ""}, {"WH-FLOW", "水流传感器", 8200, ""},
			{"WH-PCB", "热水器控制板", 28800, "o"}, {"WH-VALVE", "安全泄压阀", 3800, ""}, {"WH-GAS", "燃气比例阀", 19800, ""}, {"WH-SENSOR", "出水温度传感器", 4200, ""}}},
	{"tv", "电视", []string{"55E8K", "65V3", "43A5"}, []complaintOf{
		{"电视有声音没有画面", "TV-01"}, {"电视不开机，红灯闪", "TV-02"}},
		[]article{{"TV-BACKLIGHT", "背光灯条（套）", 26800, ""}, {"TV-POWER", "电视电源板", 22800, "o"}, {"TV-MAIN", "电视主板", 45800, "o"}, {"TV-TCON", "逻辑板", 19800, ""},
			{"TV-IR", "红外接收板", 3800, ""}, {"TV-REMOTE", "语音遥控器", 8800, ""}, {"TV-STAND", "电视底座", 12800, ""}}},
	{"hood", "油烟机", []string{"CXW-260-J2", "CXW-200-T5"}, []complaintOf{
		{"油烟机吸力小，满屋子油烟", "RH-01"}, {"油烟机一开就跳闸", "EL-01"}},
		[]article{{"RH-MOTOR", "油烟机电机", 29800, "o"}, {"RH-PANEL", "触控面板", 15800, ""}, {"RH-LAMP", "油烟机LED灯", 3600, ""}, {"RH-FLAP", "止回阀", 4600, ""}, {"RH-FILTER", "油网", 6800, ""}, {"RH-CAP", "电机电容", 2600, ""}}},
	{"hob", "燃气灶", []string{"JZT-8B2", "JZT-5A1"}, []complaintOf{{"燃气灶打不着火", "GS-01"}, {"打着火松手就灭", "GS-01"}},
		[]article{{"GS-IGN", "脉冲点火器", 5800, ""}, {"GS-THERMO", "热电偶", 4200, ""}, {"GS-VALVE", "电磁阀", 7600, ""}, {"GS-CAP", "火盖", 6200, ""}, {"GS-KNOB", "灶具旋钮", 1800, ""}, {"GS-HOSE", "燃气金属软管", 4800, ""}}},
	{"dishwasher", "洗碗机", []string{"WQP12-H3", "WQP8-K1"}, []complaintOf{{"洗碗机洗不干净，碗上有沙", "DW-01"}, {"洗碗机不排水", "DW-01"}},
		[]article{{"DW-PUMP", "洗碗机洗涤泵", 26800, "o"}, {"DW-ARM", "下喷臂", 6800, ""}, {"DW-DRAIN", "洗碗机排水泵", 9800, ""}, {"DW-SOFT", "软水器", 16800, ""}, {"DW-LOCK", "洗碗机门锁", 7200, ""}, {"DW-SEAL", "洗碗机门密封条", 8600, ""}}},
}

var brands = []string{"北辰", "沁风", "净澜", "云帆", "锦灶", "瑞禾"}

var surnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕"}
var givenNames = []string{"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "平", "刚", "桂英", "建国", "志强", "秀英", "晓燕", "海燕", "丽华", "建华", "文博", "子涵", "雨桐", "浩然", "思远", "佳怡", "梓轩", "美玲", "国庆", "春梅", "立新"}

// district is a part of the city with some of its streets.
type district struct {
	code, name, centre string
	lat, lng           float64
	streets            []string
}

var districts = []district{
	{"330106", "西湖区", "HZ-XH", 30.274, 120.130, []string{"文三路", "天目山路", "古墩路", "学院路", "紫荆花路", "申花路"}},
	{"330105", "拱墅区", "HZ-XH", 30.319, 120.150, []string{"大关路", "丽水路", "湖墅南路", "上塘路", "莫干山路"}},
	{"330102", "上城区", "HZ-XH", 30.243, 120.170, []string{"解放路", "庆春路", "中山中路", "凯旋路", "秋涛北路"}},
	{"330108", "滨江区", "HZ-BJ", 30.207, 120.211, []string{"江南大道", "滨盛路", "西兴路", "长河路", "江晖路"}},
	{"330109", "萧山区", "HZ-BJ", 30.185, 120.264, []string{"市心中路", "金城路", "人民路", "建设一路"}},
	{"330110", "余杭区", "HZ-XH", 30.290, 120.010, []string{"文一西路", "五常大道", "良睦路", "荆长大道"}},
}

// crew are the twelve engineers in the order of their logins.
var crew = []struct {
	name, centre string
	skills       []string
}{
	{"陈建军", "HZ-XH", []string{"washer", "fridge", "dishwasher"}},
	{"李志明", "HZ-XH", []string{"aircon", "heater"}},
	{"王海涛", "HZ-XH", []string{"fridge", "tv", "washer"}},
	{"周立新", "HZ-XH", []string{"hood", "hob", "heater"}},
	{"吴国强", "HZ-XH", []string{"aircon", "washer", "tv"}},
	{"徐文博", "HZ-XH", []string{"heater", "hood", "hob", "dishwasher"}},
	{"沈浩", "HZ-BJ", []string{"washer", "fridge", "tv"}},
	{"何勇", "HZ-BJ", []string{"aircon", "heater", "fridge"}},
	{"马超", "HZ-BJ", []string{"hood", "hob", "heater", "dishwasher"}},
	{"郭磊", "HZ-BJ", []string{"aircon", "tv", "washer"}},
	{"彭刚", "HZ-YH", []string{"washer", "fridge", "aircon", "heater"}},
	{"傅军", "HZ-YH", []string{"tv", "hood", "hob", "dishwasher"}},
}
