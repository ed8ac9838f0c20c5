//! The device classification catalogues: codes, classes, and what a licence's scope covers.
//!
//! Licences mix two catalogues, of 2017 (`13-07-02`, in force since 2018-08-01) and of 2002 (`6846`). There is no official
//! map between them, so that a code of one never covers a code of the other, but for 6840: reagents for in-vitro diagnosis
//! have no place in the catalogue of 2017 and keep their old code beside it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// Why a text is no catalogue code, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CatalogueError {
    #[error("{0:?} is no catalogue code such as 13, 13-07, 13-07-02 (2017) or 6846 (2002)")]
    Format(String),
    #[error(
        "{code} is no code of the catalogue of {catalogue}: name the other catalogue, or correct the code"
    )]
    OtherCatalogue { code: CatalogueCode, catalogue: Catalogue },
}

impl CatalogueError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "catalogue.format",
            Self::OtherCatalogue { .. } => "catalogue.other_catalogue",
        }
    }
}

/// Which catalogue a code belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Catalogue {
    #[serde(rename = "2017")]
    V2017,
    #[serde(rename = "2002")]
    V2002,
}

impl fmt::Display for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V2017 => "2017",
            Self::V2002 => "2002",
        })
    }
}

/// By risk; parts and services have none.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum DeviceClass {
    I,
    II,
    III,
    #[serde(rename = "none")]
    None,
}

impl DeviceClass {
    pub const ALL: &'static [Self] = &[Self::I, Self::II, Self::III, Self::None];

    /// As on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::None => "none",
        }
    }

    pub fn zh(self) -> &'static str {
        match self {
            Self::I => "第一类",
            Self::II => "第二类",
            Self::III => "第三类",
            Self::None => "非医疗器械",
        }
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// Reagents for in-vitro diagnosis, in both catalogues.
const IVD_REAGENTS: u16 = 6840;
/// The first codes of the catalogue of 2002, after 68.
const LEVEL_1_OF_2002: [u16; 43] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 32,
    33, 34, 40, 41, 45, 46, 54, 55, 56, 57, 58, 63, 64, 65, 66, 70, 77,
];

/// A code of either catalogue, as deep as it was given: `13`, `13-07`, `13-07-02`, `6846`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueCode {
    first: u16,
    /// 0 where the code ends before: no level counts from 0.
    second: u8,
    third: u8,
}

impl CatalogueCode {
    /// Whether everything under `other` is under this code too, level by level: `13` covers `13-07-02`.
    pub fn covers(self, other: Self) -> bool {
        self.first == other.first
            && (self.second == 0
                || (self.second == other.second && (self.third == 0 || self.third == other.third)))
    }

    pub fn is_of(self, catalogue: Catalogue) -> bool {
        match catalogue {
            Catalogue::V2017 => self.first < 100 || self.first == IVD_REAGENTS,
            Catalogue::V2002 => self.first >= 100,
        }
    }

    pub fn is_ivd_reagent(self) -> bool {
        self.first == IVD_REAGENTS
    }

    /// The two digits that a registration number repeats: 13 of `13-07-02`, 46 of `6846`.
    pub fn level_1_digits(self) -> u8 {
        u8::try_from(self.first % 100).unwrap_or(0)
    }

    /// The name of the level-1 group of the catalogue of 2017, in Chinese and in our English; `None` for other codes.
    pub fn level_1_name(self) -> Option<(&'static str, &'static str)> {
        let index = usize::from(self.first).checked_sub(1)?;
        LEVEL_1_NAMES_OF_2017.get(index).copied()
    }
}

impl FromStr for CatalogueCode {
    type Err = CatalogueError;

