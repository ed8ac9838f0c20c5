//! Band tables: which grade a score is, and how much and on what terms such a customer may buy at most.
//!
//! Bands are listed from the best to the worst. Every score has exactly one, and a better score never gets less: neither a
//! smaller limit, nor shorter terms, nor a larger share to be paid in advance. What cannot be answered is a [`Fault`]: whoever
//! asked holds. A limit is granted within every band table of the pack, and the case says what each of them allowed.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    Objection,
    facts::CATALOGUE,
    pack::{Pack, Text},
    scorecard::{Scorecard, score_fact},
    table::{
        Fault, HitPolicy, Mistake, Slot, Source, SourceRow, Table,
        axis::{Axis, Fact, Value},
        check,
    },
};
use crate::{
    money::{Currency, Money},
    wording,
};

/// The longest terms of payment, in days.
const TERMS_DAYS_MAX: u32 = 3_650;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandTable {
    pub id: String,
    /// The scorecard whose score it reads.
    pub scorecard: String,
    /// The best first.
    pub bands: Vec<Band>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub grade: String,
    /// The scores that it is for, as a cell.
    pub score: String,
    /// The largest limit, in the company's currency.
    pub limit: Money,
    pub terms_days: u32,
    /// The share to be paid in advance, in per cent.
    pub prepaid_percent: u32,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

/// The most that a customer may be granted, as a band table says of their score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Cap {
    /// The band table.
    pub bands: String,
    pub score: i64,
    pub grade: String,
    pub limit: Money,
    pub terms_days: u32,
}

/// What every band table of a pack allows somebody of whom this is known; nothing where it has none.
pub fn caps(pack: &Pack, known: impl Fn(&str) -> Value) -> Result<Vec<Cap>, Fault> {
    let facts: Vec<Fact> = CATALOGUE.iter().map(|it| it.fact.clone()).collect();
    let cap = |bands: &BandTable| {
        let card = pack.scorecards.iter().find(|card| card.id == bands.scorecard);
        let card = card.ok_or(Fault::NoRow)?.read(&facts).map_err(|mistakes| {
            let first = mistakes.into_iter().next();
            first.map_or(Fault::NoRow, |(_, mistake)| Fault::Unread(mistake))
        })?;
        let score = card.score(&known)?.points;
        let Band { grade, limit, terms_days, .. } = bands.band(score)?.clone();
        Ok(Cap { bands: bands.id.clone(), score, grade, limit, terms_days })
    };
    pack.bands.iter().map(cap).collect()
}

impl BandTable {
    /// The band of a score.
    pub fn band(&self, score: i64) -> Result<&Band, Fault> {
        let table = self
            .read()
            .map_err(|mistakes| mistakes.into_iter().next().map_or(Fault::NoRow, Fault::Unread))?;
        let answer = table.answer(&[Value::Number(score.into())])?;
        let grade = answer.rows.first().ok_or(Fault::NoRow)?;
        self.bands.iter().find(|band| band.grade == *grade).ok_or(Fault::NoRow)
    }

    /// As a decision table that says nothing but which row it is.
    fn read(&self) -> Result<Table, Vec<Mistake>> {
        let row = |band: &Band| {
            SourceRow::plain(band.grade.clone(), vec![band.score.clone()], "band".to_owned())
        };
        let score = score_fact();
        let source = Source {
            hit: HitPolicy::Unique,
            inputs: vec![score.name.clone()],
            monotone: Vec::new(),
            rows: self.bands.iter().map(row).collect(),
        };
        let output = Axis::Code(vec!["band".to_owned()]);
        Table::read(&source, &Slot { name: self.id.clone(), facts: vec![score], output })
    }
}

