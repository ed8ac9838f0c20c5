//! `/v1/products`: what is sold, and under which registration.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::catalogue::{CataloguePlace, DeviceClass};
use domain::ids::ProductId;
use domain::product::{self, Particulars, Product, Register, Term, Trait};
use domain::registration_number::{FilingNumber, RegistrationNumber};
use domain::text::Line;
use domain::udi::{UdiDi, UdiIssuer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Body};
use crate::auth::Caller;
use crate::day;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use domain::permissions::Act;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterProduct {
    /// The company's own code; belongs to one product.
    #[schema(value_type = String, example = "STENT-35-18")]
    pub code: Line<64>,
    #[schema(value_type = String, example = "冠状动脉支架系统")]
    pub name: Line<200>,
    #[schema(value_type = String, example = "3.5×18 mm")]
    pub specification: Line<200>,
    #[schema(value_type = String, example = "套")]
    pub unit: Line<32>,
    pub class: DeviceClass,
    /// Every class but `none` needs it.
    pub catalogue: Option<CataloguePlace>,
    /// Classes II and III.
    pub registration_number: Option<RegistrationNumber>,
    /// Class I.
    pub filing_number: Option<FilingNumber>,
    #[serde(default, deserialize_with = "day::optional")]
    pub registered_from: Option<NaiveDate>,
    /// Inclusive; filings have none.
    #[serde(default, deserialize_with = "day::optional")]
    pub registered_to: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    pub registrant: Option<Line<200>>,
    #[schema(value_type = Option<String>)]
    pub manufacturer: Option<Line<200>>,
    #[schema(value_type = Option<String>)]
    pub manufacturer_licence: Option<Line<100>>,
    #[schema(example = "06901234567892")]
    pub udi_di: Option<String>,
    /// `gs1` without.
    pub udi_issuer: Option<UdiIssuer>,
    #[serde(default)]
    pub traits: BTreeSet<Trait>,
}

impl Body for RegisterProduct {
    const ACT: Act = Act::ManageProducts;
}

impl RegisterProduct {
    /// The command that this body stands for.
    pub fn command(self) -> Result<product::Command, Problem> {
        let udi = match (self.udi_di, self.udi_issuer) {
            (Some(text), issuer) => Some(
                UdiDi::new(issuer.unwrap_or(UdiIssuer::Gs1), &text)
                    .map_err(|error| Problem::field("/udi_di", error.code(), error.to_string()))?,
            ),
            (None, None) => None,
            (None, Some(_)) => {
                let message = "an issuer without a UDI-DI says nothing: give udi_di, or neither";
                return Err(Problem::field("/udi_di", "missing_field", message));
            }
        };
        let particulars = Particulars {
            code: self.code,
            name: self.name,
            specification: self.specification,
            unit: self.unit,
            class: self.class,
            catalogue: self.catalogue,
            registration_number: self.registration_number,
            filing_number: self.filing_number,
            registered_from: self.registered_from,
            registered_to: self.registered_to,
            registrant: self.registrant,
            manufacturer: self.manufacturer,
            manufacturer_licence: self.manufacturer_licence,
            traits: self.traits,
        };
        Ok(product::Command::Register(Box::new(Register { particulars, udi })))
    }
}

/// Register a product
///
/// The class and catalogue code that the registration number tells must be those that are stated.
#[utoipa::path(post, path = "/v1/products", tag = "products", request_body = RegisterProduct,
    responses((status = 201, body = Recorded)))]
pub async fn register(
    State(door): State<Door>,
    Asked { by, body }: Asked<RegisterProduct>,
) -> Result<Response, Problem> {
    let id = ProductId::from_uuid(by.new_id(&door));
    let committed = door.product(by, id, body.command()?).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}

/// A further term under the same number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    #[serde(deserialize_with = "day::required")]
    from: NaiveDate,
    /// Inclusive.
    #[serde(default, deserialize_with = "day::optional")]
    to: Option<NaiveDate>,
}

impl Body for Renew {
    const ACT: Act = Act::ManageProducts;
}

/// Renew a registration
///
/// Opens a further term under the same number; terms never overlap.
#[utoipa::path(post, path = "/v1/products/{id}/registrations", tag = "products",
    params(("id" = ProductId, Path)), request_body = Renew,
    responses((status = 201, body = Recorded)))]
pub async fn renew(
    State(door): State<Door>,
    Path(id): Path<ProductId>,
    Asked { by, body }: Asked<Renew>,
) -> Result<Response, Problem> {
    let command = product::Command::OpenTerm(Term { from: body.from, to: body.to });
    let committed = door.product(by, id, command).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}

/// A product with its terms.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductCard {
    id: ProductId,
    version: i64,
    #[serde(flatten)]
    particulars: Particulars,
    udi: Option<UdiDi>,
    /// The times during which its registration stands or stood.
    terms: Vec<Term>,
}

/// A product
#[utoipa::path(get, path = "/v1/products/{id}", tag = "products",
    params(("id" = ProductId, Path), AtQuery), responses((status = 200, body = ProductCard)))]
pub async fn card(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProductId>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<ProductCard>, Problem> {
    caller.may(Act::ReadProducts)?;
    door.recorded(query.at).await?;
    let known = door.journal().confirmed::<Product>(&id.to_string()).await?;
    match &known.state.particulars {
        Some(particulars) => Ok(axum::Json(ProductCard {
            id,
            version: known.version.0,
            particulars: particulars.clone(),
            udi: known.state.udi.clone(),
            terms: known.state.terms.clone(),
        })),
        None => Err(Problem::not_found("product", id)),
    }
}
