//! What can be wrong with an edited list, in Chinese and English.

/// What is wrong with an edited list; the cells of a decision table are looked at by the checker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("the columns are {expected}; the file has: {found}")]
    Columns { expected: String, found: String },
    #[error("line {line}: {cells} cells under {columns} columns")]
    Cells { line: u32, cells: usize, columns: usize },
    #[error("line {line}, column {column} ({name}): {text:?} cannot stand here; {}", wanted.en())]
    Cell { line: u32, column: usize, name: String, text: String, wanted: Wanted },
    #[error("line {line}, column 1: {key:?} stands in a line before")]
    Repeated { line: u32, key: String },
    #[error("there are {lines} lines under the columns, and one is wanted")]
    Lines { lines: usize },
    #[error("the pack has no such list")]
    Absent,
}

/// What could have stood in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Codes(Vec<String>),
    Number,
    Amount,
    Rule,
    Day,
    Time,
    /// Nothing, or what an earlier line of the same says.
    AsBefore {
        line: u32,
    },
}

impl Wanted {
    fn zh(&self) -> String {
        match self {
            Self::Codes(codes) if codes.is_empty() => "请按导出文件的写法填写".to_owned(),
            Self::Codes(codes) => format!("可用：{}", codes.join("、")),
            Self::Number => "应为整数".to_owned(),
            Self::Amount => "应为金额，如 1000000.00".to_owned(),
            Self::Rule => {
                "可用：any、all、one_per_department，或 quorum 加人数，如 quorum 2".to_owned()
            }
            Self::AsBefore { line } => format!("请留空，或与第 {line} 行相同"),
            Self::Day => "应为日期，如 2026-10-01".to_owned(),
            Self::Time => "应为 00:00 至 24:00 的时刻，如 09:00".to_owned(),
        }
    }

    fn en(&self) -> String {
        match self {
            Self::Codes(codes) if codes.is_empty() => {
                "write it as an exported table does".to_owned()
            }
            Self::Codes(codes) => format!("one of: {}", codes.join(", ")),
            Self::Number => "a whole number is wanted".to_owned(),
            Self::Amount => "an amount is wanted, as 1000000.00".to_owned(),
            Self::Rule => {
                "one of: any, all, one_per_department, or quorum and how many, as quorum 2"
                    .to_owned()
            }
            Self::AsBefore { line } => format!("leave it empty, or as in line {line}"),
            Self::Day => "a day is wanted, as 2026-10-01".to_owned(),
            Self::Time => "a time from 00:00 to 24:00 is wanted, as 09:00".to_owned(),
        }
    }
}

impl Wrong {
    pub fn zh(&self) -> String {
        match self {
            Self::Columns { expected, found } => {
                format!("应有的列：{expected}；文件中的列：{found}。")
            }
            Self::Cells { line, cells, columns } => {
                format!("第 {line} 行：有 {cells} 个单元格，应有 {columns} 个。")
            }
            Self::Cell { line, column, name, text, wanted } => {
                let wanted = wanted.zh();
                format!("第 {line} 行第 {column} 列（{name}）：「{text}」无效，{wanted}。")
            }
            Self::Repeated { line, key } => {
                format!("第 {line} 行第 1 列：「{key}」在之前的行中已出现。")
            }
            Self::Lines { lines } => format!("列名之下有 {lines} 行，应为一行。"),
            Self::Absent => "该政策包没有此列表。".to_owned(),
        }
    }
}
