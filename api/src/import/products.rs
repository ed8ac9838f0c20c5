//! Products: every row is a registration with us, by the same rules as over HTTP.

use domain::catalogue::{Catalogue, CatalogueCode, CataloguePlace, DeviceClass};
use domain::product::{self, Particulars, Register};
use domain::udi::{UdiDi, UdiIssuer};

use super::mapping::Columns;
use super::reading::{Fault, Reading};
use super::sheet::Sheet;

/// A product as its row tells it.
#[derive(Clone, Debug)]
pub struct Registration {
    pub line: u32,
    pub command: product::Command,
}

/// Reads every row; the good ones, and what is wrong with the others.
pub fn read(sheet: &Sheet, columns: &Columns) -> (Vec<Registration>, Vec<Fault>) {
    let (mut registrations, mut faults) = (Vec::new(), Vec::new());
    for row in &sheet.rows {
        let mut reading = Reading::of(row, columns);
        let register = one(&mut reading);
        match reading.done(register) {
            Ok(register) => registrations.push(Registration {
                line: row.line,
                command: product::Command::Register(Box::new(register)),
            }),
            Err(wrong) => faults.extend(wrong),
        }
    }
    (registrations, faults)
}

fn one(reading: &mut Reading<'_>) -> Option<Register> {
    let class: Option<DeviceClass> = reading.required_word("class");
    let (code, name) = (reading.required("code"), reading.required("name"));
    let (specification, unit) = (reading.required("specification"), reading.required("unit"));
    let udi = udi(reading);
    let particulars = Particulars {
        code: code?,
        name: name?,
        specification: specification?,
        unit: unit?,
        class: class?,
        catalogue: place(reading),
        registration_number: reading.optional("registration_number"),
        filing_number: reading.optional("filing_number"),
        registered_from: reading.date("registered_from"),
        registered_to: reading.date("registered_to"),
        registrant: reading.optional("registrant"),
        manufacturer: reading.optional("manufacturer"),
        manufacturer_licence: reading.optional("manufacturer_licence"),
        traits: reading.words("traits").into_iter().collect(),
    };
    Some(Register { particulars, udi })
}

fn place(reading: &mut Reading<'_>) -> Option<CataloguePlace> {
    let version = reading.word("catalogue").unwrap_or(Catalogue::V2017);
    let code: CatalogueCode = reading.optional("catalogue_code")?;
    match CataloguePlace::new(version, code) {
        Ok(place) => Some(place),
        Err(error) => {
            reading.refuse("catalogue_code", error);
            None
        }
    }
}

fn udi(reading: &mut Reading<'_>) -> Option<UdiDi> {
    let issuer = reading.word("udi_issuer").unwrap_or(UdiIssuer::Gs1);
    let text = reading.text("udi_di")?;
    match UdiDi::new(issuer, &text) {
        Ok(udi) => Some(udi),
        Err(error) => {
            reading.refuse("udi_di", error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ImportKind;
    use crate::import::sheet::Layout;

    #[test]
    fn a_row_is_a_product_and_bad_ones_say_why() {
        let text = "code,name,specification,unit,class,catalogue_code,registration_number,registered_from,registrant,\
                    manufacturer,udi_di,traits\n\
                    S-1,冠状动脉支架系统,3.5×18 mm,套,III,13-07-02,国械注准20243139901,2024-06-01,甲,乙,06901234567892,implant\n\
                    S-2,冠状动脉支架系统,3.0×18 mm,套,IV,13-07-99x,国械准20243139901,2024-06-01,甲,乙,06901234567893,warm\n";
        let sheet = Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
        let columns = Columns::of(ImportKind::Products, None, &sheet).unwrap();
        let (registrations, faults) = read(&sheet, &columns);
        assert_eq!(registrations.len(), 1);
        let places: Vec<_> = faults.iter().map(|fault| fault.column.as_deref().unwrap()).collect();
        assert!(faults.iter().all(|fault| fault.line == 3));
        assert!(places.contains(&"class") && places.contains(&"udi_di"), "{places:?}");
    }
}
