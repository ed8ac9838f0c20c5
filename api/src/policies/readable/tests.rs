//! What a pack says to people, and that nothing of it is left out.

use domain::policy::pack::Pack;
use serde_json::{Value, json};

use super::{Lang, html, readable, readable_difference, terminal};

/// The delivered pack with other values at these places.
fn with(changes: &[(&str, Value)]) -> Pack {
    let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
    for (pointer, value) in changes {
        *pack.pointer_mut(pointer).unwrap() = value.clone();
    }
    serde_json::from_value(pack).unwrap()
}

fn difference(pack: &Pack, lang: Lang) -> Vec<String> {
    let found = readable_difference(&Pack::default_pack(), pack, lang).unwrap();
    terminal::lines(&found).into_iter().skip(2).collect()
}

#[test]
fn a_pack_reads_in_both_languages() {
    let pack = Pack::default_pack();
    let zh = terminal::lines(&readable(&pack, Lang::Zh).unwrap()).join("\n");
    for line in [
        "政策包「default」",
        "  trading_class_iii：客户类型 经销商、代理商；器械类别 第三类医疗器械；证件（任一） 医疗器械经营许可证；",
        "  客户未分类：订单 不予通过；发货 不予通过；开票 提示；收款 不检查",
        "  general-beyond：客户类型 任意；机构类别 任意；逾期应收款合计 > 1000.00；最早一笔逾期的天数 > 30；",
        "  默认账期（天）：30",
        "  单据容差（不超过即不计逾期）：CNY 10.00",
        "  放假与调休安排公布至：2026-12-31",
        "放假日",
        "  2026-02-16 星期一",
        "  自 09:00：至 17:30",
    ] {
        assert!(zh.contains(line), "{line}\n{zh}");
    }
    let en = terminal::lines(&readable(&pack, Lang::En).unwrap()).join("\n");
    for line in [
        "Policy pack \"default\"",
        "customers distributor, agent; device classes class III device;",
        "  order: enforced",
        "then react as to an overdue receivable",
        "  open orders shipped within so many days are exposure: all of them",
    ] {
        assert!(en.contains(line), "{line}\n{en}");
    }
}

#[test]
fn a_difference_shows_only_what_changed() {
    let pack = with(&[
        ("/overdue/table/rows/3/when/3", json!("> 45")),
        ("/expiry_notice_days", json!([60, 30, 7])),
        ("/credit/release_days_max", json!(30)),
        ("/reactions/credit.frozen/order", json!("deny")),
    ]);
    assert_eq!(
        difference(&pack, Lang::En),
        [
            "",
            "Settings",
            "~ the longest release, in days: 90 → 30",
            "",
            "What each checkpoint does about each cause",
            "~ credit limit frozen: order hold → deny",
            "",
            "How overdue receivables are judged",
            "~ general-beyond: overdue days > 30 → > 45",
            "",
            "When the end of a document is announced",
            "+ 60",
            "- 90",
        ]
    );
    assert_eq!(difference(&Pack::default_pack(), Lang::Zh), ["没有差异。"]);
    let bridge = with(&[("/calendar/holidays/0", json!("2026-11-30"))]);
    assert_eq!(
        difference(&bridge, Lang::En),
        ["", "Days off", "+ 2026-11-30 Monday", "- 2025-01-01 Wednesday"]
    );
    // Of several steps of a route the one that changed.
    let quicker = with(&[("/approvals/routes/first_approval/stages/1/sla_hours", json!(8))]);
    assert_eq!(
        difference(&quicker, Lang::En),
        ["", "Routes of approval", "~ first_approval: working hours 16 → 8"]
    );
    let moved = with(&[("/expiry_notice_days", json!([30, 90, 7]))]);
    assert_eq!(difference(&moved, Lang::Zh), ["", "证件到期提醒", "~ 各行的先后顺序已改变。"]);
}