    fn from_str(text: &str) -> Result<Self, CatalogueError> {
        parse(text).ok_or_else(|| CatalogueError::Format(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<CatalogueCode> {
    let mut parts = text.split('-');
    let first = parts.next()?;
    let first = match (first.len(), digits(first)?) {
        (2, group @ 1..=22) => group,
        (4, group @ 6800..=6899) if LEVEL_1_OF_2002.contains(&(group - 6800)) => group,
        _ => return None,
    };
    let mut level = || match parts.next() {
        None => Some(0),
        Some(part) if part.len() == 2 => {
            u8::try_from(digits(part)?).ok().filter(|&number| number > 0)
        }
        Some(_) => None,
    };
    let code = CatalogueCode { first, second: level()?, third: level()? };
    parts.next().is_none().then_some(code)
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for CatalogueCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}", self.first)?;
        for level in [self.second, self.third].into_iter().take_while(|&level| level > 0) {
            write!(formatter, "-{level:02}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CatalogueCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

crate::wire::text_on_the_wire!(
    CatalogueCode,
    "a catalogue code such as \"13-07-02\", \"13\" or \"6846\""
);
crate::wire::text_schema!(CatalogueCode, "13-07-02");

/// A product's place in a catalogue: `{"version": "2017", "code": "13-07-02"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "WrittenPlace")]
pub struct CataloguePlace {
    version: Catalogue,
    code: CatalogueCode,
}

impl CataloguePlace {
    pub fn new(version: Catalogue, code: CatalogueCode) -> Result<Self, CatalogueError> {
        in_catalogue(version, code).map(|()| Self { version, code })
    }

    /// Which catalogue.
    pub fn version(self) -> Catalogue {
        self.version
    }

    pub fn code(self) -> CatalogueCode {
        self.code
    }
}

/// One entry of a licence's scope: `{"catalogue": "2017", "code": "13", "class": "III"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "WrittenScope")]
pub struct ScopeItem {
    catalogue: Catalogue,
    code: CatalogueCode,
    class: DeviceClass,
}

impl ScopeItem {
    pub fn new(
        catalogue: Catalogue,
        code: CatalogueCode,
        class: DeviceClass,
    ) -> Result<Self, CatalogueError> {
        in_catalogue(catalogue, code).map(|()| Self { catalogue, code, class })
    }

    pub fn catalogue(self) -> Catalogue {
        self.catalogue
    }

    pub fn code(self) -> CatalogueCode {
        self.code
    }

    pub fn class(self) -> DeviceClass {
        self.class
    }

    /// Whether whatever the other entry covers is covered by this one.
    pub fn takes_in(self, other: &Self) -> bool {
        self.class == other.class
            && self.catalogue == other.catalogue
            && self.code.covers(other.code)
    }

    /// Whether a product of this place and class may be traded under this entry.
    pub fn covers(self, place: CataloguePlace, class: DeviceClass) -> bool {
        let same_catalogue = self.catalogue == place.version || self.code.is_ivd_reagent();
        self.class == class && same_catalogue && self.code.covers(place.code)
    }
}

fn in_catalogue(catalogue: Catalogue, code: CatalogueCode) -> Result<(), CatalogueError> {
    if code.is_of(catalogue) {
        Ok(())
    } else {
        Err(CatalogueError::OtherCatalogue { code, catalogue })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPlace {
    version: Catalogue,
    code: CatalogueCode,
}

impl TryFrom<WrittenPlace> for CataloguePlace {
    type Error = CatalogueError;

    fn try_from(written: WrittenPlace) -> Result<Self, CatalogueError> {
        Self::new(written.version, written.code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScope {
    catalogue: Catalogue,
    code: CatalogueCode,
    class: DeviceClass,
}

impl TryFrom<WrittenScope> for ScopeItem {
    type Error = CatalogueError;

    fn try_from(written: WrittenScope) -> Result<Self, CatalogueError> {
        Self::new(written.catalogue, written.code, written.class)
    }
}

const LEVEL_1_NAMES_OF_2017: [(&str, &str); 22] = [
    ("有源手术器械", "active surgical devices"),
    ("无源手术器械", "non-active surgical devices"),
    ("神经和心血管手术器械", "neurological and cardiovascular surgical devices"),
    ("骨科手术器械", "orthopaedic surgical devices"),
    ("放射治疗器械", "radiotherapy devices"),
    ("医用成像器械", "medical imaging devices"),
    ("医用诊察和监护器械", "examination and monitoring devices"),
    ("呼吸、麻醉和急救器械", "respiratory, anaesthesia and first-aid devices"),
    ("物理治疗器械", "physical therapy devices"),
    ("输血、透析和体外循环器械", "transfusion, dialysis and extracorporeal circulation devices"),
    ("医疗器械消毒灭菌器械", "devices for disinfection and sterilisation"),
    ("有源植入器械", "active implants"),
    ("无源植入器械", "non-active implants"),
    ("注输、护理和防护器械", "infusion, nursing and protective devices"),
    ("患者承载器械", "patient-carrying devices"),
    ("眼科器械", "ophthalmic devices"),
    ("口腔科器械", "dental devices"),
    ("妇产科、辅助生殖和避孕器械", "obstetric, assisted-reproduction and contraceptive devices"),
    ("医用康复器械", "rehabilitation devices"),
    ("中医器械", "devices of traditional Chinese medicine"),
    ("医用软件", "medical software"),
    ("临床检验器械", "clinical laboratory devices"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> CatalogueCode {
        text.parse().unwrap()
    }

    fn scope(catalogue: Catalogue, text: &str, class: DeviceClass) -> ScopeItem {
        ScopeItem::new(catalogue, code(text), class).unwrap()
    }

    #[test]
    fn codes_have_the_shape_of_their_catalogue() {
        for text in ["01", "13", "22-01", "13-07-02", "6801", "6840", "6846-01"] {
            assert_eq!(code(text).to_string(), text);
        }
        for text in [
            "",
            "1",
            "00",
            "23",
            "13-",
            "13-7",
            "13-07-2",
            "13-00",
            "13-07-02-01",
            "6800",
            "6811",
            "6999",
            "684",
            "13 07",
            "１３",
            "-13",
        ] {
            assert!(text.parse::<CatalogueCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_covers_what_lies_under_it_and_nothing_else() {
        for (wide, narrow, covers) in [
            ("13", "13-07-02", true),
            ("13-07", "13-07-02", true),
            ("13-07-02", "13-07-02", true),
            ("13-07-02", "13-07", false),
            ("13-07-02", "13", false),
            ("13-07", "13-08-02", false),
            ("13-07-02", "13-07-03", false),
            ("01", "13", false),
            ("13", "14", false),
            ("6846", "6846-01", true),
            ("6846", "6840", false),
        ] {
            assert_eq!(code(wide).covers(code(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn scope_is_of_one_class_and_one_catalogue() {
        let stent = CataloguePlace::new(Catalogue::V2017, code("13-07-02")).unwrap();
        assert!(scope(Catalogue::V2017, "13", DeviceClass::III).covers(stent, DeviceClass::III));
        assert!(!scope(Catalogue::V2017, "13", DeviceClass::II).covers(stent, DeviceClass::III));
        assert!(!scope(Catalogue::V2017, "14", DeviceClass::III).covers(stent, DeviceClass::III));
        assert!(!scope(Catalogue::V2002, "6846", DeviceClass::III).covers(stent, DeviceClass::III));
    }

    #[test]
    fn reagents_keep_their_code_in_both_catalogues() {
        let reagent = CataloguePlace::new(Catalogue::V2002, code("6840")).unwrap();
        assert!(
            scope(Catalogue::V2017, "6840", DeviceClass::III).covers(reagent, DeviceClass::III)
        );
        assert!(!scope(Catalogue::V2017, "22", DeviceClass::III).covers(reagent, DeviceClass::III));
    }

    #[test]
    fn a_code_of_the_other_catalogue_is_refused_in_a_body() {
        let read = |text| serde_json::from_str::<ScopeItem>(text);
        assert!(read(r#"{"catalogue":"2017","code":"13","class":"III"}"#).is_ok());
        let error = read(r#"{"catalogue":"2017","code":"6846","class":"III"}"#).unwrap_err();
        assert!(error.to_string().contains("name the other catalogue"), "{error}");
        assert!(read(r#"{"catalogue":"2002","code":"13","class":"III"}"#).is_err());
        assert!(read(r#"{"catalogue":"2017","code":"13","class":"IV"}"#).is_err());
    }

    #[test]
    fn level_1_groups_have_names() {
        assert_eq!(code("13-07-02").level_1_name(), Some(("无源植入器械", "non-active implants")));
        assert_eq!(code("22").level_1_name().map(|name| name.0), Some("临床检验器械"));
        assert_eq!(code("6846").level_1_name(), None);
    }

    #[test]
    fn every_code_of_the_published_catalogue_is_read_and_its_group_is_named_alike() {
        let rows = include_str!("../../data/nmpa-catalogue/catalog_2017.csv").lines().skip(1);
        let mut seen = 0;
        for row in rows {
            let text = row.split(',').next().unwrap();
            let (name, _) = code(text).level_1_name().unwrap();
            assert!(code(text).is_of(Catalogue::V2017), "{row}");
            assert!(row.ends_with(name) || row.ends_with(&format!("\"{name}\"")), "{row}");
            seen += 1;
        }
        assert_eq!(seen, 1132);
    }

    proptest! {
        #[test]
        fn covering_is_reflexive_and_transitive(levels in prop::array::uniform3((1_u8..4, 0_u8..3, 0_u8..3))) {
            let [a, b, c] = levels.map(|(first, second, third)| CatalogueCode {
                first: first.into(),
                second,
                third: if second == 0 { 0 } else { third },
            });
            prop_assert!(a.covers(a));
            prop_assert!(!(a.covers(b) && b.covers(c)) || a.covers(c));
            prop_assert!(!(a.covers(b) && b.covers(a)) || a == b);
            prop_assert_eq!(a.to_string().parse::<CatalogueCode>(), Ok(a));
        }
    }
}
