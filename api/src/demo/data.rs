//! The demonstration's own data files, compiled in.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;

const NAMES: &str = include_str!("../../../data/demo/names.toml");

/// A file that is compiled in has a mistake: tests find it.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration's data are at fault: {0}")]
pub struct DataError(String);

impl DataError {
    pub fn of(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}

/// Invented names.
#[derive(Clone, Debug, Deserialize)]
pub struct Names {
    pub cities: Vec<City>,
    pub hospitals: Vec<String>,
    pub private_hospitals: Vec<String>,
    pub clinics: Vec<String>,
    pub dealers: Vec<String>,
    pub makers: Vec<String>,
    pub units: Vec<String>,
    pub makers_of_products: Vec<String>,
    /// By role.
    pub staff: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct City {
    pub name: String,
    pub region: String,
    /// How licence numbers name it.
    pub mark: String,
}

pub fn names() -> Result<Names, DataError> {
    toml::from_str(NAMES).map_err(DataError::of)
}

/// The rows of a CSV file with a header.
pub fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, DataError> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(DataError::of)
}

pub fn parsed<T>(text: &str) -> Result<T, DataError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(DataError::of)
}
