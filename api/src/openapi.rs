//! `/openapi.json`: what the door takes and answers, as OpenAPI 3.1, put together from the operations themselves.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    OpenApi as Document, Ref, RefOr, Required, Response as Answer, ResponseBuilder,
};
use utoipa::{Modify, OpenApi};

use crate::{
    attachment_paths, card, checks, codes, controls, credit, credit_notes, customers, directory,
    documents, event_types, events, health, history, invoices, orders, problem, products,
    qualification, receipts, reports, shipments, staff, status, stream, tokens,
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
        credit::grant, credit::freeze, credit::unfreeze,
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
        controls::holds, controls::denials, controls::releases, controls::backdated, controls::first_sales,
        events::feed, stream::stream,
        products::register, products::renew, products::card,
        staff::register,
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
            .description(Some("A token: `pbt_…`"))
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
                if path.starts_with("/v1/customers") {
                    problems(operation, &[412]);
                }
                if matches!(method, HttpMethod::Post) {
                    header_of(
                        operation,
                        "Idempotency-Key",
                        "The same key with the same request gives the same answer",
                    );
                }
            }
            if let Some(read) = &mut item.get {
                let statuses: &[u16] = if behind_token {
                    &[400, 401, 403, 404, 429, 500, 503]
                } else {
                    &[429, 500, 503]
                };
                problems(read, statuses);
                table(read);
            }
        }
    }
}

fn problems(operation: &mut Operation, statuses: &[u16]) {
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
            answers_with(answer, "Probity-Next-Cursor", Type::String, said);
        }
        if takes("after") {
            answers_with(
                answer,
                "Probity-Next-Position",
                Type::Integer,
                "With `format=csv`: `next`",
            );
            answers_with(
                answer,
                "Probity-Head-Position",
                Type::Integer,
                "With `format=csv`: `head`",
            );
        }
    }
}

fn answers_with(answer: &mut Answer, name: &str, kind: Type, description: &str) {
    let header = HeaderBuilder::new()
        .schema(ObjectBuilder::new().schema_type(kind).build())
        .description(Some(description))
        .build();
    answer.headers.insert(name.to_owned(), header);
}

fn header_of(operation: &mut Operation, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).build();
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(parameter);
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
