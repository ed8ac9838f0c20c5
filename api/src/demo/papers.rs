//! The papers of the demonstration's customers: what each kind needs, with dates around the days of trade.

use chrono::{Days, NaiveDate};
use domain::catalogue::{Catalogue, DeviceClass, ScopeItem};
use domain::customer::qualification::{CopyKind, Paper, TradeMode};
use domain::customer::registration::CustomerKind;
use domain::document_kind::DocumentKind;

use super::cast::{Entity, Part, Sketch};
use super::data::{City, DataError, parsed};

/// The groups of the catalogue that dealers of the demonstration trade in.
const GROUPS: &[&str] = &["02", "03", "06", "07", "08", "10", "13", "14"];

/// The days between which trade is shown.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Span {
    pub fn before_first(self, days: u64) -> NaiveDate {
        self.first.checked_sub_days(Days::new(days)).unwrap_or(self.first)
    }

    pub fn after_last(self, days: u64) -> NaiveDate {
        self.last.checked_add_days(Days::new(days)).unwrap_or(self.last)
    }

    pub fn before_last(self, days: u64) -> NaiveDate {
        self.last.checked_sub_days(Days::new(days)).unwrap_or(self.last)
    }
}

/// Writes one customer's papers.
pub struct Clerk<'a> {
    pub sketch: &'a Sketch,
    pub city: &'a City,
    pub uscc: &'a str,
    pub serial: usize,
    pub span: Span,
}

