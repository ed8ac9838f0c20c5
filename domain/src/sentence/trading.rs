//! Sentences about orders and shipments.

use super::{late, lines, named, remarks, stopping, then, total};
use crate::{
    customer::trading::{
        GoodsShipped, Lot, OrderCancelled, OrderHealed, OrderReleased, OrderTaken, ShipmentCleared,
        ShipmentStopped,
    },
    policy::pack::Text,
    wording::phrase::{amount, because, counted, listed_en, listed_zh, text},
};

pub(super) fn placed(e: &OrderTaken) -> Text {
    let taken = taken(e);
    let placed =
        text(format!("订单已下达：{}。", taken.zh), format!("Order placed: {}.", taken.en));
    then(placed, &remarks(&e.decision))
}

pub(super) fn held(e: &OrderTaken) -> Text {
    let (taken, causes) = (taken(e), stopping(&e.decision));
    text(
        format!("订单暂缓：{}。原因：{}。", taken.zh, causes.zh),
        format!("Order held: {}. Causes: {}.", taken.en, causes.en),
    )
}

pub(super) fn denied(e: &OrderTaken) -> Text {
    let (taken, causes) = (taken(e), stopping(&e.decision));
    text(
        format!("订单已拒绝：{}。原因：{}。", taken.zh, causes.zh),
        format!("Order denied: {}. Causes: {}.", taken.en, causes.en),
    )
}

/// What was ordered.
fn taken(e: &OrderTaken) -> Text {
    let (lines, total, date) = (lines(e.lines.len()), amount(e.total), e.requested_ship_date);
    let (zh, en) = e.reference.as_ref().map_or_else(Default::default, |reference| {
        (format!("客户订单号 {reference}，"), format!("reference {reference}, "))
    });
    text(
        format!("{zh}{}，合计 {}，要求发货日期 {date}", lines.zh, total.zh),
        format!("{en}{}, {} in all, wanted by {date}", lines.en, total.en),
    )
}

pub(super) fn released(e: &OrderReleased) -> Text {
    let release = &e.release;
    let codes: Vec<_> = release.lifted.iter().map(|lifted| lifted.code).collect();
    let lifted = named(&codes);
    let what = text(
        format!(
            "特批放行：{}；容差 {}%，有效期至 {}。",
            lifted.zh, release.tolerance_percent, release.expires_on
        ),
        format!(
            "Released: {}; tolerance {} %, until {}.",
            lifted.en, release.tolerance_percent, release.expires_on
        ),
    );
    let why = because("理由", " Reason", &release.reason);
    let still = named(&e.remaining);
    if still.zh.is_empty() {
        return then(what, &why);
    }
    let rest = text(format!("仍暂缓：{}。", still.zh), format!(" Still held by: {}.", still.en));
    then(then(what, &why), &rest)
}

pub(super) fn healed(e: &OrderHealed) -> Text {
    let healed = text("暂缓原因已消除，订单已下达。", "What held the order is gone: it is placed.");
    then(healed, &remarks(&e.decision))
}

pub(super) fn cancelled(e: &OrderCancelled) -> Text {
    let (lines, pieces) = (lines(e.lines.len()), pieces(e.lines.iter().map(|l| l.quantity.get())));
    let what = because(
        &format!("订单取消 {}，共 {pieces} 件", lines.zh),
        &format!("Order cancelled, {}, {}", lines.en, counted(pieces, "piece", "pieces")),
        &e.reason,
    );
    let Some(freed) = total(e.freed.iter().map(|drawn| drawn.amount)) else { return what };
    let freed = text(
        format!("释放定金 {}。", freed.zh),
        format!(" Deposits of {} are free again.", freed.en),
    );
    then(what, &freed)
}

pub(super) fn shipped(e: &GoodsShipped) -> Text {
    let goods = goods(e.lines.iter().map(|line| &line.goods));
    let (value, date) = (amount(e.value), e.shipped_on);
    let shipped = text(
        format!("已发货：{}，金额 {}，发货日期 {date}。", goods.zh, value.zh),
        format!("Goods shipped: {}, worth {}, on {date}.", goods.en, value.en),
    );
    let shipped = match total(e.drawn.iter().map(|drawn| drawn.amount)) {
        Some(drawn) => then(
            shipped,
            &text(
                format!("预付款由未核销收款 {} 抵充。", drawn.zh),
                format!(" Unapplied cash of {} covers the prepayment.", drawn.en),
            ),
        ),
        None => shipped,
    };
    then(then(shipped, &remarks(&e.decision)), &late(e.backdated.as_ref()))
}

pub(super) fn shipment_held(e: &ShipmentStopped) -> Text {
    let (goods, value, causes) = (goods(e.lines.iter()), amount(e.value), stopping(&e.decision));
    text(
        format!("发货暂缓：{}，金额 {}。原因：{}。", goods.zh, value.zh, causes.zh),
        format!("Shipment held: {}, worth {}. Causes: {}.", goods.en, value.en, causes.en),
    )
}

pub(super) fn shipment_denied(e: &ShipmentStopped) -> Text {
    let (goods, value, causes) = (goods(e.lines.iter()), amount(e.value), stopping(&e.decision));
    text(
        format!("发货不予通过：{}，金额 {}。原因：{}。", goods.zh, value.zh, causes.zh),
        format!("Shipment denied: {}, worth {}. Causes: {}.", goods.en, value.en, causes.en),
    )
}

pub(super) fn shipment_cleared(e: &ShipmentCleared) -> Text {
    let cleared =
        text("发货暂缓原因已消除，可以发货。", "What held the shipment is gone: it may leave.");
    then(cleared, &remarks(&e.decision))
}

/// `2 行共 14 件，批号 L1、L2`.
fn goods<'a>(lots: impl Iterator<Item = &'a Lot> + Clone) -> Text {
    let (lines, pieces) =
        (lines(lots.clone().count()), pieces(lots.clone().map(|l| l.quantity.get())));
    let mut names: Vec<&str> = lots.filter_map(|lot| lot.lot.as_deref()).collect();
    names.dedup();
    let (zh, en) = match names.len() {
        0 => Default::default(),
        1 => (format!("，批号 {}", listed_zh(&names)), format!(", lot {}", listed_en(&names))),
        _ => (format!("，批号 {}", listed_zh(&names)), format!(", lots {}", listed_en(&names))),
    };
    text(
        format!("{}共 {pieces} 件{zh}", lines.zh),
        format!("{}, {}{en}", lines.en, counted(pieces, "piece", "pieces")),
    )
}

fn pieces(quantities: impl Iterator<Item = u32>) -> u64 {
    quantities.map(u64::from).fold(0, u64::saturating_add)
}
