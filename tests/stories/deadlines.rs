//! Time runs out, and decides nothing: whoever is asked is reminded, more are asked, and the case stays open.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{REVIEWERS, business_licence, dealer, everybody_agrees, trading_licence};

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
        // On a Sunday: the eight hours of Sales are those of Monday from nine, in Shanghai.
        let (licence, case) = submitted(&server, &path, &customer).await;
        let all = ["approval.reminded", "approval.reminded", "approval.sla-breached", "approval.escalated"];
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
        assert_eq!(looked_at(&server, "2026-11-23T09:00:00Z").await, 1);
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
        let card = server.get("quality-2", &format!("/v1/approvals/{again}")).await.expect(200);
        assert_eq!((card.text("/status"), card.text("/matter/kind")), ("open", "re_review"));
        assert_eq!(card.text("/matter/evidence/0/document"), licence);
        let confirm = format!("/v1/approvals/{again}/approve");
        server.post("quality-2", &confirm, json!({})).await.expect(200);
        let card = server.get("quality-2", &format!("/v1/approvals/{again}")).await.expect(200);
        assert_eq!(card.text("/status"), "confirmed");
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
}
