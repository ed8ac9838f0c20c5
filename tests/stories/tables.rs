//! Tables: what somebody saves as a file is all there is, or says where it goes on.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{dealer, order, stent};

/// More than a page holds when nothing is said.
const DENIED: usize = 53;

/// The rows of a table, without the names of its columns.
fn rows(table: &Value) -> Vec<String> {
    table.as_str().unwrap().lines().skip(1).map(str::to_owned).collect()
}

async fn a_report_is_whole(server: &Server) {
    let customer = dealer(server).await;
    let product = stent(server).await;
    let orders = format!("/v1/customers/{customer}/orders");
    for _ in 0..DENIED {
        server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
    }
    let path = "/v1/reports/denials?format=csv";
    let whole = server.get("auditor", path).await.expect(200);
    assert_eq!(rows(&whole.body).len(), DENIED);
    assert!(!whole.headers.contains_key("probity-next-cursor"));

    // In pages it is the same table.
    let mut pieces = Vec::new();
    let mut cursor = String::new();
    loop {
        let piece = server.get("auditor", &format!("{path}&limit=20{cursor}")).await.expect(200);
        pieces.extend(rows(&piece.body));
        let Some(next) = piece.headers.get("probity-next-cursor") else { break };
        assert_eq!(pieces.len() % 20, 0);
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pieces, rows(&whole.body));

    // Nothing found is a table too, with the same columns.
    let none = server.get("auditor", &format!("{path}&from=2030-01-01")).await.expect(200);
    let columns = |table: &Value| table.as_str().unwrap().lines().next().map(str::to_owned);
    assert_eq!(rows(&none.body), Vec::<String>::new());
    assert_eq!(columns(&none.body), columns(&whole.body));

    // The same of the feed, which has positions in the place of cursors, and of a history.
    let head = server.get("integrator", "/v1/events?limit=1").await.body["head"].clone();
    let feed = server.get("integrator", "/v1/events?format=csv").await.expect(200);
    assert_eq!(json!(rows(&feed.body).len()), head);
    let piece = server.get("integrator", "/v1/events?format=csv&limit=2").await.expect(200);
    assert_eq!(rows(&piece.body).len(), 2);
    assert_eq!(piece.headers["probity-next-position"], "2");
    assert_eq!(piece.headers["probity-head-position"], head.to_string());
    let history = format!("/v1/customers/{customer}/history?format=csv");
    let history = server.get("auditor", &history).await.expect(200);
    assert!(rows(&history.body).len() > DENIED);
}

async fn each_list_has_its_name(server: &Server) {
    let customer = dealer(server).await;
    let product = stent(server).await;
    let orders = format!("/v1/customers/{customer}/orders");
    for _ in 0..2 {
        server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
    }
    let other = domain::uscc::Uscc::with_check("91330100000000002").unwrap().to_string();
    let other = json!({"name": "示范医院", "uscc": other, "kind": "hospital"});
    server.post("sales", "/v1/customers", other).await.expect(201);
    let first = server.get("auditor", &format!("{orders}?limit=1")).await.expect(200);
    let order = first.text("/next_cursor").to_owned();
    server.get("auditor", &format!("{orders}?cursor={order}")).await.expect(200);
    let first = server.get("auditor", "/v1/reports/exposure?limit=1").await.expect(200);
    let exposure = first.text("/next_cursor").to_owned();
    server.get("auditor", &format!("/v1/reports/exposure?cursor={exposure}")).await.expect(200);
    let path = |list: &str| format!("/v1/customers/{customer}/{list}");
    for (list, cursor) in [
        (path("documents"), &order),
        (path("receipts"), &order),
        (path("orders/order-019aa7b0-0000-7000-8000-000000000001/shipments"), &order),
        ("/v1/reports/receivables/peaks".to_owned(), &exposure),
        ("/v1/reports/first-sales".to_owned(), &exposure),
    ] {
        let refused = server.get("auditor", &format!("{list}?cursor={cursor}")).await.expect(400);
        assert_eq!(refused.text("/code"), "cursor.not_understood", "{list}");
    }
    for (list, name) in [
        (path("documents"), "documents"),
        (path("orders"), "orders"),
        (path("receipts"), "receipts"),
        ("/v1/reports/exposure".to_owned(), "exposure"),
        ("/v1/reports/releases".to_owned(), "releases"),
        ("/v1/reports/backdated".to_owned(), "backdated"),
        ("/v1/reports/first-sales".to_owned(), "first-sales"),
    ] {
        let table = server.get("auditor", &format!("{list}?format=csv")).await.expect(200);
        let named = &table.headers["content-disposition"];
        assert!(named.contains(&format!("\"{name}.csv\"")), "{named}");
    }
}

both_engines! {
    async fn a_table_leaves_nothing_out(home: Home) {
        a_report_is_whole(&Server::start(&home.url).await).await;
    }

    async fn a_cursor_and_a_file_name_belong_to_one_list(home: Home) {
        each_list_has_its_name(&Server::start(&home.url).await).await;
    }
}
