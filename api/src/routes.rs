//! Every path of the door, on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::around::around;
use crate::auth::authenticate;
use crate::door::Door;
use crate::problem::Problem;
use crate::{
    approvals, attachment_paths, card, checks, codes, controls, credentials, credit, credit_notes,
    customers, cycle_times, delegations, directory, documents, event_types, events, health,
    history, in_force, invoices, openapi, orders, products, proposals, qualification, receipts,
    reports, sessions, shipments, staff, status, stream, tokens,
};

/// All routes, around which stand the bounds of [`crate::around`].
pub fn routes(door: Door) -> Router {
    let v1 = Router::new()
        .merge(customers_and_trade())
        .merge(reading())
        .route("/attachments", put(attachment_paths::store))
        .route("/attachments/{id}", get(attachment_paths::fetch))
        .route("/codes", get(codes::codes))
        .route("/event-types", get(event_types::event_types))
        .route("/events", get(events::feed))
        .route("/events/stream", get(stream::stream))
        .merge(rules())
        .route("/approvals", get(approvals::worklist))
        .route("/approvals/{id}", get(approvals::card::card))
        .route("/approvals/{id}/ask", post(approvals::moving::ask))
        .route("/approvals/{id}/answer", post(approvals::moving::inform))
        .route("/approvals/{id}/reviewers", post(approvals::moving::add_reviewer))
        .route("/approvals/{id}/transfer", post(approvals::moving::transfer))
        .route("/approvals/{id}/withdraw", post(approvals::moving::withdraw))
        .route("/approvals/{id}/reopen", post(approvals::moving::reopen))
        .route("/approvals/{id}/approve", post(approvals::deciding::approve))
        .route("/approvals/{id}/reject", post(approvals::deciding::reject))
        .route("/approvals/{id}/return", post(approvals::deciding::give_back))
        .route("/products", get(directory::products).post(products::register))
        .route("/products/{id}", get(products::card))
        .route("/products/{id}/registrations", post(products::renew))
        .merge(people())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(door.clone(), authenticate));
    let all_around = Arc::clone(door.around());
    Router::new()
        .nest("/v1", v1.merge(without_token()))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        // Bodies are bounded where they are read, because scans have another bound.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(all_around, around))
        .with_state(door)
}

fn customers_and_trade() -> Router<Door> {
    Router::new()
        .route("/customers", get(directory::list).post(customers::register))
        .route("/customers/{id}", get(card::card))
        .route("/customers/{id}/amend", post(customers::amend))
        .route("/customers/{id}/classify", post(customers::classify))
        .route("/customers/{id}/history", get(history::history))
        .route("/customers/{id}/documents", get(directory::documents).post(documents::upload))
        .route("/customers/{id}/documents/{did}/revoke", post(documents::revoke))
        .route("/customers/{id}/qualification/submit", post(qualification::submit))
        .route("/customers/{id}/qualification/approve", post(qualification::approve))
        .route("/customers/{id}/qualification/reject", post(qualification::reject))
        .route("/customers/{id}/qualification/return", post(qualification::give_back))
        .route("/customers/{id}/status/suspend", post(status::suspend))
        .route("/customers/{id}/status/disable", post(status::disable))
        .route("/customers/{id}/status/reinstate", post(status::reinstate))
        .route("/customers/{id}/credit/apply", post(credit::apply))
        .route("/customers/{id}/credit/grant", post(credit::grant))
        .route("/customers/{id}/credit/freeze", post(credit::freeze))
        .route("/customers/{id}/credit/unfreeze", post(credit::unfreeze))
        .route("/customers/{id}/checks", post(checks::check))
        .route("/customers/{id}/orders", get(directory::orders).post(orders::place))
        .route("/customers/{id}/orders/{oid}", get(directory::order))
        .route("/customers/{id}/orders/{oid}/release", post(orders::release))
        .route("/customers/{id}/orders/{oid}/cancel", post(orders::cancel))
        .route(
            "/customers/{id}/orders/{oid}/shipments",
            get(directory::shipments).post(shipments::ship),
        )
        .route("/customers/{id}/orders/{oid}/invoices", post(invoices::of_order))
        .route("/customers/{id}/invoices", get(directory::invoices).post(invoices::of_parts))
        .route("/customers/{id}/invoices/{iid}/void", post(invoices::void))
        .route("/customers/{id}/receipts", get(directory::receipts).post(receipts::receive))
        .route("/customers/{id}/receipts/{rid}/apply", post(receipts::apply))
        .route("/customers/{id}/receipts/{rid}/reverse", post(receipts::reverse))
        .route("/customers/{id}/credit_notes", post(credit_notes::issue))
}