impl Clerk<'_> {
    /// All that are on file when the customer is approved.
    pub fn papers(&self) -> Result<Vec<Paper>, DataError> {
        let mut papers = vec![self.identity()?];
        match self.sketch.kind {
            CustomerKind::Distributor | CustomerKind::Agent => papers.extend(self.of_a_dealer()?),
            CustomerKind::Hospital => papers.extend(self.of_a_hospital()?),
            CustomerKind::Clinic => {
                let number = format!("{}诊备99{:04}", self.city.mark, self.serial);
                papers.push(self.long(DocumentKind::ClinicFiling, &number)?);
            }
            CustomerKind::Manufacturer => {
                let number =
                    format!("浙{}药监械生产许202299{:02}号", self.city.mark, self.serial % 100);
                papers.push(self.dated(DocumentKind::ProductionLicence, &number, 1_000, 800)?);
            }
            CustomerKind::OtherUnit => {
                papers.push(
                    self.long(DocumentKind::StatementOfNeed, &format!("需求说明 {}", self.serial))?,
                );
            }
            CustomerKind::Unclassified => {}
        }
        papers.push(
            self.long(DocumentKind::InvoicingParticulars, &format!("开票资料 {}", self.serial))?,
        );
        Ok(papers)
    }

    /// The paper that says who it is.
    fn identity(&self) -> Result<Paper, DataError> {
        match self.sketch.entity {
            Entity::Public => self.dated(DocumentKind::InstitutionCertificate, self.uscc, 900, 900),
            Entity::NonProfit => {
                self.dated(DocumentKind::SocialOrganisationCertificate, self.uscc, 900, 900)
            }
            Entity::Company => self.long(DocumentKind::BusinessLicence, self.uscc),
        }
    }

    fn of_a_dealer(&self) -> Result<Vec<Paper>, DataError> {
        if self.sketch.part == Part::DrugsOnly {
            let number = format!("浙BA99{:05}", self.serial);
            return Ok(vec![self.dated(DocumentKind::DrugTradingLicence, &number, 600, 900)?]);
        }
        let letter = format!("授权书 {}", self.serial);
        Ok(vec![
            self.trading_licence()?,
            self.trading_filing()?,
            self.long(DocumentKind::AgentAuthorisation, &letter)?,
            self.long(DocumentKind::QualityAgreement, &format!("质保协议 {}", self.serial))?,
        ])
    }

    fn trading_licence(&self) -> Result<Paper, DataError> {
        let number =
            format!("浙{}药监械经营许2022{:04}号", self.city.mark, 9_000 + self.serial % 1_000);
        let last = match self.sketch.part {
            Part::Lapsed => self.span.before_last(25),
            Part::ELicence => self.span.after_last(20),
            _ => self.span.after_last(500),
        };
        let mut paper = self.dated(DocumentKind::DeviceTradingLicence, &number, 0, 0)?;
        (paper.valid_from, paper.valid_to) = (five_years_before(last), Some(last));
        paper.issued_on = Some(paper.valid_from);
        paper.mode = Some(TradeMode::Wholesale);
        paper.scope = self.scope(DeviceClass::III)?;
        if self.sketch.part == Part::ELicence {
            paper.copy = CopyKind::ELicence;
        }
        Ok(paper)
    }

    /// The same licence, renewed; it begins when the old one ends.
    pub fn renewal(&self) -> Result<Paper, DataError> {
        let mut paper = self.trading_licence()?;
        let end = paper.valid_to.unwrap_or(self.span.last);
        paper.valid_from = end.succ_opt().unwrap_or(end);
        paper.valid_to = end.checked_add_days(Days::new(1_826));
        paper.issued_on = Some(self.span.before_last(5));
        Ok(paper)
    }

    fn trading_filing(&self) -> Result<Paper, DataError> {
        let number =
            format!("浙{}药监械经营备2022{:04}号", self.city.mark, 9_000 + self.serial % 1_000);
        let mut paper = self.long(DocumentKind::DeviceTradingFiling, &number)?;
        paper.mode = Some(TradeMode::Wholesale);
        paper.scope = self.scope(DeviceClass::II)?;
        Ok(paper)
    }

    /// One group in eight is left out, another one for each dealer, so that scopes matter.
    fn scope(&self, class: DeviceClass) -> Result<Vec<ScopeItem>, DataError> {
        let missing = self.serial % GROUPS.len();
        let left_out = |index: usize| self.sketch.part == Part::Ordinary && index == missing;
        let groups = GROUPS.iter().enumerate().filter(|(index, _)| !left_out(*index));
        groups
            .map(|(_, group)| {
                ScopeItem::new(Catalogue::V2017, parsed(group)?, class).map_err(DataError::of)
            })
            .collect()
    }

    fn of_a_hospital(&self) -> Result<Vec<Paper>, DataError> {
        let number = format!("PDYDEM{:06}", self.serial);
        let verified = format!("校验 {}", self.serial);
        let mut papers = vec![
            self.dated(DocumentKind::PracticeLicence, &number, 1_200, 1_400)?,
            self.dated(DocumentKind::PracticeVerification, &verified, 200, 600)?,
        ];
        if self.sketch.entity == Entity::Public && self.serial.is_multiple_of(2) {
            let number = format!("甲990{:04}", self.serial);
            papers.push(self.dated(DocumentKind::LargeEquipmentPermit, &number, 400, 1_400)?);
        }
        Ok(papers)
    }

    fn dated(
        &self,
        kind: DocumentKind,
        number: &str,
        before: u64,
        after: u64,
    ) -> Result<Paper, DataError> {
        let mut paper = self.long(kind, number)?;
        paper.valid_from = self.span.before_first(before);
        paper.issued_on = Some(paper.valid_from);
        paper.valid_to = Some(self.span.after_last(after));
        paper.long_term = false;
        Ok(paper)
    }

    fn long(&self, kind: DocumentKind, number: &str) -> Result<Paper, DataError> {
        let from = self.span.before_first(400);
        Ok(Paper {
            kind,
            number: parsed(number)?,
            issuer: Some(parsed(&format!("{}（示例）发证机关", self.city.name))?),
            issued_on: Some(from),
            valid_from: from,
            valid_to: None,
            long_term: true,
            mode: None,
            scope: Vec::new(),
            copy: CopyKind::SealedCopy,
            scans: Vec::new(),
        })
    }
}

/// The first day of a five-year licence that ends on `last`.
fn five_years_before(last: NaiveDate) -> NaiveDate {
    last.checked_sub_days(Days::new(1_825)).unwrap_or(last)
}
