//! Sales records: each shipped line as Order 54 article 38 and GSP article 84 ask for it, as things stood when the goods left.
//!
//! Tables `sales_lines` and `sales_serials`, made by migration 0017. Answers `reports/sales-records`: every sale of one lot,
//! where one serial number went.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::customer::{
    Event,
    trading::{GoodsShipped, LicenceNumbered, ShippedLine},
};
use domain::ids::{OrderId, ShipmentId};
use domain::money::Money;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch, money};
use crate::seen::Seen;
use crate::store::bulk::column_names;
use crate::store::{Appends, Json, Stored, table};

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct SaleRecord in "sales_lines" {
        position: i64,
        item: i64,
        shipment: ShipmentId,
        order_id: OrderId,
        customer: Arc<str>,
        shipped_on: NaiveDate,
        buyer: Arc<str>,
        licences: Option<Json<Vec<LicenceNumbered>>>,
        ship_to: Arc<str>,
        product: String,
        code: String,
        name: String,
        specification: Option<String>,
        registration_number: Option<String>,
        registrant: Option<String>,
        manufacturer: Option<String>,
        manufacturer_licence: Option<String>,
        lot: Option<String>,
        serials: Option<Json<Vec<String>>>,
        manufactured_on: Option<NaiveDate>,
        expires_on: Option<NaiveDate>,
        quantity: i64,
        unit: String,
        unit_price: String,
        amount_minor: i64,
        currency: Cow<'static, str>,
        recorded_at: DateTime<Utc>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct SerialRecord in "sales_serials" {
        serial: String,
        position: i64,
        item: i64,
    }
}

/// A sales record.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SaleRow {
    pub shipped_on: NaiveDate,
    pub customer: String,
    /// The buyer's name and the numbers of its papers when the goods left.
    pub buyer: String,
    pub licences: Vec<LicenceNumbered>,
    pub ship_to: String,
    pub product: String,
    pub code: String,
    pub name: String,
    pub specification: Option<String>,
    /// Of the registration, or of the filing.
    pub registration_number: Option<String>,
    pub registrant: Option<String>,
    pub manufacturer: Option<String>,
    pub manufacturer_licence: Option<String>,
    pub lot: Option<String>,
    pub serials: Vec<String>,
    pub manufactured_on: Option<NaiveDate>,
    /// The use-by date, inclusive.
    pub expires_on: Option<NaiveDate>,
    pub quantity: i64,
    pub unit: String,
    pub unit_price: String,
    pub amount: Money,
    pub shipment: String,
    pub order: String,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
}

impl From<SaleRecord> for SaleRow {
    fn from(sale: SaleRecord) -> Self {
        Self {
            amount: money(sale.amount_minor, &sale.currency),
            shipped_on: sale.shipped_on,
            customer: sale.customer.to_string(),
            buyer: sale.buyer.to_string(),
            licences: sale.licences.map(|list| list.0).unwrap_or_default(),
            ship_to: sale.ship_to.to_string(),
            product: sale.product,
            code: sale.code,
            name: sale.name,
            specification: sale.specification,
            registration_number: sale.registration_number,
            registrant: sale.registrant,
            manufacturer: sale.manufacturer,
            manufacturer_licence: sale.manufacturer_licence,
            lot: sale.lot,
            serials: sale.serials.map(|list| list.0).unwrap_or_default(),
            manufactured_on: sale.manufactured_on,
            expires_on: sale.expires_on,
            quantity: sale.quantity,
            unit: sale.unit,
            unit_price: sale.unit_price,
            shipment: sale.shipment.to_string(),
            order: sale.order_id.to_string(),
            position: sale.position,
            recorded_at: sale.recorded_at,
        }
    }
}

