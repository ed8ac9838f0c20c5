//! Signing in, being locked out, being reset: who proves to be whom.

use journal::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use tests::both_engines;
use tests::engine::Home;
use tests::enrolled::{Enrolled, PASSWORD, open, within};
use tests::server::{Answer, Server, answer};

use chrono::TimeDelta;

async fn read(server: &Server, secret: &str) -> u16 {
    answer(server.send(Method::GET, secret, "/v1/customers")).await.status
}

/// The types of what happened to somebody, oldest first.
async fn trail(server: &Server, staff: &str) -> Vec<String> {
    let feed = server.get("auditor", "/v1/events?limit=500").await.expect(200);
    let rows = feed.body["items"].as_array().unwrap().clone();
    let own = rows.into_iter().filter(|row| row["stream"] == staff);
    own.map(|row| row["type"].as_str().unwrap().to_owned()).collect()
}

async fn a_session_works_until_it_ends(server: &Server) {
    let person = Enrolled::named(server, "quality").await;
    let session = person.signs_in(server).await;
    assert!(session.starts_with("pbs_"));
    assert_eq!(read(server, &session).await, 200);
    let listed = server.get("admin", "/v1/tokens").await.expect(200);
    let rows = listed.body["items"].as_array().unwrap().iter();
    assert_eq!(rows.filter(|row| row["staff"] == *person.staff).count(), 1, "tokens, no sessions");
    let current = "/v1/sessions/current";
    answer(server.send(Method::DELETE, &session, current)).await.expect(200);
    assert_eq!(read(server, &session).await, 401);
    // A token is nobody's session.
    let token = server.person("quality").await.secret;
    let none = answer(server.send(Method::DELETE, &token, current)).await.expect(409);
    assert_eq!(none.text("/code"), "session.none");

    let session = person.signs_in(server).await;
    let stream = answer_head(server, &session).await;
    server.time_passes(TimeDelta::hours(8) - TimeDelta::seconds(1));
    assert_eq!(read(server, &session).await, 200);
    server.time_passes(TimeDelta::seconds(1));
    assert_eq!(read(server, &session).await, 401, "eight hours are over");
    assert_eq!(stream, 403, "quality reads no feed");
    let code = person.next_code(server);
    let other =
        json!({"staff": person.staff, "password": PASSWORD, "code": code, "role": "credit"});
    let refused = open(server, "/v1/sessions", other).await.expect(403);
    assert_eq!(refused.text("/code"), "session.role_not_held");
}

async fn answer_head(server: &Server, secret: &str) -> u16 {
    server.send(Method::GET, secret, "/v1/events/stream").send().await.unwrap().status().as_u16()
}

async fn an_open_stream_ends_with_its_session(server: &Server) {
    let person = Enrolled::named(server, "auditor").await;
    let session = person.signs_in(server).await;
    let request = server.send(Method::GET, &session, "/v1/events/stream");
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    server.time_passes(TimeDelta::hours(8));
    // Whatever happens next is not told any more.
    server
        .post("admin", "/v1/staff", json!({"name": "赵六", "roles": ["sales"]}))
        .await
        .expect(201);
    let mut told = Vec::new();
    while let Some(piece) = stream.chunk().await.unwrap() {
        told.extend(piece);
    }
    assert!(!String::from_utf8(told).unwrap().contains("staff.registered"));
}

fn without_ids(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.body.clone())
}

async fn every_refusal_reads_the_same(server: &Server) {
    let person = Enrolled::named(server, "quality").await;
    let without = server.person("sales").await.staff;
    let code = person.next_code(server);
    let wrong_password = person.tries(server, "correct horse batterx", &code).await.expect(401);
    assert_eq!(wrong_password.text("/code"), "components.refused");
    assert!(!wrong_password.body.to_string().contains("batterx"));
    let as_other = async |staff: &str| {
        let body = json!({"staff": staff, "password": PASSWORD, "code": code, "role": "quality"});
        open(server, "/v1/sessions", body).await
    };
    for answer in [
        person.tries(server, PASSWORD, "000000").await,
        person.tries(server, PASSWORD, "not a code").await,
        person.tries(server, "", "").await,
        as_other("staff-nobody").await,
        as_other(&without).await,
    ] {
        assert_eq!(without_ids(&answer), without_ids(&wrong_password));
    }
    // A number where a text belongs is not repeated to whoever may look over a shoulder.
    let body =
        json!({"staff": person.staff, "password": PASSWORD, "code": 424_242, "role": "quality"});
    let said = open(server, "/v1/sessions", body).await.expect(422);
    assert!(!said.body.to_string().contains("424242"), "{:#}", said.body);
    // The code was given with wrong passwords only, and still proves.
    person.tries(server, PASSWORD, &code).await.expect(201);
    let again = person.tries(server, PASSWORD, &code).await.expect(401);
    assert_eq!(without_ids(&again), without_ids(&wrong_password), "a code works once");
}

