//! Dates that are nearly dates.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{lot, order, trading};

/// A body with its date at `pointer`.
fn dated(mut body: Value, pointer: &str, date: &str) -> Value {
    *body.pointer_mut(pointer).unwrap() = json!(date);
    body
}

async fn dates_are_written_in_one_way(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let placed = server
        .post("sales", &format!("{path}/orders"), order(&product, 1, "2026-12-01"))
        .await
        .expect(201);
    let shipments = format!("{path}/orders/{}/shipments", placed.id());
    let grant = json!({"limit": {"kind": "none"}, "valid_until": ""});
    let cash = json!({"reference": "B", "amount": {"amount": "1.00", "currency": "CNY"}, "received_on": ""});
    for date in ["2026-1-5", "+12345-06-07", "-9999-01-01", "1899-12-31", "10000-01-01"] {
        for (who, to, body, pointer) in [
            ("sales", format!("{path}/orders"), order(&product, 1, ""), "/requested_ship_date"),
            ("credit", format!("{path}/credit/grant"), grant.clone(), "/valid_until"),
            ("finance", format!("{path}/receipts"), cash.clone(), "/received_on"),
            ("warehouse", shipments.clone(), lot(1), "/lines/0/expires_on"),
            ("warehouse", shipments.clone(), lot(1), "/lines/0/manufactured_on"),
        ] {
            let refused = server.post(who, &to, dated(body, pointer, date)).await.expect(422);
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{date}: {:#}", refused.body);
        }
        let escaped = date.replace('+', "%2B");
        for (who, to) in [
            ("finance", format!("/v1/reports/receivables/aging?as_of={escaped}")),
            ("finance", format!("{path}/invoices?due_before={escaped}")),
            ("auditor", format!("/v1/reports/sales-records?from={escaped}")),
            ("auditor", format!("/v1/reports/denials?to={escaped}")),
            ("sales", format!("{path}?as_of={escaped}T00:00:00Z")),
        ] {
            server.get(who, &to).await.expect(400);
        }
    }
    server.post("warehouse", &shipments, lot(1)).await.expect(201);
    server.get("finance", "/v1/reports/receivables/aging?as_of=9999-12-31").await.expect(200);
    server.get("finance", "/v1/reports/receivables/aging?as_of=1900-01-01").await.expect(200);
}

both_engines! {
    async fn a_date_that_is_nearly_one_is_refused_with_the_place(home: Home) {
        dates_are_written_in_one_way(&Server::start(&home.url).await).await;
    }
}
