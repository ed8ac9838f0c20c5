//! ISO 4217 currency codes and how finely each can be paid.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use utoipa::ToSchema;

use super::{INTEGER_DIGITS_MAX, MoneyError};

/// Paid in whole units only.
const WITHOUT_DECIMALS: &[&[u8; 3]] = &[
    b"BIF", b"CLP", b"DJF", b"GNF", b"ISK", b"JPY", b"KMF", b"KRW", b"PYG", b"RWF", b"UGX", b"UYI",
    b"VND", b"VUV", b"XAF", b"XOF", b"XPF",
];
const THREE_DECIMALS: &[&[u8; 3]] = &[b"BHD", b"IQD", b"JOD", b"KWD", b"LYD", b"OMR", b"TND"];
const FOUR_DECIMALS: &[&[u8; 3]] = &[b"CLF", b"UYW"];
/// Everything else that is money. A code that is withdrawn stays here, because old events keep it; metals, test codes and
/// accounting units without a minor unit were never here.
const TWO_DECIMALS: &[&[u8; 3]] = &[
    b"AED", b"AFN", b"ALL", b"AMD", b"ANG", b"AOA", b"ARS", b"AUD", b"AWG", b"AZN", b"BAM", b"BBD",
    b"BDT", b"BGN", b"BMD", b"BND", b"BOB", b"BOV", b"BRL", b"BSD", b"BTN", b"BWP", b"BYN", b"BZD",
    b"CAD", b"CDF", b"CHE", b"CHF", b"CHW", b"CNY", b"COP", b"COU", b"CRC", b"CUP", b"CVE", b"CZK",
    b"DKK", b"DOP", b"DZD", b"EGP", b"ERN", b"ETB", b"EUR", b"FJD", b"FKP", b"GBP", b"GEL", b"GHS",
    b"GIP", b"GMD", b"GTQ", b"GYD", b"HKD", b"HNL", b"HTG", b"HUF", b"IDR", b"ILS", b"INR", b"IRR",
    b"JMD", b"KES", b"KGS", b"KHR", b"KPW", b"KYD", b"KZT", b"LAK", b"LBP", b"LKR", b"LRD", b"LSL",
    b"MAD", b"MDL", b"MGA", b"MKD", b"MMK", b"MNT", b"MOP", b"MRU", b"MUR", b"MVR", b"MWK", b"MXN",
    b"MXV", b"MYR", b"MZN", b"NAD", b"NGN", b"NIO", b"NOK", b"NPR", b"NZD", b"PAB", b"PEN", b"PGK",
    b"PHP", b"PKR", b"PLN", b"QAR", b"RON", b"RSD", b"RUB", b"SAR", b"SBD", b"SCR", b"SDG", b"SEK",
    b"SGD", b"SHP", b"SLE", b"SOS", b"SRD", b"SSP", b"STN", b"SVC", b"SYP", b"SZL", b"THB", b"TJS",
    b"TMT", b"TOP", b"TRY", b"TTD", b"TWD", b"TZS", b"UAH", b"USD", b"USN", b"UYU", b"UZS", b"VED",
    b"VES", b"WST", b"XAD", b"XCD", b"XCG", b"YER", b"ZAR", b"ZMW", b"ZWG",
];

/// An ISO 4217 code of money that can be paid: `CNY`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "CNY")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const CNY: Self = Self(*b"CNY");
    pub const USD: Self = Self(*b"USD");

    pub fn as_str(&self) -> &str {
        // Only ASCII codes are ever held, so the fallback is never seen.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals an amount of this currency has: 2 for CNY, 0 for JPY, 3 for KWD.
    pub fn minor_digits(self) -> u32 {
        digits_of(self.0).unwrap_or(2)
    }

    /// How many minor units make one unit.
    pub(super) fn minor_per_major(self) -> Decimal {
        Decimal::from(10_u64.pow(self.minor_digits()))
    }

    /// The first number of minor units that has too many digits before the point.
    pub(super) fn minor_bound(self) -> u64 {
        let integer_digits = u32::try_from(INTEGER_DIGITS_MAX).unwrap_or(0);
        10_u64.pow(integer_digits + self.minor_digits())
    }
}

fn digits_of(code: [u8; 3]) -> Option<u32> {
    // Every amount that is read asks, and nearly all are in yuan.
    if code == Currency::CNY.0 {
        return Some(2);
    }
    let among = |codes: &[&[u8; 3]]| codes.binary_search(&&code).is_ok();
    if among(TWO_DECIMALS) {
        Some(2)
    } else if among(WITHOUT_DECIMALS) {
        Some(0)
    } else if among(THREE_DECIMALS) {
        Some(3)
    } else if among(FOUR_DECIMALS) {
        Some(4)
    } else {
        None
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(text.to_owned());
        let code = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| unknown())?;
        digits_of(code).map(|_| Self(code)).ok_or_else(unknown)
    }
}

crate::wire::text_on_the_wire!(Currency, "an ISO 4217 currency code such as \"CNY\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_has_its_own_decimals() {
        for (code, digits) in [("CNY", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(code.parse::<Currency>().unwrap().minor_digits(), digits, "{code}");
        }
    }

    #[test]
    fn what_is_not_money_is_not_a_currency() {
        for text in ["", "CN", "cny", "CNYX", "XAU", "XTS", "XXX", "ABC", "元", "RMB"] {
            assert_eq!(
                text.parse::<Currency>(),
                Err(MoneyError::UnknownCurrency(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn the_tables_are_in_order_and_share_no_code() {
        let tables = [WITHOUT_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS];
        assert!(tables.iter().all(|codes| codes.is_sorted()));
        let mut codes: Vec<_> = tables.concat();
        let listed = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), listed);
    }
}
