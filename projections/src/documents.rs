//! Papers: every licence and certificate that was ever uploaded, how it stands, and who checked it when.
//!
//! Table `documents`, made by migration 0012. Answers `reports/expiries`, the papers of a card, and with `decisions` the
//! files behind a first sale.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::catalogue::ScopeItem;
use domain::customer::{
    Event,
    qualification::{CopyKind, Declined, DocumentUploaded, TradeMode},
};
use domain::ids::DocumentId;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch, row};
use crate::seen::Seen;
use crate::store::bulk::column_names;
use crate::store::{Json, Rows, Stored, table};

table! {
    /// A paper.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    pub struct DocumentRow in "documents" by document: DocumentId {
        document: DocumentId,
        customer: String,
        #[schema(value_type = String)]
        kind: Cow<'static, str>,
        number: String,
        issuer: Option<String>,
        issued_on: Option<NaiveDate>,
        valid_from: NaiveDate,
        /// Inclusive; absent: without end.
        valid_to: Option<NaiveDate>,
        #[schema(value_type = String)]
        copy: Cow<'static, str>,
        #[schema(value_type = Option<String>)]
        mode: Option<Cow<'static, str>>,
        #[schema(value_type = Option<Vec<ScopeItem>>)]
        scope: Option<Json<Vec<ScopeItem>>>,
        #[schema(value_type = Option<Vec<String>>)]
        scans: Option<Json<Vec<String>>>,
        /// `draft`, `in_review`, `approved`, `superseded`, `rejected`, `revoked`.
        #[schema(value_type = String)]
        standing: Cow<'static, str>,
        /// Why it was rejected, returned or revoked.
        reason: Option<String>,
        uploaded_by: String,
        uploaded_position: i64,
        uploaded_at: DateTime<Utc>,
        submitted_by: Option<String>,
        /// Who approved, rejected, returned or revoked it last.
        checked_by: Option<String>,
        approved_by: Option<String>,
        approved_position: Option<i64>,
        approved_at: Option<DateTime<Utc>>,
    }
}

/// A paper in force that ends, or has ended.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Expiry {
    #[serde(flatten)]
    pub document: DocumentRow,
    /// 0 on its last day, negative once it has expired.
    pub days_left: i64,
}

impl DocumentRow {
    /// `days_left` on a date; none for a paper without end.
    pub fn days_left(&self, today: NaiveDate) -> Option<i64> {
        self.valid_to.map(|end| end.signed_duration_since(today).num_days())
    }
}

row! {
    #[derive(Debug)]
    struct Submitter {
        customer: String,
    }
}

const OF_CUSTOMER: &str =
    "FROM documents WHERE customer = $1 AND document > $2 ORDER BY document LIMIT $3";
const ENDING: &str = "FROM documents WHERE standing = 'approved' AND valid_to <= $1 \
     AND (valid_to > $2 OR (valid_to = $2 AND document > $3)) ORDER BY valid_to, document LIMIT $4";

const IN_REVIEW: &str = "SELECT DISTINCT customer FROM documents WHERE standing = 'in_review' AND customer > $1 \
     ORDER BY customer LIMIT $2";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    rows: Rows<DocumentRow>,
}

