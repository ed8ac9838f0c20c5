//! Qualification: whether the law lets us sell to this customer.
//!
//! Papers are uploaded, submitted, and approved by those whom the policy pack names, never by whoever uploaded or submitted one of them.
//! An approved paper is never edited: a newer one of its kind supersedes it from its own first day on.
//! A renewal is reviewed beside the paper in force, and trade goes on meanwhile.

mod file;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

pub use self::file::{Document, Outcome, Qualification, ReviewKind, Standing};
use super::{
    Customer, Event, Rejection,
    approving::{self, Matter},
    registration::CustomerKind,
};
use crate::{
    catalogue::ScopeItem,
    context::Context,
    decider::Decider,
    digest::Sha256Digest,
    document_kind::{DocumentKind, Term},
    ids::{DocumentId, StaffId},
    licence_number::{self, Agreement},
    signature::Signature,
    text::{Line, Prose},
};

/// The most papers that one customer may have under way or in force.
pub const DOCUMENTS_MAX: usize = 200;
/// How long a superseded paper that has ended is kept, for what is entered late and judged at its own date.
const KEPT_AFTER_END: Days = Days::new(400);

#[derive(Clone, Debug)]
pub enum Command {
    Upload(Box<Upload>),
    Submit {
        /// What the customer is called now, where that has changed: it takes effect with the papers.
        name: Option<Line<200>>,
    },
    Revoke {
        document: DocumentId,
        reason: Prose<500>,
    },
}

/// What a reviewer leaves beside the verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Remarks {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// The salted digest of the name that was signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signature: Option<Sha256Digest>,
    /// Proved with what only the signer has; of no other record and no other content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Box<Signature>>,
}

impl Remarks {
    /// The digest of the name beneath it, however it was signed.
    pub fn name_digest(&self) -> Option<Sha256Digest> {
        self.signature.or(self.signed.as_ref().map(|signed| signed.name_digest))
    }
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

impl Paper {
    /// Whether it lets its holder do nothing that the other one does not.
    fn is_no_wider_than(&self, other: &Self) -> bool {
        let covered = |item: &ScopeItem| other.scope.iter().any(|known| known.takes_in(item));
        self.mode == other.mode && self.scope.iter().all(covered)
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
    /// What the customer is called from now on, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line<200>>,
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
            Self::CaseVoted(voted) => voted.remarks.name_digest(),
            Self::CaseStageOpened(opened) => opened.returned.as_ref()?.remarks.name_digest(),
            Self::CaseClosed(closed) => closed.remarks.name_digest(),
            Self::QualificationRejected(declined) | Self::QualificationReturned(declined) => {
                declined.signature
            }
            _ => None,
        }
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
        Command::Submit { name } => submit(customer, context, name.as_ref()),
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

/// What was uploaded is under review from now on, and those are asked who must agree to it.
///
/// A name that was asked for stays asked for until another one is given; the present one takes it back.
fn submit(
    customer: &Customer,
    context: &Context,
    name: Option<&Line<200>>,
) -> Result<Vec<Event>, Rejection> {
    let documents = customer.qualification.with(Standing::Draft);
    let under_way = customer.cases.qualification.as_ref().filter(|case| case.goes_on());
    let asked_before = match under_way.map(|case| &case.matter) {
        Some(Matter::Qualification { renames_to }) => renames_to.as_ref(),
        _ => None,
    };
    let present = customer.registration.particulars.as_ref().map(|it| &it.name);
    let renames_to = name.or(asked_before).filter(|name| Some(*name) != present).cloned();
    let renamed = renames_to.as_ref() != asked_before && customer.qualification.is_in_review();
    if documents.is_empty() && !renamed {
        return Err(Rejection::NothingToSubmit);
    }
    let by = context.turn.actor.clone();
    let submitted = Event::QualificationSubmitted(Submitted { documents, by });
    let mut under_review = customer.clone();
    under_review.evolve(&submitted);
    let asked = approving::request(&under_review, context, &Matter::Qualification { renames_to })?;
    Ok(std::iter::once(submitted).chain(asked).collect())
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

/// Everybody agreed: the papers under review are on file.
pub(super) fn approved(
    customer: &Customer,
    context: &Context,
    name: Option<Line<200>>,
    Remarks { comment, signature, .. }: Remarks,
) -> Event {
    let file = &customer.qualification;
    let by = context.turn.actor.clone();
    let documents = file.with(Standing::InReview);
    let new = documents.iter().filter_map(|id| file.documents.get(id)).map(|d| &d.paper);
    // An older paper that is put on file takes nobody's place.
    let superseded = file.documents.iter().filter(|(_, d)| {
        let follows =
            |paper: &Paper| paper.kind == d.paper.kind && d.paper.valid_from <= paper.valid_from;
        d.standing == Standing::Approved && new.clone().any(follows)
    });
    let superseded = superseded.map(|(id, _)| *id).collect();
    let since = context.turn.today.checked_sub_days(KEPT_AFTER_END).unwrap_or(context.turn.today);
    let former = file.documents.iter().filter(|(_, d)| {
        matches!(d.standing, Standing::Superseded | Standing::Revoked) && d.approved_at.is_some()
    });
    let long_ended = |d: &Document| d.paper.valid_to.is_some_and(|end| end < since);
    // With a paper goes what it had taken the place of, which must not speak again.
    let forgotten = former.clone().filter(|(_, d)| {
        let mut gone = former.clone().filter(|(_, other)| long_ended(other));
        long_ended(d) || gone.any(|(_, other)| d.is_followed_by(other))
    });
    let forgotten = forgotten.map(|(id, _)| *id).collect();
    let approved = Approved { documents, superseded, forgotten, name, comment, signature, by };
    Event::QualificationApproved(approved)
}

/// Somebody who is asked turned the papers under review down.
pub(super) fn declined(
    customer: &Customer,
    context: &Context,
    reason: &Prose<500>,
    Remarks { comment, signature, .. }: Remarks,
) -> Declined {
    let documents = customer.qualification.with(Standing::InReview);
    let by = context.turn.actor.clone();
    Declined { documents, reason: reason.clone(), comment, signature, by }
}

impl Customer {
    /// A dealer without a licence or filing for devices, on file or under review, may buy those of class I only.
    pub(super) fn buys_class_i_only(&self) -> bool {
        let dealer =
            matches!(self.registration.kind(), CustomerKind::Distributor | CustomerKind::Agent);
        let of_trade = |document: &Document| {
            let kinds = [DocumentKind::DeviceTradingLicence, DocumentKind::DeviceTradingFiling];
            kinds.contains(&document.paper.kind)
                && !matches!(document.standing, Standing::Revoked | Standing::Draft)
        };
        dealer && !self.qualification.documents.values().any(|document| of_trade(document))
    }
}
