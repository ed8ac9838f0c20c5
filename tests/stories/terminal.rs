//! What `probity policy` says of a store that has been lived in.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::both_engines;
use tests::engine::Home;
use tests::server::Server;

use crate::company::{dealer, order, stent};
use crate::rules::{agreed, in_region, path, people_are_there, planned, submitted, terms};

/// What a command says that is done.
fn policy(home: &Home, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity-under-test"));
    command.env_clear().arg("policy").args(arguments).args(["--database", &home.url]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(output.stderr));
    text(output.stdout)
}

fn versioned(days: u32, semver: &str) -> Value {
    let mut pack = terms(days);
    pack["semver"] = json!(semver);
    pack
}

/// A line that begins in this way.
fn line<'a>(told: &'a str, begin: &str) -> &'a str {
    let found = told.lines().find(|line| line.starts_with(begin));
    found.unwrap_or_else(|| panic!("no line begins with {begin:?}:\n{told}"))
}

async fn a_pilot_a_schedule_and_a_shadow(server: &Server) -> [String; 3] {
    let steps = json!([{"within": {"regions": ["31", "33"]}}, "all"]);
    let plan = json!({"scope": {"regions": ["33"]}, "then": steps});
    let pilot = agreed(server, versioned(45, "1.1.0"), plan).await;
    server.post("admin", &path(&pilot, "activate"), json!({})).await.expect(200);
    let scheduled = agreed(server, versioned(50, "1.2.0"), json!({})).await;
    let on = json!({"on": "2026-11-30"});
    server.post("admin", &path(&scheduled, "schedule"), on).await.expect(200);
    let shadow = submitted(server, versioned(60, "1.3.0")).await;
    let scope = json!({"scope": {"segments": ["A"]}});
    server.post("finance", &path(&shadow, "shadow"), scope).await.expect(200);
    [pilot, scheduled, shadow]
}

async fn status_is_told(home: &Home) {
    let server = Server::start(&home.url).await;
    people_are_there(&server).await;
    let fresh = policy(home, &["status"]);
    let [applies, pilot, schedule, shadow] = fresh.lines().collect::<Vec<_>>()[..] else {
        panic!("{fresh}");
    };
    assert!(applies.starts_with("in force for all customers: \"default\", version 1, sha256:"));
    assert!(applies.contains(", since 20"), "{applies}");
    assert_eq!(
        (pilot, schedule, shadow),
        ("no pilot runs", "nothing is scheduled", "nothing runs in shadow")
    );

    let [_, scheduled, shadow] = a_pilot_a_schedule_and_a_shadow(&server).await;
    let told = policy(home, &["status"]);
    assert!(line(&told, "in force for all customers").contains("\"default\", version 1"));
    let pilot = line(&told, "pilot, in force for region 33: \"default\", 1.1.0, version 2");
    assert!(pilot.contains("since 20"), "{pilot}");
    assert_eq!(line(&told, "  next step"), "  next step: region 31, 33");
    let waits = line(&told, "scheduled for 2026-11-30, for all customers: \"default\", sha256:");
    assert!(waits.ends_with(&format!("({scheduled})")), "{waits}");
    let seen = line(&told, "in shadow, for segment A: \"default\", 1.3.0");
    assert!(seen.ends_with(&format!("({shadow})")), "{seen}");
    let zh = policy(home, &["status", "--lang", "zh"]);
    for begin in
        ["执行中，适用于全部客户：", "试点，执行中，适用于地区33：", "  下一步：扩大至地区31、33"]
    {
        line(&zh, begin);
    }

    let why = json!({"reason": "complaints"});
    server.post("admin", "/v1/policies/in-force/roll-back", why).await.expect(200);
    let told = policy(home, &["status"]);
    line(&told, "no pilot runs");
    let review = line(&told, "the emergency rollback waits");
    assert!(review.ends_with("its review by credit, finance"), "{review}");
    server.stop().await;
}

async fn whom_a_pack_concerns_is_told_as_over_http(home: &Home) {
    let server = Server::start(&home.url).await;
    people_are_there(&server).await;
    let product = stent(&server).await;
    let stopped = dealer(&server).await;
    in_region(&server, "91330100000000002", "330100").await;
    let orders = format!("/v1/customers/{stopped}/orders");
    server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
    let mut pack = terms(30);
    for code in ["qualification.not_approved", "document.missing"] {
        pack["reactions"][code]["order"] = json!("advise");
    }
    pack["papers"].as_array_mut().unwrap().push(json!({"id": "clinics-too", "kinds": ["clinic"],
        "any_of": ["device_trading_licence"], "weight": "legal"}));
    let id = planned(&server, pack.clone(), json!({"effective_from": "2027-01-01"})).await;
    let table = server.get("auditor", &path(&id, "affected?format=csv")).await.expect(200);

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (new, csv) = (file("new.json"), file("customers.csv"));
    std::fs::write(&new, pack.to_string()).unwrap();
    let told = policy(home, &["affected", &new, "--on", "2027-01-01"]);
    assert!(line(&told, "papers as of 2027-01-01").contains("decisions up to position"));
    line(&told, "2 customers are concerned");
    assert!(told.contains(&format!("({stopped}): 1 looser")), "{told}");
    assert!(line(&told, "示范诊所").contains("device trading licence"), "{told}");
    policy(home, &["affected", &new, "--on", "2027-01-01", "--csv", &csv]);
    assert_eq!(std::fs::read_to_string(&csv).unwrap(), table.body.as_str().unwrap());
    let told = policy(home, &["affected", "in-force"]);
    line(&told, "0 customers are concerned");
    server.stop().await;
}

both_engines! {
    async fn what_is_in_force_where_is_told_on_the_terminal(home: Home) {
        status_is_told(&home).await;
    }

    async fn whom_a_pack_would_concern_is_told_on_the_terminal(home: Home) {
        whom_a_pack_concerns_is_told_as_over_http(&home).await;
    }
}
