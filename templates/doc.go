// Package templates is what people look at: one typed struct per page, its
// HTML beside it, and the static files they share.
//
// # Drawing a page
//
// A page is a struct that embeds Chrome and knows its template:
//
//	templates.Render(w, templates.Order{Chrome: c, Number: "WO-2026-000123", …})
//
// Its HTML lies in <page>/<page>.html, which defines "title" and "content"; a
// layout in layout/ surrounds it: desk for people at a desk, phone for
// engineers, plain for customers and whoever is not signed in. A test checks
// each struct against its template, so a renamed field cannot surprise a reader.
// Render writes nothing when it fails.
//
// Pages take the plain views of this package (Visit, Quote, ReceiptRow …), never
// rows of the domain: times are time.Time and shown in Chrome.Zone, a zero time
// is "none"; civil dates are YYYY-MM-DD; money is money.Fen; states and words of
// a closed vocabulary are the spelling of the API and are translated here
// (states.go). What stands in a view as a name, a text or a reason is shown as
// it is, so whoever fills it says it in the reader's language.
//
// Which acts a page offers is decided by whoever fills it: the Allowed lists
// hold the last part of a form's path ("hold", "assign"), after both the state
// and the person's rights were asked.
//
// The switches of language and theme are links with ?lang=zh-Hans|en and
// ?theme=light|dark|auto, which whoever answers remembers in a cookie.
//
// # Static files
//
// Static serves /static/<hash>/<file>, immutable and compressed once; templates
// name a file by {{asset "base.css"}}. The hash covers all of them, so modules
// import each other by relative path. Files of others lie in static/vendor with
// their licence and a list of checksums that a test compares.
//
// # Forms
//
// Every form works without scripts and is a plain POST to the path below, which
// answers 303 to the page (or to "back" when the form has it) with ?done=<last
// part of the path>, or draws the page again with the status of the fault and
// Chrome.Posted, so that nothing is typed twice. Done says the sentence for
// ?done=. Every form but the sign-in carries idempotency_key.
//
// A form whose sender has no session any more is drawn into the door, which carries
// it as held (its path), held_from, held_files and a held.<name> for each field, and
// is offered to be sent again after the sign-in.
//
// Fields: an instant is RFC 3339 when the page put it in (assign's starts_at of a
// suggested engineer), and 2006-01-02T15:04 in Chrome.Zone when somebody typed
// it; a date is YYYY-MM-DD; amount, limit and line_unit are yuan with at most two
// decimals; a ticked box is "true". Fields that repeat belong together by
// position: the first line_kind to the first line_unit, the first part_sku to the
// first part_quantity, check_code to check_result, needed_sku to needed_text.
// Lines without a price (quotes), parts with quantity 0 or without number, and
// checks without result count as not filled in. serial_numbers, accessories and
// kinds are separated by commas. signature is strokes as [[[x,y],…],…], empty
// when nobody signed; verbal means the customer agreed by word before
// signer_name was typed. photos* are files: those two forms are
// multipart/form-data, all others urlencoded.
//
// The acts of a visit (accept, depart, arrive, start, pause, resume) exist below
// /orders/{number}/visits/{id} for the desk and below /m/orders/{number} for the
// engineer himself. The sheet that a clerk copies from paper is the same form;
// from_paper says so.
//
//	POST /c/{token}/approve  name quote_id signature
//	POST /c/{token}/decline  name quote_id reason
//	POST /c/{token}/confirm
//	POST /c/{token}/reschedule  day note part
//	POST /c/{token}/cancel  reason
//	POST /c/{token}/chase  text
//	POST /c/{token}/withdraw  reason
//	POST /c/{token}/verify  code
//	POST /c/{token}/sign  name signature
//	POST /c/{token}/rate  comment product service
//	POST /callbacks  due_at order_number reason
//	POST /callbacks/{id}/attempts  call_again_at outcome text
//	POST /complaints  category channel grade order_number received_at severity text
//	POST /complaints/{id}/accept
//	POST /calls  channel colleague customer detail name outcome phone promised_at purpose read_back request started_at to
//	POST /requests/{number}/group  group
//	POST /settings/groups/{code}/leave  user_id
//	POST /settings/groups/{code}/members  skill user_id
//	POST /settings/groups/routes  group kind
//	POST /settings/standards/complaints  hours severity
//	POST /settings/standards/hours  from to weekday
//	POST /settings/standards/targets  arrive class contact fix kind priority
//	POST /complaints/{id}/evidence  files note record
//	POST /minutes  complaint customer held_at place present request task_due task_owner task_text text
//	POST /complaints/{id}/close  cause reason
//	POST /complaints/{id}/escalate  reason
//	POST /complaints/{id}/propose  proposal
//	POST /complaints/{id}/refuse  reason
//	POST /complaints/{id}/reply  channel text
//	POST /complaints/{id}/verify  root_cause text
//	POST /customers  class name phone
//	POST /customers/{id}/assets  brand category model proof purchased_on serial_number site_id
//	POST /customers/{id}/contacts  email language name phone preferred_hours role
//	POST /customers/{id}/contacts/  do_not_call email language name phone preferred_hours retired role
//	POST /customers/{id}/contacts/k2  do_not_call email language name phone preferred_hours retired role
//	POST /customers/{id}/contacts/{id}  do_not_call email language name phone preferred_hours retired role
//	POST /customers/{id}/erase  sure
//	POST /customers/{id}/file  class language name notes phone
//	POST /customers/{id}/merge  into sure
//	POST /desk/parked/{id}/set-aside  reason
//	POST /desk/parked/{id}/take
//	POST /follow-ups/{id}/attempts  call_again_at comment identity_checked new_request next next_call on_time outcome product script_version service
//	POST /follow-ups/{id}/mode  mode
//	POST /follow-ups/balance
//	POST /follow-ups/reassign  from to
//	POST /improvements  complaint_id department due_on kind text
//	POST /improvements/{id}/decline  text
//	POST /improvements/{id}/do  text
//	POST /improvements/{id}/verify  effective text
//	POST /requests/{number}/feedback  department text
//	POST /requests/{number}/flow  flow note
//	POST /requests/{number}/hand-over  reason user_id
//	POST /requests/{number}/hand-over/accept
//	POST /requests/{number}/hand-over/refuse  reason
//	POST /settings/checklists  category kind line_code line_mandatory line_name line_name_en
//	POST /settings/templates  category duration_minutes kind part_quantity part_sku priority skill_codes then
//	POST /settings/follow-ups/{kind}/script  en questions zh
//	POST /settings/follow-ups/{kind}/window  from_day to_day
//	POST /settings/follow-ups/callers  away_until english per_day user_id
//	POST /settings/follow-ups/campaigns  class every_days mode name quiet_days start_on
//	POST /assets/{id}/file  brand category installed_on model produced_on proof purchased_on serial_number warranty_until
//	POST /assets/{id}/label
//	POST /desk/insert  order
//	POST /desk/insert/{id}/publish  order
//	POST /desk/insert/{id}/reject  order
//	POST /desk/out  ends_at engineer_id kind reason starts_at
//	POST /desk/out/{id}/agreed  engineer
//	POST /desk/out/{id}/publish
//	POST /desk/plans  day from region seconds
//	POST /desk/plans/at  plan_at seconds
//	POST /desk/plans/{id}/publish
//	POST /desk/plans/{id}/reject
//	POST /desk/assign  ends_at engineer_id order starts_at
//	POST /desk/move  cause ends_at engineer_id order override_reason reason starts_at
//	POST /desk/unassign  order
//	POST /c/{token}/hear-again
//	POST /c/{token}/leave-alone
//	POST /customers/{id}/opt-outs  channel contact_id off
//	POST /customers/{id}/sites  access_notes address lat lng open_hours region_code
//	POST /customers/{id}/sites/s1  access_notes address lat lng open_hours region_code
//	POST /messages/{id}/retry
//	POST /notices  managers order_number organisation_code text
//	POST /notices/read  id
//	POST /orders/{number}/amend  duration_minutes payer priority site_contact_id summary unwanted_engineer_id wanted_engineer_id window_from window_to
//	POST /settings/messages/quiet  quiet_from quiet_to
//	POST /settings/messages/test  channel for key to
//	POST /settings/messages/text  body channel for key subject
//	POST /figures/schedules  period report to
//	POST /figures/schedules/{id}/stop
//	POST /follow-ups/{id}/claim
//	POST /follow-ups/{id}/waive  reason
//	POST /login  held held.reason held.reason_code held_files held_from login next password
//	POST /logout
//	POST /m/me/ill  reason
//	POST /m/me/push  address key secret
//	POST /m/me/push/off
//	POST /m/orders/{number}/accept  at back visit_id
//	POST /m/orders/{number}/arrive  at back visit_id
//	POST /m/orders/{number}/contacts/k2  phone
//	POST /m/orders/{number}/conversations  channel direction kind outcome text
//	POST /m/orders/{number}/decline  reason visit_id
//	POST /m/orders/{number}/depart  at back visit_id
//	POST /m/orders/{number}/pause  at visit_id
//	POST /m/orders/{number}/quotes  deduct_if_repaired limit line_description line_kind line_quantity line_sku line_unit purpose valid_until
//	POST /m/orders/{number}/quotes/{id}/approve  how name signature
//	POST /m/orders/{number}/quotes/{id}/decline  how reason
//	POST /m/orders/{number}/resume  at back visit_id
//	POST /m/orders/{number}/sheet  acceptance_defects acceptance_result action_code agreed_on_site arrived_at cause_code check_code check_note check_result custody_accessories custody_condition custody_device custody_return_on fault_code finished_at follow_on from_paper incident installed_model installed_position installed_serial line_description line_kind line_quantity line_sku line_unit minutes_left needed_quantity needed_sku needed_text needed_urgency notes old_parts_kept outcome part_from part_old_serial part_quantity part_serial part_sku pay_amount pay_method photos_after photos_before photos_door photos_nameplate photos_old_part readings signature signature_reason signer_name signer_relation travel_minutes verbal visit_id work_minutes
//	POST /m/orders/{number}/start  at visit_id
//	POST /m/pickups/{id}/receive
//	POST /m/van/count  count_sku count_was counted
//	POST /m/van/return  condition quantity serials sku to_place
//	POST /m/van/wishes  text urgent wish_quantity wish_sku
//	POST /m/van/wishes/{id}/receive
//	POST /orders/{number}/approve
//	POST /orders/{number}/assign  ends_at engineer_id helpers override_reason starts_at trip_with
//	POST /orders/{number}/cancel  reason
//	POST /orders/{number}/close  reason
//	POST /orders/{number}/confirm-end
//	POST /orders/{number}/conversations  channel direction kind promised_at text
//	POST /orders/{number}/convert  mode
//	POST /orders/{number}/coverage  exclusion line reason source
//	POST /orders/{number}/custody  accessories condition data_consent device expected_return_on faults_seen loaner_device loaner_due_on loaner_serial photos serial_number signature signer_name value
//	POST /orders/{number}/custody/{id}/approve
//	POST /orders/{number}/custody/{id}/diagnose
//	POST /orders/{number}/custody/{id}/loaner-back
//	POST /orders/{number}/custody/{id}/move  by note to_holder
//	POST /orders/{number}/custody/{id}/quote
//	POST /orders/{number}/custody/{id}/ready
//	POST /orders/{number}/custody/{id}/receive
//	POST /orders/{number}/custody/{id}/refuse
//	POST /orders/{number}/custody/{id}/repair
//	POST /orders/{number}/custody/{id}/return  by note signature voucher_seen
//	POST /orders/{number}/custody/{id}/scrap  by
//	POST /orders/{number}/custody/{id}/test
//	POST /orders/{number}/hand-over  answer_by organisation_code reason
//	POST /orders/{number}/hand-over/accept
//	POST /orders/{number}/hand-over/refuse  reason
//	POST /orders/{number}/hand-over/withdraw  reason
//	POST /orders/{number}/hold  reason reason_code until
//	POST /orders/{number}/old-parts/{id}/keep
//	POST /orders/{number}/old-parts/{id}/receive
//	POST /orders/{number}/old-parts/{id}/scrap
//	POST /orders/{number}/old-parts/{id}/send
//	POST /orders/{number}/old-parts/{id}/write_off
//	POST /orders/{number}/original  holder returned_at
//	POST /orders/{number}/quotes  deduct_if_repaired limit line_description line_kind line_quantity line_sku line_unit purpose valid_until
//	POST /orders/{number}/quotes/{id}/approve  file how name note said_at
//	POST /orders/{number}/quotes/{id}/decline  how name reason
//	POST /orders/{number}/quotes/{id}/send
//	POST /orders/{number}/reopen  reason
//	POST /orders/{number}/resume  reason
//	POST /orders/{number}/revoke
//	POST /orders/{number}/share
//	POST /orders/{number}/sheets/{id}/correct  action_code cause_code fault_code notes reason travel_minutes work_minutes
//	POST /orders/{number}/sheets/{id}/verify
//	POST /orders/{number}/unassign  reason
//	POST /orders/{number}/visits/{id}/accept
//	POST /orders/{number}/visits/{id}/arrive
//	POST /orders/{number}/visits/{id}/confirm  by window_from window_to with_whom
//	POST /orders/{number}/visits/{id}/decline  reason
//	POST /orders/{number}/visits/{id}/depart
//	POST /orders/{number}/visits/{id}/pause
//	POST /orders/{number}/visits/{id}/reschedule  cause ends_at engineer_id reason starts_at window_from window_to
//	POST /orders/{number}/visits/{id}/resume
//	POST /orders/{number}/visits/{id}/start
//	POST /receipts/cash-ups  counted day engineer_id note
//	POST /receipts/cash-ups/{id}/void  reason
//	POST /receipts/invoices/{id}/issue  invoice_no
//	POST /receipts/invoices/{id}/reverse  invoice_no reason
//	POST /receipts/invoices/{id}/send
//	POST /receipts/invoices/{id}/withdraw  reason
//	POST /receipts/{number}/invoice-request  email tax_number title
//	POST /receipts/{number}/payments  amount back method paid_at reference
//	POST /receipts/{number}/void  reason
//	POST /receipts/{number}/waive  reason
//	POST /report  address kind label name phone photos summary when
//	POST /requests  address asset_id began brand category channel contact_name contact_phone contact_role customer_id customer_name description duration_minutes kind model own part_quantity part_sku phone priority proof purchased_on read_back received_at received_reason region_code reporter_contact_id serial_number site_contact_id site_id skill_codes slot summary then told
//	POST /requests/{number}/answer  customer_confirmed fault_code solution
//	POST /requests/{number}/conversations  channel direction kind promised_at text
//	POST /requests/{number}/customer  address customer_name phone region_code
//	POST /requests/{number}/reply  text
//	POST /requests/{number}/triage  duplicate_of outcome reason
//	POST /requests/{number}/work-order  duration_minutes kind mode part_quantity part_sku priority skill_codes window_from window_to
//	POST /settings/engineers/person  active helps_out id lat lng max_visits name organisation_code phone region_codes skill_code skill_level staff_number version
//	POST /settings/import  column content dates field file kind list name then
//	POST /settings/import/refused  content
//	POST /settings/organisations/letterhead  address code complaints emergency hotline invoice name version website
//	POST /settings/regions  code known name parent_code replaced_by retired_on shape
//	POST /settings/skills  code name
//	POST /settings/users/change  active engineer_id name roles user_id version
//	POST /settings/users/link  user_id
//	POST /stock/parts  id name price retired return_old serialised sku unit version warranty_days
//	POST /stock/places  code engineer_id kind known lat lng name open_hours organisation_code region_code retired version
//	POST /settings/absences/{id}/approve
//	POST /settings/absences/{id}/reject
//	POST /settings/absences/{id}/withdraw  reason
//	POST /settings/calendar  date name working year
//	POST /settings/engineers/absences  ends_at engineer_id kind on_conflict reason starts_at
//	POST /settings/engineers/duty  from phone to user_id
//	POST /settings/engineers/shifts  ends_at engineer_id starts_at
//	POST /settings/organisations  code kind name parent_code region_codes timezone
//	POST /settings/users  login name organisation_code roles
//	POST /settings/webhooks  kinds url
//	POST /settings/webhooks/deliveries/{id}/replay
//	POST /setup/{token}  login name organisation password password_again
//	POST /stock/expected  expected_on quantity sku supplier_ref to_place
//	POST /stock/expected/{id}  expected_on
//	POST /stock/vans/{code}/fetch  engineer_id
//	POST /stock/movements  condition from_place kind quantity reason serial_numbers sku to_condition to_place
//	POST /stock/pickups/{id}/cancel  id reason
//	POST /stock/pickups/{id}/hand-over
//	POST /stock/pickups/{id}/ready
//	POST /stock/pickups/{id}/receive
//	POST /stock/shortages/s1/part  sku
//	POST /stock/shortages/s1/take  from_work_order place reason
//	POST /stock/unreconciled/{id}  from_place how
//	POST /stock/wishes/{id}/ready  from_place
//	POST /stock/wishes/{id}/refuse  reason
package templates
