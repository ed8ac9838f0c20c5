//! The parts that sentences are made of: amounts, lines, lists, reasons.

use crate::{decision::Cause, money::Money, policy::pack::Text};

/// The most items that a list names; the rest is counted.
const LISTED_MAX: usize = 8;

pub(crate) fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// `¥120,000.00` and `CNY 120,000.00`; other currencies are written by their code in both languages.
pub(crate) fn amount(money: Money) -> Text {
    written(&money.amount().to_string(), money.currency().as_str())
}

/// The amount that a cause has under this name.
pub(crate) fn amount_of(cause: &Cause, param: &str) -> Text {
    written(cause.param(param), cause.param("currency"))
}

fn written(amount: &str, currency: &str) -> Text {
    let (sign, unsigned) = match amount.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", amount),
    };
    let grouped = grouped(unsigned);
    let en = format!("{currency} {sign}{grouped}");
    let zh = if currency == "CNY" { format!("{sign}¥{grouped}") } else { en.clone() };
    text(zh, en)
}

/// Thousands apart: `120000.00` is `120,000.00`.
fn grouped(amount: &str) -> String {
    let integers = amount.find('.').unwrap_or(amount.len());
    let mut grouped = String::with_capacity(amount.len() + integers / 3);
    for (place, digit) in amount.chars().enumerate() {
        if place > 0 && place < integers && (integers - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `第 2、3 行` and `lines 2 and 3`; empty for a cause that is about the whole.
pub(crate) fn lines(cause: &Cause) -> Text {
    let numbers: Vec<String> = cause.lines.iter().map(u32::to_string).collect();
    match numbers.as_slice() {
        [] => text("", ""),
        [one] => text(format!("第 {one} 行"), format!("line {one}")),
        several => {
            text(format!("第 {} 行", listed_zh(several)), format!("lines {}", listed_en(several)))
        }
    }
}

/// `甲、乙、丙`, and beyond a few `甲、乙等 12 项`.
pub(crate) fn listed_zh<S: AsRef<str>>(items: &[S]) -> String {
    let named = joined(items.iter().take(LISTED_MAX), "、");
    if items.len() > LISTED_MAX { format!("{named}等 {} 项", items.len()) } else { named }
}

/// `a, b and c`, and beyond a few `a, b and 10 more`.
pub(crate) fn listed_en<S: AsRef<str>>(items: &[S]) -> String {
    if items.len() > LISTED_MAX {
        let named = joined(items.iter().take(LISTED_MAX), ", ");
        return format!("{named} and {} more", items.len() - LISTED_MAX);
    }
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => only.as_ref().to_owned(),
        Some((last, others)) => format!("{} and {}", joined(others.iter(), ", "), last.as_ref()),
    }
}

/// Both lists at once.
pub(crate) fn listed(items: &[Text]) -> Text {
    let zh: Vec<&str> = items.iter().map(|item| item.zh.as_str()).collect();
    let en: Vec<&str> = items.iter().map(|item| item.en.as_str()).collect();
    text(listed_zh(&zh), listed_en(&en))
}

fn joined<'a, S: AsRef<str> + 'a>(items: impl Iterator<Item = &'a S>, separator: &str) -> String {
    items.map(AsRef::as_ref).collect::<Vec<&str>>().join(separator)
}

/// Ends what somebody typed as a sentence ends, whatever they ended it with.
pub(crate) fn ended(typed: &str) -> Text {
    let bare = typed.trim().trim_end_matches(['。', '.', '；', ';', '，', ',', '：', ':']);
    text(format!("{bare}。"), format!("{bare}."))
}

/// `…：reason。`, and without a reason just what happened.
pub(crate) fn because(zh: &str, en: &str, reason: &str) -> Text {
    if reason.trim().is_empty() {
        return text(format!("{zh}。"), format!("{en}."));
    }
    let reason = ended(reason);
    text(format!("{zh}：{}", reason.zh), format!("{en}: {}", reason.en))
}

/// What happened for the reason that a cause carries.
pub(crate) fn reason(cause: &Cause, zh: &str, en: &str) -> Text {
    because(zh, en, cause.param("reason"))
}

/// A sentence begins with a capital letter, whatever its first part is.
pub(crate) fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `1 line`, `2 lines`.
pub(crate) fn counted(count: impl TryInto<u64>, one: &str, several: &str) -> String {
    let count: u64 = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { several })
}
