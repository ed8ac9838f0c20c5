//! The headers in `/openapi.json`: which a request takes, and which its answer gives.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Response};

use crate::openapi::problems;

/// Commands without a key of their own: a scan is known by its bytes, a dry run records nothing, and a secret is shown once.
const WITHOUT_KEY: [&str; 5] = [
    "/v1/attachments",
    "/v1/customers/{id}/checks",
    "/v1/sessions",
    "/v1/enrolments",
    "/v1/enrolments/code",
];
/// What is done without a token.
const WITHOUT_TOKEN: [&str; 3] = ["/v1/sessions", "/v1/enrolments", "/v1/enrolments/code"];

/// Headers of whatever is not a reading.
pub fn of_write(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let keyed = !WITHOUT_KEY.contains(&path);
    if keyed {
        takes(
            operation,
            "Idempotency-Key",
            "The same key with the same request gives the same answer; made here when absent",
            255,
        );
        takes(operation, "Correlation-Id", "Ties commands of several systems together", 128);
    }
    // A version is that of something that exists; a token's is nowhere to be read.
    if matches!(method, HttpMethod::Post) && path.contains("{id}") {
        problems(operation, &[412]);
        let said = "The version that was read, in double quotes: refused with 412 when there is a newer one";
        takes(operation, "If-Match", said, 32);
    }
    of_all(path, operation);
    if !keyed {
        return;
    }
    let judged = operation.responses.responses.contains_key("202");
    for (status, response) in &mut operation.responses.responses {
        let recorded = status.starts_with('2') || (judged && status == "409");
        if let (RefOr::T(response), true) = (response, recorded) {
            let said = "`true`: this had been answered before under the same Idempotency-Key";
            answers_with(response, "Idempotency-Replayed", Type::String, said);
        }
    }
}

/// Headers of readings.
pub fn of_read(path: &str, operation: &mut Operation) {
    let said = match path {
        "/v1/customers/{id}" => "The version, in double quotes: for `If-Match`",
        "/v1/attachments/{id}" => "The id, in double quotes",
        _ => "",
    };
    if let (false, Some(RefOr::T(answer))) =
        (said.is_empty(), operation.responses.responses.get_mut("200"))
    {
        answers_with(answer, "ETag", Type::String, said);
    }
    of_all(path, operation);
}

fn of_all(path: &str, operation: &mut Operation) {
    if path.starts_with("/v1/") && !WITHOUT_TOKEN.contains(&path) {
        let said = "With a machine's token: the person for whom it acts";
        takes(operation, "Probity-Staff", said, 255);
    }
    for status in ["429", "503"] {
        if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(status) {
            answers_with(answer, "Retry-After", Type::Integer, "In so many seconds");
        }
    }
}

fn takes(operation: &mut Operation, name: &str, description: &str, longest: usize) {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest)).build();
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(parameter);
}

/// Tells a header of an answer.
pub fn answers_with(answer: &mut Response, name: &str, kind: Type, description: &str) {
    let header = HeaderBuilder::new()
        .schema(ObjectBuilder::new().schema_type(kind).build())
        .description(Some(description))
        .build();
    answer.headers.insert(name.to_owned(), header);
}