fn people() -> Router<Door> {
    Router::new()
        .route("/staff", post(staff::register))
        .route("/staff/{id}/roles", post(staff::grant_roles))
        .route("/staff/{id}/leave", post(staff::leave))
        .route("/staff/{id}/credentials/reset", post(credentials::reset))
        .route("/staff/{id}/credentials/unlock", post(credentials::unlock))
        .route("/sessions/current", delete(sessions::close))
        .route("/staff/{id}/delegations", get(delegations::list).post(delegations::delegate))
        .route("/staff/{id}/delegations/{delegation}", delete(delegations::revoke))
        .route("/tokens", get(tokens::list).post(tokens::issue))
        .route("/tokens/{id}", delete(tokens::revoke))
}

/// What somebody does who has no token yet.
fn without_token() -> Router<Door> {
    Router::new()
        .route("/sessions", post(sessions::open))
        .route("/enrolments", post(credentials::enrol))
        .route("/enrolments/code", post(credentials::enrol_code))
        .method_not_allowed_fallback(no_such_method)
}

fn rules() -> Router<Door> {
    Router::new()
        .route("/policies", get(proposals::card::list).post(proposals::propose))
        .route("/policies/in-force", get(in_force::show))
        .route("/policies/in-force/readable", get(in_force::read))
        .route("/policies/in-force/simulate", post(proposals::trial::simulate_pilot))
        .route("/policies/in-force/widen", post(in_force::widen))
        .route("/policies/in-force/roll-back", post(in_force::roll_back))
        .route("/policies/in-force/review", post(in_force::review))
        .route("/policies/scheduled", get(proposals::schedule::upcoming))
        .route("/policies/{id}", get(proposals::card::card))
        .route("/policies/{id}/revise", post(proposals::revise))
        .route("/policies/{id}/simulate", post(proposals::trial::simulate))
        .route("/policies/{id}/differences", get(proposals::card::found))
        .route("/policies/{id}/report", get(proposals::card::report))
        .route("/policies/{id}/readable", get(proposals::card::read))
        .route("/policies/{id}/submit", post(proposals::submit))
        .route("/policies/{id}/approve", post(proposals::approve))
        .route("/policies/{id}/reject", post(proposals::reject))
        .route("/policies/{id}/return", post(proposals::give_back))
        .route("/policies/{id}/withdraw", post(proposals::withdraw))
        .route("/policies/{id}/activate", post(proposals::activate))
        .route("/policies/{id}/schedule", post(proposals::schedule::schedule))
        .route("/policies/{id}/schedule/cancel", post(proposals::schedule::cancel))
        .route("/policies/{id}/shadow", get(proposals::shadow::show).post(proposals::shadow::start))
        .route("/policies/{id}/shadow/end", post(proposals::shadow::end))
        .route("/policies/{id}/affected", get(proposals::affected::affected))
}

fn reading() -> Router<Door> {
    Router::new()
        .route("/decisions/{position}", get(history::decision))
        .route("/reports/receivables/aging", get(reports::aging))
        .route("/reports/receivables/summary", get(reports::summary))
        .route("/reports/receivables/peaks", get(reports::peaks))
        .route("/reports/exposure", get(reports::exposure))
        .route("/reports/cycle-times", get(cycle_times::cycle_times))
        .route("/reports/expiries", get(reports::expiries))
        .route("/reports/holds", get(controls::holds))
        .route("/reports/sales-records", get(reports::sales_records))
        .route("/reports/first-sales", get(controls::first_sales))
        .route("/reports/releases", get(controls::releases))
        .route("/reports/denials", get(controls::denials))
        .route("/reports/backdated", get(controls::backdated))
}

async fn no_such_path(uri: Uri) -> Problem {
    let detail = format!("There is nothing at {}; see /openapi.json.", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "path.not_found", detail)
}

async fn no_such_method(uri: Uri) -> Problem {
    let detail = format!("{} does not take this method; see /openapi.json.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed", detail)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    use axum::response::IntoResponse;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(text.unwrap_or("a panic without words")).into_response()
}
