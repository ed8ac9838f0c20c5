//! Who watches over the process learns when nothing follows any more.

use journal::Engine;
use reqwest::Method;
use tests::both_engines;
use tests::server::{Answer, Server, answer};

const CUSTOMER: &str = "customer-019aa7b0-0000-7000-8000-00000000000f";

/// As a later version would record what this one does not know, and says nothing of to whoever has no token.
fn unknown() -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         VALUES ('customer', '{CUSTOMER}', 1, 'registration.customer-renamed', '1.0', \
                 '{{\"registration.customer-renamed\": {{\"name\": \"secret\"}}}}', '{{}}')"
    )
}

async fn ready(server: &Server) -> Answer {
    answer(server.send(Method::GET, "", "/readyz")).await
}

both_engines! {
    async fn a_server_whose_read_models_stopped_is_not_ready_and_names_the_event(home: Home) {
        let server = Server::start(&home.url).await;
        server.person("sales").await;
        server.door.settled(None).await.unwrap();
        assert_eq!(ready(&server).await.expect(200).text("/status"), "ready");

        let journal = server.door.journal();
        match journal.engine() {
            Engine::Sqlite(pool) => drop(sqlx::query(&unknown()).execute(pool).await.unwrap()),
            Engine::Postgres(pool) => drop(sqlx::query(&unknown()).execute(pool).await.unwrap()),
        }
        let position = journal.head().await.unwrap();
        server.door.settled(Some(position.0)).await.unwrap_err();
        let stopped = ready(&server).await.expect(503);
        assert_eq!(stopped.text("/code"), "journal.unreadable");
        assert_eq!(stopped.body["position"], position.0);
        let detail = stopped.text("/detail");
        assert!(detail.contains(CUSTOMER) && detail.contains("version 1"), "{detail}");
        assert!(!detail.contains("renamed") && !detail.contains("secret"), "{detail}");
        server.stop().await;
    }
}
