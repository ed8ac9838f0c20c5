//! Time runs out, and decides nothing: whoever is asked is reminded, more are asked, and the case stays open.

use chrono::{DateTime, Utc};
use journal::{Engine, Journal};
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{
    REVIEWERS, business_licence, dealer, everybody_agrees, trading, trading_licence,
};

/// The clocks are looked at a moment, which is not before now; answers how many customers had something due.
async fn looked_at(server: &Server, moment: &str) -> usize {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    server.time_passes(moment - server.now());
    server.clocks_are_looked_at().await
}

/// What the clock of a case brought about, in its order: the type, and whose sentence it is.
async fn said(server: &Server, case: &str) -> Vec<String> {
    let card = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200);
    let timeline = card.body["timeline"].as_array().unwrap();
    let types = timeline.iter().filter(|told| told["actor"] == "staff-system");
    types.map(|told| told["type"].as_str().unwrap().to_owned()).collect()
}

async fn is_asked(server: &Server, name: &str, case: &str) -> bool {
    let list = server.get(name, "/v1/approvals").await.expect(200);
    list.body["items"].as_array().unwrap().iter().any(|item| item["id"] == case)
}

/// How a case stands in somebody's list: when it is due, of how much of its time is reminded, and whether all of it is used up.
async fn stands(server: &Server, name: &str, case: &str) -> (Value, Value, Value) {
    let list = server.get(name, "/v1/approvals").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == case).unwrap();
    (item["due_at"].clone(), item["reminded"].clone(), item["overdue"].clone())
}

/// The ids of the cases that somebody is told of.
async fn told_of(server: &Server, name: &str) -> Vec<String> {
    let list = server.get(name, "/v1/approvals?for=informed").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["decide_at"].is_null()), "{items:?}");
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Puts papers under review as it was before there were cases.
async fn submitted_before_cases(journal: &Journal, customer: &str, payload: &str) {
    let into = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
         position, recorded_at)";
    let rest = "MAX(position) + 1, MAX(recorded_at) FROM events";
    let next = "(SELECT MAX(sequence) + 1 FROM events WHERE aggregate_id = $1)";
    let json = match journal.engine() {
        Engine::Sqlite(_) => "",
        Engine::Postgres(_) => "::json",
    };
    let values =
        format!("'customer', $1, {next}, 'qualification.submitted', '1', $2{json}, $3{json}");
    let sql = format!("{into} SELECT {values}, {rest}");
    let metadata = json!({"actor": "staff-before"}).to_string();
    match journal.engine() {
        Engine::Sqlite(pool) => {
            sqlx::query(&sql)
                .bind(customer)
                .bind(payload)
                .bind(metadata)
                .execute(pool)
                .await
                .unwrap();
        }
        Engine::Postgres(pool) => {
            sqlx::query(&sql)
                .bind(customer)
                .bind(payload)
                .bind(metadata)
                .execute(pool)
                .await
                .unwrap();
        }
    }
}

async fn submitted(server: &Server, path: &str, customer: &str) -> (String, String) {
    let licence = trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31");
    let documents = format!("{path}/documents");
    server.post("sales", &documents, business_licence(server).await).await.expect(201);
    let licence = server.post("sales", &documents, licence.await).await.expect(201).id();
    let submit = format!("/v1/customers/{customer}/qualification/submit");
    let case = server.post("sales", &submit, json!({})).await.expect(200);
    (licence, case.text("/approval/case").to_owned())
}