async fn five_wrong_tries(home: &Home) {
    let server = Server::start(&home.url).await;
    let other = Server::beside(&home.url, 2).await;
    let person = Enrolled::named(&server, "quality").await;
    // Counted over both processes.
    for number in 0..4 {
        let at = if number % 2 == 0 { &server } else { &other };
        person.tries(at, "wrong and wrong", "000000").await.expect(401);
    }
    assert!(!trail(&server, &person.staff).await.contains(&"staff.locked".to_owned()));
    person.tries(&other, "wrong and wrong", "000000").await.expect(401);
    let told = trail(&server, &person.staff).await;
    assert_eq!(told.last().map(String::as_str), Some("staff.locked"), "the alert");
    assert_eq!(told.iter().filter(|it| *it == "staff.try-refused").count(), 5);
    // Right ones do not open it either, and nothing more is counted.
    let code = person.next_code(&server);
    person.tries(&server, PASSWORD, &code).await.expect(401);
    assert_eq!(trail(&server, &person.staff).await.len(), told.len());
    let unlock = format!("/v1/staff/{}/credentials/unlock", person.staff);
    server.post("quality", &unlock, json!({})).await.expect(403);
    server.post("security_admin", &unlock, json!({})).await.expect(200);
    server.post("admin", &unlock, json!({})).await.expect(409);
    person.signs_in(&server).await;
    other.stop().await;
    server.stop().await;
}

async fn a_reset_starts_anew(server: &Server) {
    let person = Enrolled::named(server, "quality").await;
    let session = person.signs_in(server).await;
    let path = format!("/v1/staff/{}/credentials/reset", person.staff);
    let reset = server.post_as("admin", &path, "reset-1", json!({})).await.expect(200);
    assert_eq!(reset.text("/status"), "reset");
    let secret = reset.text("/secret").to_owned();
    let again = server.post_as("admin", &path, "reset-1", json!({})).await.expect(200);
    assert!(again.body["secret"].is_null(), "shown once");
    assert_eq!(read(server, &session).await, 401, "sessions end");
    let code = person.next_code(server);
    person.tries(server, PASSWORD, &code).await.expect(401);

    let enrol = |password: &str, secret: &str| {
        let body = json!({"staff": person.staff, "secrets": [secret], "password": password});
        async move { open(server, "/v1/enrolments", body).await }
    };
    enrol("too short", &secret).await.expect(422);
    enrol(&format!("{} and more", person.staff), &secret).await.expect(422);
    enrol(PASSWORD, "pbe_guessed").await.expect(401);
    let renewed = Enrolled::with(server, "quality", &[&secret]).await;
    enrol(PASSWORD, &secret).await.expect(401);
    person.tries(server, PASSWORD, &code).await.expect(401);
    renewed.signs_in(server).await;

    // The trail shows all of it, and no secret.
    let told = trail(server, &person.staff).await;
    for kind in ["credentials-reset", "password-set", "code-enrolled", "session-opened"] {
        assert!(told.contains(&format!("staff.{kind}")), "{kind}: {told:?}");
    }
    let feed = server.get("auditor", "/v1/events?limit=500").await.expect(200).body.to_string();
    for hidden in [PASSWORD, &secret, &session, "argon2", "pbs_", "pbe_"] {
        assert!(!feed.contains(hidden), "{hidden}");
    }
    // Who administers resets nobody by themselves, and signs nothing.
    let made = json!({"name": "second", "role": "admin"});
    let second = server.post("admin", "/v1/tokens", made).await.expect(201);
    let own = format!("/v1/staff/{}/credentials/reset", second.text("/staff"));
    let refused = within(server, second.text("/secret"), &own, json!({})).await.expect(403);
    assert_eq!(refused.text("/code"), "reset.own");
}

