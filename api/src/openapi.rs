//! `/openapi.json`: what the door takes and answers, as OpenAPI 3.1, put together from the operations themselves.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::openapi_headers as headers;
use crate::{
    approvals, attachment_paths, card, checks, codes, controls, credentials, credit, credit_notes,
    customers, cycle_times, delegations, directory, documents, event_types, events, health,
    history, in_force, invoices, orders, problem, products, proposals, qualification, receipts,
    reports, sessions, shipments, staff, status, stream, tokens,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Probity",
        description = "May this customer do this, now? Probity answers, and remembers every answer as an immutable event."
    ),
    paths(
        health::alive, health::ready, health::metrics,
        attachment_paths::store, attachment_paths::fetch,
        codes::codes, event_types::event_types,
        card::card,
        customers::register, customers::amend, customers::classify,
        documents::upload, documents::revoke,
        qualification::submit, qualification::approve, qualification::reject, qualification::give_back,
        status::suspend, status::disable, status::reinstate,
        credit::apply, credit::grant, credit::freeze, credit::unfreeze,
        checks::check,
        orders::place, orders::release, orders::cancel,
        shipments::ship,
        invoices::of_order, invoices::of_parts, invoices::void,
        receipts::receive, receipts::apply, receipts::reverse,
        credit_notes::issue,
        directory::list, directory::documents, directory::orders, directory::order, directory::shipments,
        directory::invoices, directory::receipts, directory::products,
        history::history, history::decision,
        reports::aging, reports::summary, reports::peaks, reports::exposure, reports::expiries, reports::sales_records,
        cycle_times::cycle_times,
        controls::holds, controls::denials, controls::releases, controls::backdated, controls::first_sales,
        events::feed, stream::stream,
        products::register, products::renew, products::card,
        proposals::propose, proposals::revise, proposals::trial::simulate, proposals::card::found, proposals::submit,
        proposals::approve, proposals::reject, proposals::give_back, proposals::withdraw, proposals::activate,
        proposals::card::list, proposals::card::card, proposals::card::read, proposals::card::report,
        proposals::trial::simulate_pilot, proposals::affected::affected,
        proposals::schedule::schedule, proposals::schedule::cancel, proposals::schedule::upcoming,
        proposals::shadow::start, proposals::shadow::end, proposals::shadow::show,
        approvals::worklist, approvals::card::card,
        approvals::moving::ask, approvals::moving::inform, approvals::moving::add_reviewer, approvals::moving::transfer,
        approvals::moving::withdraw, approvals::moving::reopen, approvals::deciding::approve, approvals::deciding::reject, approvals::deciding::give_back,
        in_force::show, in_force::read, in_force::widen, in_force::roll_back, in_force::review,
        staff::register, staff::grant_roles, staff::leave,
        credentials::reset, credentials::unlock, credentials::enrol, credentials::enrol_code, sessions::open, sessions::close,
        delegations::delegate, delegations::list, delegations::revoke,
        tokens::issue, tokens::list, tokens::revoke,
    ),
    components(schemas(problem::Content, problem::Fault, domain::decision::CauseCode)),
    security(("token" = [])),
    modifiers(&Common)
)]
pub struct Api;

/// What every operation has in common, said once.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut Document) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token, `pbt_…`, or a session, `pbs_…`"))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(token));
        for (path, item) in &mut document.paths.paths {
            let behind_token = path.starts_with("/v1/");
            let writes = [
                (HttpMethod::Post, &mut item.post),
                (HttpMethod::Put, &mut item.put),
                (HttpMethod::Delete, &mut item.delete),
            ];
            for (method, operation) in writes {
                let Some(operation) = operation else { continue };
                problems(operation, &[400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503]);
                headers::of_write(path, &method, operation);
            }
            if let Some(read) = &mut item.get {
                let statuses: &[u16] = if behind_token {
                    &[400, 401, 403, 404, 429, 500, 503]
                } else {
                    &[429, 500, 503]
                };
                problems(read, statuses);
                table(read);
                headers::of_read(path, read);
            }
        }
    }
}

pub(crate) fn problems(operation: &mut Operation, statuses: &[u16]) {
    for status in statuses {
        let body = ContentBuilder::new()
            .schema(Some(RefOr::<utoipa::openapi::Schema>::Ref(Ref::from_schema_name("Problem"))))
            .build();
        let response = ResponseBuilder::new()
            .description("See `code`")
            .content("application/problem+json", body)
            .build();
        // What an operation says of a status itself is said better.
        operation.responses.responses.entry(status.to_string()).or_insert(RefOr::T(response));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(said) = response
            && status.starts_with(['4', '5'])
            && let Some(body) = said.content.shift_remove("application/json")
        {
            said.content.insert("application/problem+json".to_owned(), body);
        }
    }
}

