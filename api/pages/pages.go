package pages

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/notify"
	"paigong/templates"
	"paigong/workorders"
)

// Config is what the pages need besides the server.
type Config struct {
	Hooks    *notify.Webhooks
	Push     *notify.Push // nil = no notices on phones
	Log      *slog.Logger // nil = discard
	Version  string
	Database string // name and version, for the settings
	// Settings are those of the running program and where each came from.
	Settings []templates.Setting
	// Demo lists the logins of the sample company; empty outside the demo.
	Demo         []templates.DemoLogin
	DemoPassword string
}

// Pages are the screens of the product.
type Pages struct {
	Config
	server *api.Server
	desk   *workorders.Desk
	cross  *http.CrossOriginProtection
}

// New makes the screens of a server.
func New(s *api.Server, c Config) *Pages {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Pages{Config: c, server: s, desk: s.Desk(), cross: http.NewCrossOriginProtection()}
}

// view fills a page.
type view func(a *ask) (templates.Page, error)

// deed does what a form asks for and says which page to show next, by its path. It runs in one transaction
// when the form carries a key, so everything in it uses the context it is given.
type deed func(ctx context.Context, a *ask, f *form) (next string, err error)

// rooms adds pages to the router, each behind one guard. It is no echo.Group: a group with a guard answers
// every address of the program that nobody serves, and with it a wrong method as 404 instead of 405.
type rooms struct {
	e     *echo.Echo
	guard echo.MiddlewareFunc
}

func (r rooms) GET(path string, h echo.HandlerFunc)  { r.e.GET(path, h, r.guard) }
func (r rooms) HEAD(path string, h echo.HandlerFunc) { r.e.HEAD(path, h, r.guard) }
func (r rooms) POST(path string, h echo.HandlerFunc) { r.e.POST(path, h, r.guard) }
func (r rooms) PUT(path string, h echo.HandlerFunc)  { r.e.PUT(path, h, r.guard) }

