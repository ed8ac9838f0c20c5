//! Qualification: whether the law lets us sell to this customer.
//!
//! Papers are uploaded, submitted, and approved by Quality, never by whoever uploaded or submitted one of them.
//! An approved paper is never edited: a newer one of its kind supersedes it from its own first day on.
//! A renewal is reviewed beside the paper in force, and trade goes on meanwhile.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Customer, Event, Rejection};
use crate::{
    catalogue::ScopeItem,
    context::Context,
    digest::Sha256Digest,
    document_kind::{DocumentKind, Term},
    ids::{DocumentId, StaffId},
    licence_number::{self, Agreement},
    text::{Line, Prose},
};

/// The most papers that one customer may have under way or in force.
pub const DOCUMENTS_MAX: usize = 200;
/// How long a superseded paper that has ended is kept, for what is entered late and judged at its own date.
const KEPT_AFTER_END: Days = Days::new(400);

#[derive(Clone, Debug)]
pub enum Command {
    Upload(Box<Upload>),
    Submit,
    Approve(Remarks),
    Reject { reason: Prose<500>, remarks: Remarks },
    Return { reason: Prose<500>, remarks: Remarks },
    Revoke { document: DocumentId, reason: Prose<500> },
}

/// What a reviewer leaves beside the verdict.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    pub comment: Option<Prose<1000>>,
    /// The salted digest of the name that the reviewer signs with.
    pub signature: Option<Sha256Digest>,
}

/// A paper as somebody uploads it.
#[derive(Clone, Debug)]
pub struct Upload {
    pub paper: Paper,
}

/// The face of a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Paper {
    pub kind: DocumentKind,
    #[schema(value_type = String)]
    pub number: Line<100>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub issuer: Option<Line<200>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
    pub valid_from: NaiveDate,
    /// Inclusive. Absent only where `long_term` says that there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    #[serde(default)]
    pub long_term: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<TradeMode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<ScopeItem>,
    pub copy: CopyKind,
    /// The scans' digests, `sha256:…`, one for each page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scans: Vec<String>,
}

impl Paper {
    pub fn in_force_on(&self, date: NaiveDate) -> bool {
        self.valid_from <= date && self.valid_to.is_none_or(|end| date <= end)
    }
}

/// 经营方式.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TradeMode {
    Wholesale,
    Retail,
    WholesaleAndRetail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    /// A copy under the buyer's seal.
    SealedCopy,
    ELicence,
    PlainCopy,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DocumentUploaded {
    pub document: DocumentId,
    pub paper: Paper,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Submitted {
    pub documents: Vec<DocumentId>,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Approved {
    pub documents: Vec<DocumentId>,
    /// Papers of the same kinds that these ones follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<DocumentId>,
    /// Superseded papers that ended so long ago that nothing is judged by them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<DocumentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// The salted digest of the name that the reviewer signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signature: Option<Sha256Digest>,
    pub by: StaffId,
}

/// A review that ended without approval: rejected for good, or returned to be mended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Declined {
    pub documents: Vec<DocumentId>,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// The salted digest of the name that the reviewer signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signature: Option<Sha256Digest>,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DocumentRevoked {
    pub document: DocumentId,
    pub kind: DocumentKind,
    #[schema(value_type = String)]
    pub number: Line<100>,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub by: StaffId,
}

/// Said by the daily review; no checkpoint relies on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DocumentExpiryAnnounced {
    pub document: DocumentId,
    pub kind: DocumentKind,
    #[schema(value_type = String)]
    pub number: Line<100>,
    pub valid_to: NaiveDate,
    /// 0 on its last day, negative once it has expired.
    pub days_left: i64,
    pub business_date: NaiveDate,
}

impl Event {
    /// The digest of the name that a reviewer signed with.
    pub fn signature(&self) -> Option<Sha256Digest> {
        match self {
            Self::QualificationApproved(approved) => approved.signature,
            Self::QualificationRejected(declined) | Self::QualificationReturned(declined) => {
                declined.signature
            }
            _ => None,
        }
    }
}

