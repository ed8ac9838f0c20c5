//! Who may do what: every cell of the table, asked over HTTP. A permission is asked before a body is read.

use serde_json::json;
use tests::both_engines;
use tests::server::Server;

const ROLES: [&str; 14] = [
    "sales",
    "quality",
    "compliance",
    "legal",
    "credit",
    "finance",
    "warehouse",
    "service",
    "admin",
    "security_admin",
    "auditor",
    "executive",
    "regulator",
    "integrator",
];
/// Everybody but programs and administrators.
const PEOPLE: &str =
    "sales quality compliance legal credit finance warehouse service auditor executive regulator";

/// Whoever writes rules, or agrees to them.
const PROPOSING: &str = "quality compliance legal credit finance";

/// Whoever may be asked to agree to something, or asks for it.
const DECIDING: &str = "sales quality compliance legal credit finance";

/// Commands, with the roles that the contract gives them.
const COMMANDS: [(&str, &str); 59] = [
    ("customers", "sales"),
    ("customers/C/amend", "sales"),
    ("customers/C/classify", "sales"),
    ("customers/C/documents", "sales"),
    ("customers/C/qualification/submit", "sales"),
    ("customers/C/qualification/approve", "sales quality compliance legal"),
    ("customers/C/qualification/reject", "sales quality compliance legal"),
    ("customers/C/qualification/return", "sales quality compliance legal"),
    ("customers/C/status/suspend", "quality"),
    ("customers/C/status/disable", "compliance legal"),
    ("customers/C/status/reinstate", "quality compliance legal"),
    ("customers/C/credit/apply", "sales"),
    ("customers/C/credit/grant", "credit"),
    ("customers/C/credit/freeze", "credit"),
    ("customers/C/credit/unfreeze", "credit"),
    ("customers/C/orders", "sales"),
    ("customers/C/orders/O/release", "quality credit"),
    ("customers/C/orders/O/cancel", "sales"),
    ("customers/C/orders/O/shipments", "warehouse"),
    ("customers/C/orders/O/invoices", "finance"),
    ("customers/C/invoices", "finance"),
    ("customers/C/receipts", "finance"),
    ("customers/C/credit_notes", "finance"),
    ("products", "quality"),
    ("products/P/registrations", "quality"),
    ("staff", "admin"),
    ("staff/S/roles", "admin"),
    ("staff/S/leave", "admin"),
    ("staff/S/credentials/reset", "admin security_admin"),
    ("staff/S/credentials/unlock", "admin security_admin"),
    ("staff/S/delegations", "sales quality compliance legal credit finance warehouse service"),
    ("tokens", "admin"),
    ("approvals/R/approve", DECIDING),
    ("approvals/R/reject", DECIDING),
    ("approvals/R/return", DECIDING),
    ("approvals/K/ask", DECIDING),
    ("approvals/K/answer", DECIDING),
    ("approvals/K/reviewers", DECIDING),
    ("approvals/K/transfer", DECIDING),
    ("approvals/K/withdraw", DECIDING),
    ("approvals/K/reopen", DECIDING),
    ("policies", PROPOSING),
    ("policies/R/revise", PROPOSING),
    ("policies/R/simulate", PROPOSING),
    ("policies/R/submit", PROPOSING),
    ("policies/R/withdraw", PROPOSING),
    ("policies/R/approve", PROPOSING),
    ("policies/R/reject", PROPOSING),
    ("policies/R/return", PROPOSING),
    ("policies/R/activate", "admin"),
    ("policies/R/schedule", "admin"),
    ("policies/R/schedule/cancel", "admin"),
    ("policies/R/shadow", PROPOSING),
    ("policies/R/shadow/end", PROPOSING),
    ("policies/in-force/simulate", PROPOSING),
    ("policies/in-force/widen", "admin"),
    ("policies/in-force/roll-back", "admin"),
    ("policies/in-force/review", PROPOSING),
    ("customers/C/invoices/I/void", "finance"),
];