const SOLD: &str = "FROM sales_lines WHERE (position > $1 OR (position = $1 AND item > $2)) \
     AND ($3 IS NULL OR product = $3) AND ($4 IS NULL OR lot = $4) AND ($5 IS NULL OR customer = $5) \
     AND ($6 IS NULL OR shipped_on >= $6) AND ($7 IS NULL OR shipped_on <= $7) \
     AND ($8 IS NULL OR EXISTS (SELECT 1 FROM sales_serials AS s \
        WHERE s.serial = $8 AND s.position = sales_lines.position AND s.item = sales_lines.item)) \
     ORDER BY position, item LIMIT $9";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct SalesLines {
    sales: Appends<SaleRecord>,
    serials: Appends<SerialRecord>,
}

impl Model for SalesLines {
    fn name(&self) -> &'static str {
        "sales_lines"
    }

    fn ask(&mut self, _seen: &Seen) {}

    fn fold(&mut self, seen: &Seen) {
        let Some(Event::GoodsShipped(shipped)) = seen.customer() else { return };
        let buyer: Arc<str> = shipped.buyer.name.as_str().into();
        let ship_to: Arc<str> = shipped.ship_to.as_str().into();
        for (item, line) in (1..).zip(&shipped.lines) {
            for serial in &line.goods.serials {
                let serial = serial.to_string();
                self.serials.put(SerialRecord { serial, position: seen.position, item });
            }
            let mut sale = SaleRecord::new(seen, shipped, line, item);
            sale.buyer = Arc::clone(&buyer);
            sale.ship_to = Arc::clone(&ship_to);
            self.sales.put(sale);
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.sales, &mut self.serials]
    }
}

impl SaleRecord {
    fn new(seen: &Seen, shipped: &GoodsShipped, line: &ShippedLine, item: i64) -> Self {
        let known = &line.particulars;
        Self {
            position: seen.position,
            item,
            shipment: shipped.shipment,
            order_id: shipped.order,
            customer: Arc::clone(&seen.stream),
            shipped_on: shipped.shipped_on,
            buyer: Arc::default(),
            licences: Json::of_some(shipped.buyer.licences.clone()),
            ship_to: Arc::default(),
            product: line.product.to_string(),
            code: known.code.clone(),
            name: known.name.clone(),
            specification: known.specification.clone(),
            registration_number: known.registration_number.clone(),
            registrant: known.registrant.clone(),
            manufacturer: known.manufacturer.clone(),
            manufacturer_licence: known.manufacturer_licence.clone(),
            lot: line.goods.lot.as_ref().map(ToString::to_string),
            serials: Json::of_some(line.goods.serials.iter().map(ToString::to_string).collect()),
            manufactured_on: line.goods.manufactured_on,
            expires_on: line.goods.expires_on,
            quantity: line.goods.quantity.get().into(),
            unit: known.unit.clone(),
            unit_price: line.unit_price.to_string(),
            amount_minor: line.amount.minor_units(),
            currency: line.amount.currency().as_str().to_owned().into(),
            recorded_at: seen.recorded_at,
        }
    }
}

/// Which sales; what is absent does not narrow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sold<'a> {
    pub product: Option<&'a str>,
    pub lot: Option<&'a str>,
    pub serial: Option<&'a str>,
    pub customer: Option<&'a str>,
    /// Dates of shipment, inclusive.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// Sales records, in the order in which they were recorded.
pub async fn sold(
    engine: &Engine,
    which: Sold<'_>,
    keyset: &Keyset,
) -> Result<Listed<SaleRow>, Error> {
    let (position, item): (i64, i64) = keyset.pair((0, 0))?;
    let sql = format!("SELECT {} {SOLD}", column_names::<SaleRecord>());
    let rows = fetch!(
        engine,
        SaleRecord,
        &sql,
        position,
        item,
        which.product,
        which.lot,
        which.customer,
        which.from,
        which.to,
        which.serial,
        keyset.fetched(),
    )?;
    let listed = Listed::new(rows, keyset, |row| format!("{}_{}", row.position, row.item));
    Ok(listed.map(Into::into))
}
