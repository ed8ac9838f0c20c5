//! What the codes in a pack are called, in Chinese and English.

use domain::approval::Lane;
use domain::document_kind::DocumentKind;
use domain::policy::calendar::Weekday;
use domain::policy::pack::{Scoping, Text, Weight};
use domain::policy::table::Course;
use domain::product::Trait;
use domain::staff::Role;
use domain::uscc::Entity;
use serde::de::{DeserializeOwned, IntoDeserializer as _};

/// The name of a code that is one of these.
pub fn of<T: DeserializeOwned>(code: &str, name: fn(T) -> Text) -> Option<Text> {
    let code: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        code.into_deserializer();
    T::deserialize(code).ok().map(name)
}

/// What is shown as it is written.
pub fn plain(_: &str) -> Option<Text> {
    None
}

pub fn entity(entity: Entity) -> Text {
    let (zh, en) = match entity {
        Entity::GovernmentBody => ("机关", "government body"),
        Entity::PublicInstitution => ("事业单位", "public institution"),
        Entity::SocialGroup => ("社会团体", "social group"),
        Entity::PrivateNonProfit => ("民办非企业单位", "private non-profit organisation"),
        Entity::Foundation => ("基金会", "foundation"),
        Entity::Enterprise => ("企业", "enterprise"),
        Entity::SoleTrader => ("个体工商户", "sole trader"),
        Entity::Cooperative => ("农民专业合作社", "cooperative"),
        Entity::Other => ("其他机构", "other organisation"),
    };
    text(zh, en)
}

pub fn product_trait(of: Trait) -> Text {
    text(of.zh(), of.en())
}

pub fn paper(kind: DocumentKind) -> Text {
    text(kind.zh(), kind.en())
}

pub fn weight(weight: Weight) -> Text {
    let (zh, en) = match weight {
        Weight::Legal => ("法定要求", "the law asks for it"),
        Weight::File => ("本公司档案要求", "our file asks for it"),
        Weight::KeptCurrent => ("如有则须有效", "if on file, in force"),
        Weight::Recommended => ("建议提供", "recommended"),
    };
    text(zh, en)
}

pub fn scoping(scope: Scoping) -> Text {
    let (zh, en) = match scope {
        Scoping::None => ("不核对", "not compared"),
        Scoping::ClassAndCode => ("核对类别与分类编码", "class and catalogue code of each line"),
    };
    text(zh, en)
}

pub fn weekday(day: Weekday) -> Text {
    let (zh, en) = match day {
        Weekday::Monday => ("星期一", "Monday"),
        Weekday::Tuesday => ("星期二", "Tuesday"),
        Weekday::Wednesday => ("星期三", "Wednesday"),
        Weekday::Thursday => ("星期四", "Thursday"),
        Weekday::Friday => ("星期五", "Friday"),
        Weekday::Saturday => ("星期六", "Saturday"),
        Weekday::Sunday => ("星期日", "Sunday"),
    };
    text(zh, en)
}

pub fn role(role: Role) -> Text {
    text(role.zh(), &role.to_string())
}

pub fn course(course: Course) -> Text {
    let (zh, en) = match course {
        Course::Rising => ("递增", "rising"),
        Course::Falling => ("递减", "falling"),
    };
    text(zh, en)
}

pub fn lane(lane: Lane) -> Text {
    let (zh, en) = match lane {
        Lane::StraightThrough => ("直通", "straight through"),
        Lane::Fast => ("快速", "fast"),
        Lane::Strict => ("严格", "strict"),
    };
    text(zh, en)
}

/// A rule as a cell says it: `quorum 2`, or a code.
pub fn rule(cell: &str) -> Option<Text> {
    if let Some(people) = cell.strip_prefix("quorum ") {
        return Some(text(&format!("任意 {people} 人"), &format!("any {people} people")));
    }
    let (zh, en) = match cell {
        "any" => ("任意一人", "anybody"),
        "all" => ("全体", "everybody"),
        "one_per_department" => ("每部门一人", "one of each department"),
        _ => return None,
    };
    Some(text(zh, en))
}

pub fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}
