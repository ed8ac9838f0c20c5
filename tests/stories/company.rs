//! The people, products and customers that stories are about, each made by the ordinary requests.

use serde_json::{Value, json};
use tests::server::Server;

/// The first bytes of any PDF.
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n";

/// Registers an implant of class III and answers its id.
pub(crate) async fn stent(server: &Server) -> String {
    let body = json!({
        "code": "STENT-35-18", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套", "class": "III",
        "catalogue": {"version": "2017", "code": "13-07-02"}, "registration_number": "国械注准20243139901",
        "registered_from": "2024-06-01", "registered_to": "2029-05-31", "registrant": "示范器械股份有限公司",
        "manufacturer": "示范器械股份有限公司", "manufacturer_licence": "浙药监械生产许20200001号",
        "udi_di": "06901234567892", "udi_issuer": "gs1", "traits": ["implant"],
    });
    server.post("quality", "/v1/products", body).await.expect(201).id()
}

/// Registers a dealer and answers its id.
pub(crate) async fn dealer(server: &Server) -> String {
    let body = json!({
        "name": "示范医疗器械有限公司", "uscc": uscc(), "kind": "distributor", "region": "330100",
        "business_unit": "east", "registered_address": "杭州市示范路1号", "delivery_addresses": ["杭州市示范路2号"],
    });
    server.post("sales", "/v1/customers", body).await.expect(201).id()
}

/// A code with the right check character.
pub(crate) fn uscc() -> String {
    domain::uscc::Uscc::with_check("91330100000000001").unwrap().to_string()
}

/// Stores a scan and answers its id.
pub(crate) async fn scan(server: &Server) -> String {
    let person = server.person("sales").await;
    let request = server.send(reqwest::Method::PUT, &person.secret, "/v1/attachments");
    let stored = request.header("content-type", "application/pdf").body(PDF);
    tests::server::answer(stored).await.expect(201).id()
}

pub(crate) async fn business_licence(server: &Server) -> Value {
    json!({
        "kind": "business_licence", "number": uscc(), "issuer": "杭州市市场监督管理局", "issued_on": "2020-01-10",
        "valid_from": "2020-01-10", "valid_to": null, "long_term": true, "copy": "sealed_copy",
        "scan": scan(server).await,
    })
}

pub(crate) async fn trading_licence(server: &Server, number: &str, from: &str, to: &str) -> Value {
    json!({
        "kind": "device_trading_licence", "number": number, "issuer": "杭州市市场监督管理局",
        "issued_on": from, "valid_from": from, "valid_to": to, "mode": "wholesale",
        "scope": [{"catalogue": "2017", "code": "13", "class": "III"}], "copy": "sealed_copy",
        "scan": scan(server).await,
    })
}

/// Uploads, submits and has everybody agree who is asked.
pub(crate) async fn qualify(server: &Server, customer: &str, papers: Vec<Value>) {
    let path = format!("/v1/customers/{customer}");
    for paper in papers {
        server.post("sales", &format!("{path}/documents"), paper).await.expect(201);
    }
    agree(server, &path).await;
}

/// Who is asked about papers, in the order of the delivered routes.
pub(crate) const REVIEWERS: [&str; 4] = ["sales-lead", "legal", "compliance", "quality"];

/// Submits what was uploaded, and lets everybody agree who is asked.
pub(crate) async fn agree(server: &Server, path: &str) {
    // Who may vote is fixed when a stage opens.
    for name in REVIEWERS {
        server.person(name).await;
    }
    let submitted = server.post("sales", &format!("{path}/qualification/submit"), json!({})).await;
    let case = submitted.expect(200).text("/approval/case").to_owned();
    everybody_agrees(server, path, &case).await;
}

/// Whoever is asked about papers agrees, one after the other.
pub(crate) async fn everybody_agrees(server: &Server, path: &str, case: &str) {
    for name in REVIEWERS {
        let card = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200);
        let waits_for = card.body["waits_for"].as_array().unwrap();
        if waits_for.contains(&json!(name.split('-').next().unwrap())) {
            let comment = json!({"comment": "papers compared with the register"});
            let vote = format!("{path}/qualification/approve");
            server.post(name, &vote, comment).await.expect(200);
        }
    }
}

pub(crate) async fn grant(server: &Server, customer: &str, amount: &str) {
    let body = json!({
        "limit": {"kind": "amount", "amount": {"amount": amount, "currency": "CNY"}}, "terms_days": 60,
        "valid_until": "2028-11-22",
    });
    server
        .post("credit", &format!("/v1/customers/{customer}/credit/grant"), body)
        .await
        .expect(200);
}

/// A product, and a dealer that may buy it on credit up to `limit`: their ids.
pub(crate) async fn trading(server: &Server, limit: &str) -> (String, String) {
    let (product, customer) = (stent(server).await, dealer(server).await);
    let licence = trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31");
    qualify(server, &customer, vec![business_licence(server).await, licence.await]).await;
    grant(server, &customer, limit).await;
    (product, customer)
}

/// The body of a shipment of the first line.
pub(crate) fn lot(quantity: u32) -> Value {
    json!({"lines": [{"line": 1, "quantity": quantity, "lot": "L1", "serials": [],
        "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"}]})
}

/// An order's body.
pub(crate) fn order(product: &str, quantity: u32, ship_on: &str) -> Value {
    json!({
        "reference": "PO-1", "lines": [{"product": product, "quantity": quantity, "unit_price": "1000.00"}],
        "currency": "CNY", "requested_ship_date": ship_on, "ship_to": "杭州市示范路2号",
        "payment": {"kind": "credit"},
    })
}
