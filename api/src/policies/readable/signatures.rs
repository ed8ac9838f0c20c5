//! The signatures under a proposal, as a table: who, when with the zone, and what was meant by it.

use super::{Cell, Column, Lang, Mark, Row, Table};
use crate::signing::Signed;

/// A table of signatures; none where nobody signed.
pub fn signatures(signed: &[Signed], lang: Lang) -> Option<Table> {
    if signed.is_empty() {
        return None;
    }
    let columns = [
        ("name", "姓名", "name"),
        ("role", "角色", "role"),
        ("at", "时间", "time"),
        ("meaning", "签名含义", "meaning"),
        ("content", "所签内容", "what was signed"),
        ("valid", "有效", "valid"),
    ];
    let columns = columns.map(|(name, zh, en)| Column {
        name: name.to_owned(),
        title: lang.pick(zh, en).to_owned(),
    });
    Some(Table {
        name: "signatures".to_owned(),
        title: lang.pick("电子签名", "Electronic signatures").to_owned(),
        note: None,
        columns: columns.into(),
        rows: signed.iter().map(|signed| row(signed, lang)).collect(),
        ordered: true,
    })
}

fn row(signed: &Signed, lang: Lang) -> Row {
    let erased = || lang.pick("（姓名已删除）", "(name erased)").to_owned();
    let valid = if signed.valid {
        lang.pick("有效", "valid")
    } else {
        lang.pick("无效：并非对此内容的签名", "not valid: no signature under this content")
    };
    let cells = [
        format!("{} ({})", signed.name.clone().unwrap_or_else(erased), signed.signer),
        lang.pick(signed.role.zh(), signed.role.en()).to_owned(),
        format!("{} {}", signed.at.format("%Y-%m-%d %H:%M:%S %:z"), signed.zone),
        lang.of(signed.meaning_text.clone()),
        signed.content.clone(),
        valid.to_owned(),
    ];
    let cells = cells.map(|now| Cell { raw: now.clone(), old: None, now });
    Row { key: signed.at.to_rfc3339(), mark: Mark::Same, cells: cells.into() }
}
