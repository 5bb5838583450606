// Package pages is what people see in a browser: it fills the structs of package templates from the desk
// and turns their forms into the same calls of the desk that the API makes, with the same permissions.
//
// # One request
//
// door.go finds out who asks (a cookie, never a bearer token), frame.go in which language, zone and colours.
// A page is a function from an ask to a templates.Page; a form is a function that does something and names
// the page to show next. pages.go holds the table of both with the permission each needs.
//
// # Forms
//
// A form runs once for its idempotency_key and answers 303, so that a reload repeats nothing. When the desk
// refuses, the same page is drawn again with the status of the refusal, what would be allowed, and what was
// typed. A page of another origin cannot post here. What is shown only once, such as a customer's link,
// travels to the next page in a cookie that is dropped when it is read.
package pages
