//! What a read model is to the projector.

use crate::seen::Seen;
use crate::store::Stored;

/// A read model: tables, and the fold that fills them. It rejects nothing, reads no clock, and knows nothing but its batch
/// and its own tables.
pub(crate) trait Model: Send {
    /// As in `watermarks`.
    fn name(&self) -> &'static str;

    /// First pass over a batch: which rows this event will change or look at.
    fn ask(&mut self, seen: &Seen);

    /// The same, where it takes those rows to know which others are needed.
    fn ask_more(&mut self, _seen: &Seen) {}

    /// Second pass, with those rows loaded.
    fn fold(&mut self, seen: &Seen);

    fn tables(&mut self) -> Vec<&mut dyn Stored>;
}

/// Every read model that has tables, in the order of their migrations.
pub(crate) fn all() -> Vec<Box<dyn Model>> {
    vec![
        Box::new(crate::customers::Customers::default()),
        Box::new(crate::documents::Documents::default()),
        Box::new(crate::orders::Orders::default()),
        Box::new(crate::decisions::Decisions::default()),
        Box::new(crate::receivables::Receivables::default()),
        Box::new(crate::products::Products::default()),
        Box::new(crate::sales_lines::SalesLines::default()),
        Box::new(crate::staff::StaffList::default()),
        Box::new(crate::proposals::Proposals::default()),
        Box::new(crate::cases::Cases::default()),
    ]
}