/// Whatever takes `format` answers tables too.
fn table(operation: &mut Operation) {
    let takes_format = operation.parameters.iter().flatten().any(|it| it.name == "format");
    if let (true, Some(RefOr::T(answer))) =
        (takes_format, operation.responses.responses.get_mut("200"))
    {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        answer
            .content
            .insert("text/csv".to_owned(), ContentBuilder::new().schema(Some(text)).build());
        // Whatever comes in pages says where a table of one page ends.
        let takes = |name: &str| operation.parameters.iter().flatten().any(|it| it.name == name);
        if takes("cursor") {
            let said =
                "With `format=csv` and `limit`: the `cursor` of what follows; absent at the end";
            headers::answers_with(answer, "Probity-Next-Cursor", Type::String, said);
        }
        if takes("after") {
            headers::answers_with(
                answer,
                "Probity-Next-Position",
                Type::Integer,
                "With `format=csv`: `next`",
            );
            headers::answers_with(
                answer,
                "Probity-Head-Position",
                Type::Integer,
                "With `format=csv`: `head`",
            );
        }
    }
}

static TEXT: LazyLock<String> =
    LazyLock::new(|| Api::openapi().to_json().unwrap_or_else(|error| error.to_string()));

/// This document.
pub async fn document() -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], TEXT.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The names of the headers that a request takes, and of those that an answer of this status gives.
    fn headers(operation: &Value, status: &str) -> (Vec<String>, Vec<String>) {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let taken = parameters.filter(|it| it["in"] == "header").map(|it| it["name"].as_str());
        let given = operation["responses"][status]["headers"].as_object();
        let given = given.into_iter().flat_map(serde_json::Map::keys).cloned();
        (taken.map(|name| name.unwrap().to_owned()).collect(), given.collect())
    }

    #[test]
    fn headers_are_told_where_they_apply() {
        let document: Value = serde_json::from_str(&TEXT).unwrap();
        let paths = &document["paths"];
        let command = ["Correlation-Id", "Idempotency-Key", "If-Match", "Probity-Staff"];
        let orders = &paths["/v1/customers/{id}/orders"];
        for status in ["201", "202", "409"] {
            let (mut taken, given) = headers(&orders["post"], status);
            taken.sort();
            assert_eq!(
                (taken, given),
                (command.map(str::to_owned).into(), vec!["Idempotency-Replayed".to_owned()])
            );
        }
        assert!(orders["post"]["responses"].get("412").is_some());
        let of = |path: &str, method: &str, status: &str| headers(&paths[path][method], status);
        let staff = vec!["Probity-Staff".to_owned()];
        assert_eq!(
            of("/v1/customers/{id}", "get", "200"),
            (staff.clone(), vec!["ETag".to_owned()])
        );
        assert_eq!(of("/v1/customers/{id}/checks", "post", "200").1, Vec::<String>::new());
        assert!(!of("/v1/customers/{id}/checks", "post", "200").0.contains(&command[1].to_owned()));
        assert!(!of("/v1/customers", "post", "201").0.contains(&command[2].to_owned()));
        for status in ["429", "503"] {
            assert_eq!(
                of("/v1/products", "get", status),
                (staff.clone(), vec!["Retry-After".to_owned()])
            );
        }
        assert_eq!(of("/v1/products", "get", "200").1, ["Probity-Next-Cursor"]);
        assert!(of("/v1/tokens/{id}", "delete", "200").0.contains(&command[1].to_owned()));
    }

    #[test]
    fn every_operation_says_what_it_answers_and_every_reference_resolves() {
        let document: Value = serde_json::from_str(&TEXT).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for part in TEXT.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is referred to and not described");
        }
        for (name, code) in [
            ("Role", "sales"),
            ("DocumentKind", "business_licence"),
            ("CauseCode", "document.expired"),
        ] {
            let codes = schemas[name]["enum"].as_array().unwrap();
            assert!(codes.contains(&code.into()), "{name}: {codes:?}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
                assert!(responses.contains_key("500"), "{method} {path}");
                assert!(operation["tags"][0].is_string(), "{method} {path}");
                for (status, response) in responses {
                    let problem = response["content"].get("application/json").is_none();
                    assert!(problem || status.starts_with('2'), "{method} {path}: {status}");
                }
            }
        }
    }
}