/// Everything that stands against a band table, each with its pointer within it.
pub(super) fn objections(
    bands: &BandTable,
    scorecards: &[Scorecard],
    currency: Currency,
) -> Vec<Objection> {
    let mut found = Vec::new();
    if !scorecards.iter().any(|card| card.id == bands.scorecard) {
        let card = &bands.scorecard;
        found.push(objection(
            "/scorecard",
            format!("该政策包没有评分卡「{card}」。"),
            format!("the pack has no scorecard {card:?}"),
        ));
    }
    for (number, band) in bands.bands.iter().enumerate() {
        let at = format!("/bands/{number}");
        if band.limit.currency() != currency {
            found.push(objection(
                format!("{at}/limit"),
                format!("额度须以本位币 {currency} 表示。"),
                format!("limits are in the company's currency, {currency}"),
            ));
        } else if band.limit.is_negative() {
            found.push(objection(
                format!("{at}/limit"),
                "额度不得为负。".to_owned(),
                "a limit is not negative".to_owned(),
            ));
        }
        if band.terms_days > TERMS_DAYS_MAX {
            found.push(objection(
                format!("{at}/terms_days"),
                format!("账期最长 {TERMS_DAYS_MAX} 天。"),
                format!("terms are at most {TERMS_DAYS_MAX} days"),
            ));
        }
        if band.prepaid_percent > 100 {
            found.push(objection(
                format!("{at}/prepaid_percent"),
                "预付比例应为 0 至 100。".to_owned(),
                "a share in per cent is from 0 to 100".to_owned(),
            ));
        }
    }
    match bands.read() {
        Err(mistakes) => found.extend(mistakes.iter().map(|mistake| Objection {
            pointer: within(&mistake.pointer()),
            text: wording::mistake(mistake),
        })),
        Ok(table) => {
            found.extend(check::check(&table).iter().map(|finding| Objection {
                pointer: within(&finding.pointer()),
                text: wording::finding(finding, &table),
            }));
            ordered(bands, &table, &mut found);
        }
    }
    found
}

/// From band to band the scores go down, and nothing gets better.
fn ordered(bands: &BandTable, table: &Table, found: &mut Vec<Objection>) {
    for (number, pair) in bands.bands.windows(2).enumerate() {
        let [better, worse] = pair else { continue };
        let at = format!("/bands/{}", number + 1);
        let (Some((low, _)), Some((_, high))) = (table.ends(number, 0), table.ends(number + 1, 0))
        else {
            continue;
        };
        if low <= high {
            found.push(objection(
                format!("{at}/score"),
                format!("各档须由高到低排列：{high} 分应在 {low} 分之前。"),
                format!("bands go from the best to the worst: {high} stands after {low}"),
            ));
            continue;
        }
        let told = |band: &Band| {
            let limit = wording::phrase::amount(band.limit);
            let (days, share) = (band.terms_days, band.prepaid_percent);
            (
                format!("{}、{days} 天、预付 {share}%", limit.zh),
                format!("{}, {days} days, {share}% in advance", limit.en),
            )
        };
        let more = worse.limit.compare(better.limit).is_ok_and(std::cmp::Ordering::is_gt);
        for (field, wrong) in [
            ("limit", more),
            ("terms_days", worse.terms_days > better.terms_days),
            ("prepaid_percent", worse.prepaid_percent < better.prepaid_percent),
        ] {
            if wrong {
                let ((better_zh, better_en), (worse_zh, worse_en)) = (told(better), told(worse));
                found.push(objection(
                    format!("{at}/{field}"),
                    format!("较差的评分不得更优：{low} 分为 {better_zh}；{high} 分为 {worse_zh}。"),
                    format!(
                        "a worse score gets nothing better: score {low} gets {better_en}; score {high} gets {worse_en}"
                    ),
                ));
            }
        }
    }
}

/// What a pointer into the table is of the bands.
fn within(pointer: &str) -> String {
    let mut steps = pointer.split('/').skip(1);
    match (steps.next(), steps.next(), steps.next()) {
        (Some("rows"), Some(row), Some("id")) => format!("/bands/{row}/grade"),
        (Some("rows"), Some(row), Some(_)) => format!("/bands/{row}/score"),
        (Some("rows"), Some(row), None) => format!("/bands/{row}"),
        _ => "/bands".to_owned(),
    }
}

fn objection(pointer: impl Into<String>, zh: String, en: String) -> Objection {
    Objection { pointer: pointer.into(), text: Text { zh, en } }
}
