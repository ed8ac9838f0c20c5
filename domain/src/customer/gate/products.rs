//! The goods themselves: registered, made while they were, and not past their use-by date.
//!
//! Goods made while a registration was in force stay lawful after it has lapsed (Order 47 art. 112): a lapsed
//! registration only advises at the order, and the lot decides at the shipment.

use chrono::NaiveDate;

use super::{Line, Question, product};
use crate::{
    customer::trading::Lot,
    decision::{Cause, CauseCode, Checkpoint},
};

pub(super) fn judge(question: &Question<'_>, date: NaiveDate, causes: &mut Vec<Cause>) {
    for line in &question.lines {
        match question.checkpoint {
            Checkpoint::Order => registration(line, date, causes),
            Checkpoint::Shipment => {
                for lot in &line.lots {
                    judge_lot(line, lot, date, causes);
                }
            }
            Checkpoint::Invoice | Checkpoint::Receipt => {}
        }
    }
}

fn registration(line: &Line<'_>, date: NaiveDate, causes: &mut Vec<Cause>) {
    if line.product.registered_on(date) {
        return;
    }
    let cause = Cause::new(CauseCode::RegistrationLapsed).about(product(line.product));
    causes.push(
        cause
            .with("product", line.product.code())
            .with("registration_number", line.product.registration_number().unwrap_or_default())
            .on_line(line.number),
    );
}

fn judge_lot(line: &Line<'_>, lot: &Lot, date: NaiveDate, causes: &mut Vec<Cause>) {
    let about = |code| {
        let name = lot.lot.as_deref().unwrap_or("–");
        Cause::new(code)
            .about(crate::decision::Subject::new("lot", name))
            .with("lot", name)
            .with("product", line.product.code())
            .on_line(line.number)
    };
    if let Some(end) = lot.expires_on.filter(|end| *end < date) {
        causes.push(about(CauseCode::LotExpired).with("expires_on", end));
    }
    match lot.manufactured_on {
        Some(made) if !line.product.made_in_term(made) => {
            causes.push(about(CauseCode::MadeOutsideRegistration).with("manufactured_on", made));
        }
        None if !line.product.registered_on(date) => {
            causes.push(about(CauseCode::ManufactureDateUnknown));
        }
        Some(_) | None => {}
    }
}
