//! The file of a customer's papers: what stands in it, and which paper speaks on a date.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Approved, Declined, DocumentRevoked, DocumentUploaded, Paper, Submitted};
use crate::{
    document_kind::DocumentKind,
    ids::{DocumentId, StaffId},
};

/// The qualification part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Qualification {
    pub documents: BTreeMap<DocumentId, Document>,
    /// The version of the stream at which the customer was first approved as one of its kind.
    pub approved_at: Option<i64>,
    /// Who first approved this customer, and who last did.
    pub approved_by: Option<StaffId>,
    /// The last review was turned down, and nothing was approved since.
    pub declined: Option<Outcome>,
    /// The last business date that the daily review has spoken of, and what it announced of it.
    pub reviewed_on: Option<NaiveDate>,
    pub announced: BTreeSet<Uuid>,
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
    /// Everybody who ever submitted it, the last one at the end: a paper that comes back is still one they asked for.
    pub submitted_by: Vec<StaffId>,
    /// The version of the customer's stream at which this paper last changed.
    pub version: i64,
    /// The one at which it was approved.
    pub approved_at: Option<i64>,
}

impl Document {
    /// Whether another one of its kind takes its place once that one begins: approved later, and no older paper put on file.
    pub(super) fn is_followed_by(&self, other: &Self) -> bool {
        // Of papers that were approved together, the one that begins later follows.
        let order = |document: &Self| (document.approved_at, document.paper.valid_from);
        self.approved_at.is_some()
            && order(self) < order(other)
            && self.paper.kind == other.paper.kind
            && self.paper.valid_from <= other.paper.valid_from
    }
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

/// How much of a customer a review is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewKind {
    /// Of a customer that is not approved as one of its kind.
    First,
    /// Of its scope, or of a kind of paper that was not on file.
    Change,
    /// Of approved papers, which allow no more than before.
    Renewal,
}

impl ReviewKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Change => "change",
            Self::Renewal => "renewal",
        }
    }
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
    ///
    /// A paper speaks until its successor begins, and not again when that one ends early or is revoked: whoever means the older
    /// one has it approved anew.
    pub fn in_force(
        &self,
        kind: DocumentKind,
        date: NaiveDate,
    ) -> Option<(&DocumentId, &Document)> {
        let begun = self.documents.values().filter(|d| d.paper.valid_from <= date);
        let followed = |document: &Document| begun.clone().any(|d| document.is_followed_by(d));
        self.approved(kind)
            .filter(|(_, d)| d.paper.in_force_on(date) && !followed(d))
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

    pub(in crate::customer) fn in_review(&self) -> impl Iterator<Item = (&DocumentId, &Document)> {
        self.documents.iter().filter(|(_, document)| document.standing == Standing::InReview)
    }

    /// Whoever uploaded or submitted what is under review.
    pub(in crate::customer) fn made_by(&self) -> BTreeSet<StaffId> {
        let made_by = |document: &Document| {
            std::iter::once(document.uploaded_by.clone()).chain(document.submitted_by.clone())
        };
        self.in_review().flat_map(|(_, document)| made_by(document)).collect()
    }

    /// What the papers under review are for this file.
    pub fn review_kind(&self) -> ReviewKind {
        if !self.is_approved() {
            return ReviewKind::First;
        }
        // What was superseded allows nothing any more: to allow it again is a change.
        let renews = |paper: &Paper| {
            let mut on_file = self.approved(paper.kind);
            on_file.any(|(_, known)| {
                known.standing == Standing::Approved && paper.is_no_wider_than(&known.paper)
            })
        };
        let renewals = self.in_review().all(|(_, document)| renews(&document.paper));
        if renewals { ReviewKind::Renewal } else { ReviewKind::Change }
    }

    pub(super) fn with(&self, standing: Standing) -> Vec<DocumentId> {
        let found = self.documents.iter().filter(|(_, d)| d.standing == standing);
        found.map(|(id, _)| *id).collect()
    }
}

impl Qualification {
    pub(in crate::customer) fn upload(&mut self, event: &DocumentUploaded, version: i64) {
        self.documents.insert(
            event.document,
            Document {
                paper: event.paper.clone(),
                standing: Standing::Draft,
                uploaded_by: event.by.clone(),
                submitted_by: Vec::new(),
                version,
                approved_at: None,
            },
        );
    }

    pub(in crate::customer) fn submit(&mut self, event: &Submitted, version: i64) {
        self.declined = None;
        for id in &event.documents {
            if let Some(document) = self.documents.get_mut(id) {
                document.submitted_by.retain(|by| *by != event.by);
                document.submitted_by.push(event.by.clone());
            }
        }
        self.stand(&event.documents, Standing::InReview, version);
    }

    pub(in crate::customer) fn approve(&mut self, event: &Approved, version: i64) {
        self.declined = None;
        self.approved_by = Some(event.by.clone());
        self.approved_at.get_or_insert(version);
        for id in &event.documents {
            if let Some(document) = self.documents.get_mut(id) {
                document.approved_at = Some(version);
            }
        }
        // A draft that was revoked is replaced. What was approved once still says that nothing before it speaks.
        let kinds = event.documents.iter().filter_map(|id| self.documents.get(id));
        let kinds: Vec<_> = kinds.map(|document| document.paper.kind).collect();
        self.documents.retain(|id, d| {
            let never_approved = d.standing == Standing::Revoked && d.approved_at.is_none();
            let replaced = never_approved && kinds.contains(&d.paper.kind);
            !(replaced || event.forgotten.contains(id))
        });
        self.stand(&event.superseded, Standing::Superseded, version);
        self.stand(&event.documents, Standing::Approved, version);
    }

    pub(in crate::customer) fn decline(
        &mut self,
        event: &Declined,
        outcome: Outcome,
        version: i64,
    ) {
        self.declined = Some(outcome);
        match outcome {
            Outcome::Rejected => {
                self.documents.retain(|id, _| !event.documents.contains(id));
            }
            Outcome::Returned => self.stand(&event.documents, Standing::Draft, version),
        }
    }

    /// The customer became one of another kind, which asks for other papers: somebody must look at its file again.
    pub(in crate::customer) fn look_again(&mut self) {
        self.approved_at = None;
        self.declined = None;
    }

    pub(in crate::customer) fn announce(&mut self, on: NaiveDate, what: Uuid) {
        if self.reviewed_on != Some(on) {
            self.announced.clear();
        }
        self.reviewed_on = Some(on);
        self.announced.insert(what);
    }

    pub(in crate::customer) fn revoke(&mut self, event: &DocumentRevoked, version: i64) {
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