impl Model for Documents {
    fn name(&self) -> &'static str {
        "documents"
    }

    fn ask(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::DocumentUploaded(uploaded) = event {
            self.rows.expect(&uploaded.document);
        }
        mentioned(event).for_each(|document| self.rows.ask(document));
    }

    #[expect(clippy::too_many_lines, reason = "one line for each event")]
    fn fold(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        match event {
            Event::DocumentUploaded(uploaded) => self.rows.put(DocumentRow::new(seen, uploaded)),
            Event::QualificationSubmitted(submitted) => {
                self.each(&submitted.documents, |row| {
                    row.standing = "in_review".into();
                    row.submitted_by = Some(submitted.by.to_string());
                });
            }
            Event::QualificationApproved(approved) => {
                self.each(&approved.superseded, |row| row.standing = "superseded".into());
                self.each(&approved.documents, |row| {
                    row.check("approved", approved.by.as_str(), None);
                    row.approved_by = Some(approved.by.to_string());
                    row.approved_position = Some(seen.position);
                    row.approved_at = Some(seen.recorded_at);
                });
            }
            Event::QualificationRejected(declined) => self.decline(declined, "rejected"),
            Event::QualificationReturned(declined) => self.decline(declined, "draft"),
            Event::DocumentRevoked(revoked) => self.each(&[revoked.document], |row| {
                row.check("revoked", revoked.by.as_str(), Some(&revoked.reason));
            }),
            Event::CustomerRegistered(_)
            | Event::CodeAssigned(_)
            | Event::CustomerClassified(_)
            | Event::UsccRecorded(_)
            | Event::ParticularsAmended(_)
            | Event::CustomerSuspended(_)
            | Event::CustomerDisabled(_)
            | Event::CustomerReinstated(_)
            | Event::DocumentExpiryAnnounced(_)
            | Event::LimitGranted(_)
            | Event::CaseOpened(_)
            | Event::CaseRoundOpened(_)
            | Event::CaseVoted(_)
            | Event::CaseStageOpened(_)
            | Event::InformationAsked(_)
            | Event::InformationGiven(_)
            | Event::ReviewerAdded(_)
            | Event::CaseTransferred(_)
            | Event::CaseReminded(_)
            | Event::SlaBreached(_)
            | Event::CaseEscalated(_)
            | Event::CaseClosed(_)
            | Event::LimitFrozen(_)
            | Event::LimitUnfrozen(_)
            | Event::OrderPlaced(_)
            | Event::OrderHeld(_)
            | Event::OrderDenied(_)
            | Event::OrderReleased(_)
            | Event::OrderHealed(_)
            | Event::OrderCancelled(_)
            | Event::GoodsShipped(_)
            | Event::ShipmentHeld(_)
            | Event::ShipmentDenied(_)
            | Event::ShipmentCleared(_)
            | Event::InvoiceIssued(_)
            | Event::InvoiceHeld(_)
            | Event::InvoiceDenied(_)
            | Event::InvoiceVoided(_)
            | Event::InvoiceOpened(_)
            | Event::CashReceived(_)
            | Event::CashApplied(_)
            | Event::ReceiptReversed(_)
            | Event::CreditNoteIssued(_)
            | Event::ComplianceCaseOpened(_)
            | Event::OverdueAnnounced(_) => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

/// The papers, already on file, that an event is about.
fn mentioned(event: &Event) -> impl Iterator<Item = &DocumentId> {
    let (first, second): (&[DocumentId], &[DocumentId]) =
        if let Event::QualificationApproved(approved) = event {
            (&approved.documents, &approved.superseded)
        } else if let Event::QualificationSubmitted(submitted) = event {
            (&submitted.documents, &[])
        } else if let Event::QualificationRejected(it) | Event::QualificationReturned(it) = event {
            (&it.documents, &[])
        } else if let Event::DocumentRevoked(revoked) = event {
            (std::slice::from_ref(&revoked.document), &[])
        } else {
            (&[], &[])
        };
    first.iter().chain(second)
}

impl Documents {
    fn decline(&mut self, declined: &Declined, standing: &'static str) {
        self.each(&declined.documents, |row| {
            row.check(standing, declined.by.as_str(), Some(&declined.reason));
        });
    }

    fn each(&mut self, documents: &[DocumentId], change: impl Fn(&mut DocumentRow)) {
        for document in documents {
            if let Some(row) = self.rows.change(document) {
                change(row);
            }
        }
    }
}

impl DocumentRow {
    fn new(seen: &Seen, uploaded: &DocumentUploaded) -> Self {
        let paper = &uploaded.paper;
        Self {
            document: uploaded.document,
            customer: seen.stream.to_string(),
            kind: paper.kind.code().into(),
            number: paper.number.to_string(),
            issuer: paper.issuer.as_ref().map(ToString::to_string),
            issued_on: paper.issued_on,
            valid_from: paper.valid_from,
            valid_to: paper.valid_to,
            copy: match paper.copy {
                CopyKind::SealedCopy => "sealed_copy".into(),
                CopyKind::ELicence => "e_licence".into(),
                CopyKind::PlainCopy => "plain_copy".into(),
            },
            mode: paper.mode.map(|mode| match mode {
                TradeMode::Wholesale => "wholesale".into(),
                TradeMode::Retail => "retail".into(),
                TradeMode::WholesaleAndRetail => "wholesale_and_retail".into(),
            }),
            scope: Json::of_some(paper.scope.clone()),
            scans: Json::of_some(paper.scans.iter().map(ToString::to_string).collect()),
            standing: "draft".into(),
            reason: None,
            uploaded_by: uploaded.by.to_string(),
            uploaded_position: seen.position,
            uploaded_at: seen.recorded_at,
            submitted_by: None,
            checked_by: None,
            approved_by: None,
            approved_position: None,
            approved_at: None,
        }
    }

    fn check(&mut self, standing: &'static str, by: &str, reason: Option<&str>) {
        self.standing = standing.into();
        self.checked_by = Some(by.to_owned());
        self.reason = reason.map(str::to_owned);
    }
}

/// Every paper of a customer, in the order of upload.
pub async fn of_customer(
    engine: &Engine,
    customer: &str,
    keyset: &Keyset,
) -> Result<Listed<DocumentRow>, Error> {
    let sql = format!("SELECT {} {OF_CUSTOMER}", column_names::<DocumentRow>());
    let rows = fetch!(engine, DocumentRow, &sql, customer, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.document.to_string()))
}

/// Approved papers that end within so many days of `today`, and those that have ended and were not followed; what ended
/// first comes first.
pub async fn expiries(
    engine: &Engine,
    today: NaiveDate,
    within_days: u32,
    keyset: &Keyset,
) -> Result<Listed<Expiry>, Error> {
    let until = today.checked_add_days(Days::new(within_days.into())).unwrap_or(NaiveDate::MAX);
    let (after, document) = keyset.pair((NaiveDate::MIN, String::new()))?;
    // The smallest date of chrono is before what PostgreSQL knows.
    let after = after.max(NaiveDate::default());
    let sql = format!("SELECT {} {ENDING}", column_names::<DocumentRow>());
    let rows = fetch!(engine, DocumentRow, &sql, until, after, &document, keyset.fetched())?;
    let listed = Listed::new(rows, keyset, |row| {
        format!("{}_{}", row.valid_to.unwrap_or_default(), row.document)
    });
    Ok(listed.map(|document| {
        let days_left = document.days_left(today).unwrap_or_default();
        Expiry { document, days_left }
    }))
}

/// Customers with papers under review, by id.
pub async fn in_review(engine: &Engine, keyset: &Keyset) -> Result<Listed<String>, Error> {
    let rows = fetch!(engine, Submitter, IN_REVIEW, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.customer.clone()).map(|row| row.customer))
}
