package templates

import (
	"html/template"
	"slices"
	"strings"
)

// look is how a state is shown: a colour for those who see it, a shape for
// those who do not, and always its word.
type look struct{ tone, shape string }

// looks holds every state of every machine that people see. Colours mean the
// same everywhere: blue is planned, violet is under way, amber is being worked
// on or waited for, green is done, red is late or failed; all else is grey.
var looks = map[string]map[string]look{
	"request": {
		"received":  {"onsite", "ring"},
		"triaged":   {"scheduled", "dot"},
		"converted": {"done", "tick"},
		"answered":  {"done", "tick"},
		"duplicate": {"plain", "cross"},
		"rejected":  {"plain", "cross"},
	},
	"order": {
		"new":               {"plain", "ring"},
		"awaiting_approval": {"onsite", "diamond"},
		"ready":             {"ink", "ring"},
		"assigned":          {"scheduled", "dot"},
		"in_progress":       {"onsite", "square"},
		"on_hold":           {"plain", "pause"},
		"completed":         {"done", "tick"},
		"closed":            {"plain", "tick"},
		"cancelled":         {"plain", "cross"},
		"cannot_complete":   {"late", "late"},
	},
	"visit": {
		"proposed":   {"plain", "ring"},
		"dispatched": {"scheduled", "ring"},
		"accepted":   {"scheduled", "dot"},
		"declined":   {"late", "cross"},
		"en_route":   {"travelling", "play"},
		"on_site":    {"onsite", "square"},
		"paused":     {"onsite", "pause"},
		"finished":   {"done", "tick"},
		"cancelled":  {"plain", "cross"},
	},
	"plan": {
		"running":   {"travelling", "play"},
		"ready":     {"ink", "ring"},
		"published": {"done", "tick"},
		"rejected":  {"plain", "cross"},
		"stale":     {"late", "late"},
		"failed":    {"late", "cross"},
	},
	"quote": {
		"draft":      {"plain", "ring"},
		"sent":       {"onsite", "diamond"},
		"approved":   {"done", "tick"},
		"declined":   {"late", "cross"},
		"expired":    {"plain", "cross"},
		"superseded": {"plain", "cross"},
	},
	"follow_up": {
		"scheduled":   {"plain", "ring"},
		"due":         {"onsite", "dot"},
		"attempted":   {"onsite", "play"},
		"done":        {"done", "tick"},
		"unreachable": {"late", "late"},
		"waived":      {"plain", "cross"},
		"suspended":   {"plain", "pause"},
		"superseded":  {"plain", "cross"},
	},
	"complaint": {
		"registered":    {"late", "late"},
		"investigating": {"onsite", "play"},
		"proposed":      {"scheduled", "diamond"},
		"accepted":      {"done", "tick"},
		"refused":       {"late", "cross"},
		"closed":        {"plain", "tick"},
	},
	"receipt": {
		"unpaid":    {"late", "ring"},
		"part_paid": {"onsite", "diamond"},
		"paid":      {"done", "tick"},
		"void":      {"plain", "cross"},
	},
	"message": {
		"queued":     {"scheduled", "dot"},
		"delivered":  {"done", "tick"},
		"failed":     {"onsite", "play"},
		"dead":       {"late", "cross"},
		"suppressed": {"plain", "cross"},
	},
	"improvement": {
		"open":      {"onsite", "ring"},
		"done":      {"scheduled", "dot"},
		"effective": {"done", "tick"},
		"declined":  {"plain", "cross"},
	},
	"callback": {
		"open":      {"onsite", "dot"},
		"done":      {"done", "tick"},
		"cancelled": {"plain", "cross"},
	},
	"pickup": {
		"to_pick":     {"onsite", "ring"},
		"ready":       {"scheduled", "dot"},
		"handed_over": {"done", "tick"},
		"returned":    {"plain", "tick"},
		"cancelled":   {"plain", "cross"},
	},
	"wish": {
		"asked":    {"onsite", "ring"},
		"ready":    {"scheduled", "dot"},
		"received": {"done", "tick"},
		"refused":  {"late", "cross"},
	},
	"custody": {
		"taken":            {"onsite", "play"},
		"received":         {"scheduled", "dot"},
		"diagnosing":       {"scheduled", "square"},
		"quoted":           {"onsite", "diamond"},
		"repairing":        {"onsite", "square"},
		"tested":           {"scheduled", "tick"},
		"ready_for_return": {"ink", "ring"},
		"returned":         {"done", "tick"},
		"scrapped":         {"plain", "cross"},
	},
	"part": {
		"needed":   {"late", "ring"},
		"reserved": {"scheduled", "dot"},
		"issued":   {"scheduled", "tick"},
		"used":     {"done", "tick"},
		"returned": {"plain", "tick"},
		"released": {"plain", "cross"},
	},
	"delivery": {
		"pending":   {"onsite", "ring"},
		"delivered": {"done", "tick"},
		"dead":      {"late", "late"},
	},
	"absence": {
		"requested": {"onsite", "ring"},
		"approved":  {"done", "tick"},
		"rejected":  {"plain", "cross"},
		"withdrawn": {"plain", "cross"},
	},
	"shortage": {
		"open":      {"late", "ring"},
		"allotted":  {"done", "tick"},
		"cancelled": {"plain", "cross"},
	},
	"old_part": {
		"old_due":          {"onsite", "ring"},
		"old_received":     {"scheduled", "dot"},
		"kept_by_customer": {"plain", "tick"},
		"written_off":      {"plain", "cross"},
		"scrapped":         {"plain", "cross"},
		"sent_to_vendor":   {"done", "tick"},
	},
	"hand_over": {
		"offered":   {"onsite", "diamond"},
		"accepted":  {"done", "tick"},
		"refused":   {"late", "cross"},
		"expired":   {"plain", "cross"},
		"withdrawn": {"plain", "cross"},
	},
	"invoice_request": {
		"requested": {"onsite", "ring"},
		"issued":    {"scheduled", "dot"},
		"sent":      {"done", "tick"},
		"withdrawn": {"plain", "cross"},
		"reversed":  {"late", "cross"},
	},
	"cash_up": {
		"open":    {"onsite", "ring"},
		"counted": {"done", "tick"},
		"void":    {"plain", "cross"},
	},
	"sheet": {
		"done":            {"done", "tick"},
		"partial":         {"onsite", "pause"},
		"no_access":       {"late", "late"},
		"need_parts":      {"onsite", "ring"},
		"need_approval":   {"onsite", "diamond"},
		"taken_to_depot":  {"scheduled", "play"},
		"no_fault_found":  {"done", "tick"},
		"declined":        {"plain", "cross"},
		"cannot_complete": {"late", "cross"},
	},
}

