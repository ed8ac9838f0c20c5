//! The catalogue of facts: what rules may ask about, and where a checkpoint asks a table.
//!
//! A rule can refer to nothing else. A fact that is worked out from the customer's own stream at the moment of the decision cannot be
//! stale; one that was found out before may be, and an old value is then as good as none: what a missing one does, it does too.

use std::{fmt, sync::LazyLock};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::pack::Text;
use super::table::{
    Slot,
    axis::{Axis, Fact, Unit, Value, WhenMissing},
};
use crate::{customer::registration::CustomerKind, uscc::Entity};

/// The largest amount of money that a table tells from larger ones: money beyond it counts as this much.
pub const MONEY_MAX: i64 = 99_999_999_999_999;
/// The same for days.
pub const DAYS_MAX: i64 = 36_500;

pub const CUSTOMER_KIND: &str = "customer_kind";
pub const ENTITY: &str = "entity";
pub const OVERDUE_AMOUNT: &str = "overdue_amount";
pub const OVERDUE_DAYS: &str = "overdue_days";
pub const REVIEW_KIND: &str = "review_kind";
pub const BUYS: &str = "buys";
pub const LIMIT: &str = "limit";
pub const CUMULATIVE_INCREASE: &str = "cumulative_increase";
pub const TERMS_DAYS: &str = "terms_days";
pub const RELEASE_VALUE: &str = "release_value";
pub const RELEASE_FIGURE: &str = "release_figure";
pub const RELEASED_CAUSES: &str = "released_causes";

/// A fact, with what people need to know to write a rule about it.
#[derive(Clone, Debug)]
pub struct Known {
    pub fact: Fact,
    /// Counts the changes of what it means.
    pub version: u32,
    /// How old it may be.
    pub freshness: Freshness,
    /// What it says, and where it comes from.
    pub meaning: Text,
}

/// How old a value may be when a rule asks about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Worked out when the decision is made.
    AtDecision,
    /// Found out at most so many days before.
    Within(u32),
}

impl Freshness {
    /// Whether what was found out on one day is still good on another.
    pub fn holds(self, found: NaiveDate, today: NaiveDate) -> bool {
        let age = today.signed_duration_since(found).num_days();
        match self {
            Self::AtDecision => age == 0,
            Self::Within(days) => (0..=i64::from(days)).contains(&age),
        }
    }
}

impl Freshness {
    pub fn zh(self) -> String {
        match self {
            Self::AtDecision => "判定时计算".to_owned(),
            Self::Within(days) => format!("最多 {days} 天前取得"),
        }
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtDecision => f.write_str("worked out at the moment of the decision"),
            Self::Within(days) => write!(f, "at most {days} days old"),
        }
    }
}

impl Known {
    /// What a rule gets to see: a value that is too old is missing.
    pub fn seen(&self, value: Value, found: NaiveDate, today: NaiveDate) -> Value {
        if self.freshness.holds(found, today) { value } else { Value::Missing }
    }