both_engines! {
    async fn time_reminds_and_asks_more_people_and_never_approves(home: Home) {
        let server = Server::start(&home.url).await;
        for name in REVIEWERS.into_iter().chain(["quality-2"]) {
            server.person(name).await;
        }
        let customer = dealer(&server).await;
        let path = format!("/v1/customers/{customer}");
        assert_eq!(told_of(&server, "sales").await, Vec::<String>::new());
        // On a Sunday: the eight hours of Sales are those of Monday from nine, in Shanghai.
        let (licence, case) = submitted(&server, &path, &customer).await;
        let all = ["approval.reminded", "approval.reminded", "approval.sla-breached", "approval.escalated"];
        let due = json!("2026-11-23T09:00:00Z");
        assert_eq!(stands(&server, "sales-lead", &case).await, (due, Value::Null, json!(false)));
        assert_eq!(told_of(&server, "sales").await, std::slice::from_ref(&case), "who asked for it");
        for (moment, looked, known) in [
            ("2026-11-23T04:59:59Z", 0, 0),
            ("2026-11-23T05:00:00Z", 1, 1),
            ("2026-11-23T07:23:59Z", 0, 1),
            ("2026-11-23T07:24:00Z", 1, 2),
            ("2026-11-23T08:59:59Z", 0, 2),
        ] {
            assert_eq!(looked_at(&server, moment).await, looked, "{moment}");
            assert_eq!(said(&server, &case).await, all[..known], "{moment}");
        }
        assert!(!is_asked(&server, "compliance", &case).await);
        let due = json!("2026-11-23T09:00:00Z");
        assert_eq!(stands(&server, "sales-lead", &case).await, (due.clone(), json!(80), json!(false)));
        assert_eq!(looked_at(&server, "2026-11-23T09:00:00Z").await, 1);
        assert_eq!(stands(&server, "sales-lead", &case).await, (due, json!(80), json!(true)));
        assert_eq!(said(&server, &case).await, all);
        assert!(is_asked(&server, "compliance", &case).await, "in the place of Sales");
        assert!(is_asked(&server, "sales-lead", &case).await, "still");

        // However long nobody answers, it is theirs to answer.
        assert_eq!(looked_at(&server, "2026-12-18T09:00:00Z").await, 0);
        let card = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!((card.text("/status"), &card.body["votes"]), ("open", &json!([])));
        assert_eq!(card.body["stage"], json!(1));
        everybody_agrees(&server, &path, &case).await;
        let card = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!(card.text("/status"), "approved");
        assert_eq!(said(&server, &case).await, all, "who answers in time is not reminded");

        // What changes afterwards is looked at again, and is not confirmed by waiting either.
        let revoke = format!("{path}/documents/{licence}/revoke");
        server.post("quality", &revoke, json!({"reason": "withdrawn by the authority"})).await.expect(200);
        let list = server.get("quality-2", "/v1/approvals").await.expect(200);
        let again = list.text("/items/0/id").to_owned();
        assert!(!is_asked(&server, "quality", &again).await, "who revoked it");
        assert_eq!(looked_at(&server, "2027-01-15T09:00:00Z").await, 1);
        assert_eq!(said(&server, &again).await, all[..3], "all that had come due, in its order");
        for (name, told) in [("sales", 1), ("sales-lead", 1), ("legal", 0), ("quality-2", 0)] {
            assert_eq!(told_of(&server, name).await.len(), told, "{name}: the route informs Sales");
        }
        server.get("sales", "/v1/approvals?for=fun").await.expect(400);
        let card = server.get("quality-2", &format!("/v1/approvals/{again}")).await.expect(200);
        assert_eq!((card.text("/status"), card.text("/matter/kind")), ("open", "re_review"));
        assert_eq!(card.text("/matter/evidence/0/document"), licence);
        let confirm = format!("/v1/approvals/{again}/approve");
        let confirmed = server.post("quality-2", &confirm, json!({})).await.expect(200);
        assert_eq!((confirmed.text("/status"), confirmed.text("/approval/status")), ("confirmed", "confirmed"));
        let card = server.get("quality-2", &format!("/v1/approvals/{again}")).await.expect(200);
        assert_eq!(card.text("/status"), "confirmed");
        assert_eq!(told_of(&server, "sales").await, Vec::<String>::new());
        assert_eq!(server.clocks_are_looked_at().await, 0);

        server.stop().await;
        let journal = home.open().await;
        projections::catch_up(&journal).await.unwrap();
        let rebuilt = projections::verify(&journal).await.unwrap();
        assert!(rebuilt.differences.is_empty(), "{:?}", rebuilt.differences);
        journal.close().await;
    }

    async fn a_stage_that_nobody_is_left_for_is_asked_of_those_who_came(home: Home) {
        let server = Server::start(&home.url).await;
        for name in REVIEWERS {
            server.person(name).await;
        }
        let customer = dealer(&server).await;
        let path = format!("/v1/customers/{customer}");
        let (_, case) = submitted(&server, &path, &customer).await;
        let lead = server.person("sales-lead").await.staff;
        server.post("admin", &format!("/v1/staff/{lead}/leave"), json!({})).await.expect(200);
        assert!(!is_asked(&server, "compliance", &case).await);
        assert_eq!(server.clocks_are_looked_at().await, 1);
        assert_eq!(said(&server, &case).await, ["approval.stage-opened"]);
        // Nobody else is of Sales: the stage asks those that it escalates to.
        assert!(is_asked(&server, "compliance", &case).await);
        let card: Value = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200).body;
        assert_eq!((&card["stage"], &card["status"]), (&json!(1), &json!("open")));
        assert_eq!(server.clocks_are_looked_at().await, 0);
    }
    async fn row_29_papers_that_waited_in_no_case_are_asked_about_with_the_first_look(home: Home) {
        let server = Server::start(&home.url).await;
        let customer = dealer(&server).await;
        let path = format!("/v1/customers/{customer}");
        let paper = business_licence(&server).await;
        let document = server.post("sales", &format!("{path}/documents"), paper).await.expect(201).id();
        let sales = server.person("sales").await;
        assert_eq!(server.clocks_are_looked_at().await, 0, "it is a draft");
        server.stop().await;
        let journal = home.open().await;
        let payload = json!({"qualification.submitted": {"documents": [document], "by": sales.staff}});
        submitted_before_cases(&journal, &customer, &payload.to_string()).await;
        journal.close().await;

        let server = Server::beside(&home.url, 2).await;
        server.knows("sales", sales).await;
        // Nobody can be asked yet; whoever comes is asked with the look after that.
        assert_eq!(server.clocks_are_looked_at().await, 1);
        assert_eq!(told_of(&server, "sales").await, Vec::<String>::new());
        for name in REVIEWERS {
            server.person(name).await;
        }
        assert_eq!(server.clocks_are_looked_at().await, 1);
        let list = server.get("sales-lead", "/v1/approvals").await.expect(200);
        assert_eq!((list.text("/items/0/kind"), list.text("/items/0/customer")), ("qualification", &*customer));
        assert_eq!(told_of(&server, "sales").await.len(), 1, "who had submitted them");
        assert_eq!(server.clocks_are_looked_at().await, 0, "once");
        server.stop().await;
    }

    async fn row_30_a_limit_that_is_about_to_end_is_put_before_credit(home: Home) {
        let server = Server::start(&home.url).await;
        for name in ["credit", "credit-2"] {
            server.person(name).await;
        }
        let (_, customer) = trading(&server, "1000.00").await;
        let limit = json!({"kind": "amount", "amount": {"amount": "900.00", "currency": "CNY"}});
        let grant = json!({"limit": limit, "terms_days": 60, "valid_until": "2026-12-31"});
        let path = format!("/v1/customers/{customer}/credit/grant");
        server.post("credit", &path, grant).await.expect(200);
        server.days_pass(8);
        server.day_is_reviewed().await;
        let of_credit = async |name: &str| {
            let list = server.get(name, "/v1/approvals").await.expect(200);
            let items = list.body["items"].as_array().unwrap().clone();
            items.into_iter().filter(|item| item["kind"] == "credit").collect::<Vec<Value>>()
        };
        assert_eq!(of_credit("credit-2").await, Vec::<Value>::new(), "31 days before");
        server.days_pass(1);
        server.day_is_reviewed().await;
        server.day_is_reviewed().await;
        let wanted = of_credit("credit-2").await;
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted[0]["title"]["zh"], "信用复审（额度即将到期）：示范医疗器械有限公司");
        let card = server.get("credit-2", wanted[0]["see"].as_str().unwrap()).await.expect(200);
        assert_eq!(card.text("/matter/evidence/0/valid_until"), "2026-12-31");
        let decide_at = wanted[0]["decide_at"].as_str().unwrap();
        let confirmed = server.post("credit-2", decide_at, json!({})).await.expect(200);
        assert_eq!(confirmed.text("/status"), "confirmed");
        server.days_pass(1);
        server.day_is_reviewed().await;
        assert_eq!(of_credit("credit-2").await, Vec::<Value>::new(), "once");
        let card = server.get("credit", &format!("/v1/customers/{customer}")).await.expect(200);
        assert_eq!(card.text("/credit/limit/amount/amount"), "900.00");
        server.stop().await;
        let journal = home.open().await;
        journal.verify_decisions().await.unwrap();
        journal.close().await;
    }
}
