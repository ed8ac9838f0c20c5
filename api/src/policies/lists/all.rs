//! Every list of a pack, with its columns.

use domain::approval::{Lane, Rule};
use domain::catalogue::DeviceClass;
use domain::customer::approving::reviewing::Trigger;
use domain::customer::registration::CustomerKind;
use domain::decision::{CauseCode, Checkpoint, Mode, Reaction};
use domain::document_kind::DocumentKind;
use domain::money::Currency;
use domain::policy::pack::{Scoping, Text, Weight};
use domain::policy::table::Course;
use domain::product::Trait;
use domain::staff::Role;
use domain::uscc::Entity;
use domain::wording::names;

use super::nested::Level;
use super::{Column, Form, ID, List, Shape, calendar};
use crate::policies::codes;

/// Every list, in the order in which people read a pack.
pub const LISTS: &[List] = &[
    List {
        name: "papers",
        zh: "所需证件",
        en: "Required papers",
        at: "/papers",
        shape: Shape::Records(PAPERS),
    },
    List {
        name: "never_counts",
        zh: "不作为资质的证件",
        en: "Papers that never count as a qualification",
        at: "/never_counts",
        shape: Shape::Values(NEVER_COUNTS),
    },
    List {
        name: "modes",
        zh: "各环节的执行方式",
        en: "Mode of each checkpoint",
        at: "/modes",
        shape: Shape::Pairs(MODES),
    },
    List {
        name: "reactions",
        zh: "各环节对各原因的处理",
        en: "What each checkpoint does about each cause",
        at: "/reactions",
        shape: Shape::ByCode(REACTIONS),
    },
    List {
        name: "overdue",
        zh: "逾期判定",
        en: "How overdue receivables are judged",
        at: "/overdue/table",
        shape: Shape::Decisions,
    },
    List {
        name: "overdue_courses",
        zh: "逾期判定声明的单调性",
        en: "Courses that the overdue table declares",
        at: "/overdue/table/monotone",
        shape: Shape::Records(COURSES),
    },
    List {
        name: "overdue_examples",
        zh: "逾期判定的示例",
        en: "Examples of how overdue receivables are judged",
        at: "/overdue/examples",
        shape: Shape::Examples,
    },
    List {
        name: "credit_terms",
        zh: "信用规则的数值",
        en: "Figures of the credit rules",
        at: "/credit",
        shape: Shape::One(CREDIT_TERMS),
    },
    List {
        name: "scorecards",
        zh: "评分卡",
        en: "Scorecards",
        at: "/scorecards",
        shape: Shape::Nested(SCORECARDS),
    },
    List {
        name: "scorecard_examples",
        zh: "评分卡的示例",
        en: "Examples of scorecards",
        at: "/scorecards",
        shape: Shape::ExamplesWithin,
    },
    List {
        name: "bands",
        zh: "评分档次",
        en: "Bands of scores",
        at: "/bands",
        shape: Shape::Nested(BANDS),
    },
    List {
        name: "expiry_notice",
        zh: "证件到期提醒",
        en: "When the end of a document is announced",
        at: "/expiry_notice_days",
        shape: Shape::Values(EXPIRY_NOTICE),
    },
    List {
        name: "stands_in",
        zh: "部门缺位时由谁代行",
        en: "Who stands in for a department",
        at: "/changes/stands_in",
        shape: Shape::Pairs(STANDS_IN),
    },
    List {
        name: "routes",
        zh: "审批路线",
        en: "Routes of approval",
        at: "/approvals/routes",
        shape: Shape::NestedByCode(ROUTES),
    },
    List {
        name: "assessment",
        zh: "信用申请的评估",
        en: "How an application for credit is assessed",
        at: "/approvals/assessment",
        shape: Shape::One(STAGE),
    },
    List {
        name: "qualification_routes",
        zh: "资质审核的路线选择",
        en: "Which route a review of papers takes",
        at: "/approvals/qualification",
        shape: Shape::Decisions,
    },
    List {
        name: "credit_authority",
        zh: "授信权限",
        en: "Delegation of authority: which route a limit takes",
        at: "/approvals/credit",
        shape: Shape::Decisions,
    },
    List {
        name: "release_authority",
        zh: "放行权限",
        en: "Delegation of authority: which route a release takes",
        at: "/approvals/release",
        shape: Shape::Decisions,
    },
    List {
        name: "re_review",
        zh: "动态复审",
        en: "What is looked at again, and by which route",
        at: "/approvals/re_review",
        shape: Shape::Pairs(RE_REVIEW),
    },
    List {
        name: "working_week",
        zh: "工作日",
        en: "Days of the week that are worked",
        at: "/calendar/week",
        shape: Shape::Values(calendar::WEEK),
    },
    List {
        name: "working_hours",
        zh: "工作时段",
        en: "Hours of a working day",
        at: "/calendar/hours",
        shape: Shape::Records(calendar::HOURS),
    },
    List {
        name: "holidays",
        zh: "放假日",
        en: "Days off",
        at: "/calendar/holidays",
        shape: Shape::Values(calendar::DAYS),
    },
    List {
        name: "make_up_days",
        zh: "调休上班日",
        en: "Days worked in exchange",
        at: "/calendar/make_up",
        shape: Shape::Values(calendar::DAYS),
    },
];

