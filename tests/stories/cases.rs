//! What wants agreement, over HTTP: an application for credit from the first word to the grant, and what moves a case on its way.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Server, answer};

use crate::company::{business_licence, dealer, everybody_agrees, qualify, trading_licence};

fn limit(amount: &str) -> Value {
    json!({"limit": {"kind": "amount", "amount": {"amount": amount, "currency": "CNY"}}, "terms_days": 60})
}

/// Everybody who is asked in this story: who may vote is fixed when a stage opens.
async fn hire(server: &Server) {
    for name in [
        "sales-lead",
        "legal",
        "compliance",
        "quality",
        "credit",
        "credit-2",
        "finance",
        "finance-2",
    ] {
        server.person(name).await;
    }
}

async fn qualified(server: &Server) -> String {
    let customer = dealer(server).await;
    let licence = trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31");
    qualify(server, &customer, vec![business_licence(server).await, licence.await]).await;
    customer
}

async fn told(server: &Server, case: &str) -> Vec<String> {
    let card = server.get("auditor", &format!("/v1/approvals/{case}")).await.expect(200);
    let rows = card.body["timeline"].as_array().unwrap().clone();
    rows.iter().map(|row| row["type"].as_str().unwrap().replace("approval.", "")).collect()
}

both_engines! {
    async fn one_case_spans_application_assessment_approval_and_grant(home: Home) {
        let server = Server::start(&home.url).await;
        hire(&server).await;
        let customer = qualified(&server).await;
        let path = format!("/v1/customers/{customer}");
        let applied = server.post("sales", &format!("{path}/credit/apply"), limit("2000000.00")).await.expect(201);
        let case = applied.id();
        assert!(case.starts_with("case-"), "{case}");
        let card = server.get("sales", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!(card.body["waits_for"], json!(["credit"]), "it is assessed first");
        assert_eq!(card.text("/chosen/row"), "with-finance");
        assert_eq!(card.text("/chosen/facts/cumulative_increase"), "2000000");
        server.get("warehouse", &format!("/v1/approvals/{case}")).await.expect(403);
        server.get("regulator", &format!("/v1/approvals/{case}")).await.expect(403);

        // Whoever applied is asked about nothing, and a vote for what somebody did not see does not count.
        let vote = format!("/v1/approvals/{case}/approve");
        assert_eq!(server.post("sales", &vote, json!({})).await.expect(403).text("/code"), "approval.had_a_hand");
        let seen = json!({"content": "sha256:another"});
        assert_eq!(server.post("credit", &vote, seen).await.expect(409).text("/code"), "approval.content_differs");

        // A question, its answer, and the vote with what was seen.
        let ask = json!({"question": "缺少最近一年的采购记录"});
        server.post("credit", &format!("/v1/approvals/{case}/ask"), ask.clone()).await.expect(200);
        server.post("credit", &format!("/v1/approvals/{case}/ask"), ask).await.expect(409);
        let answer = json!({"answer": "已补充"});
        server.post("sales-lead", &format!("/v1/approvals/{case}/answer"), answer.clone()).await.expect(403);
        server.post("sales", &format!("/v1/approvals/{case}/answer"), answer).await.expect(200);
        let seen = json!({"content": card.text("/content"), "comment": "数据核对无误"});
        assert_eq!(server.post("credit", &vote, seen).await.expect(200).text("/status"), "open");

        // Finance wants a second pair of eyes, then sends it back a step; Credit looks again.
        let second = server.person("finance-2").await.staff;
        let reviewers = json!({"reviewer": second, "reason": "金额较大"});
        server.post("finance", &format!("/v1/approvals/{case}/reviewers"), reviewers).await.expect(200);
        let back = json!({"reason": "账期需说明", "stage": 1});
        let returned = server.post("finance", &format!("/v1/approvals/{case}/return"), back).await.expect(200);
        assert_eq!(returned.body["approval"]["voided"], json!(1));
        server.post("credit-2", &vote, json!({})).await.expect(200);
        let done = server.post("finance", &vote, json!({"signature": "吴十"})).await.expect(200);
        assert_eq!((done.text("/status"), done.text("/approval/status")), ("approved", "approved"));
        server.post("finance", &vote, json!({})).await.expect(404);
        let expected = [
            "case-opened", "information-asked", "information-given", "vote-cast", "stage-opened", "reviewer-added",
            "stage-opened", "vote-cast", "stage-opened", "vote-cast", "case-closed",
        ];
        assert_eq!(told(&server, &case).await, expected);
        let card = server.get("credit", &path).await.expect(200);
        assert_eq!(card.text("/credit/limit/amount/amount"), "2000000.00");

        // The next half million is judged with what was granted before: splitting a request helps nobody.
        let more = server.post("credit", &format!("{path}/credit/grant"), limit("2500000.00")).await.expect(202);
        let next = format!("/v1/approvals/{}", more.text("/approval/case"));
        let chosen = server.get("finance", &next).await.expect(200);
        assert_eq!(chosen.text("/chosen/facts/cumulative_increase"), "2500000");
        server.post("credit", &format!("{next}/withdraw"), json!({"reason": "暂缓"})).await.expect(200);
        server.post("finance", &format!("{next}/approve"), json!({})).await.expect(409);
        server.post("credit", &format!("{next}/reopen"), json!({"reason": "重新申请"})).await.expect(200);
        let no = json!({"reason": "风险过高"});
        assert_eq!(server.post("finance", &format!("{next}/reject"), no).await.expect(200).text("/status"), "rejected");
        let card = server.get("credit", &path).await.expect(200);
        assert_eq!(card.text("/credit/limit/amount/amount"), "2000000.00", "nothing was granted");

        let journal = home.open().await;
        projections::catch_up(&journal).await.unwrap();
        let rebuilt = projections::verify(&journal).await.unwrap();
        assert!(rebuilt.differences.is_empty(), "{:?}", rebuilt.differences);
        journal.close().await;
        server.stop().await;
    }

    async fn a_change_of_what_is_under_vote_makes_the_votes_void_and_says_so(home: Home) {
        let server = Server::start(&home.url).await;
        hire(&server).await;
        let customer = dealer(&server).await;
        let path = format!("/v1/customers/{customer}");
        let licence = trading_licence(&server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
        for paper in [business_licence(&server).await, licence] {
            server.post("sales", &format!("{path}/documents"), paper).await.expect(201);
        }
        let submit = format!("{path}/qualification/submit");
        let case = server.post("sales", &submit, json!({})).await.expect(200).text("/approval/case").to_owned();
        let vote = format!("{path}/qualification/approve");
        server.post("quality", &vote, json!({})).await.expect(403);
        server.post("sales-lead", &vote, json!({})).await.expect(200);
        server.post("legal", &vote, json!({})).await.expect(200);

        // Another paper joins those under review: what was agreed to is no longer what is asked for.
        let agreement = json!({"kind": "quality_agreement", "number": "QA-1", "valid_from": "2026-01-01",
            "long_term": true, "copy": "sealed_copy"});
        server.post("sales", &format!("{path}/documents"), agreement).await.expect(201);
        let again = server.post("sales", &submit, json!({})).await.expect(200);
        assert_eq!((again.text("/approval/case"), &again.body["approval"]["voided"]), (&*case, &json!(2)));
        let stage = server.get("quality", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!((&stage.body["round"], &stage.body["waits_for"]), (&json!(2), &json!(["sales"])));

        // Quality's veto stands alone, whatever the stage; then it is mended, in the same case.
        let back = json!({"reason": "印章不清"});
        server.post("quality", &format!("{path}/qualification/return"), back).await.expect(200);
        let mended = server.post("sales", &submit, json!({})).await.expect(200);
        assert_eq!(mended.text("/approval/case"), case);
        everybody_agrees(&server, &path, &case).await;
        let card = server.get("quality", &path).await.expect(200);
        assert_eq!(card.text("/qualification/status"), "approved");
        server.stop().await;
    }

    async fn a_new_name_holds_once_the_papers_that_carry_it_are_approved(home: Home) {
        let server = Server::start(&home.url).await;
        hire(&server).await;
        let customer = qualified(&server).await;
        let path = format!("/v1/customers/{customer}");
        let before = server.get("sales", &path).await.expect(200).text("/name").to_owned();
        let submit = format!("{path}/qualification/submit");
        let renamed = json!({"name": "杭州新安医疗科技有限公司"});
        let refused = server.post("sales", &submit, renamed.clone()).await.expect(409);
        assert_eq!(refused.text("/code"), "qualification.nothing_to_submit");
        let paper = business_licence(&server).await;
        server.post("sales", &format!("{path}/documents"), paper).await.expect(201);
        let asked = server.post("sales", &submit, renamed).await.expect(200);
        let case = asked.text("/approval/case").to_owned();
        let card = server.get("legal", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!(card.text("/matter/renames_to"), "杭州新安医疗科技有限公司");
        assert_eq!(card.body["stages"].as_array().unwrap().len(), 3, "the way of a change");
        assert!(card.text("/title/zh").contains("更名为“杭州新安医疗科技有限公司”"));
        assert_eq!(server.get("sales", &path).await.expect(200).text("/name"), before);
        everybody_agrees(&server, &path, &case).await;
        assert_eq!(server.get("sales", &path).await.expect(200).text("/name"), "杭州新安医疗科技有限公司");
        let found = server.get("sales", "/v1/customers?q=新安").await.expect(200);
        assert_eq!(found.text("/items/0/id"), customer);
        server.stop().await;
    }

    async fn a_deputy_votes_for_whom_they_stand_in_and_for_nobody_who_had_a_hand(home: Home) {
        let server = Server::start(&home.url).await;
        hire(&server).await;
        let customer = qualified(&server).await;
        let path = format!("/v1/customers/{customer}");
        let deputy = server.person("compliance").await.staff;
        let lender = server.person("finance").await.staff;
        let lent = json!({"to": deputy, "roles": ["finance"], "from": "2026-11-22", "until": "2026-11-30", "matters": ["credit"]});
        server.post("finance", &format!("/v1/staff/{lender}/delegations"), lent).await.expect(201);
        let asked = server.post("credit", &format!("{path}/credit/grant"), limit("2000000.00")).await.expect(202);
        let case = asked.text("/approval/case").to_owned();
        let vote = format!("/v1/approvals/{case}/approve");
        server.post("legal", &vote, json!({})).await.expect(403);
        assert_eq!(server.post("compliance", &vote, json!({})).await.expect(200).text("/status"), "approved");
        let card = server.get("auditor", &format!("/v1/approvals/{case}")).await.expect(200);
        assert_eq!((card.text("/votes/0/by"), card.text("/votes/0/on_behalf_of")), (&*deputy, &*lender));

        // Also who has no say of their own, and only while it is lent.
        let keeper = server.person("warehouse").await.staff;
        let lent = json!({"to": keeper, "roles": ["finance"], "from": "2026-11-22", "until": "2026-11-30", "matters": ["credit"]});
        let path_of_lender = format!("/v1/staff/{lender}/delegations");
        let lent = server.post("finance", &path_of_lender, lent).await.expect(201);
        let asked = server.post("credit", &format!("{path}/credit/grant"), limit("2200000.00")).await.expect(202);
        let case = asked.text("/approval/case").to_owned();
        let seen = server.get("warehouse", &format!("/v1/approvals/{case}")).await.expect(200);
        assert!(seen.text("/timeline/0/sentence/zh").contains("2,200,000.00"), "{}", seen.body);
        let listed = server.get("warehouse", "/v1/approvals").await.expect(200);
        assert_eq!(listed.text("/items/0/id"), case);
        // What is lent is a say in cases, and nothing else that the role may do.
        server.post("warehouse", &format!("{path}/receipts"), json!({})).await.expect(403);
        let vote = format!("/v1/approvals/{case}/approve");
        assert_eq!(server.post("warehouse", &vote, json!({})).await.expect(200).text("/status"), "approved");
        let over = format!("{path_of_lender}/{}", lent.text("/id"));
        let finance = server.person("finance").await.secret;
        answer(server.send(reqwest::Method::DELETE, &finance, &over)).await.expect(200);
        server.get("warehouse", &format!("/v1/approvals/{case}")).await.expect(403);

        // Whoever stands in for somebody who asked has no vote either.
        let own = server.person("credit").await.staff;
        let lent = json!({"to": server.person("finance-2").await.staff, "roles": ["credit"],
            "from": "2026-11-22", "until": "2026-11-30"});
        server.post("credit", &format!("/v1/staff/{own}/delegations"), lent).await.expect(201);
        let asked = server.post("credit", &format!("{path}/credit/grant"), limit("3000000.00")).await.expect(202);
        let vote = format!("/v1/approvals/{}/approve", asked.text("/approval/case"));
        let refused = server.post("finance-2", &vote, json!({})).await.expect(403);
        assert_eq!(refused.text("/code"), "approval.had_a_hand");
        server.post("finance", &vote, json!({})).await.expect(200);
        server.stop().await;
    }
}
