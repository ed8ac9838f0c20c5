//! Customers: every row is a registration.

use domain::customer::Command;
use domain::customer::registration::{self, CustomerKind, CustomerRegistered, Origin};
use domain::money::Currency;
use domain::text::Line;

use super::mapping::Columns;
use super::reading::{Fault, Reading};
use super::sheet::Sheet;

/// A customer as its row tells it.
#[derive(Clone, Debug)]
pub struct Registration {
    pub line: u32,
    pub command: Command,
}

/// Reads every row; the good ones, and what is wrong with the others.
pub fn read(
    sheet: &Sheet,
    columns: &Columns,
    currency: Currency,
) -> (Vec<Registration>, Vec<Fault>) {
    let (mut registrations, mut faults) = (Vec::new(), Vec::new());
    for row in &sheet.rows {
        let mut reading = Reading::of(row, columns);
        let register = one(&mut reading, currency, &sheet.digest);
        match reading.done(register) {
            Ok(register) => registrations.push(Registration {
                line: row.line,
                command: Command::Registration(registration::Command::Register(Box::new(register))),
            }),
            Err(wrong) => faults.extend(wrong),
        }
    }
    (registrations, faults)
}

fn one(
    reading: &mut Reading<'_>,
    currency: Currency,
    digest: &str,
) -> Option<registration::Register> {
    let kind: Option<CustomerKind> = reading.required_word("kind");
    if kind == Some(CustomerKind::Unclassified) {
        reading.refuse("kind", "say what the customer is");
    }
    let name = reading.required("name");
    let uscc = reading.required("uscc");
    let code: Option<Line<64>> = reading.optional("code");
    let particulars = CustomerRegistered {
        name: name?,
        uscc: Some(uscc?),
        kind: kind?,
        segment: reading.optional("segment"),
        region: reading.optional("region"),
        business_unit: reading.optional("business_unit"),
        account_manager: reading.optional("account_manager"),
        registered_address: reading.optional("registered_address"),
        delivery_addresses: reading.words("delivery_addresses"),
        currency: reading.optional("currency").unwrap_or(currency),
        origin: Some(Origin {
            kind: "import".to_owned(),
            digest: digest.to_owned(),
            line: reading.line(),
        }),
    };
    Some(registration::Register { particulars, code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ImportKind;
    use crate::import::sheet::Layout;

    #[test]
    fn a_row_is_a_registration_and_bad_ones_say_why() {
        let text = "name,kind,uscc,code,delivery_addresses\n\
                    示范医疗器械有限公司,distributor,91330100000000001C,D-1,杭州市示范路 1 号 | 杭州市示范路 2 号\n\
                    示范诊所,shop,91330100000000001D,,\n\
                    示范医院,unclassified,12330100000000001M,,\n";
        let sheet = Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
        let columns = Columns::of(ImportKind::Customers, None, &sheet).unwrap();
        let (registrations, faults) = read(&sheet, &columns, Currency::CNY);
        let Command::Registration(registration::Command::Register(register)) =
            &registrations[0].command
        else {
            panic!("{registrations:?}");
        };
        let addresses: Vec<_> =
            register.particulars.delivery_addresses.iter().map(|a| &**a).collect();
        assert_eq!(addresses, ["杭州市示范路 1 号", "杭州市示范路 2 号"]);
        assert_eq!(register.particulars.origin.as_ref().map(|origin| origin.line), Some(2));
        let places: Vec<_> =
            faults.iter().map(|fault| (fault.line, fault.column.as_deref().unwrap())).collect();
        assert_eq!(places, [(3, "kind"), (3, "uscc"), (4, "kind"), (4, "uscc")]);
    }
}