const PAPERS: &[Column] = &[
    text(ID, "编号", "id"),
    Column::of::<Vec<CustomerKind>>(Form::Codes, ("kinds", "客户类型", "customers"), |code| {
        codes::of(code, names::customer_kind)
    }),
    Column::of::<Vec<Entity>>(Form::Codes, ("entities", "机构类别", "organisations"), |code| {
        codes::of(code, codes::entity)
    }),
    Column::of::<Vec<DeviceClass>>(
        Form::Codes,
        ("classes", "器械类别", "device classes"),
        |code| codes::of(code, names::device_class),
    ),
    Column::of::<Vec<Trait>>(Form::Codes, ("traits", "产品特性", "product traits"), |code| {
        codes::of(code, codes::product_trait)
    }),
    Column::of::<Vec<DocumentKind>>(
        Form::Codes,
        ("any_of", "证件（任一）", "any of these papers"),
        |code| codes::of(code, codes::paper),
    ),
    Column::of::<Weight>(Form::Text, ("weight", "要求", "weight"), |code| {
        codes::of(code, codes::weight)
    }),
    Column::of::<Scoping>(Form::Text, ("scope", "范围核对", "scope"), |code| {
        codes::of(code, codes::scoping)
    }),
    said("basis", "依据", "basis"),
];

const NEVER_COUNTS: &[Column; 1] =
    &[Column::of::<DocumentKind>(Form::Text, ("paper", "证件", "paper"), |code| {
        codes::of(code, codes::paper)
    })];

const MODES: &[Column; 2] = &[
    Column::of::<Checkpoint>(Form::Text, ("checkpoint", "环节", "checkpoint"), |code| {
        codes::of(code, names::checkpoint)
    }),
    Column::of::<Mode>(Form::Text, ("mode", "方式", "mode"), |code| codes::of(code, names::mode)),
];

const REACTIONS: &[Column] = &[
    Column::of::<CauseCode>(Form::Text, ("cause", "原因", "cause"), |code| {
        codes::of(code, names::cause)
    }),
    reaction("order", "订单", "order"),
    reaction("shipment", "发货", "shipment"),
    reaction("invoice", "开票", "invoice"),
    reaction("receipt", "收款", "receipt"),
];

const EXPIRY_NOTICE: &[Column; 1] =
    &[Column::of::<u32>(Form::Number, ("days", "到期前天数", "days before the end"), codes::plain)];

const fn reaction(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<Reaction>(Form::Text, (name, zh, en), |code| codes::of(code, names::reaction))
}

const COURSES: &[Column] = &[
    text("input", "条件", "fact"),
    Column::of::<Course>(Form::Text, ("course", "方向", "course"), COURSE),
];

const COURSE: fn(&str) -> Option<Text> = |code| codes::of(code, codes::course);

