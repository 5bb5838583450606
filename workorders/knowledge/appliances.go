package knowledge

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed appliances.json
var appliances []byte

// Appliances is a list of codes for a house that repairs household appliances: enough to begin with, in
// Chinese and English, to be changed by whoever knows better.
func Appliances() ([]Code, error) {
	var list []Code
	if err := json.Unmarshal(appliances, &list); err != nil {
		return nil, fmt.Errorf("list of appliance codes: %w", err)
	}
	return list, nil
}
