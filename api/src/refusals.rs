//! Why a command was not recorded, as an answer: the one place that turns refusals into statuses.

use axum::http::StatusCode;
use domain::policy::Objection;
use domain::rejection::Class;
use domain::{customer, policy, product, proposal, staff};
use journal::{Error, Refusal};

use crate::problem::{Fault, Problem};

/// What the door must know of a rejection.
pub trait Explain: std::fmt::Display {
    fn status(&self) -> StatusCode;

    /// Stable, for programs.
    fn code(&self) -> &'static str;

    /// The part of the body at fault; none when the state is.
    fn pointer(&self) -> Option<String>;

    /// The same in Chinese.
    fn zh(&self) -> Option<String>;

    /// What stands against a policy pack, each where it stands.
    fn objections(&self) -> &[Objection] {
        &[]
    }
}

impl Explain for customer::Rejection {
    fn status(&self) -> StatusCode {
        status_of(self.class())
    }

    fn code(&self) -> &'static str {
        self.code()
    }

    fn pointer(&self) -> Option<String> {
        self.pointer()
    }

    fn zh(&self) -> Option<String> {
        Some(self.text().zh)
    }
}

impl Explain for product::Rejection {
    fn status(&self) -> StatusCode {
        match (self, self.field()) {
            (Self::NoSuchProduct, _) => StatusCode::NOT_FOUND,
            (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            (_, None) => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        self.code()
    }

    fn pointer(&self) -> Option<String> {
        self.field().map(|field| format!("/{field}"))
    }

    fn zh(&self) -> Option<String> {
        Some(self.zh())
    }
}

impl Explain for staff::Rejection {
    fn status(&self) -> StatusCode {
        match self.field() {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => status_of(self.class()),
        }
    }

    fn code(&self) -> &'static str {
        self.code()
    }

    fn pointer(&self) -> Option<String> {
        self.field().map(|field| format!("/{field}"))
    }

    fn zh(&self) -> Option<String> {
        Some(self.zh())
    }
}

/// Rejections that are declared with their class and both texts.
macro_rules! explain_rules {
    ($($rejection:ty),+) => {$(
        impl Explain for $rejection {
            fn status(&self) -> StatusCode {
                status_of(self.class())
            }

            fn code(&self) -> &'static str {
                self.code()
            }

            fn pointer(&self) -> Option<String> {
                None
            }

            fn zh(&self) -> Option<String> {
                Some(self.text().zh)
            }

            fn objections(&self) -> &[Objection] {
                if let Self::NotSound(found) = self { found } else { &[] }
            }
        }
    )+};
}

explain_rules!(policy::Rejection, proposal::Rejection);

fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Unknown => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Content => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Forbidden => StatusCode::FORBIDDEN,
    }
}

/// The answer to a command that made no sense.
pub fn rejected(rejection: &impl Explain) -> Problem {
    let status = rejection.status();
    let faults: Vec<Fault> = rejection.objections().iter().map(fault).collect();
    let problem = if !faults.is_empty() {
        Problem::content(faults).coded(rejection.code())
    } else if status == StatusCode::UNPROCESSABLE_ENTITY {
        let pointer = rejection.pointer().unwrap_or_default();
        Problem::field(pointer, rejection.code(), rejection.to_string()).coded(rejection.code())
    } else {
        Problem::new(status, rejection.code(), rejection.to_string())
    };
    match rejection.zh() {
        Some(zh) => problem.with("detail_zh", zh),
        None => problem,
    }
}

/// What stands against a pack, by its place in it.
pub fn fault(objection: &Objection) -> Fault {
    Fault {
        pointer: format!("/pack{}", objection.pointer),
        code: "policy.objection".into(),
        message: format!("{} {}", objection.text.en, objection.text.zh),
    }
}

/// The same key with another request.
pub fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key.reused",
        "This Idempotency-Key was used for another request.",
    )
}

/// The answer to a command that was not recorded.
pub fn explain<R: Explain>(refusal: Refusal<R>) -> Problem {
    match refusal {
        Refusal::Rejected(rejection) => rejected(&rejection),
        Refusal::Stale { expected, actual } => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "version.stale",
            format!("This is at version {actual}, not {expected}: read it again."),
        )
        .with("version", actual.0),
        Refusal::ClaimTaken { claim, holder } => taken(&claim, &holder),
        Refusal::KeyReused => key_reused(),
        Refusal::TooLarge(large) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "command.too_large",
            format!("This would record too much at once: {large}."),
        ),
        Refusal::Unknown => Problem::unavailable(
            "outcome.unknown",
            "It is not known yet whether this was recorded: repeat it with the same Idempotency-Key.",
        ),
        Refusal::Journal(error) => error.into(),
    }
}

fn taken(claim: &str, holder: &str) -> Problem {
    let (kind, value) = claim.split_once(':').unwrap_or((claim, ""));
    let code = format!("{}.taken", kind.replace('-', "_"));
    let detail = match kind {
        "uscc" => format!("{value} is registered already: it belongs to {holder}."),
        "udi" => format!("The UDI-DI {value} belongs to {holder}."),
        "code" | "product-code" => format!("The code {value} belongs to {holder}."),
        "token" => "This secret is a token already.".to_owned(),
        _ => format!("{value} exists already: it belongs to {holder}."),
    };
    Problem::conflict(code, detail).held_by(holder)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if error.is_passing() {
            tracing::warn!(%error, "the journal is not available");
            Self::unavailable("journal.unavailable", "The database is away; try again shortly.")
        } else {
            Self::internal(error)
        }
    }
}

impl From<projections::Error> for Problem {
    fn from(error: projections::Error) -> Self {
        match error {
            projections::Error::Journal(error) => error.into(),
            projections::Error::Cursor(_) => crate::page::not_understood(),
            error if error.is_passing() => Self::unavailable(
                "read_model.behind",
                "The read models are being filled; try again shortly.",
            ),
            error => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use journal::{TooLarge, Version};

    use super::*;

    fn answer(refusal: Refusal<product::Rejection>) -> String {
        let problem = explain(refusal);
        format!("{} {}", problem.status().as_u16(), problem.code())
    }

    #[test]
    fn every_refusal_has_its_status() {
        use product::Rejection;
        let class = domain::catalogue::DeviceClass::I;
        for (refusal, expected) in [
            (Refusal::Rejected(Rejection::NoSuchProduct), "404 product.unknown"),
            (Refusal::Rejected(Rejection::NotRenewable { class }), "409 product.not_renewable"),
            (
                Refusal::Rejected(Rejection::Missing { field: "catalogue", class }),
                "422 product.field_missing",
            ),
            (Refusal::Stale { expected: Version(1), actual: Version(2) }, "412 version.stale"),
            (
                Refusal::ClaimTaken { claim: "udi:1".into(), holder: "product-1".into() },
                "409 udi.taken",
            ),
            (Refusal::KeyReused, "422 idempotency_key.reused"),
            (Refusal::TooLarge(TooLarge::Events { events: 65, most: 64 }), "413 command.too_large"),
            (Refusal::Unknown, "503 outcome.unknown"),
            (Refusal::Journal(Error::Full), "503 journal.unavailable"),
            (Refusal::Journal(Error::InUse("x".into())), "500 internal"),
        ] {
            assert_eq!(answer(refusal), expected);
        }
    }
}