// shapes are drawn in a box of 10 × 10 with the colour of the text.
var shapes = map[string]string{
	"dot":     `<circle cx="5" cy="5" r="3.5"/>`,
	"ring":    `<circle cx="5" cy="5" r="3" class="line"/>`,
	"play":    `<path d="M2.5 1.2 9 5 2.5 8.8z"/>`,
	"square":  `<path d="M1.8 1.8h6.4v6.4H1.8z"/>`,
	"diamond": `<path d="M5 .8 9.2 5 5 9.2.8 5z"/>`,
	"tick":    `<path class="line" d="M1.5 5.4 4 7.9 8.6 2.3"/>`,
	"cross":   `<path class="line" d="M2.2 2.2l5.6 5.6M7.8 2.2 2.2 7.8"/>`,
	"pause":   `<path d="M2 1.5h2.2v7H2zM5.8 1.5H8v7H5.8z"/>`,
	"late":    `<path d="M4 .8h2l-.3 5.2H4.3z"/><circle cx="5" cy="8.2" r="1.1"/>`,
	"clock":   `<circle cx="5" cy="5" r="3.7" class="line"/><path class="line" d="M5 2.8V5l1.5 1.2"/>`,
}

// badge is a word in its colour behind its shape; at, when given, is the
// moment it speaks of.
func badge(tone, shape, text, at string) template.HTML {
	open, end := "<span", "</span>"
	if at != "" {
		open, end = `<time datetime="`+template.HTMLEscapeString(at)+`"`, "</time>"
	}
	return template.HTML(open + ` class="badge is-` + tone + `"><svg class="shape" viewBox="0 0 10 10" aria-hidden="true" focusable="false">` +
		shapes[shape] + `</svg>` + template.HTMLEscapeString(text) + end)
}

// Badge shows a state; kind is a key of looks. A state this page
// does not know is shown as it is spelled, never hidden.
func (c Chrome) Badge(kind, state string) template.HTML {
	if state == "" {
		return ""
	}
	l, ok := looks[kind][state]
	if !ok {
		return badge("plain", "ring", state, "")
	}
	return badge(l.tone, l.shape, c.T("state."+kind+"."+state), "")
}

