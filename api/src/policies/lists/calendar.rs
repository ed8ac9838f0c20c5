//! The columns of the company's calendar.

use chrono::NaiveDate;
use domain::policy::calendar::{Clock, Weekday};
use domain::policy::pack::Text;

use super::{Column, Form};
use crate::policies::codes;

pub(super) const WEEK: &[Column; 1] =
    &[Column::of::<Weekday>(Form::Text, ("weekday", "星期", "day of the week"), |code| {
        codes::of(code, codes::weekday)
    })];

pub(super) const HOURS: &[Column] = &[
    Column::of::<Clock>(Form::Time, ("from", "开始", "from"), |time| {
        Some(Text { zh: format!("自 {time}"), en: format!("from {time}") })
    }),
    Column::of::<Clock>(Form::Time, ("to", "结束", "to"), |time| {
        Some(Text { zh: format!("至 {time}"), en: format!("to {time}") })
    }),
];

pub(super) const DAYS: &[Column; 1] =
    &[Column::of::<NaiveDate>(Form::Day, ("day", "日期", "day"), with_weekday)];

fn with_weekday(day: &str) -> Option<Text> {
    let Text { zh, en } = codes::weekday(Weekday::of(day.parse().ok()?));
    Some(Text { zh: format!("{day} {zh}"), en: format!("{day} {en}") })
}
