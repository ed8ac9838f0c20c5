//! The goods themselves: registered, made while they were, and not past their use-by date.
//!
//! Goods made while a registration was in force stay lawful after it has lapsed (Order 47 art. 112): a lapsed
//! registration only advises at the order, and the lot decides at the shipment.

use chrono::NaiveDate;

use super::{Line, Question};
use crate::{
    customer::trading::Lot,
    decision::{Cause, CauseCode, Checkpoint, Subject},
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
    let code = &line.particulars.code;
    let mut cause = Cause::new(CauseCode::RegistrationLapsed)
        .about(Subject::new("product", code))
        .with("product", code)
        .on_line(line.number);
    if let Some(number) = &line.particulars.registration_number {
        cause = cause.with("registration_number", number);
    }
    if let Some(ended) = line.product.lapsed_before(date).and_then(|term| term.to) {
        cause = cause.with("valid_to", ended);
    }
    causes.push(cause);
}

fn judge_lot(line: &Line<'_>, lot: &Lot, date: NaiveDate, causes: &mut Vec<Cause>) {
    let about = |code| {
        let name = lot.lot.as_deref().unwrap_or("–");
        Cause::new(code)
            .about(Subject::new("lot", name))
            .with("lot", name)
            .with("product", &line.particulars.code)
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