/// How many secrets are kept.
async fn kept(home: &Home) -> i64 {
    let journal = home.open().await;
    let count = "SELECT count(*) FROM secrets";
    let kept = match journal.engine() {
        Engine::Sqlite(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
        Engine::Postgres(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
    };
    journal.close().await;
    kept.unwrap()
}

async fn secrets_go(home: &Home) {
    let server = Server::start(&home.url).await;
    let person = Enrolled::named(&server, "quality").await;
    assert_eq!(kept(home).await, 2, "a password and the secret of codes");
    let path = format!("/v1/staff/{}", person.staff);
    let reset = server.post("admin", &format!("{path}/credentials/reset"), json!({})).await;
    assert_eq!(kept(home).await, 0);
    let secret = reset.expect(200).text("/secret").to_owned();
    for _ in 0..2 {
        let body = json!({"staff": person.staff, "secrets": [secret], "password": PASSWORD});
        open(&server, "/v1/enrolments", body).await.expect(201);
        assert_eq!(kept(home).await, 2, "what was sent again replaces");
    }
    server.post("admin", &format!("{path}/leave"), json!({})).await.expect(200);
    assert_eq!(kept(home).await, 0);
    // Whoever comes back is somebody else.
    let back = server.post("admin", "/v1/staff", json!({"name": "quality", "roles": ["quality"]}));
    assert_ne!(back.await.expect(201).id(), person.staff);
    server.stop().await;
}

async fn two_administrators(home: &Home) {
    let server = Server::strict(&home.url).await;
    let staff = server.person("quality").await.staff;
    for mixed in [["admin", "auditor"], ["admin", "security_admin"], ["security_admin", "auditor"]]
    {
        let refused = server.post("admin", "/v1/staff", json!({"name": "x", "roles": mixed})).await;
        assert_eq!(refused.expect(422).text("/code"), "staff.kept_apart");
    }
    let path = format!("/v1/staff/{staff}/credentials/reset");
    let first = server.post("admin", &path, json!({})).await.expect(200);
    assert_eq!(first.text("/status"), "asked");
    let alone = server.post("admin", &path, json!({})).await.expect(409);
    assert_eq!(alone.text("/code"), "reset.second_needed");
    let second = server.post("security_admin", &path, json!({})).await.expect(200);
    assert_eq!(second.text("/status"), "reset");
    // Neither secret alone enrols: it takes both.
    for alone in [first.text("/secret"), second.text("/secret")] {
        let body = json!({"staff": staff, "secrets": [alone], "password": PASSWORD});
        open(&server, "/v1/enrolments", body).await.expect(401);
    }
    let both = [first.text("/secret"), second.text("/secret")];
    let person = Enrolled::with(&server, "quality", &both).await;
    // A token that an administrator issued agrees to nothing; the person's session does.
    let vote = "/v1/policies/proposal-00000000-0000-4000-8000-000000000001/approve";
    let refused = server.post("quality", vote, json!({})).await.expect(403);
    assert_eq!(refused.text("/code"), "permission.session_needed");
    let session = person.signs_in(&server).await;
    within(&server, &session, vote, json!({})).await.expect(404);
    // Nor does a token reset who has components.
    let refused = server.post("admin", &path, json!({})).await.expect(403);
    assert_eq!(refused.text("/code"), "permission.session_needed");
    server.stop().await;

    // The store is strict from now on, whatever it is started with.
    let server = Server::start(&home.url).await;
    let mixed = json!({"name": "x", "roles": ["admin", "auditor"]});
    server.post("admin", "/v1/staff", mixed).await.expect(422);
    server.stop().await;
}

both_engines! {
    async fn a_session_works_for_eight_hours_or_until_it_is_closed(home: Home) {
        a_session_works_until_it_ends(&Server::start(&home.url).await).await;
    }

    async fn a_stream_that_is_open_ends_with_its_session(home: Home) {
        an_open_stream_ends_with_its_session(&Server::start(&home.url).await).await;
    }

    async fn a_wrong_password_and_a_wrong_person_are_answered_alike(home: Home) {
        every_refusal_reads_the_same(&Server::start(&home.url).await).await;
    }

    async fn five_wrong_tries_lock_and_alert_whoever_saw_them(home: Home) {
        five_wrong_tries(&home).await;
    }

    async fn who_was_reset_enrols_anew_with_a_secret_that_serves_once(home: Home) {
        a_reset_starts_anew(&Server::start(&home.url).await).await;
    }

    async fn secrets_are_erased_once_they_serve_no_more(home: Home) {
        secrets_go(&home).await;
    }

    async fn in_the_strict_profile_it_takes_two_administrators(home: Home) {
        two_administrators(&home).await;
    }
}