/// The qualification part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Qualification {
    pub documents: BTreeMap<DocumentId, Document>,
    /// The version of the stream at which the customer was first approved.
    pub approved_at: Option<i64>,
    /// Who first approved this customer, and who last did.
    pub approved_by: Option<StaffId>,
    /// The last review was turned down, and nothing was approved since.
    pub declined: Option<Outcome>,
    /// The last business date that the daily review has announced.
    pub reviewed_on: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Rejected,
    Returned,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub paper: Paper,
    pub standing: Standing,
    pub uploaded_by: StaffId,
    /// Who submitted it last.
    pub submitted_by: Option<StaffId>,
    /// The version of the customer's stream at which this paper last changed.
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Uploaded, not yet submitted.
    Draft,
    InReview,
    Approved,
    /// Approved, and followed by a newer one of its kind.
    Superseded,
    Revoked,
}

impl Qualification {
    pub fn is_approved(&self) -> bool {
        self.approved_at.is_some()
    }

    pub fn is_in_review(&self) -> bool {
        self.documents.values().any(|document| document.standing == Standing::InReview)
    }

    /// `none`, `draft`, `in_review`, `approved`, `rejected`, `returned`, as cards show it.
    pub fn status(&self) -> &'static str {
        if self.is_approved() {
            return "approved";
        }
        if self.is_in_review() {
            return "in_review";
        }
        match self.declined {
            Some(Outcome::Rejected) => "rejected",
            Some(Outcome::Returned) => "returned",
            None if self.documents.is_empty() => "none",
            None => "draft",
        }
    }

    /// The paper of a kind that speaks on a date: of those approved and in force, the one that began last.
    pub fn in_force(
        &self,
        kind: DocumentKind,
        date: NaiveDate,
    ) -> Option<(&DocumentId, &Document)> {
        self.approved(kind)
            .filter(|(_, d)| d.paper.in_force_on(date))
            .max_by_key(|(_, d)| (d.paper.valid_from, d.version))
    }

    /// Every approved paper of a kind that nobody revoked, superseded ones included.
    pub fn approved(
        &self,
        kind: DocumentKind,
    ) -> impl Iterator<Item = (&DocumentId, &Document)> + Clone {
        self.documents.iter().filter(move |(_, document)| {
            document.paper.kind == kind
                && matches!(document.standing, Standing::Approved | Standing::Superseded)
        })
    }

    fn with(&self, standing: Standing) -> Vec<DocumentId> {
        let found = self.documents.iter().filter(|(_, d)| d.standing == standing);
        found.map(|(id, _)| *id).collect()
    }
}

pub(super) fn decide(
    customer: &Customer,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let file = &customer.qualification;
    let by = context.turn.actor.clone();
    match command {
        Command::Upload(upload) => {
            upload_is_sound(file, &upload.paper)?;
            let document = DocumentId::from_uuid(context.turn.command_id);
            let paper = upload.paper.clone();
            Ok(vec![Event::DocumentUploaded(Box::new(DocumentUploaded { document, paper, by }))])
        }
        Command::Submit => {
            let documents = file.with(Standing::Draft);
            if documents.is_empty() {
                return Err(Rejection::NothingToSubmit);
            }
            Ok(vec![Event::QualificationSubmitted(Submitted { documents, by })])
        }
        Command::Approve(remarks) => approve(customer, context, remarks.clone()),
        Command::Reject { reason, remarks } => {
            let declined = decline(file, by, reason, remarks.clone())?;
            Ok(vec![Event::QualificationRejected(declined)])
        }
        Command::Return { reason, remarks } => {
            let declined = decline(file, by, reason, remarks.clone())?;
            Ok(vec![Event::QualificationReturned(declined)])
        }
        Command::Revoke { document, reason } => {
            let known = file.documents.get(document).ok_or(Rejection::NoSuchDocument)?;
            if known.standing == Standing::Revoked {
                return Err(Rejection::DocumentRevoked);
            }
            Ok(vec![Event::DocumentRevoked(DocumentRevoked {
                document: *document,
                kind: known.paper.kind,
                number: known.paper.number.clone(),
                reason: reason.clone(),
                by,
            })])
        }
    }
}

fn upload_is_sound(file: &Qualification, paper: &Paper) -> Result<(), Rejection> {
    if file.documents.len() >= DOCUMENTS_MAX {
        return Err(Rejection::TooManyDocuments);
    }
    match (paper.valid_to, paper.long_term) {
        (Some(_), true) => return Err(Rejection::TermContradicts),
        (None, false) => return Err(Rejection::TermMissing),
        (None, true) if paper.kind.term() == Term::Dated => {
            return Err(Rejection::TermRequired { kind: paper.kind });
        }
        (Some(end), false) if end < paper.valid_from => return Err(Rejection::TermReversed),
        (Some(_), false) | (None, true) => {}
    }
    if licence_number::agreement(paper.kind, &paper.number) == Agreement::WrongKind {
        return Err(Rejection::NumberOfOtherKind { kind: paper.kind });
    }
    Ok(())
}