/// Readings, with the roles that have them.
const READINGS: [(&str, &str); 31] = [
    ("customers", PEOPLE),
    ("customers/C/documents", "sales quality compliance legal auditor executive regulator"),
    ("customers/C/invoices", "credit finance auditor executive"),
    ("customers/C/receipts", "credit finance auditor executive"),
    ("customers/C/history", "quality compliance legal credit finance auditor executive regulator"),
    (
        "products",
        "sales quality compliance legal credit finance warehouse service auditor executive regulator integrator",
    ),
    ("reports/receivables/aging", "credit finance auditor executive"),
    ("reports/receivables/summary", "credit finance auditor executive"),
    ("reports/exposure", "credit finance auditor executive"),
    ("reports/cycle-times", "quality compliance legal credit finance auditor executive"),
    ("reports/sales-records", "quality compliance legal warehouse auditor executive regulator"),
    ("reports/first-sales", "sales quality compliance legal auditor executive regulator"),
    ("reports/expiries", "sales quality compliance legal auditor executive regulator"),
    ("reports/denials", "quality compliance legal credit finance auditor executive"),
    ("reports/releases", "quality compliance legal credit finance auditor executive"),
    ("events", "auditor executive integrator"),
    ("tokens", "admin security_admin auditor executive"),
    (
        "staff/S/delegations",
        "sales quality compliance legal credit finance warehouse service admin security_admin auditor executive",
    ),
    ("approvals", DECIDING),
    ("approvals/K", "sales quality compliance legal credit finance auditor executive regulator"),
    ("policies", "quality compliance legal credit finance admin auditor executive"),
    ("policies/in-force", "quality compliance legal credit finance admin auditor executive"),
    ("policies/R/readable", "quality compliance legal credit finance admin auditor executive"),
    (
        "policies/in-force/readable",
        "quality compliance legal credit finance admin auditor executive",
    ),
    ("policies/R", "quality compliance legal credit finance admin auditor executive"),
    ("policies/R/differences", "quality compliance legal credit finance auditor executive"),
    ("policies/R/report", "quality compliance legal credit finance auditor executive"),
    ("policies/R/affected", "quality compliance legal credit finance auditor executive"),
    ("policies/R/shadow", "quality compliance legal credit finance auditor executive"),
    ("policies/scheduled", "quality compliance legal credit finance admin auditor executive"),
    ("attachments/A", "sales quality compliance legal auditor executive regulator"),
];

fn path(pattern: &str) -> String {
    let uuid = "00000000-0000-4000-8000-000000000001";
    let parts = pattern.split('/').map(|part| match part {
        "C" => format!("customer-{uuid}"),
        "O" => format!("order-{uuid}"),
        "P" => format!("product-{uuid}"),
        "R" => format!("proposal-{uuid}"),
        "K" => format!("case-{uuid}"),
        "S" => format!("staff-{uuid}"),
        "I" => format!("invoice-{uuid}"),
        part => part.to_owned(),
    });
    format!("/v1/{}", parts.collect::<Vec<_>>().join("/"))
}

async fn each_cell_of_the_table(server: &Server) {
    for role in ROLES {
        for (pattern, allowed) in COMMANDS {
            // A field that no command has: whoever may is told so, whoever may not learns nothing.
            let asked = server.post(role, &path(pattern), json!({"nothing": 1})).await;
            let expected = if allowed.split(' ').any(|name| name == role) { 422 } else { 403 };
            assert_eq!(asked.status, expected, "{role} posts {pattern}: {:#}", asked.body);
        }
        for (pattern, allowed) in READINGS {
            let asked = server.get(role, &path(pattern)).await;
            let may = allowed.split(' ').any(|name| name == role);
            assert_eq!(asked.status != 403, may, "{role} reads {pattern}: {:#}", asked.body);
        }
    }
}

both_engines! {
    async fn every_role_does_what_the_table_says_and_nothing_else(home: Home) {
        each_cell_of_the_table(&Server::start(&home.url).await).await;
    }
}
