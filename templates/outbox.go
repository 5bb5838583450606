package templates

// Outbox is GET /m/outbox. Sheets are sent when they are submitted, so nothing
// waits here yet.
type Outbox struct{ Chrome }

func (Outbox) place() place { return place{"outbox", "phone"} }