    /// What a missing or an old value does, in Chinese and English.
    pub fn when_missing(&self) -> Text {
        let (zh, en) = match self.fact.when_missing {
            WhenMissing::Hold => ("暂缓，不查询规则表", "hold: no table is asked"),
            WhenMissing::OwnBin => {
                ("按 missing 查询规则表", "a value like others, written missing")
            }
        };
        Text { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// Every fact.
pub static CATALOGUE: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let kinds = CustomerKind::ALL.iter().map(|kind| kind.code());
    let entities = Entity::ALL.iter().map(|entity| entity.code());
    vec![
        known(
            CUSTOMER_KIND,
            codes(kinds),
            Unit::None,
            WhenMissing::Hold,
            "客户类型（客户登记或归类）",
            "the customer's kind, as registered or classified",
        ),
        known(
            ENTITY,
            codes(entities),
            Unit::None,
            WhenMissing::OwnBin,
            "机构类别（统一社会信用代码前两位；无代码时为 missing）",
            "the kind of organisation that the first two characters of the USCC speak of; missing without a USCC",
        ),
        known(
            OVERDUE_AMOUNT,
            number(MONEY_MAX, 4),
            Unit::Money,
            WhenMissing::Hold,
            "逾期应收款合计（不计容差以内的单据）",
            "the sum of what is overdue, without items within the tolerance",
        ),
        known(
            OVERDUE_DAYS,
            number(DAYS_MAX, 0),
            Unit::Days,
            WhenMissing::Hold,
            "最早一笔逾期的天数",
            "the age of the oldest overdue item since its due date",
        ),
        known(
            REVIEW_KIND,
            codes(["first", "change", "renewal"].into_iter()),
            Unit::None,
            WhenMissing::Hold,
            "资质审核类型：首次 first；类型、范围或名称变更 change；仅延续已批准的证件 renewal",
            "what is reviewed: a customer for the first time, a change of its kind, scope or name, or renewals of approved papers only",
        ),
        known(
            BUYS,
            codes(["class_i_only", "any"].into_iter()),
            Unit::None,
            WhenMissing::Hold,
            "可购范围：无经营许可或备案的经营企业只能购买第一类 class_i_only，其余为 any",
            "what its papers let it buy: a dealer without licence or filing buys class I only",
        ),
        known(
            LIMIT,
            number(MONEY_MAX, 4),
            Unit::Money,
            WhenMissing::Hold,
            "所申请的信用额度（不限额、非本位币额度计为最大值）",
            "the credit limit asked for; unlimited, or in another currency than the company's, counts as the most there is",
        ),
        known(
            CUMULATIVE_INCREASE,
            number(MONEY_MAX, 4),
            Unit::Money,
            WhenMissing::Hold,
            "含本次在内最近十二个月累计增加的信用额度（非本位币金额计为最大值）",
            "by how much the limit grew in the last twelve months, with what is asked for now; in another currency than the company's it counts as the most there is",
        ),
        known(
            TERMS_DAYS,
            number(DAYS_MAX, 0),
            Unit::Days,
            WhenMissing::Hold,
            "所申请的账期天数（未填时为政策包默认值）",
            "the payment terms asked for, the pack's where none are",
        ),
        known(
            RELEASE_VALUE,
            number(MONEY_MAX, 4),
            Unit::Money,
            WhenMissing::Hold,
            "待放行订单的未发货金额（非本位币金额计为最大值）",
            "the value of the order to be released that has not shipped; in another currency than the company's it counts as the most there is",
        ),
        known(
            RELEASE_FIGURE,
            number(MONEY_MAX, 4),
            Unit::Money,
            WhenMissing::Hold,
            "待放行原因中最大的金额（超限额、逾期等；无金额时为 0）（非本位币金额计为最大值）",
            "the largest amount among the causes to be lifted: over the limit, overdue; 0 where none has an amount; in another currency than the company's it counts as the most there is",
        ),
        known(
            RELEASED_CAUSES,
            codes(["qualification", "money"].into_iter()),
            Unit::None,
            WhenMissing::Hold,
            "待放行原因的类别：资料缺口 qualification，或含信用原因 money",
            "what is lifted: only gaps in our own file, or money too",
        ),
    ]
});

/// The facts of a place where a table is asked.
pub(super) fn facts_of(names: &[&str]) -> Vec<Fact> {
    let of = |known: &&Known| names.contains(&known.fact.name.as_str());
    CATALOGUE.iter().filter(of).map(|known| known.fact.clone()).collect()
}

/// Where overdue receivables are judged: what the customer owes against what the company bears.
pub static OVERDUE: LazyLock<Slot> = LazyLock::new(|| Slot {
    name: "overdue".to_owned(),
    facts: facts_of(&[CUSTOMER_KIND, ENTITY, OVERDUE_AMOUNT, OVERDUE_DAYS]),
    output: codes(Bearing::ALL.iter().map(|bearing| bearing.code())),
});

/// What the overdue table answers, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bearing {
    /// Nothing is said.
    Fine,
    /// It is said, and stops nothing.
    Advise,
    /// The checkpoint reacts as the pack says about overdue receivables.
    Stop,
}

impl Bearing {
    pub const ALL: &'static [Self] = &[Self::Fine, Self::Advise, Self::Stop];

    pub fn code(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Advise => "advise",
            Self::Stop => "stop",
        }
    }
}

fn known(
    name: &str,
    axis: Axis,
    unit: Unit,
    when_missing: WhenMissing,
    zh: &str,
    en: &str,
) -> Known {
    let fact = Fact { name: name.to_owned(), axis, unit, when_missing };
    let freshness = Freshness::AtDecision;
    Known { fact, version: 1, freshness, meaning: Text { zh: zh.to_owned(), en: en.to_owned() } }
}

fn codes<'a>(list: impl Iterator<Item = &'a str>) -> Axis {
    Axis::Code(list.map(str::to_owned).collect())
}

fn number(greatest: i64, scale: u32) -> Axis {
    Axis::Number { least: Decimal::ZERO, greatest: Decimal::from(greatest), scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::table::{HitPolicy, Source, SourceRow, Table, check::check};

    #[test]
    fn every_fact_has_a_sound_axis_and_a_name_of_its_own() {
        let names: Vec<String> = CATALOGUE.iter().map(|known| known.fact.name.clone()).collect();
        let every = Slot {
            name: "every".to_owned(),
            facts: CATALOGUE.iter().map(|known| known.fact.clone()).collect(),
            output: codes(["fine"].into_iter()),
        };
        let row = SourceRow::plain("any".into(), vec!["-".into(); names.len()], "fine".into());
        let rows = vec![row];
        let source = Source { hit: HitPolicy::Unique, inputs: names, monotone: Vec::new(), rows };
        assert_eq!(check(&Table::read(&source, &every).unwrap()), []);
    }

    #[test]
    fn a_value_that_is_too_old_is_missing() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-30");
        let known = Known { freshness: Freshness::Within(90), ..CATALOGUE[0].clone() };
        let value = || Value::Code("hospital".into());
        let seen = |found: &str| known.seen(value(), day(found), today);
        assert_eq!(seen("2026-11-30"), value());
        assert_eq!(seen("2026-09-01"), value(), "90 days");
        assert_eq!(seen("2026-08-31"), Value::Missing, "91 days");
        assert_eq!(seen("2026-12-01"), Value::Missing, "found out tomorrow");
        let now = &CATALOGUE[0];
        assert_eq!(now.seen(value(), today, today), value());
        assert_eq!(now.seen(value(), day("2026-11-29"), today), Value::Missing);
    }

    #[test]
    fn codes_are_those_on_the_wire() {
        for kind in CustomerKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
        for entity in Entity::ALL {
            assert_eq!(serde_json::to_value(entity).unwrap(), entity.code());
        }
    }
}
