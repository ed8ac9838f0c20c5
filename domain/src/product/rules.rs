//! Whether a product's particulars agree with each other.

use super::{Particulars, Rejection};
use crate::catalogue::{Catalogue, CataloguePlace, DeviceClass};
use crate::registration_number::RegistrationNumber;

/// The last year whose numbers may repeat a code of the catalogue of 2002: the new one came into force on 2018-08-01, and
/// numbers tell the year only.
const LAST_YEAR_OF_2002_CODES: u16 = 2018;
/// The digits of reagents for in-vitro diagnosis, before and after.
const IVD_REAGENT_DIGITS: u8 = 40;

pub(super) fn check(particulars: &Particulars) -> Result<(), Rejection> {
    check_number(particulars)?;
    if particulars.class != DeviceClass::None {
        let Some(place) = particulars.catalogue else {
            return Err(Rejection::Missing { field: "catalogue", class: particulars.class });
        };
        if let Some(number) = &particulars.registration_number {
            check_place(number, place)?;
        }
    }
    check_makers(particulars)?;
    check_term(particulars)
}

fn check_number(particulars: &Particulars) -> Result<(), Rejection> {
    let class = particulars.class;
    let registration = particulars.registration_number.as_ref();
    let filing = particulars.filing_number.as_ref();
    match class {
        DeviceClass::I if registration.is_some() => {
            Err(Rejection::Unexpected { field: "registration_number", class })
        }
        DeviceClass::I if filing.is_none() => {
            Err(Rejection::Missing { field: "filing_number", class })
        }
        DeviceClass::II | DeviceClass::III | DeviceClass::None if filing.is_some() => {
            Err(Rejection::Unexpected { field: "filing_number", class })
        }
        DeviceClass::None if registration.is_some() => {
            Err(Rejection::Unexpected { field: "registration_number", class })
        }
        DeviceClass::I | DeviceClass::None => Ok(()),
        DeviceClass::II | DeviceClass::III => match registration {
            None => Err(Rejection::Missing { field: "registration_number", class }),
            Some(number) if number.class() != class => {
                Err(Rejection::ClassDisagrees { stated: class, number: number.clone() })
            }
            Some(_) => Ok(()),
        },
    }
}

fn check_place(number: &RegistrationNumber, place: CataloguePlace) -> Result<(), Rejection> {
    let digits = number.catalogue_digits();
    let agrees = if place.code().is_ivd_reagent() {
        digits == IVD_REAGENT_DIGITS
    } else {
        let may_be_repeated = match place.version() {
            Catalogue::V2017 => true,
            Catalogue::V2002 => number.first_registered_in() <= LAST_YEAR_OF_2002_CODES,
        };
        may_be_repeated && digits == place.code().level_1_digits()
    };
    if agrees {
        Ok(())
    } else {
        Err(Rejection::CatalogueDisagrees { stated: place, number: number.clone() })
    }
}

/// Sales records of classes II and III name the registrant and the maker (Order 54 of 2022, article 38).
fn check_makers(particulars: &Particulars) -> Result<(), Rejection> {
    let class = particulars.class;
    if matches!(class, DeviceClass::I | DeviceClass::None) {
        return Ok(());
    }
    if particulars.registrant.is_none() {
        return Err(Rejection::Missing { field: "registrant", class });
    }
    if particulars.manufacturer.is_none() {
        return Err(Rejection::Missing { field: "manufacturer", class });
    }
    Ok(())
}

fn check_term(particulars: &Particulars) -> Result<(), Rejection> {
    let class = particulars.class;
    let Some(term) = particulars.first_term() else {
        // Parts and services need no term; an end without a beginning is none, whatever the class.
        if class == DeviceClass::None && particulars.registered_to.is_none() {
            return Ok(());
        }
        return Err(Rejection::Missing { field: "registered_from", class });
    };
    if term.is_backwards() {
        return Err(Rejection::TermBackwards { field: "registered_to", term });
    }
    Ok(())
}
