//! Who buys: a few customers with a part to play, and as many ordinary ones as are asked for.

use domain::customer::registration::CustomerKind;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::data::Names;

/// A customer before it is registered.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub name: String,
    pub kind: CustomerKind,
    pub entity: Entity,
    /// The place of its city in the list.
    pub city: usize,
    pub credit: Credit,
    pub pays: Pays,
    /// Days between two orders, on average.
    pub every: u32,
    pub part: Part,
}

/// What the first two characters of its USCC say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    Public,
    NonProfit,
    Company,
}

impl Entity {
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Public => "12",
            Self::NonProfit => "52",
            Self::Company => "91",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// Pays in advance.
    None,
    /// In whole units of the account's currency, and days after the invoice.
    Limit { amount: u32, days: u32 },
}

/// How many days after the invoice the money comes, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pays {
    pub from: u32,
    pub to: u32,
}

/// What a customer is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Ordinary,
    /// Its trading licence ran out, and nobody renewed it.
    Lapsed,
    /// Its trading licence is an electronic one, and a renewal is under review.
    ELicence,
    /// It has a licence for drugs only.
    DrugsOnly,
    /// Its papers wait for Quality.
    InReview,
    Suspended,
    Disabled,
    /// Its last order is far beyond its limit and waits for Credit.
    OverLimit,
    /// Its last order waits for the money.
    AwaitsMoney,
    /// Owes much, and its limit is frozen.
    Frozen,
}

const fn limit(amount: u32, days: u32) -> Credit {
    Credit::Limit { amount, days }
}

const fn pays(from: u32, to: u32) -> Pays {
    Pays { from, to }
}

/// The customers with a part; there are never fewer.
const CAST: &[(&str, CustomerKind, Entity, Credit, Pays, u32, Part)] = {
    use CustomerKind::{Agent, Clinic, Distributor, Hospital, Manufacturer, OtherUnit};
    use Entity::{Company, NonProfit, Public};
    &[
        ("省立样板医院", Hospital, Public, limit(4_000_000, 60), pays(168, 195), 5, Part::Ordinary),
        (
            "样板大学附属医院",
            Hospital,
            Public,
            limit(3_000_000, 30),
            pays(262, 320),
            7,
            Part::Ordinary,
        ),
        (
            "预付样板医疗器械有限公司",
            Distributor,
            Company,
            Credit::None,
            pays(0, 0),
            6,
            Part::Ordinary,
        ),
        (
            "先款样板商贸有限公司",
            Distributor,
            Company,
            Credit::None,
            pays(0, 0),
            8,
            Part::AwaitsMoney,
        ),
        ("样板口腔诊所", Clinic, Company, limit(60_000, 30), pays(18, 33), 12, Part::Ordinary),
        (
            "逾证样板医疗器械有限公司",
            Distributor,
            Company,
            limit(500_000, 45),
            pays(30, 48),
            9,
            Part::Lapsed,
        ),
        (
            "电子证样板医疗科技有限公司",
            Distributor,
            Company,
            limit(600_000, 45),
            pays(25, 46),
            7,
            Part::ELicence,
        ),
        (
            "药证样板医药有限公司",
            Distributor,
            Company,
            limit(200_000, 30),
            pays(25, 31),
            30,
            Part::DrugsOnly,
        ),
        ("待审样板医疗器械有限公司", Agent, Company, Credit::None, pays(0, 0), 30, Part::InReview),
        (
            "停供样板医疗器械有限公司",
            Distributor,
            Company,
            limit(100_000, 30),
            pays(20, 34),
            10,
            Part::Suspended,
        ),
        (
            "禁入样板医疗器械有限公司",
            Distributor,
            Company,
            limit(100_000, 30),
            pays(20, 40),
            12,
            Part::Disabled,
        ),
        (
            "超额样板医疗器械有限公司",
            Distributor,
            Company,
            limit(90_000, 30),
            pays(26, 38),
            9,
            Part::OverLimit,
        ),
        (
            "拖欠样板医疗器械有限公司",
            Distributor,
            Company,
            limit(260_000, 30),
            pays(70, 130),
            8,
            Part::Frozen,
        ),
        ("安心样板医院", Hospital, NonProfit, limit(800_000, 45), pays(35, 60), 8, Part::Ordinary),
        (
            "同业样板医疗科技有限公司",
            Manufacturer,
            Company,
            limit(200_000, 30),
            pays(20, 31),
            20,
            Part::Ordinary,
        ),
        ("样板理工大学", OtherUnit, Public, limit(100_000, 60), pays(40, 75), 30, Part::Ordinary),
    ]
};