const CREDIT_TERMS: &[Column] = &[
    Column::of::<Option<u32>>(
        Form::Number,
        ("horizon_days", "计入占用的发货期限（天）", "days of open orders that are exposure"),
        codes::plain,
    ),
    number("default_terms_days", "默认账期（天）", "terms by default, in days"),
    number(
        "prepaid_percent_without_limit",
        "无额度时的预付比例（%）",
        "in advance without a limit, in %",
    ),
    number(
        "release_tolerance_percent_max",
        "放行的最大容差（%）",
        "largest tolerance of a release, in %",
    ),
    number("release_days_max", "放行的最长有效期（天）", "longest release, in days"),
    Column::of::<Option<u32>>(
        Form::Number,
        ("limit_notice_days", "额度到期前提醒（天）", "notice of a limit's end, in days"),
        codes::plain,
    ),
];

const SCORECARDS: &[Level] = &[
    Level {
        columns: &[
            text("scorecard", "评分卡", "scorecard").at("/id"),
            points("base", "基础分", "base"),
        ],
        within: "characteristics",
        kept: &["examples"],
    },
    Level {
        columns: &[
            text("fact", "特征", "fact"),
            text("title_zh", "名称（中文）", "title, in Chinese").at("/title/zh"),
            text("title_en", "名称（英文）", "title, in English").at("/title/en"),
            text("remedy_zh", "如何提高（中文）", "remedy, in Chinese").at("/remedy/zh"),
            text("remedy_en", "如何提高（英文）", "remedy, in English").at("/remedy/en"),
            Column::of::<Option<Course>>(Form::Optional, ("course", "方向", "course"), COURSE),
        ],
        within: "bins",
        kept: &[],
    },
    Level {
        columns: &[
            text("bin", "分段", "bin").at("/id"),
            text("when", "取值", "when"),
            points("points", "得分", "points"),
        ],
        within: "",
        kept: &[],
    },
];

const BANDS: &[Level] = &[
    Level {
        columns: &[
            text("table", "档次表", "table").at("/id"),
            text("scorecard", "评分卡", "scorecard"),
        ],
        within: "bands",
        kept: &[],
    },
    Level {
        columns: &[
            text("grade", "等级", "grade"),
            text("score", "分数", "score"),
            Column::amount(("limit", "最高额度", "largest limit")).at("/limit/amount"),
            Column::of::<Currency>(Form::Text, ("currency", "币种", "currency"), codes::plain)
                .at("/limit/currency"),
            number("terms_days", "账期（天）", "terms, in days"),
            number("prepaid_percent", "预付比例（%）", "in advance, in %"),
            said("text_zh", "中文说明", "in Chinese").at("/text/zh"),
            said("text_en", "英文说明", "in English").at("/text/en"),
        ],
        within: "",
        kept: &[],
    },
];

const STANDS_IN: &[Column; 2] = &[
    department("department", "部门", "department"),
    department("stands_in", "代行部门", "stands in"),
];

const ROUTES: &[Level] = &[
    Level {
        columns: &[
            text("route", "路线", "route"),
            Column::of::<Option<Lane>>(Form::Optional, ("lane", "通道", "lane"), |code| {
                codes::of(code, codes::lane)
            }),
        ],
        within: "stages",
        kept: &[],
    },
    Level { columns: STAGE, within: "", kept: &[] },
];

const STAGE: &[Column] = &[
    Column::of::<Rule>(Form::Rule, ("rule", "表决规则", "whose votes"), codes::rule),
    departments("departments", "审批部门", "departments"),
    Column::of::<Option<u32>>(
        Form::Number,
        ("sla_hours", "办理时限（工作小时）", "working hours"),
        codes::plain,
    ),
    departments("escalation", "升级至", "escalates to"),
    departments("inform", "知会", "told"),
];

const RE_REVIEW: &[Column; 2] = &[
    Column::of::<Trigger>(Form::Text, ("trigger", "触发情形", "after"), |code| {
        codes::of(code, names::trigger)
    }),
    text("route", "路线", "route"),
];

const fn text(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<String>(Form::Text, (name, zh, en), codes::plain)
}

/// Nothing where the cell is empty.
const fn said(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<Option<String>>(Form::Optional, (name, zh, en), codes::plain)
}

const fn number(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<u32>(Form::Number, (name, zh, en), codes::plain)
}

const fn points(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<i32>(Form::Number, (name, zh, en), codes::plain)
}

const fn department(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<Role>(Form::Text, (name, zh, en), |code| codes::of(code, codes::role))
}

const fn departments(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<Vec<Role>>(Form::Codes, (name, zh, en), |code| codes::of(code, codes::role))
}
