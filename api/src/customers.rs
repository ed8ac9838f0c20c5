//! `/v1/customers`: registration, amendment and classification; the directory and the card.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::Command;
use domain::customer::registration::{
    self, CustomerKind, CustomerRegistered, ParticularsAmended, Register,
};
use domain::ids::{CustomerId, StaffId};
use domain::money::Currency;
use domain::permissions::Act;
use domain::text::Line;
use domain::uscc::Uscc;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, Recorded, answer};
use crate::asked::{Asked, Body};
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

/// Addresses of one customer.
const ADDRESSES_MAX: usize = 50;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCustomer {
    #[schema(value_type = String, example = "示范医疗器械有限公司")]
    name: Line<200>,
    /// The unified social credit code (GB 32100).
    uscc: Uscc,
    /// The company's own code; belongs to one customer.
    #[schema(value_type = Option<String>)]
    code: Option<Line<64>>,
    kind: CustomerKind,
    #[schema(value_type = Option<String>)]
    segment: Option<Line<64>>,
    /// GB/T 2260.
    #[schema(value_type = Option<String>, example = "330100")]
    region: Option<Line<12>>,
    #[schema(value_type = Option<String>)]
    business_unit: Option<Line<64>>,
    account_manager: Option<StaffId>,
    #[schema(value_type = Option<String>)]
    registered_address: Option<Line<300>>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    delivery_addresses: Vec<Line<300>>,
    /// Of the account; the company's own without.
    currency: Option<Currency>,
}

impl Body for RegisterCustomer {
    const ACT: Act = Act::RegisterCustomer;
}

/// Register a customer
///
/// A USCC and a company's own code belong to one customer for ever: 409 names who has them.
#[utoipa::path(post, path = "/v1/customers", tag = "customers", request_body = RegisterCustomer,
    responses((status = 201, body = Recorded)))]
pub async fn register(
    State(door): State<Door>,
    Asked { by, body }: Asked<RegisterCustomer>,
) -> Result<Response, Problem> {
    if body.kind == CustomerKind::Unclassified {
        let message = "say what the customer is: only an import may leave it unclassified";
        return Err(Problem::field("/kind", "customer.kind_missing", message));
    }
    bounded(&body.delivery_addresses)?;
    let own = || door.house().policy().map_or(Currency::CNY, |p| p.pack.company.currency);
    let register = Register {
        particulars: CustomerRegistered {
            name: body.name,
            uscc: Some(body.uscc),
            kind: body.kind,
            segment: body.segment,
            region: body.region,
            business_unit: body.business_unit,
            account_manager: body.account_manager,
            registered_address: body.registered_address,
            delivery_addresses: body.delivery_addresses,
            currency: body.currency.unwrap_or_else(own),
            origin: None,
        },
        code: body.code,
    };
    let id = CustomerId::from_uuid(by.new_id(&door));
    let command = Command::Registration(registration::Command::Register(Box::new(register)));
    let committed = door.customer(by, id, command).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}

fn bounded(addresses: &[Line<300>]) -> Result<(), Problem> {
    if addresses.len() <= ADDRESSES_MAX {
        return Ok(());
    }
    let message = format!("at most {ADDRESSES_MAX} addresses");
    Err(Problem::field("/delivery_addresses", "too_many", message))
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amend {
    #[schema(value_type = Option<String>)]
    segment: Option<Line<64>>,
    #[schema(value_type = Option<String>)]
    region: Option<Line<12>>,
    #[schema(value_type = Option<String>)]
    business_unit: Option<Line<64>>,
    account_manager: Option<StaffId>,
    #[schema(value_type = Option<String>)]
    registered_address: Option<Line<300>>,
    #[schema(value_type = Option<Vec<String>>)]
    delivery_addresses: Option<Vec<Line<300>>>,
}

impl Body for Amend {
    const ACT: Act = Act::AmendCustomer;
}

/// Amend particulars
///
/// Name, USCC and kind are not amended here: they decide what the customer may do.
#[utoipa::path(post, path = "/v1/customers/{id}/amend", tag = "customers", request_body = Amend,
    params(("id" = CustomerId, Path)), responses((status = 200, body = Done)))]
pub async fn amend(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Amend>,
) -> Result<Response, Problem> {
    bounded(body.delivery_addresses.as_deref().unwrap_or_default())?;
    let amended = ParticularsAmended {
        segment: body.segment,
        region: body.region,
        business_unit: body.business_unit,
        account_manager: body.account_manager,
        registered_address: body.registered_address,
        delivery_addresses: body.delivery_addresses,
    };
    let command = Command::Registration(registration::Command::Amend(Box::new(amended)));
    let committed = door.customer(by, id, command).await?;
    Ok(answer(StatusCode::OK, &committed, &Done::of(&id, &committed)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    kind: CustomerKind,
    uscc: Uscc,
}

impl Body for Classify {
    const ACT: Act = Act::ClassifyCustomer;
}

/// Say what an imported customer is, or that it is of another kind
///
/// Another kind asks for other papers: trade waits until its file is approved anew.
#[utoipa::path(post, path = "/v1/customers/{id}/classify", tag = "customers", request_body = Classify,
    params(("id" = CustomerId, Path)), responses((status = 200, body = Done)))]
pub async fn classify(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Classify>,
) -> Result<Response, Problem> {
    let classify = registration::Command::Classify { kind: body.kind, uscc: body.uscc };
    let committed = door.customer(by, id, Command::Registration(classify)).await?;
    Ok(answer(StatusCode::OK, &committed, &Done::of(&id, &committed)))
}
