//! `GET /v1/event-types`: every event type with the JSON Schema of its `data`.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{customer, policy, product, proposal, staff};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::auth::Caller;
use crate::problem::Problem;
use domain::permissions::Act;

type Named = (String, RefOr<Schema>);

/// Every event type.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventTypes {
    pub items: Vec<EventType>,
    /// What the schemas refer to as `#/components/schemas/…`, from the root of this answer.
    pub components: Components,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EventType {
    #[serde(rename = "type")]
    #[schema(example = "trading.order-denied")]
    pub event_type: &'static str,
    pub type_version: i32,
    /// What it happens to: `customer`, `product`, `staff`, `policy`, `proposal`.
    pub aggregate: &'static str,
    /// JSON Schema of `data`.
    #[schema(value_type = Object)]
    pub schema: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Components {
    #[schema(value_type = Object)]
    pub schemas: Value,
}

/// Event types with their JSON Schemas
#[utoipa::path(get, path = "/v1/event-types", tag = "dictionary", responses((status = 200, body = EventTypes)))]
pub async fn event_types(caller: Caller) -> Result<Response, Problem> {
    caller.may(Act::ReadCodes)?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], TEXT.as_str()).into_response())
}

static TEXT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&all()).unwrap_or_else(|_| "{}".to_owned()));

fn all() -> EventTypes {
    let mut shared = Vec::new();
    let mut items = Vec::new();
    let (of_customers, more) = customer::Event::schemas();
    items.extend(of_customers.into_iter().map(|(name, schema)| item("customer", name, &schema)));
    shared.extend(more);
    items.push(of::<product::Particulars>("product", "product.registered", &mut shared));
    items.push(of::<domain::udi::UdiDi>("product", "product.udi-assigned", &mut shared));
    items.push(of::<product::Term>("product", "product.term-opened", &mut shared));
    let (of_staff, more) = staff::Event::schemas();
    items.extend(of_staff.into_iter().map(|(name, schema)| item("staff", name, &schema)));
    shared.extend(more);
    let (of_policy, more) = policy::Event::schemas();
    items.extend(of_policy.into_iter().map(|(name, schema)| item("policy", name, &schema)));
    shared.extend(more);
    let (of_proposals, more) = proposal::Event::schemas();
    items.extend(of_proposals.into_iter().map(|(name, schema)| item("proposal", name, &schema)));
    shared.extend(more);
    let schemas = shared.into_iter().map(|(name, schema)| (name, value(&schema))).collect();
    EventTypes { items, components: Components { schemas: Value::Object(schemas) } }
}

fn of<T: ToSchema>(
    aggregate: &'static str,
    event_type: &'static str,
    shared: &mut Vec<Named>,
) -> EventType {
    T::schemas(shared);
    item(aggregate, event_type, &T::schema())
}

fn item(aggregate: &'static str, event_type: &'static str, schema: &RefOr<Schema>) -> EventType {
    EventType { event_type, type_version: 1, aggregate, schema: value(schema) }
}

fn value(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_is_described_and_every_reference_resolves() {
        let all = all();
        let known = [
            customer::Event::TYPES,
            product::Event::TYPES,
            staff::Event::TYPES,
            policy::Event::TYPES,
            proposal::Event::TYPES,
        ];
        let mut described: Vec<_> = all.items.iter().map(|item| item.event_type).collect();
        let mut known: Vec<_> = known.concat();
        described.sort_unstable();
        known.sort_unstable();
        assert_eq!(described, known);
        let schemas = all.components.schemas.as_object().unwrap();
        for part in TEXT.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is referred to and not described");
        }
    }
}
