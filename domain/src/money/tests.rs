//! What money promises, by example and by random case.

use proptest::prelude::*;

use super::*;

fn yuan(amount: &str) -> Money {
    Money::parse(amount, Currency::CNY).unwrap()
}

fn read(json: &str) -> Result<Money, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn money_is_written_with_its_currencys_decimals() {
    for (given, written) in [
        (r#"{"amount":"12800","currency":"CNY"}"#, r#"{"amount":"12800.00","currency":"CNY"}"#),
        (r#"{"amount":"0.5","currency":"CNY"}"#, r#"{"amount":"0.50","currency":"CNY"}"#),
        (r#"{"amount":"-0.00","currency":"CNY"}"#, r#"{"amount":"0.00","currency":"CNY"}"#),
        (r#"{"amount":"-3","currency":"USD"}"#, r#"{"amount":"-3.00","currency":"USD"}"#),
        (r#"{"amount":"7.000000","currency":"JPY"}"#, r#"{"amount":"7","currency":"JPY"}"#),
    ] {
        assert_eq!(serde_json::to_string(&read(given).unwrap()).unwrap(), written);
    }
}

#[test]
fn an_amount_given_as_a_json_number_is_refused_with_advice() {
    for amount in ["12800", "12800.00", "-1"] {
        let error = read(&format!(r#"{{"amount":{amount},"currency":"CNY"}}"#)).unwrap_err();
        assert!(error.contains("write amounts in quotes"), "{error}");
    }
}

#[test]
fn what_is_not_a_plain_decimal_is_refused() {
    for text in [
        "", "-", ".5", "5.", "+5", " 5", "5 ", "1e3", "1_000", "1,000.00", "--5", "٣", "５", "NaN",
        "0x10",
    ] {
        assert_eq!(Money::parse(text, Currency::CNY), Err(MoneyError::Format(text.to_owned())));
    }
}

#[test]
fn twelve_digits_before_the_point_are_the_end() {
    assert_eq!(yuan("999999999999.99").minor_units(), 99_999_999_999_999);
    assert_eq!(yuan("-999999999999.99").minor_units(), -99_999_999_999_999);
    for text in ["1000000000000", "0.0000001"] {
        assert_eq!(Money::parse(text, Currency::CNY), Err(MoneyError::Digits(text.to_owned())));
    }
    assert_eq!(yuan("999999999999.99").plus(yuan("0.01")), Err(MoneyError::Overflow));
}

#[test]
fn an_amount_finer_than_its_minor_unit_is_refused() {
    let error = Money::parse("1.005", Currency::CNY).unwrap_err();
    assert_eq!(error.code(), "money.precision");
    assert!(Money::parse("1.005", "KWD".parse().unwrap()).is_ok());
}

#[test]
fn currencies_never_mix() {
    let dollars = Money::zero(Currency::USD);
    let mix = MoneyError::CurrencyMix { left: Currency::CNY, right: Currency::USD };
    assert_eq!(yuan("1").plus(dollars), Err(mix.clone()));
    assert_eq!(yuan("1").minus(dollars), Err(mix.clone()));
    assert_eq!(yuan("1").compare(dollars), Err(mix));
}

#[test]
fn only_more_than_nothing_is_positive() {
    assert!(yuan("0.01").require_positive().is_ok());
    assert_eq!(yuan("0").require_positive(), Err(MoneyError::NotPositive));
    assert_eq!(yuan("-0.01").require_positive(), Err(MoneyError::NotPositive));
}

#[test]
fn unknown_fields_are_refused() {
    assert!(read(r#"{"amount":"1.00","currency":"CNY","rate":"7"}"#).is_err());
}

#[test]
fn minor_units_that_do_not_fit_are_no_sum() {
    assert_eq!(Minor(i64::MAX).plus(Minor(1)), None);
    assert_eq!(Minor(i64::MIN).minus(Minor(1)), None);
    assert_eq!(Minor::total([Minor(i64::MAX), Minor(1)]), None);
    assert_eq!(Minor(i64::MAX).saturating_plus(Minor(1)), Minor(i64::MAX));
}

const BOUND: i64 = 99_999_999_999_999;

proptest! {
    /// As decimals reckon it, of whatever size.
    #[test]
    fn an_amount_is_so_many_minor_units(digits in any::<i64>(), places in 0_u32..=28, code in prop::sample::select(vec!["CNY", "JPY", "KWD", "CLF"])) {
        let (amount, currency) = (Decimal::new(digits, places), code.parse::<Currency>().unwrap());
        let scaled = amount.checked_mul(currency.minor_per_major()).unwrap();
        let expected = if scaled.fract().is_zero() {
            Money::from_minor(Minor(scaled.to_i64().unwrap_or(i64::MAX)), currency)
        } else {
            Err(MoneyError::Precision { text: amount.to_string(), currency, digits: currency.minor_digits() })
        };
        prop_assert_eq!(Money::new(amount, currency), expected);
    }

    #[test]
    fn what_is_written_is_read_back_the_same(minor in -BOUND..=BOUND, code in prop::sample::select(vec!["CNY", "JPY", "KWD", "CLF"])) {
        let money = Money::from_minor(Minor(minor / 100), code.parse().unwrap()).unwrap();
        let written = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(read(&written), Ok(money));
        prop_assert_eq!(Money::parse(&money.amount().to_string(), money.currency()), Ok(money));
    }

    #[test]
    fn adding_and_taking_away_again_changes_nothing(left in -BOUND / 2..=BOUND / 2, right in -BOUND / 2..=BOUND / 2) {
        let [left, right] = [left, right].map(|minor| Money::from_minor(Minor(minor), Currency::CNY).unwrap());
        prop_assert_eq!(left.plus(right).and_then(|sum| sum.minus(right)), Ok(left));
        prop_assert_eq!(left.plus(right), right.plus(left));
        prop_assert_eq!(left.compare(right), Ok(left.amount().cmp(&right.amount())));
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise_than_with_an_error(text in "\\PC*") {
        let _ = Money::parse(&text, Currency::CNY);
    }
}