// Mount adds every page to the router.
func (p *Pages) Mount(e *echo.Echo) {
	g := rooms{e, p.sameOrigin}
	static := echo.WrapHandler(templates.Static())
	g.GET("/static/*", static)
	g.HEAD("/static/*", static)

	p.doors(g)
	p.phoneDoors(g)

	see := func(path string, may auth.Permission, v view) { g.GET(path, p.shown(may, v)) }
	do := func(path string, may auth.Permission, d deed, again view) { g.POST(path, p.done(may, d, again, false)) }
	once := func(path string, may auth.Permission, d deed, again view) { g.POST(path, p.done(may, d, again, true)) }

	see("/", auth.Anyone, p.front)
	see("/home", auth.Anyone, p.home)
	see("/desk", auth.ReadVisits, p.schedule)
	see("/desk/plans", auth.ReadPlans, p.plans)
	see("/desk/plans/:id", auth.ReadPlans, p.plan)
	do("/desk/plans", auth.MakePlan, p.makePlan, p.plans)
	do("/desk/plans/at", auth.ManageEngineers, p.planAt, p.plans)
	do("/desk/plans/:id/publish", auth.PublishPlan, p.planAct(func(ctx context.Context, by auth.Caller, id uuid.UUID) error {
		_, err := p.desk.PublishPlan(ctx, by, id)
		return err
	}), p.plan)
	do("/desk/plans/:id/reject", auth.PublishPlan, p.planAct(func(ctx context.Context, by auth.Caller, id uuid.UUID) error {
		_, err := p.desk.RejectPlan(ctx, by, id, "")
		return err
	}), p.plan)
	see("/desk/exceptions", auth.ReadVisits, p.exceptions)
	see("/desk/side", auth.ReadVisits, p.side)
	see("/desk/judge", auth.Assign, p.judge)
	g.GET("/desk/live", p.live)
	g.POST("/desk/assign", p.onBoard(auth.Assign, p.assignOnBoard))
	g.POST("/desk/move", p.onBoard(auth.RescheduleVisit, p.moveOnBoard))
	g.POST("/desk/unassign", p.onBoard(auth.Assign, p.unassignOnBoard))
	do("/desk/insert", auth.MakePlan, p.insert, p.schedule)
	do("/desk/insert/:id/publish", auth.PublishPlan, p.endInsert(true), p.schedule)
	do("/desk/insert/:id/reject", auth.PublishPlan, p.endInsert(false), p.schedule)
	see("/desk/out", auth.ReadVisits, p.out)
	do("/desk/out", auth.DecideLeave, p.takeOut, p.out)
	do("/desk/out/:id/publish", auth.PublishPlan, p.publishOut, p.out)
	do("/desk/out/:id/agreed", auth.ConfirmVisit, p.agreedOut, p.out)
	see("/desk/intake", auth.TakeRequest, p.intake)
	see("/desk/parked", auth.Assign, p.parked)
	do("/desk/parked/:id/take", auth.Assign, p.settleParked(true), p.parked)
	do("/desk/parked/:id/set-aside", auth.Assign, p.settleParked(false), p.parked)
	see("/search", auth.Search, p.search)
	see("/keys", auth.Anyone, p.keys)
	see("/figures", auth.ReadReports, p.figures)
	do("/figures/schedules", auth.ReadReports, p.scheduleReport, p.figures)
	do("/figures/schedules/:id/stop", auth.ReadReports, p.stopReport, p.figures)
	see("/api", auth.Anyone, p.viewer)

	see("/requests", auth.ReadRequests, listed(p.requests))
	see("/requests/:number", auth.ReadRequests, p.request)
	do("/requests", auth.TakeRequest, p.takeRequest, p.intake)
	do("/requests/:number/customer", auth.WriteCustomers, p.nameCustomer, p.request)
	do("/requests/:number/reply", auth.ReplyRequest, p.reply, p.request)
	do("/requests/:number/triage", auth.TriageRequest, p.triage, p.request)
	do("/requests/:number/answer", auth.AnswerRequest, p.answer, p.request)
	do("/requests/:number/conversations", auth.LogConversation, p.talkAboutRequest, p.request)
	do("/requests/:number/work-order", auth.OpenOrder, p.openOrder, p.request)

	see("/orders", auth.ReadOrders, listed(p.orders))
	see("/visits", auth.ReadVisits, listed(p.visits))
	see("/orders/:number", auth.ReadOrders, p.order)
	for path, act := range p.orderDeeds() {
		do("/orders/:number/"+path, act.may, act.do, p.order)
	}

	see("/m", auth.ReadVisits, p.day)
	see("/m/van", auth.ReadStock, p.van)
	see("/m/outbox", auth.Anyone, p.outbox)
	see("/m/me", auth.Anyone, p.me)
	do("/m/me/ill", auth.AskLeave, p.callInSick, p.me)
	do("/m/me/push", auth.WorkVisit, p.pushOn, p.me)
	do("/m/me/push/off", auth.Anyone, p.pushOff, p.me)
	once("/m/van/count", auth.MoveStock, p.countVan, p.van)
	once("/m/van/return", auth.MoveStock, p.giveBack, p.van)
	once("/m/van/wishes", auth.ReceivePickup, p.askForParts, p.van)
	once("/m/van/wishes/:id/receive", auth.ReceivePickup, p.receiveWish, p.van)
	do("/stock/wishes/:id/ready", auth.HandOutParts, p.answerWish(true), p.pickups)
	do("/stock/wishes/:id/refuse", auth.HandOutParts, p.answerWish(false), p.pickups)
	see("/m/orders/:number", auth.ReadOrders, p.job)
	see("/m/orders/:number/sheet", auth.SubmitSheet, p.sheet)
	g.GET("/m/orders/:number/map", p.shown(auth.ReadOrders, p.wayTo))
	once("/m/orders/:number/sheet", auth.SubmitSheet, p.submitSheet, p.sheet)
	do("/m/orders/:number/conversations", auth.LogConversation, p.talkAboutOrder("/m/orders/"), p.job)
	do("/m/orders/:number/contacts/:contact", auth.LogConversation, p.correctPhone, p.job)
	do("/m/orders/:number/quotes", auth.WriteQuote, p.makeQuote("/m/orders/"), p.job)
	do("/m/orders/:number/quotes/:id/approve", auth.ApproveQuote, p.approveQuote("/m/orders/"), p.job)
	do("/m/orders/:number/quotes/:id/decline", auth.ApproveQuote, p.declineQuote("/m/orders/"), p.job)
	for _, act := range []string{"accept", "decline"} {
		do("/m/orders/:number/"+act, auth.AnswerVisit, p.visitStep("/m/orders/", act), p.jobOrDay)
	}
	for _, act := range []string{"depart", "arrive", "start", "pause", "resume"} {
		do("/m/orders/:number/"+act, auth.WorkVisit, p.visitStep("/m/orders/", act), p.jobOrDay)
	}
	do("/m/pickups/:id/receive", auth.ReceivePickup, p.fetchParts, p.day)

	see("/follow-ups", auth.ReadFollowUps, p.followUps)
	see("/follow-ups/:id", auth.ReadFollowUps, p.callSheet)
	do("/follow-ups/:id/attempts", auth.RecordFollowUp, p.recordCall, p.callSheet)
	do("/follow-ups/:id/claim", auth.ClaimFollowUp, p.claimCall, p.callSheet)
	do("/follow-ups/reassign", auth.ReassignFollowUps, p.reassignCalls, p.followUps)
	do("/follow-ups/balance", auth.ReassignFollowUps, p.balanceCalls, p.followUps)
	do("/follow-ups/:id/mode", auth.ClaimFollowUp, p.askAnotherWay, p.callSheet)
	see("/improvements", auth.ReadComplaints, p.improvements)
	do("/improvements", auth.FileComplaint, p.addImprovement, p.improvements)
	for act, may := range map[string]auth.Permission{"do": auth.FileComplaint, "verify": auth.EscalateComplaint, "decline": auth.EscalateComplaint} {
		do("/improvements/:id/"+act, may, p.improvementAct(act), p.improvements)
	}
	see("/settings/follow-ups", auth.ReassignFollowUps, p.followUpSettings)
	do("/settings/follow-ups/:kind/window", auth.ManageBasics, p.setWindow, p.followUpSettings)
	do("/settings/follow-ups/:kind/script", auth.ReassignFollowUps, p.writeScript, p.followUpSettings)
	do("/settings/follow-ups/campaigns", auth.ReassignFollowUps, p.addCampaign, p.followUpSettings)
	do("/settings/follow-ups/callers", auth.ReassignFollowUps, p.setCaller, p.followUpSettings)
	do("/requests/:number/hand-over", auth.TakeRequest, p.handRequest, p.request)
	do("/requests/:number/hand-over/accept", auth.TakeRequest, p.answerHanding(true), p.request)
	do("/requests/:number/hand-over/refuse", auth.TakeRequest, p.answerHanding(false), p.request)
	do("/requests/:number/group", auth.TriageRequest, p.moveToGroup, p.request)
	see("/calls", auth.ReadRequests, p.callLog)
	do("/calls", auth.LogConversation, p.logCall, p.callLog)
	see("/settings/groups", auth.ReassignFollowUps, p.groupSettings)
	do("/settings/groups/:code/members", auth.ReassignFollowUps, p.setMember(false), p.groupSettings)
	do("/settings/groups/:code/leave", auth.ReassignFollowUps, p.setMember(true), p.groupSettings)
	do("/settings/groups/routes", auth.ManageBasics, p.setRoute, p.groupSettings)
	see("/settings/standards", auth.ReadBasics, p.standards)
	do("/settings/standards/hours", auth.ManageBasics, p.setServiceHours, p.standards)
	do("/settings/standards/complaints", auth.ManageBasics, p.setComplaintTargets, p.standards)
	do("/settings/standards/targets", auth.ManageBasics, p.setClockTarget, p.standards)
	do("/requests/:number/flow", auth.TriageRequest, p.setFlow, p.request)
	do("/requests/:number/feedback", auth.ReplyRequest, p.feedBack, p.request)
	do("/follow-ups/:id/waive", auth.WaiveFollowUp, p.waiveCall, p.callSheet)

	see("/callbacks", auth.ReadCallbacks, p.callbacks)
	do("/callbacks", auth.AddCallback, p.addCallback, p.callbacks)
	do("/callbacks/:id/attempts", auth.RecordCallback, p.callBack, p.callbacks)

	see("/complaints", auth.ReadComplaints, p.complaints)
	see("/complaints/:id", auth.ReadComplaints, p.complaint)
	do("/complaints", auth.FileComplaint, p.fileComplaint, p.complaints)
	for _, act := range []string{"reply", "verify", "propose", "accept", "refuse", "close"} {
		do("/complaints/:id/"+act, auth.WorkComplaint, p.complaintAct(act), p.complaint)
	}
	do("/complaints/:id/evidence", auth.WorkComplaint, p.addEvidence, p.complaint)
	see("/minutes", auth.ReadComplaints, p.minutesList)
	see("/minutes/:id", auth.ReadComplaints, p.minutes)
	do("/minutes", auth.FileComplaint, p.writeMinutes, p.minutesList)
	do("/complaints/:id/escalate", auth.EscalateComplaint, p.complaintAct("escalate"), p.complaint)

	see("/stock", auth.ReadStock, p.stock)
	see("/stock/movements", auth.ReadStock, p.movements)
	see("/stock/parts", auth.ReadStock, p.parts)
	do("/stock/parts", auth.ManageParts, p.putPart, p.parts)
	see("/stock/places", auth.ReadStock, p.places)
	do("/stock/places", auth.ManageParts, p.putPlace, p.places)
	see("/stock/pickups", auth.ReadPickups, p.pickups)
	see("/stock/shortages", auth.ReadStock, p.shortages)
	see("/stock/unreconciled", auth.ReadStock, p.unreconciled)
	see("/stock/devices", auth.ReadCustody, p.devices)
	do("/stock/unreconciled/:id", auth.MoveStock, p.reconcile, p.unreconciled)
	do("/stock/vans/:code/fetch", auth.FetchParts, p.fetchVan, p.stock)
	once("/stock/movements", auth.MoveStock, p.moveStock, p.stock)
	for act, may := range map[string]auth.Permission{"ready": auth.HandOutParts, "hand-over": auth.ReceivePickup, "receive": auth.HandOutParts, "cancel": auth.CancelPickup} {
		do("/stock/pickups/:id/"+act, may, p.pickupAct(act), p.pickups)
	}
	do("/stock/shortages/:id/part", auth.ExpectStock, p.nameShortage, p.shortages)
	do("/stock/shortages/:id/take", auth.Assign, p.takePart, p.shortages)
	do("/stock/expected", auth.ExpectStock, p.expect, p.shortages)
	do("/stock/expected/:id", auth.ExpectStock, p.postpone, p.shortages)

	see("/receipts", auth.ReadReceipts, p.receipts)
	see("/receipts/:number", auth.ReadReceipts, p.receipt)
	see("/receipts/cash-ups", auth.ReadCashUps, p.cashUps)
	do("/receipts/cash-ups", auth.CountCash, p.countCash, p.cashUps)
	do("/receipts/cash-ups/:id/void", auth.VoidReceipt, p.voidCashUp, p.cashUps)
	see("/receipts/invoices", auth.ReadReceipts, p.invoices)
	for _, act := range []string{"issue", "send", "withdraw", "reverse"} {
		do("/receipts/invoices/:id/"+act, auth.RequestInvoice, p.invoiceAct(act), p.invoices)
	}
	once("/receipts/:number/payments", auth.TakePayment, p.pay, p.receiptOrOrder)
	do("/receipts/:number/void", auth.VoidReceipt, p.voidReceipt, p.receipt)
	do("/receipts/:number/waive", auth.VoidReceipt, p.waiveReceipt, p.receipt)
	do("/receipts/:number/invoice-request", auth.RequestInvoice, p.requestInvoice, p.receipt)

	see("/customers", auth.ReadCustomers, listed(p.customers))
	see("/customers/:id", auth.ReadCustomers, p.customer)
	do("/customers", auth.WriteCustomers, p.addCustomer, p.customers)
	do("/customers/:id/contacts", auth.WriteCustomers, p.addContact, p.customer)
	do("/customers/:id/contacts/:contact", auth.WriteCustomers, p.patchContact, p.customer)
	do("/customers/:id/file", auth.WriteCustomers, p.patchCustomer, p.customer)
	do("/customers/:id/merge", auth.MergeCustomers, p.mergeCustomer, p.customer)
	do("/customers/:id/sites", auth.WriteCustomers, p.addSite, p.customer)
	do("/customers/:id/sites/:site", auth.WriteCustomers, p.patchSite, p.customer)
	do("/customers/:id/assets", auth.WriteCustomers, p.addAsset, p.customer)
	do("/customers/:id/erase", auth.EraseCustomers, p.eraseCustomer, p.customer)
	see("/assets", auth.ReadCustomers, listed(p.assets))
	see("/assets/:id", auth.ReadCustomers, p.asset)
	do("/assets/:id/file", auth.WriteCustomers, p.patchAsset, p.asset)
	do("/assets/:id/label", auth.WriteCustomers, p.makeLabel, p.asset)

	see("/settings", auth.ReadUsers, p.settings)
	see("/settings/users", auth.ReadUsers, p.users)
	do("/settings/users", auth.ManageUsers, p.addUser, p.users)
	see("/settings/organisations", auth.ReadOrganisations, p.organisations)
	do("/settings/organisations", auth.ManageOrganisations, p.addOrganisation, p.organisations)
	see("/settings/engineers", auth.ReadEngineers, p.engineers)
	do("/settings/engineers/shifts", auth.PlanShifts, p.addShift, p.engineers)
	do("/settings/engineers/duty", auth.PlanShifts, p.putDuty, p.engineers)
	do("/settings/engineers/absences", auth.AskLeave, p.addAbsence, p.engineers)
	do("/settings/absences/:id/approve", auth.DecideLeave, p.decideAbsence(true), p.engineers)
	do("/settings/absences/:id/reject", auth.DecideLeave, p.decideAbsence(false), p.engineers)
	do("/settings/absences/:id/withdraw", auth.DecideLeave, p.withdrawAbsence, p.engineers)
	see("/settings/engineers/:id", auth.ReadEngineers, p.engineerPage)
	do("/settings/engineers/person", auth.ManageEngineers, p.putEngineer, p.engineerPage)
	see("/settings/regions", auth.ReadBasics, p.regionsPage)
	do("/settings/regions", auth.ManageBasics, p.putRegion, p.regionsPage)
	see("/settings/skills", auth.ReadBasics, p.skillsPage)
	do("/settings/skills", auth.ManageBasics, p.addSkill, p.skillsPage)
	see("/settings/import", auth.ReadBasics, p.importing)
	see("/settings/import/example.csv", auth.ReadBasics, p.importExample)
	g.POST("/settings/import", p.bringIn)
	g.POST("/settings/import/refused", p.refusedRows)
	do("/settings/users/change", auth.ManageUsers, p.changeUser, p.users)
	do("/settings/users/link", auth.ManageUsers, p.linkUser, p.users)
	do("/settings/organisations/letterhead", auth.ManageOrganisations, p.putLetterhead, p.organisations)
	see("/settings/calendar", auth.ReadBasics, p.calendar)
	do("/settings/calendar", auth.ManageBasics, p.putDay, p.calendar)
	see("/settings/templates", auth.ReadBasics, p.jobTemplates)
	do("/settings/templates", auth.ManageBasics, p.putTemplate, p.jobTemplates)
	see("/settings/checklists", auth.ReadBasics, p.checklists)
	do("/settings/checklists", auth.ManageBasics, p.putChecklist, p.checklists)
	see("/settings/messages", auth.ManageMessages, p.messageSettings)
	do("/settings/messages/text", auth.ManageMessages, p.writeMessage, p.messageSettings)
	g.POST("/settings/messages/preview", p.previewMessage)
	do("/settings/messages/test", auth.ManageMessages, p.testMessage, p.messageSettings)
	do("/settings/messages/quiet", auth.ManageMessages, p.setQuiet, p.messageSettings)
	see("/messages", auth.ManageMessages, p.undelivered)
	do("/messages/:id/retry", auth.ManageMessages, p.retryMessage, p.undelivered)
	see("/notices", auth.ReadNotices, p.notices)
	do("/notices", auth.LogConversation, p.passOn, p.notices)
	do("/notices/read", auth.ReadNotices, p.readNotices, p.notices)
	do("/customers/:id/opt-outs", auth.WriteCustomers, p.setOptOut, p.customer)
	see("/settings/webhooks", auth.ManageWebhooks, p.webhooks)
	do("/settings/webhooks", auth.ManageWebhooks, p.addWebhook, p.webhooks)
	do("/settings/webhooks/deliveries/:id/replay", auth.ManageWebhooks, p.replay, p.webhooks)

	p.public(g)
	p.printed(g)
}
