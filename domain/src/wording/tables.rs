//! Texts about decision tables: what cannot be read, and what cannot be proved.

use super::phrase::text;
use crate::policy::{
    pack::Text,
    table::{
        Mistake, Table,
        axis::{OffAxis, Value},
        cell::{CellError, CellProblem, Expected},
        check::Finding,
    },
};

/// What is wrong with a table as it is written.
pub fn mistake(mistake: &Mistake) -> Text {
    let zh = match mistake {
        Mistake::UnknownFact { column, name } => {
            format!("第 {column} 个输入：此处没有事实「{name}」。")
        }
        Mistake::RepeatedFact { column, name } => format!("第 {column} 个输入：「{name}」重复。"),
        Mistake::Axis { of } => format!("「{of}」没有可取的值、取值过多，或代码不是单词、重复。"),
        Mistake::Size => "一张表最多 16 个输入、1,000 行，且至少一行。".to_owned(),
        Mistake::Cells { row, found, inputs } => {
            format!("第 {row} 行：有 {found} 个单元格，应与 {inputs} 个输入一一对应。")
        }
        Mistake::RowId { row, id } => format!("第 {row} 行：编号「{id}」为空或已被使用。"),
        Mistake::Cell { row, column, error } => {
            format!("第 {row} 行第 {column} 列，{}。", cell_error(error))
        }
        Mistake::Answer { row, text, why } => {
            format!("第 {row} 行：「{text}」不是本表的结果：{}。", off_axis(*why))
        }
        Mistake::Monotone { input } => format!("「{input}」被声明为单调，但它不是有顺序的输入。"),
        Mistake::ListHasNoOrder => "收集为列表的表，其结果没有顺序。".to_owned(),
        Mistake::SumOfOthers => "只有数字可以求和。".to_owned(),
    };
    text(zh, format!("{mistake}."))
}

fn cell_error(CellError { at, problem }: &CellError) -> String {
    let what = match problem {
        CellProblem::Expected(expected) => format!("此处应为{}", needed(*expected)),
        CellProblem::Value { text, why } => format!("「{text}」不是该事实的值：{}", off_axis(*why)),
        CellProblem::Unordered => "代码没有大小之分；请逐个列出，如 in (a, b)".to_owned(),
        CellProblem::Reversed => "区间的终点早于起点".to_owned(),
        CellProblem::TooDeep => "条件嵌套过深".to_owned(),
        CellProblem::Ends => "此处缺少内容；「-」表示任意值".to_owned(),
        CellProblem::LeftOver => "此处多余".to_owned(),
        CellProblem::NeverTrue => "没有任何值满足该条件".to_owned(),
    };
    format!("第 {at} 个字符：{what}")
}

fn needed(expected: Expected) -> &'static str {
    match expected {
        Expected::Value => "一个值",
        Expected::ParenthesisAfterNot => " not 之后的「(」",
        Expected::ParenthesisAfterIn => " in 之后的「(」",
        Expected::Closing => "「)」",
        Expected::CommaOrClosing => "「,」或「)」",
        Expected::BetweenEnds => "区间两端之间的「..」",
        Expected::IntervalEnd => "区间末尾的「]」或「)」",
    }
}

/// Why a table gave no answer, by the code that is recorded.
pub(super) fn fault(code: &str) -> Text {
    match code {
        "inputs" => text("输入个数不符", "it was given another number of values than it asks for"),
        "off_axis" => text(
            "某项事实超出规则表的取值范围",
            "a fact is none of the values that the table knows",
        ),
        "no_row" => text("没有适用的行", "no row is for this customer"),
        "several_rows" => text("多行同时适用", "several rows are for this customer"),
        "overflow" => text("求和结果过大", "the sum is beyond what a number holds"),
        _ => text("规则表无法读取", "it cannot be read"),
    }
}

fn off_axis(why: OffAxis) -> &'static str {
    match why {
        OffAxis::Type => "类型不符",
        OffAxis::Bounds => "超出范围",
        OffAxis::Digits => "小数位过多",
        OffAxis::Unlisted => "不在可选代码之列",
        OffAxis::Missing => "该事实缺失时不进入规则表",
    }
}

/// What is not so of a table, with the values that show it.
pub fn finding(finding: &Finding, table: &Table) -> Text {
    match finding {
        Finding::Gap { example } => {
            let values = given(table, example);
            text(format!("没有一行适用于：{values}。"), format!("no row is for {values}."))
        }
        Finding::Overlap { rows: (one, other), example } => {
            let values = given(table, example);
            let (one, other) = (row(table, *one), row(table, *other));
            text(
                format!("第 {one} 行与第 {other} 行同时适用于：{values}。"),
                format!("rows {one} and {other} are both for {values}."),
            )
        }
        Finding::Unreachable { row: number } => {
            let row = row(table, *number);
            text(
                format!("第 {row} 行永远不会被用到：之前的行已覆盖其全部取值。"),
                format!(
                    "row {row} is never reached: the rows before it are for all of its values."
                ),
            )
        }
        Finding::AgainstCourse { input, lower, higher } => {
            let fact = table.facts().get(*input).map_or("", |fact| fact.name.as_str());
            let (lower, higher) = (answered(table, lower), answered(table, higher));
            text(
                format!("结果未随「{fact}」单调变化：{lower}；{higher}。"),
                format!(
                    "the answer falls or rises against the declared course of {fact}: {lower}; {higher}."
                ),
            )
        }
        Finding::TooComplex => text(
            "该表过于复杂，无法证明；请拆分或简化。",
            "the table is too complex to be proved: split it or make it simpler.",
        ),
    }
}

fn row(table: &Table, number: usize) -> String {
    let id = table.row_id(number).unwrap_or_default();
    format!("{number} ({id})")
}

fn answered(table: &Table, values: &[Value]) -> String {
    let answer = match table.answer(values) {
        Ok(answer) => answer.outcome.to_string(),
        Err(fault) => fault.to_string(),
    };
    format!("{} → {answer}", given(table, values))
}

fn given(table: &Table, values: &[Value]) -> String {
    let pairs = table.facts().iter().zip(values);
    let pairs: Vec<_> = pairs.map(|(fact, value)| format!("{} = {value}", fact.name)).collect();
    pairs.join(", ")
}