/// The papers under review, for somebody who neither uploaded nor submitted any of them.
fn open_review(file: &Qualification, by: &StaffId) -> Result<Vec<DocumentId>, Rejection> {
    let documents = file.with(Standing::InReview);
    if documents.is_empty() {
        return Err(Rejection::NothingInReview);
    }
    let made_by = |document: &Document| {
        document.uploaded_by == *by || document.submitted_by.as_ref() == Some(by)
    };
    if documents.iter().filter_map(|id| file.documents.get(id)).any(made_by) {
        return Err(Rejection::OwnWork);
    }
    Ok(documents)
}

fn approve(
    customer: &Customer,
    context: &Context,
    Remarks { comment, signature }: Remarks,
) -> Result<Vec<Event>, Rejection> {
    let file = &customer.qualification;
    let by = context.turn.actor.clone();
    let documents = open_review(file, &by)?;
    let kinds: Vec<_> =
        documents.iter().filter_map(|id| file.documents.get(id)).map(|d| d.paper.kind).collect();
    let superseded = file
        .documents
        .iter()
        .filter(|(_, d)| d.standing == Standing::Approved && kinds.contains(&d.paper.kind));
    let superseded = superseded.map(|(id, _)| *id).collect();
    let since = context.turn.today.checked_sub_days(KEPT_AFTER_END).unwrap_or(context.turn.today);
    let forgotten = file.documents.iter().filter(|(_, d)| {
        d.standing == Standing::Superseded && d.paper.valid_to.is_some_and(|end| end < since)
    });
    let forgotten = forgotten.map(|(id, _)| *id).collect();
    let approved = Approved { documents, superseded, forgotten, comment, signature, by };
    Ok(vec![Event::QualificationApproved(approved)])
}

fn decline(
    file: &Qualification,
    by: StaffId,
    reason: &Prose<500>,
    Remarks { comment, signature }: Remarks,
) -> Result<Declined, Rejection> {
    let documents = open_review(file, &by)?;
    Ok(Declined { documents, reason: reason.clone(), comment, signature, by })
}

impl Qualification {
    pub(super) fn upload(&mut self, event: &DocumentUploaded, version: i64) {
        self.documents.insert(
            event.document,
            Document {
                paper: event.paper.clone(),
                standing: Standing::Draft,
                uploaded_by: event.by.clone(),
                submitted_by: None,
                version,
            },
        );
    }

    pub(super) fn submit(&mut self, event: &Submitted, version: i64) {
        self.declined = None;
        for id in &event.documents {
            if let Some(document) = self.documents.get_mut(id) {
                document.submitted_by = Some(event.by.clone());
            }
        }
        self.stand(&event.documents, Standing::InReview, version);
    }

    pub(super) fn approve(&mut self, event: &Approved, version: i64) {
        self.declined = None;
        self.approved_by = Some(event.by.clone());
        self.approved_at.get_or_insert(version);
        // What was revoked is now replaced. What is superseded may speak until its successor begins.
        let kinds: Vec<_> = event
            .documents
            .iter()
            .filter_map(|id| self.documents.get(id))
            .map(|d| d.paper.kind)
            .collect();
        self.documents.retain(|id, d| {
            let replaced = d.standing == Standing::Revoked && kinds.contains(&d.paper.kind);
            !replaced && !event.forgotten.contains(id)
        });
        self.stand(&event.superseded, Standing::Superseded, version);
        self.stand(&event.documents, Standing::Approved, version);
    }

    pub(super) fn decline(&mut self, event: &Declined, outcome: Outcome, version: i64) {
        self.declined = Some(outcome);
        match outcome {
            Outcome::Rejected => {
                self.documents.retain(|id, _| !event.documents.contains(id));
            }
            Outcome::Returned => self.stand(&event.documents, Standing::Draft, version),
        }
    }

    pub(super) fn revoke(&mut self, event: &DocumentRevoked, version: i64) {
        self.stand(&[event.document], Standing::Revoked, version);
    }

    fn stand(&mut self, documents: &[DocumentId], standing: Standing, version: i64) {
        for id in documents {
            if let Some(document) = self.documents.get_mut(id) {
                document.standing = standing;
                document.version = version;
            }
        }
    }
}