/// How many customers have a part.
pub const CAST_SIZE: usize = CAST.len();

/// `count` customers, at least those with a part.
pub fn sketches(count: u32, names: &Names, random: &mut ChaCha12Rng) -> Vec<Sketch> {
    let cities = names.cities.len().max(1);
    let mut sketches: Vec<Sketch> = CAST
        .iter()
        .enumerate()
        .map(|(index, (name, kind, entity, credit, pays, every, part))| Sketch {
            name: (*name).to_owned(),
            kind: *kind,
            entity: *entity,
            city: index % cities,
            credit: *credit,
            pays: *pays,
            every: *every,
            part: *part,
        })
        .collect();
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    while sketches.len() < wanted {
        let ordinary = ordinary(sketches.len(), names, random);
        sketches.push(ordinary);
    }
    sketches
}

/// Of a hundred ordinary customers 34 are public hospitals, 8 private ones, 12 clinics, 34 distributors, 6 agents, 3 makers and 3 other
/// units. Three in ten distributors and agents pay in advance, one in ten late.
fn ordinary(nth: usize, names: &Names, random: &mut ChaCha12Rng) -> Sketch {
    let city = random.random_range(0..names.cities.len().max(1));
    let place = names.cities.get(city).map_or("", |city| city.name.as_str());
    let one_of = |list: &[String]| list.get(nth % list.len().max(1)).cloned().unwrap_or_default();
    let (kind, entity, stem, every) = match random.random_range(0..100_u32) {
        0..34 => (CustomerKind::Hospital, Entity::Public, one_of(&names.hospitals), 9),
        34..42 => (CustomerKind::Hospital, Entity::NonProfit, one_of(&names.private_hospitals), 12),
        42..54 => (CustomerKind::Clinic, Entity::Company, one_of(&names.clinics), 18),
        54..88 => {
            (CustomerKind::Distributor, Entity::Company, company(&one_of(&names.dealers)), 11)
        }
        88..94 => (CustomerKind::Agent, Entity::Company, company(&one_of(&names.dealers)), 15),
        94..97 => {
            (CustomerKind::Manufacturer, Entity::Company, company(&one_of(&names.makers)), 25)
        }
        _ => (CustomerKind::OtherUnit, Entity::Public, one_of(&names.units), 30),
    };
    let (credit, pays) = conditions(kind, entity, random);
    Sketch {
        // The number keeps names apart, and shows that nobody is meant.
        name: format!("{place}{stem}（示例 {nth}）"),
        kind,
        entity,
        city,
        credit,
        pays,
        every,
        part: Part::Ordinary,
    }
}

fn company(stem: &str) -> String {
    format!("{stem}医疗器械有限公司")
}

fn conditions(kind: CustomerKind, entity: Entity, random: &mut ChaCha12Rng) -> (Credit, Pays) {
    match (kind, entity) {
        (CustomerKind::Hospital, Entity::Public) => (limit(2_500_000, 60), pays(150, 200)),
        (CustomerKind::Hospital, _) => (limit(800_000, 45), pays(35, 70)),
        (CustomerKind::Clinic, _) => (limit(60_000, 30), pays(15, 36)),
        (CustomerKind::Distributor | CustomerKind::Agent, _) => {
            match random.random_range(0..10_u32) {
                0..3 => (Credit::None, pays(0, 0)),
                3 => (limit(120_000, 30), pays(55, 100)),
                _ => (limit(75_000, 45), pays(28, 52)),
            }
        }
        _ => (limit(200_000, 45), pays(25, 60)),
    }
}
