//! How long steps take whom: in working time, without the time of questions, by the day on which they were closed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{REVIEWERS, business_licence, dealer, trading_licence};

const REPORT: &str = "/v1/reports/cycle-times";

/// Somebody does something to a case at a moment.
async fn at(server: &Server, moment: &str, name: &str, case: &str, act: &str, body: Value) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    server.time_passes(moment - server.now());
    server.post(name, &format!("/v1/approvals/{case}/{act}"), body).await.expect(200);
}

async fn submitted(server: &Server, customer: &str, papers: Vec<Value>) -> String {
    let path = format!("/v1/customers/{customer}");
    for paper in papers {
        server.post("sales", &format!("{path}/documents"), paper).await.expect(201);
    }
    let submit = format!("{path}/qualification/submit");
    server.post("sales", &submit, json!({})).await.expect(200).text("/approval/case").to_owned()
}

/// Lane, stage, owner, how many, median, P90, breaches.
async fn told(server: &Server, period: &str) -> Vec<Value> {
    let report = server.get("auditor", &format!("{REPORT}{period}")).await.expect(200);
    let fields = ["lane", "stage", "owner", "count", "median_minutes", "p90_minutes", "breaches"];
    let rows = report.body["items"].as_array().unwrap();
    rows.iter().map(|row| fields.map(|field| row[field].clone()).to_vec().into()).collect()
}

both_engines! {
    async fn row_28_cycle_times_are_told_by_step_lane_and_owner_of_a_period(home: Home) {
        let server = Server::start(&home.url).await;
        let mut staff = Vec::new();
        for name in REVIEWERS {
            staff.push(server.person(name).await.staff);
        }
        let [lead, _, compliance, quality] = staff.as_slice() else { panic!("{staff:?}") };
        let customer = dealer(&server).await;
        let licence = trading_licence(&server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
        // On a Sunday; in Shanghai the first working day begins on Monday at nine.
        let case = submitted(&server, &customer, vec![business_licence(&server).await, licence]).await;
        assert_eq!(told(&server, "").await, Vec::<Value>::new(), "nothing has closed");
        at(&server, "2026-11-23T05:00:00Z", "sales-lead", &case, "approve", json!({})).await;
        at(&server, "2026-11-23T06:00:00Z", "legal", &case, "approve", json!({})).await;
        at(&server, "2026-11-23T07:00:00Z", "compliance", &case, "approve", json!({})).await;
        at(&server, "2026-11-23T07:30:00Z", "quality", &case, "ask", json!({"question": "缺页"})).await;
        at(&server, "2026-11-23T08:30:00Z", "sales", &case, "answer", json!({"answer": "已补"})).await;
        at(&server, "2026-11-23T09:00:00Z", "quality", &case, "approve", json!({})).await;
        // A renewal that Quality leaves until Friday has begun, which is more than its sixteen hours.
        let renewal = trading_licence(&server, "浙杭药监械经营许20260002号", "2026-11-10", "2031-11-09").await;
        let case = submitted(&server, &customer, vec![renewal]).await;
        at(&server, "2026-11-26T16:00:00Z", "quality", &case, "approve", json!({})).await;

        let strict = [
            json!(["strict", 1, lead, 1, 240, 240, 0]),
            json!(["strict", 2, compliance, 1, 120, 120, 0]),
            json!(["strict", 3, quality, 1, 60, 60, 0]),
        ];
        let late = json!(["fast", 1, quality, 1, 1560, 1560, 1]);
        let all: Vec<Value> = std::iter::once(late.clone()).chain(strict.clone()).collect();
        assert_eq!(told(&server, "").await, all);
        assert_eq!(told(&server, "?from=2026-11-27").await, [late]);
        assert_eq!(told(&server, "?to=2026-11-26").await, strict);
        assert_eq!(told(&server, "?from=2026-11-24&to=2026-11-26").await, Vec::<Value>::new());

        let report = server.get("quality", REPORT).await.expect(200);
        assert_eq!((report.text("/from"), report.text("/to")), ("2026-08-29", "2026-11-27"));
        assert_eq!(report.text("/items/0/matter"), "qualification");
        let table = server.get("auditor", &format!("{REPORT}?format=csv")).await.expect(200);
        let header = "matter,lane,stage,owner,count,median_minutes,p90_minutes,breaches";
        let line = format!("qualification,fast,1,{quality},1,1560,1560,1");
        let text = table.body.as_str().unwrap();
        assert!(text.contains(header) && text.contains(&line), "{text}");
        let empty = server.get("auditor", &format!("{REPORT}?format=csv&from=2027-01-01")).await.expect(200);
        assert!(empty.body.as_str().unwrap().contains(header), "{}", empty.body);
        server.get("sales", REPORT).await.expect(403);

        server.stop().await;
        let journal = home.open().await;
        projections::catch_up(&journal).await.unwrap();
        let rebuilt = projections::verify(&journal).await.unwrap();
        assert!(rebuilt.differences.is_empty(), "{:?}", rebuilt.differences);
        journal.close().await;
    }
}
