//! What the demonstration's company sells: real names and codes of the 2017 catalogue, everything else invented.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use domain::catalogue::{Catalogue, CatalogueCode, CataloguePlace, DeviceClass};
use domain::ids::ProductId;
use domain::product::{self, Particulars, Register, Trait};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::data::{DataError, parsed, rows};

const PRODUCTS: &str = include_str!("../../../data/demo/products.csv");
const CATALOGUE: &str = include_str!("../../../data/nmpa-catalogue/catalog_2017.csv");

/// A product, and how it is bought.
#[derive(Clone, Debug)]
pub struct Good {
    pub id: ProductId,
    pub particulars: Particulars,
    pub price: Decimal,
    /// The most that one line asks for.
    pub most: u32,
    /// How often it is bought, against the others.
    pub weight: u32,
}

#[derive(Debug, Deserialize)]
struct Written {
    code: String,
    catalogue_code: String,
    class: DeviceClass,
    specification: String,
    unit: String,
    price: Decimal,
    most: u32,
    weight: u32,
    traits: String,
}

#[derive(Debug, Deserialize)]
struct Catalogued {
    code: String,
    name: String,
}

impl Good {
    /// The command that registers it.
    pub fn register(&self) -> product::Command {
        let particulars = self.particulars.clone();
        product::Command::Register(Box::new(Register { particulars, udi: None }))
    }

    pub fn place(&self) -> Option<CataloguePlace> {
        self.particulars.catalogue
    }

    pub fn is(&self, wanted: Trait) -> bool {
        self.particulars.traits.contains(&wanted)
    }

    /// Whether pieces are told apart by serial numbers, not by lots.
    pub fn is_numbered(&self) -> bool {
        self.price >= Decimal::from(4_000) && !self.is(Trait::Implant)
    }

    pub fn is_service(&self) -> bool {
        self.particulars.class == DeviceClass::None
    }
}

/// All products, with terms around the first day of trade.
pub fn goods(
    first_day: NaiveDate,
    makers: &[String],
    mut id: impl FnMut() -> ProductId,
) -> Result<Vec<Good>, DataError> {
    let names: HashMap<String, String> =
        rows::<Catalogued>(CATALOGUE)?.into_iter().map(|row| (row.code, row.name)).collect();
    let mut goods = Vec::new();
    for (serial, written) in (1..).zip(rows::<Written>(PRODUCTS)?) {
        let maker = makers.iter().find(|maker| {
            let brand: String = maker.chars().take(2).collect();
            written.specification.starts_with(&brand)
        });
        let particulars = particulars(&written, &names, maker, first_day, serial)?;
        let Written { price, most, weight, .. } = written;
        goods.push(Good { id: id(), particulars, price, most, weight });
    }
    Ok(goods)
}

fn particulars(
    written: &Written,
    names: &HashMap<String, String>,
    maker: Option<&String>,
    first_day: NaiveDate,
    serial: u32,
) -> Result<Particulars, DataError> {
    let code: Option<CatalogueCode> = if written.catalogue_code.is_empty() {
        None
    } else {
        Some(parsed(&written.catalogue_code)?)
    };
    let place = code.map(|code| CataloguePlace::new(Catalogue::V2017, code));
    let group = written.catalogue_code.get(..2).unwrap_or_default();
    let (registration, filing) = match written.class {
        DeviceClass::III => (Some(parsed(&format!("国械注准20233{group}99{serial:02}"))?), None),
        DeviceClass::II => (Some(parsed(&format!("浙械注准20232{group}99{serial:02}"))?), None),
        DeviceClass::I => (None, Some(parsed(&format!("浙云械备202399{serial:02}号"))?)),
        DeviceClass::None => (None, None),
    };
    let from = first_day.checked_sub_days(Days::new(700)).unwrap_or(first_day);
    // Five years less a day, as certificates have it; filings and services have no end.
    let to = from.checked_add_days(Days::new(1_825)).filter(|_| registration.is_some());
    let registered = written.class != DeviceClass::None;
    let licence =
        maker.filter(|_| registered).map(|_| format!("浙云药监械生产许202399{serial:02}号"));
    Ok(Particulars {
        code: parsed(&written.code)?,
        name: match names.get(&written.catalogue_code) {
            Some(name) => parsed(name)?,
            None => parsed(&written.specification)?,
        },
        specification: parsed(&written.specification)?,
        unit: parsed(&written.unit)?,
        class: written.class,
        catalogue: place.transpose().map_err(DataError::of)?,
        registration_number: registration,
        filing_number: filing,
        registered_from: registered.then_some(from),
        registered_to: to,
        registrant: maker.map(|maker| parsed(maker)).transpose()?,
        manufacturer: maker.map(|maker| parsed(maker)).transpose()?,
        manufacturer_licence: licence.map(|licence| parsed(&licence)).transpose()?,
        traits: traits(&written.traits)?,
    })
}

fn traits(text: &str) -> Result<std::collections::BTreeSet<Trait>, DataError> {
    let words = text.split('|').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let known = Trait::ALL.iter().find(|it| it.code() == word);
            known.copied().ok_or_else(|| DataError::of(format!("no trait {word}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::data::names;
    use domain::decider::Decider;
    use domain::turn::Turn;

    #[test]
    fn every_product_is_one_that_can_be_registered() {
        let day: NaiveDate = "2026-03-27".parse().unwrap();
        let mut count = 0;
        let id = || {
            count += 1;
            ProductId::from_uuid(uuid::Uuid::from_u128(count))
        };
        let goods = goods(day, &names().unwrap().makers_of_products, id).unwrap();
        let turn = Turn {
            command_id: uuid::Uuid::nil(),
            actor: "staff-quality".parse().unwrap(),
            now: chrono::DateTime::default(),
            today: day,
        };
        for good in &goods {
            product::Product::default().decide(&turn, &good.register()).unwrap();
        }
        assert!(goods.len() > 30);
        assert_eq!(&*goods[0].particulars.name, "血管支架");
    }
}
