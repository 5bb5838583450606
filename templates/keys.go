package templates

// KeyGroup is the shortcuts of one place.
type KeyGroup struct {
	Title string
	Keys  []Shortcut
}

// Shortcut is what some keys do.
type Shortcut struct {
	What  string
	Press []string
}

// KeyHelp is GET /keys: every shortcut. Scripts show it above the page one is on.
type KeyHelp struct{ Chrome }

func (KeyHelp) place() place { return place{"keys", "desk"} }

// shortcuts by the key of their group; each is the key of its text and what is pressed.
var shortcuts = []struct {
	group string
	keys  [][]string
}{
	{"anywhere", [][]string{{"palette", "Ctrl", "K"}, {"search", "/"}, {"new", "N"}, {"send", "Ctrl", "Enter"}, {"go_desk", "G", "S"}, {"go_orders", "G", "O"}, {"go_requests", "G", "R"}, {"go_callbacks", "G", "C"}, {"go_follow_ups", "G", "F"}, {"go_stock", "G", "K"}, {"go_exceptions", "G", "X"}, {"go_home", "G", "H"}, {"help", "?"}}},
	{"queue", [][]string{{"next", "J"}, {"previous", "K"}, {"assign_best", "A"}, {"assign_nth", "1", "2", "3"}, {"open", "Enter"}}},
	{"board", [][]string{{"walk", "←", "→", "↑", "↓"}, {"move", "M"}, {"drop", "Enter"}, {"longer", "+", "−"}, {"unassign", "U"}, {"undo", "Z"}, {"days", "[", "]"}, {"today", "T"}, {"leave", "Esc"}}},
}

// Groups are all shortcuts in the reader's words.
func (k KeyHelp) Groups() []KeyGroup {
	var list []KeyGroup
	for _, g := range shortcuts {
		group := KeyGroup{Title: k.T("ui.keys.group." + g.group)}
		for _, s := range g.keys {
			group.Keys = append(group.Keys, Shortcut{What: k.T("ui.keys.do." + s[0]), Press: s[1:]})
		}
		list = append(list, group)
	}
	return list
}
