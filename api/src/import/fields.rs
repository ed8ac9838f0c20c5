//! What each kind of file may say: our own names of its columns, and what stands in them.
//!
//! A file whose header uses these names needs no mapping. `probity import --help` shows this list.

use crate::config::ImportKind;

/// A column as we call it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub need: Need,
    pub says: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The file must have the column.
    Column,
    /// The column may be absent, and its cells empty.
    Nothing,
}

const fn needed(name: &'static str, says: &'static str) -> Field {
    Field { name, need: Need::Column, says }
}

const fn optional(name: &'static str, says: &'static str) -> Field {
    Field { name, need: Need::Nothing, says }
}

const RECEIVABLES: &[Field] = &[
    needed(
        "customer",
        "the customer's own code; one that is unknown is registered as unclassified",
    ),
    optional(
        "customer_name",
        "the name under which an unknown customer is registered; else its code",
    ),
    needed("invoice_number", "unique within a customer"),
    needed("invoiced_on", "a date"),
    needed("due_on", "a date, not before invoiced_on"),
    needed("amount", "more than zero, such as 12800.00"),
    optional("currency", "ISO 4217; else that of the mapping, else the company's"),
    optional("settled_on", "when the whole amount came in; empty: it is still open"),
    optional("disputed", "yes or no"),
];

const CUSTOMERS: &[Field] = &[
    needed("name", "as on the business licence"),
    needed("kind", "distributor, agent, hospital, clinic, manufacturer or other_unit"),
    needed("uscc", "the unified social credit code, 18 characters"),
    optional("code", "the company's own, unique"),
    optional("segment", "free text"),
    optional("region", "GB/T 2260, such as 330100"),
    optional("business_unit", "free text"),
    optional("account_manager", "a staff id"),
    optional("registered_address", "one line"),
    optional("delivery_addresses", "several are separated by |"),
    optional("currency", "ISO 4217 of the account; else that of the mapping, else the company's"),
];

const PRODUCTS: &[Field] = &[
    needed("code", "the company's own, unique"),
    needed("name", "as on the registration certificate"),
    needed("specification", "specification and model"),
    needed("unit", "such as 套"),
    needed("class", "I, II, III or none"),
    optional("catalogue", "2017 or 2002; 2017 without"),
    optional("catalogue_code", "such as 13-07-02; every class but none needs it"),
    optional("registration_number", "classes II and III"),
    optional("filing_number", "class I"),
    optional("registered_from", "a date"),
    optional("registered_to", "a date, inclusive; filings have none"),
    optional("registrant", "classes II and III need it"),
    optional("manufacturer", "classes II and III need it"),
    optional("manufacturer_licence", "number of the maker's licence or filing"),
    optional("udi_di", "unique"),
    optional("udi_issuer", "gs1, ma or ahm; gs1 without"),
    optional("traits", "cold_chain, implant, large_equipment; several are separated by |"),
];

/// Every column that a file of this kind may have.
pub fn fields(kind: ImportKind) -> &'static [Field] {
    match kind {
        ImportKind::Customers => CUSTOMERS,
        ImportKind::Products => PRODUCTS,
        ImportKind::Receivables => RECEIVABLES,
    }
}

/// The kind as the command line and mappings name it.
pub fn name_of(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Customers => "customers",
        ImportKind::Products => "products",
        ImportKind::Receivables => "receivables",
    }
}

/// The columns of every kind, for `--help`.
pub fn help() -> String {
    use std::fmt::Write;
    let mut text = String::from(
        "A CSV or XLSX file whose header has these names needs no mapping; dates are then written 2026-11-22, flags yes or no.\n\
         A mapping says which column is which: see data/mappings/README.md. Columns marked * are needed.\n",
    );
    for kind in [ImportKind::Customers, ImportKind::Products, ImportKind::Receivables] {
        let _ = write!(text, "\n{}:\n", name_of(kind));
        for field in fields(kind) {
            let mark = if field.need == Need::Column { '*' } else { ' ' };
            let _ = writeln!(text, "  {:<21}{mark} {}", field.name, field.says);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_mappings_names_every_column() {
        let page = include_str!("../../../data/mappings/README.md");
        for kind in [ImportKind::Customers, ImportKind::Products, ImportKind::Receivables] {
            for field in fields(kind) {
                assert!(page.contains(&format!("| `{}`", field.name)), "{}", field.name);
            }
        }
    }

    #[test]
    fn help_marks_what_is_needed() {
        let help = help();
        assert!(help.contains("\n  uscc                 * the unified"), "{help}");
        assert!(help.contains("\n  disputed               yes or no"), "{help}");
    }
}
