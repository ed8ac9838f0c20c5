//! How rules that were agreed to come to apply: on a day, in shadow first, in a pilot that may stop too much, with a mode of its own.

use domain::policy::Pack;
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{dealer, order, stent};
use crate::rules::{
    agreed, in_region, judged_by, path, people_are_there, planned, submitted, terms,
};

async fn in_force(server: &Server) -> String {
    let rules = server.get("auditor", "/v1/policies/in-force").await.expect(200);
    rules.text("/in_force/hash").to_owned()
}

/// The hash of what a proposal says.
async fn hash_of(server: &Server, id: &str) -> String {
    server.get("auditor", &format!("/v1/policies/{id}")).await.expect(200).text("/hash").to_owned()
}

/// What happened to the rules, by the last part of each event's type.
async fn told(server: &Server) -> Vec<String> {
    let types = ["pack-applied", "schedule-missed", "schedule-cancelled", "widening-paused"];
    let types = types.map(|it| format!("policy.{it}")).join(",");
    let feed =
        server.get("auditor", &format!("/v1/events?type={types}&limit=500")).await.expect(200);
    let events = feed.body["items"].as_array().unwrap().clone();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// What the rules in force want somebody's word on.
pub(crate) async fn reviews_of(server: &Server, name: &str) -> Vec<Value> {
    let list = server.get(name, "/v1/approvals").await.expect(200);
    let items = list.body["items"].as_array().unwrap().clone();
    items.into_iter().filter(|item| item["id"] == "in-force").collect()
}

async fn order_of(server: &Server, customer: &str, product: &str) -> tests::server::Answer {
    let orders = format!("/v1/customers/{customer}/orders");
    server.post("sales", &orders, order(product, 1, "2026-12-01")).await
}

/// Paid in advance, so that only papers stop it.
async fn prepaid(server: &Server, customer: &str, product: &str) -> tests::server::Answer {
    let mut prepaid = order(product, 1, "2026-12-01");
    prepaid["payment"] = json!({"kind": "prepaid", "percent": 100});
    server.post("sales", &format!("/v1/customers/{customer}/orders"), prepaid).await
}

/// Whoever has no approved file is advised and not stopped: what the law asks is not asked of orders any more.
fn unlawful() -> Value {
    let mut pack = terms(30);
    for code in ["qualification.not_approved", "document.missing"] {
        pack["reactions"][code]["order"] = json!("advise");
    }
    pack
}

/// Approved by all four departments.
async fn agreed_by_all(server: &Server, pack: Value, plan: Value) -> String {
    let id = planned(server, pack, plan).await;
    for voter in ["credit", "finance-2", "quality", "compliance"] {
        server.post(voter, &path(&id, "approve"), json!({})).await.expect(200);
    }
    id
}

both_engines! {
    async fn row_120_what_is_scheduled_comes_into_force_on_its_day_once(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let old = in_force(&server).await;
        let id = agreed(&server, terms(45), json!({"effective_from": "2026-11-25"})).await;
        let early = server.post("admin", &path(&id, "activate"), json!({})).await.expect(409);
        assert_eq!(early.text("/code"), "policy.too_early");
        let schedule = path(&id, "schedule");
        let too_early = server.post("admin", &schedule, json!({"on": "2026-11-24"})).await.expect(409);
        assert_eq!(too_early.text("/code"), "policy.too_early");
        server.post("admin", &schedule, json!({})).await.expect(200);
        let upcoming = server.get("finance", "/v1/policies/scheduled").await.expect(200);
        assert_eq!((upcoming.text("/items/0/proposal"), upcoming.text("/items/0/on")), (&*id, "2026-11-25"));

        server.days_pass(2);
        server.day_is_reviewed().await;
        assert_eq!(in_force(&server).await, old);
        server.days_pass(1);
        server.day_is_reviewed().await;
        server.day_is_reviewed().await;
        assert_eq!(in_force(&server).await, hash_of(&server, &id).await);
        assert_eq!(told(&server).await, ["policy.pack-applied"]);
        server.stop().await;
        let journal = home.open().await;
        journal.verify_streams::<domain::policy::Policy>().await.unwrap();
        projections::catch_up(&journal).await.unwrap();
        assert!(projections::verify(&journal).await.unwrap().differences.is_empty());
        journal.close().await;
    }

    async fn row_120_a_schedule_that_cannot_be_kept_says_why_and_two_servers_keep_one_once(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let cancelled = agreed(&server, terms(50), json!({})).await;
        let without = server.post("admin", &path(&cancelled, "schedule"), json!({})).await.expect(422);
        assert_eq!(without.text("/code"), "policy.no_day");
        let today = server.post("admin", &path(&cancelled, "schedule"), json!({"on": "2026-11-22"})).await;
        assert_eq!(today.expect(422).text("/code"), "policy.day_past");
        server.post("admin", &path(&cancelled, "schedule"), json!({"on": "2026-11-23"})).await.expect(200);
        let why = json!({"reason": "not yet"});
        server.post("admin", &path(&cancelled, "schedule/cancel"), why).await.expect(200);
        let (first, second) =
            (agreed(&server, terms(45), json!({})).await, agreed(&server, terms(60), json!({})).await);
        for id in [&first, &second] {
            server.post("admin", &path(id, "schedule"), json!({"on": "2026-11-24"})).await.expect(200);
        }
        // Nobody was there on the day itself; then two processes look at once.
        let other = Server::beside(&home.url, 2).await;
        for one in [&server, &other] {
            one.days_pass(3);
        }
        let _ = tokio::join!(server.day_is_reviewed(), other.day_is_reviewed());
        server.day_is_reviewed().await;
        let expected = ["policy.schedule-cancelled", "policy.pack-applied", "policy.schedule-missed"];
        assert_eq!(told(&server).await, expected);
        let rules = server.get("admin", "/v1/policies/in-force").await.expect(200);
        assert_eq!(rules.text("/in_force/hash"), hash_of(&server, &first).await);
        assert_eq!(rules.body["scheduled"], json!([]));
        other.stop().await;
    }

    async fn row_120_whom_a_new_rule_would_concern_is_known_before_it_applies(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let stopped = dealer(&server).await;
        let clinic = in_region(&server, "91330100000000002", "330100").await;
        order_of(&server, &stopped, &product).await.expect(409);
        let mut pack = unlawful();
        let rules = pack["papers"].as_array_mut().unwrap();
        rules.push(json!({"id": "clinics-too", "kinds": ["clinic"], "any_of": ["device_trading_licence"],
            "weight": "legal"}));
        let id = planned(&server, pack, json!({"effective_from": "2027-01-01"})).await;
        let affected = server.get("auditor", &path(&id, "affected")).await.expect(200);
        assert_eq!(affected.text("/on"), "2027-01-01");
        let rows = affected.body["items"].as_array().unwrap();
        let of = |customer: &str| rows.iter().find(|row| row["customer"] == customer).unwrap();
        assert_eq!((&of(&stopped)["looser"], &of(&stopped)["lacking"]), (&json!(1), &json!([])));
        assert_eq!((&of(&clinic)["looser"], &of(&clinic)["lacking"]), (&json!(0), &json!(["document.missing"])));
        assert_eq!(rows.len(), 2);
        let table = server.get("auditor", &path(&id, "affected?format=csv")).await.expect(200);
        assert!(table.body.as_str().unwrap().contains("医疗器械经营许可证"), "{}", table.body);
        server.get("admin", &path(&id, "affected")).await.expect(403);
        // What concerns nobody says so.
        let nobody = submitted(&server, terms(45)).await;
        let nobody = server.get("auditor", &path(&nobody, "affected")).await.expect(200);
        assert_eq!(nobody.body["items"], json!([]));
    }

    async fn row_119_a_shadow_reports_what_would_differ_and_changes_nothing(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let east = in_region(&server, "91330100000000002", "330100").await;
        let north = in_region(&server, "91110100000000003", "110100").await;
        let id = planned(&server, unlawful(), json!({})).await;
        let before = order_of(&server, &east, &product).await.expect(409);
        let shadow = path(&id, "shadow");
        server.get("finance", &shadow).await.expect(404);
        let scope = json!({"scope": {"regions": ["33"]}});
        server.post("admin", &shadow, scope.clone()).await.expect(403);
        let started = server.post("finance", &shadow, scope.clone()).await.expect(200);
        assert_eq!(started.body["shadows"], json!([id]));
        server.post("finance", &shadow, scope).await.expect(409);

        // What is enforced is enforced as before, to the cause.
        let during = order_of(&server, &east, &product).await.expect(409);
        assert_eq!(during.stopped_by(), before.stopped_by());
        order_of(&server, &north, &product).await.expect(409);
        let seen = server.get("auditor", &shadow).await.expect(200);
        assert_eq!((&seen.body["decisions"], &seen.body["looser"], &seen.body["unlawful"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!((seen.text("/items/0/customer"), seen.text("/items/0/recorded"), seen.text("/items/0/simulated")), (&*east, "deny", "hold"));
        assert!(!seen.text("/items/0/recorded_reasons_zh").is_empty(), "{:#}", seen.body);
        // Asked again it goes on from where it was.
        order_of(&server, &east, &product).await.expect(409);
        let more = server.get("auditor", &format!("{shadow}?limit=1")).await.expect(200);
        assert_eq!((&more.body["decisions"], more.body["items"].as_array().unwrap().len()), (&json!(2), 1));
        let cursor = more.text("/next_cursor");
        let rest = server.get("auditor", &format!("{shadow}?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!((rest.body["items"].as_array().unwrap().len(), &rest.body["next_cursor"]), (1, &Value::Null));

        // Another process begins where the shadow began, and comes to the same.
        let other = Server::beside(&home.url, 2).await;
        other.knows("auditor", server.person("auditor").await).await;
        let same = other.get("auditor", &shadow).await.expect(200);
        assert_eq!((&same.body["decisions"], &same.body["items"]), (&json!(2), &server.get("auditor", &shadow).await.body["items"]));
        other.stop().await;
        let ended = server.post("finance", &path(&id, "shadow/end"), json!({})).await.expect(200);
        assert_eq!(ended.body["shadows"], json!([]));
        let found = server.get("auditor", &shadow).await.expect(200);
        assert_eq!((found.text("/state"), &found.body["looser"]), ("ended", &json!(2)));
        let list = server.get("auditor", &format!("{shadow}?format=csv")).await.expect(200);
        assert!(list.body.as_str().unwrap().contains(&east));
        server.stop().await;
        let journal = home.open().await;
        journal.verify_decisions().await.unwrap();
        journal.close().await;
    }

    async fn row_119_a_pilot_that_stops_too_much_waits_for_the_departments(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let east = in_region(&server, "91330100000000002", "330100").await;
        // A company whose rules do not stop whom no paper was asked of, and say when a pilot stops too much.
        let mut base = unlawful();
        base["changes"]["stop_rule"] = json!({"decisions_min": 2, "rise_points_max": 50});
        let id = agreed_by_all(&server, base.clone(), json!({})).await;
        server.post("admin", &path(&id, "activate"), json!({})).await.expect(200);
        let mut strict = base.clone();
        strict["reactions"]["document.missing"]["order"] = json!("hold");
        let plan = json!({"scope": {"regions": ["33"]}, "then": ["all"]});
        let id = planned(&server, strict, plan).await;
        for voter in ["quality", "compliance"] {
            server.post(voter, &path(&id, "approve"), json!({})).await.expect(200);
        }
        server.post("admin", &path(&id, "activate"), json!({})).await.expect(200);
        prepaid(&server, &east, &product).await.expect(202);
        server.day_is_reviewed().await;
        assert!(!told(&server).await.contains(&"policy.widening-paused".to_owned()), "one says nothing");
        prepaid(&server, &east, &product).await.expect(202);
        server.post("finance", "/v1/policies/in-force/simulate", json!({})).await.expect(200);
        // Whoever would widen it before the day is reviewed looks first.
        let widen = "/v1/policies/in-force/widen";
        let paused = server.post("admin", widen, json!({})).await.expect(409);
        assert_eq!(paused.text("/code"), "policy.widening_paused");
        assert!(paused.text("/detail_zh").contains("暂停"));
        server.days_pass(1);
        server.day_is_reviewed().await;
        let rules = server.get("auditor", "/v1/policies/in-force").await.expect(200);
        assert_eq!((&rules.body["pilot"]["paused"], &rules.body["review"]["waits_for"]), (&json!(true), &json!(["quality", "compliance"])));
        server.post("admin", widen, json!({})).await.expect(409);
        let review = "/v1/policies/in-force/review";
        server.post("finance-2", review, json!({})).await.expect(403);
        assert_eq!(reviews_of(&server, "finance-2").await, Vec::<Value>::new());
        let wanted = reviews_of(&server, "quality").await;
        assert_eq!(wanted.len(), 1);
        assert_eq!(
            (&wanted[0]["kind"], &wanted[0]["see"], &wanted[0]["decide_at"]),
            (&json!("pause"), &json!("/v1/policies/in-force"), &json!(review))
        );
        assert_eq!(wanted[0]["waits_for"], json!(["quality", "compliance"]));
        assert!(wanted[0]["since"].is_string(), "{wanted:?}");
        server.post("quality", review, json!({"comment": "as intended"})).await.expect(200);
        assert_eq!(reviews_of(&server, "quality").await, Vec::<Value>::new(), "who has said it");
        assert_eq!(reviews_of(&server, "compliance").await.len(), 1);
        server.post("compliance", review, json!({})).await.expect(200);
        // What was tried before the pause says nothing about it.
        let again = server.post("admin", widen, json!({})).await.expect(409);
        assert_eq!(again.text("/code"), "policy.pilot_not_simulated");
        server.post("finance", "/v1/policies/in-force/simulate", json!({})).await.expect(200);
        server.post("admin", widen, json!({})).await.expect(200);
        assert_eq!(told(&server).await.iter().filter(|it| *it == "policy.widening-paused").count(), 1);
        server.stop().await;
    }

    async fn a_checkpoint_observes_where_the_pack_of_its_scope_says_so(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let east = in_region(&server, "91330100000000002", "330100").await;
        let north = in_region(&server, "91110100000000003", "110100").await;
        let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
        pack["modes"]["order"] = json!("observe");
        let id = agreed_by_all(&server, pack, json!({"scope": {"regions": ["33"]}})).await;
        let new = hash_of(&server, &id).await;
        let old = judged_by(&server, &east, &product).await;
        server.post("admin", &path(&id, "activate"), json!({})).await.expect(200);
        let observed = order_of(&server, &east, &product).await.expect(201);
        assert_eq!((&observed.body["decision"]["enforced"], observed.text("/decision/outcome")), (&json!(false), "deny"));
        assert_eq!(observed.text("/decision/policy/hash"), new);
        let enforced = order_of(&server, &north, &product).await.expect(409);
        assert_eq!((&enforced.body["decision"]["enforced"], enforced.text("/decision/policy/hash")), (&json!(true), &*old));
        server.stop().await;
        let journal = home.open().await;
        journal.verify_decisions().await.unwrap();
        journal.close().await;
    }
}