// stateOrder lists the states by which people filter, in the order of a life.
var stateOrder = map[string][]string{
	"request":         {"received", "triaged", "converted", "answered", "duplicate", "rejected"},
	"order":           {"new", "awaiting_approval", "ready", "assigned", "in_progress", "on_hold", "completed", "closed", "cancelled", "cannot_complete"},
	"follow_up":       {"scheduled", "due", "attempted", "done", "unreachable", "waived", "suspended", "superseded"},
	"complaint":       {"registered", "investigating", "proposed", "accepted", "refused", "closed"},
	"receipt":         {"unpaid", "part_paid", "paid", "void"},
	"cash_up":         {"open", "counted", "void"},
	"invoice_request": {"requested", "issued", "sent", "withdrawn", "reversed"},
	"callback":        {"open", "done", "cancelled"},
	"improvement":     {"open", "done", "effective", "declined"},
	"pickup":          {"to_pick", "ready", "handed_over", "returned", "cancelled"},
	"custody":         {"taken", "received", "diagnosing", "quoted", "repairing", "tested", "ready_for_return", "returned", "scrapped"},
}

// words are the closed vocabularies of forms, in the order they are offered.
var words = map[string][]string{
	"check_area":      {"stock", "diary", "money", "promises", "states", "story", "records"},
	"plan_cause":      {"asked", "again", "nightly", "absence", "overrun", "emergency", "part_arrived"},
	"plan_change":     {"new", "engineer", "time", "both"},
	"rule":            {"blocked", "region", "skill", "tool", "window", "shift", "overtime", "absence", "max_visits", "overlap", "travel", "part_none", "part_expected", "part_store", "inactive"},
	"absence":         {"sick", "leave", "training", "other"},
	"attempt":         {"reached", "no_answer", "busy", "phone_off", "call_later", "refused", "wrong_number", "wrong_person", "rated", "left_message"},
	"by":              {"phone", "sms", "link", "on_site"},
	"callback":        {"appointment", "displaced", "delay", "part_arrived", "no_access", "quote_open", "device_ready", "unpaid", "promised_reply", "missed_call"},
	"cause":           {"customer", "us", "parts", "weather"},
	"channel":         {"phone", "email", "web", "chat", "fax", "letter", "walk_in", "link", "shipment", "import", "api", "sms", "wechat"},
	"check":           {"pass", "fail", "not_applicable"},
	"class":           {"A", "B", "C"},
	"condition":       {"good", "defective", "to_inspect"},
	"language":        {"zh-Hans", "en"},
	"contact":         {"reporter", "on_site", "payer", "decision"},
	"conversation":    {"chase", "progress", "appointment", "delay_notice", "other"},
	"coverage":        {"maker", "extended", "contract", "repair", "goodwill", "none"},
	"day_part":        {"morning", "afternoon", "evening"},
	"direction":       {"in", "out"},
	"exclusion":       {"misuse", "water", "opened", "no_proof", "expired", "consumable"},
	"follow_up":       {"after_visit", "after_answer", "3dc", "7dc", "declined", "cancelled", "first_contact", "care"},
	"found":           {"request", "work_order", "customer", "asset", "part", "receipt", "complaint"},
	"grade":           {"grumble", "complaint"},
	"hold":            {"parts", "customer", "depot", "vendor", "other"},
	"holder":          {"engineer", "depot", "vendor", "customer"},
	"how":             {"phone", "on_site", "paper", "link"},
	"kind":            {"repair", "install", "maintain", "inspect", "exchange", "deliver", "train", "relocate", "consult", "technical", "appointment", "account", "suggestion", "billing", "complaint", "other"},
	"covers":          {"all", "labour", "part", "travel", "inspection", "material"},
	"line":            {"labour", "part", "travel", "inspection", "material", "other"},
	"method":          {"cash", "wechat", "alipay", "card", "transfer", "on_account", "waiver"},
	"message_channel": {"all", "mail", "sms", "bot"},
	"mode":            {"phone", "on_site", "depot"},
	"movement":        {"receive", "transfer", "adjust", "return", "scrap", "consume", "inspect"},
	"ask_mode":        {"phone", "letter", "visit"},
	"flow":            {"simple", "dispute", "technical", "unsolvable"},
	"improvement":     {"corrective", "concession", "suggestion", "question", "task"},
	"question":        {"service", "product", "on_time", "manner", "charges", "clean"},
	"root_cause":      {"people", "parts", "product", "process", "information", "supplier", "customer", "none"},
	"next":            {"none", "repeat_visit", "new_request", "complaint", "corrective_action", "concession"},
	"on_conflict":     {"refuse", "displace"},
	"organisation":    {"head", "centre", "partner"},
	"outcome":         {"done", "partial", "no_access", "need_parts", "need_approval", "taken_to_depot", "no_fault_found", "declined", "cannot_complete"},
	"photo":           {"before", "after", "nameplate", "invoice", "old_part", "door", "paper"},
	"place":           {"warehouse", "outlet", "van", "depot"},
	"priority":        {"1", "2", "3", "4"},
	"proof":           {"invoice", "card", "online_order", "none"},
	"purpose":         {"repair", "call_out", "variation"},
	"relation":        {"self", "family", "colleague", "property", "other"},
	"result":          {"accepted", "with_defects", "refused"},
	"role":            {"admin", "manager", "lead", "dispatcher", "agent", "caller", "complaints", "clerk", "cashier", "stock", "engineer", "depot", "technical", "auditor", "partner_manager", "partner_dispatcher", "partner_engineer"},
	"report_period":   {"daily", "weekly", "monthly"},
	"score":           {"1", "2", "3", "4", "5"},
	"severity":        {"1", "2", "3", "4"},
	"call_outcome":    {"request", "answered", "declined", "out_of_scope", "transferred", "message"},
	"group_skill":     {"technical", "theory", "all_round"},
	"standard":        {"clock_targets", "complaint_targets", "follow_up_kinds", "follow_up_rules", "service_hours", "group_routes", "call_targets", "quiet_hours"},
	"clock":           {"reply", "promised", "contact", "arrive", "fix", "settle"},
	"audience":        {"desk", "manager"},
	"weekday":         {"1", "2", "3", "4", "5", "6", "7"},
	"urgency":         {"normal", "urgent"},
	"triage":          {"triaged", "duplicate", "rejected"},
}