/// Every value of the pack, changed, is seen in the difference.
#[test]
fn no_field_stays_unseen() {
    fn leaves(at: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    leaves(&format!("{at}/{name}"), value, found);
                }
            }
            Value::Array(items) => {
                for (number, value) in items.iter().enumerate() {
                    leaves(&format!("{at}/{number}"), value, found);
                }
            }
            _ => found.push(at.to_owned()),
        }
    }
    let value = serde_json::to_value(Pack::default_pack()).unwrap();
    let mut places = Vec::new();
    leaves("", &value, &mut places);
    let mut tried = 0;
    for place in places {
        for other in [
            json!("x"),
            json!("none"),
            json!("observe"),
            json!("hospital"),
            json!(77),
            json!("sunday"),
            json!("2026-11-30"),
            json!("23:00"),
        ] {
            let mut changed = value.clone();
            *changed.pointer_mut(&place).unwrap() = other;
            let Ok(pack) = serde_json::from_value::<Pack>(changed) else { continue };
            if pack == Pack::default_pack() {
                continue;
            }
            tried += 1;
            assert_ne!(difference(&pack, Lang::En), ["No difference."], "{place}");
            break;
        }
    }
    assert!(tried > 100, "{tried}");
}

/// Chinese may be broken after any character; English may not, and needs no help.
#[test]
fn long_chinese_keeps_some_width_on_a_page() {
    let page = html::page(&readable(&Pack::default_pack(), Lang::En).unwrap());
    assert!(
        page.contains("<td class=\"long\">《医疗器械经营质量管理规范》第八十二条</td>"),
        "{page}"
    );
    assert!(page.contains("<td>class and catalogue code of each line</td>"), "{page}");
}

#[test]
fn a_page_is_escaped_and_needs_nothing_else() {
    let pack = with(&[
        ("/name", json!("<script>alert('x')</script>")),
        ("/papers/0/basis", json!("a & \"b\" <img src=x>")),
    ]);
    let page = html::page(&readable(&pack, Lang::Zh).unwrap());
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{page}");
    assert!(page.contains("a &amp; &quot;b&quot; &lt;img src=x&gt;"), "{page}");
    for never in ["<script", "<img", "http:", "https:", "url("] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"zh-CN\">"));
    let difference = readable_difference(&Pack::default_pack(), &pack, Lang::En).unwrap();
    let page = html::page(&difference);
    assert!(page.contains("<td>changed</td>"), "{page}");
    assert!(page.contains("<del>default</del> <ins>&lt;script&gt;"), "{page}");
}

#[test]
fn what_is_looked_at_again_reads_in_both_languages_and_so_does_its_change() {
    let delivered = Pack::default_pack();
    let zh = terminal::lines(&readable(&delivered, Lang::Zh).unwrap()).join("\n");
    for line in ["动态复审", "  额度即将到期：credit_alone", "  额度到期前多少天复审：30"]
    {
        assert!(zh.contains(line), "{line}\n{zh}");
    }
    let en = terminal::lines(&readable(&delivered, Lang::En).unwrap()).join("\n");
    for line in ["What is looked at again", "  limit about to end: credit_alone"] {
        assert!(en.contains(line), "{line}\n{en}");
    }
    let pack = with(&[
        ("/approvals/re_review/limit_about_to_end", json!("finance")),
        ("/credit/limit_notice_days", json!(60)),
    ]);
    for (lang, changes) in [
        (Lang::Zh, ["~ 额度到期前多少天复审：30 → 60", "~ 额度即将到期：credit_alone → finance"]),
        (
            Lang::En,
            [
                "~ a limit is looked at again so many days before its end: 30 → 60",
                "~ limit about to end: credit_alone → finance",
            ],
        ),
    ] {
        let told = difference(&pack, lang);
        let told: Vec<&String> = told.iter().filter(|line| line.starts_with('~')).collect();
        assert_eq!(told, changes);
    }
}
