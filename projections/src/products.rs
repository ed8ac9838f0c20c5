//! Products: what is sold, with its registration and the terms that make its goods lawful.
//!
//! Table `products`, made by migration 0016.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::product::{Event, Particulars, Term, Trait};
use domain::udi::UdiIssuer;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch, like};
use crate::seen::{Seen, What};
use crate::store::bulk::column_names;
use crate::store::{Json, Rows, Stored, table};

table! {
    /// A product.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    pub struct ProductRow in "products" by product: Arc<str> {
        #[serde(rename = "id")]
        #[schema(value_type = String)]
        product: Arc<str>,
        code: String,
        name: String,
        specification: String,
        unit: String,
        /// `I`, `II`, `III`, `none`.
        class: String,
        catalogue_version: Option<String>,
        catalogue_code: Option<String>,
        registration_number: Option<String>,
        filing_number: Option<String>,
        registrant: Option<String>,
        manufacturer: Option<String>,
        manufacturer_licence: Option<String>,
        udi_di: Option<String>,
        /// `gs1`, `ma`, `ahm`.
        udi_issuer: Option<String>,
        #[schema(value_type = Vec<Trait>)]
        traits: Json<Vec<Trait>>,
        /// The terms of its registration or filing, in the order in which they were opened.
        #[schema(value_type = Vec<Term>)]
        terms: Json<Vec<Term>>,
        version: i64,
        registered_at: DateTime<Utc>,
        #[serde(skip)]
        search: String,
    }
}

const LISTED: &str = "FROM products WHERE product > $1 AND ($2 IS NULL OR search LIKE $2 ESCAPE '\\') \
     AND ($3 IS NULL OR code = $3) AND ($4 IS NULL OR class = $4) ORDER BY product LIMIT $5";
const ONE: &str = "FROM products WHERE product = $1 LIMIT 1";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Products {
    rows: Rows<ProductRow>,
}

impl Model for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn ask(&mut self, seen: &Seen) {
        match &seen.what {
            What::Product(Event::Registered(_)) => self.rows.expect(&seen.stream),
            What::Product(Event::UdiAssigned(_) | Event::TermOpened(_)) => {
                self.rows.ask(&seen.stream);
            }
            What::Customer(_)
            | What::Staff(_)
            | What::Policy(_)
            | What::Proposal(_)
            | What::Foreign => {}
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let What::Product(event) = &seen.what else { return };
        if let Event::Registered(particulars) = event {
            self.rows.put(ProductRow::new(seen, particulars));
            return;
        }
        let Some(row) = self.rows.change(&seen.stream) else { return };
        row.version = seen.version;
        match event {
            Event::Registered(_) => {}
            Event::UdiAssigned(udi) => {
                row.udi_di = Some(udi.as_str().to_owned());
                row.udi_issuer = Some(match udi.issuer() {
                    UdiIssuer::Gs1 => "gs1".to_owned(),
                    UdiIssuer::Ma => "ma".to_owned(),
                    UdiIssuer::Ahm => "ahm".to_owned(),
                });
                row.index();
            }
            Event::TermOpened(term) => row.terms.0.push(*term),
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

impl ProductRow {
    fn new(seen: &Seen, known: &Particulars) -> Self {
        let first = known.registered_from.map(|from| Term { from, to: known.registered_to });
        let mut row = Self {
            product: Arc::clone(&seen.stream),
            code: known.code.to_string(),
            name: known.name.to_string(),
            specification: known.specification.to_string(),
            unit: known.unit.to_string(),
            class: known.class.to_string(),
            catalogue_version: known.catalogue.map(|place| place.version().to_string()),
            catalogue_code: known.catalogue.map(|place| place.code().to_string()),
            registration_number: known.registration_number.as_ref().map(ToString::to_string),
            filing_number: known.filing_number.as_ref().map(ToString::to_string),
            registrant: known.registrant.as_ref().map(ToString::to_string),
            manufacturer: known.manufacturer.as_ref().map(ToString::to_string),
            manufacturer_licence: known.manufacturer_licence.as_ref().map(ToString::to_string),
            udi_di: None,
            udi_issuer: None,
            traits: Json(known.traits.iter().copied().collect()),
            terms: Json(first.into_iter().collect()),
            version: seen.version,
            registered_at: seen.recorded_at,
            search: String::new(),
        };
        row.index();
        row
    }

    /// What `q` looks in.
    fn index(&mut self) {
        let parts = [
            Some(&self.name),
            Some(&self.code),
            Some(&self.specification),
            self.registration_number.as_ref(),
            self.filing_number.as_ref(),
            self.udi_di.as_ref(),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        self.search = parts.join("\n").to_lowercase();
    }
}

/// What products are searched for; what is absent does not narrow it.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Part of the name, code, specification, registration number or UDI-DI, in any case.
    pub q: Option<String>,
    /// The whole code.
    pub code: Option<String>,
    pub class: Option<String>,
}

/// Products, in the order of registration.
pub async fn list(
    engine: &Engine,
    search: &Search,
    keyset: &Keyset,
) -> Result<Listed<ProductRow>, Error> {
    let q = search.q.as_deref().map(|q| format!("%{}%", like(q)));
    let sql = format!("SELECT {} {LISTED}", column_names::<ProductRow>());
    let rows = fetch!(
        engine,
        ProductRow,
        &sql,
        keyset.text(),
        q.as_deref(),
        search.code.as_deref(),
        search.class.as_deref(),
        keyset.fetched(),
    )?;
    Ok(Listed::new(rows, keyset, |row| row.product.to_string()))
}

/// One product.
pub async fn one(engine: &Engine, product: &str) -> Result<Option<ProductRow>, Error> {
    let sql = format!("SELECT {} {ONE}", column_names::<ProductRow>());
    Ok(fetch!(engine, ProductRow, &sql, product)?.into_iter().next())
}