// offered narrows a vocabulary where a form takes fewer words than the record knows.
var offered = map[string][]string{
	"attempt.call":          {"reached", "no_answer", "busy", "phone_off", "call_later", "refused", "wrong_number", "wrong_person"},
	"channel.talk":          {"phone", "sms", "wechat", "email", "chat", "walk_in", "letter", "fax"},
	"channel.intake":        {"phone", "walk_in", "email", "chat", "letter", "fax", "web"},
	"call_outcome.ended":    {"answered", "declined", "out_of_scope", "transferred", "message"},
	"channel.call":          {"phone", "walk_in", "chat"},
	"kind.order":            {"repair", "install", "maintain", "inspect", "exchange", "deliver", "train", "relocate"},
	"kind.request":          {"repair", "install", "maintain", "inspect", "exchange", "deliver", "train", "consult", "technical", "appointment", "account", "suggestion", "billing", "complaint", "other"},
	"method.take":           {"cash", "wechat", "alipay", "card", "transfer", "on_account"},
	"movement.book":         {"receive", "transfer", "adjust", "return", "scrap", "inspect"},
	"message_channel.leave": {"all", "mail", "sms"},
	"holder.out":            {"engineer", "depot", "vendor"},
	"how.staff":             {"phone", "on_site", "paper"},
	"channel.complain":      {"phone", "walk_in", "email", "chat", "letter", "fax", "web"},
}

// wordKey is where the text of a word lies; roles have theirs beside the users.
func wordKey(kind, word string) string {
	if kind == "role" {
		return "role." + word
	}
	return "word." + kind + "." + word
}

// Word is one word of a closed vocabulary in the reader's language; an unknown
// one is shown as it is spelled.
func (c Chrome) Word(kind, word string) string {
	if !slices.Contains(words[kind], word) {
		return word
	}
	return c.T(wordKey(kind, word))
}

// Option is one entry of a choice.
type Option struct {
	Value, Text string
	Selected    bool
}

// Choices are the words of a vocabulary as options, one of them chosen. list
// is a key of words, or one of offered such as "kind.order".
func (c Chrome) Choices(list, chosen string) []Option {
	kind, values := list, words[list]
	if narrow, ok := offered[list]; ok {
		kind, _, _ = strings.Cut(list, ".")
		values = narrow
	}
	options := make([]Option, len(values))
	for i, v := range values {
		options[i] = Option{v, c.T(wordKey(kind, v)), v == chosen}
	}
	return options
}

// States are the states of a machine as options to filter by.
func (c Chrome) States(kind, chosen string) []Option {
	options := make([]Option, len(stateOrder[kind]))
	for i, s := range stateOrder[kind] {
		options[i] = Option{s, c.T("state." + kind + "." + s), s == chosen}
	}
	return options
}

// Pick marks the chosen one of a list that came from the database.
func (c Chrome) Pick(list []Option, chosen string) []Option {
	options := slices.Clone(list)
	for i := range options {
		options[i].Selected = options[i].Value == chosen
	}
	return options
}

// Prio is the tag of a priority, 1 first.
func (c Chrome) Prio(p int) template.HTML {
	if p < 1 || p > 4 {
		return ""
	}
	digit := string(rune('0' + p))
	return template.HTML(`<span class="prio p` + digit + `"><span class="p-digit" aria-hidden="true">` + digit + `</span>` +
		template.HTMLEscapeString(c.T("word.priority."+digit)) + `</span>`)
}
