//! Somebody with a password and an authenticator.

use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::server::{Answer, Server, answer};

pub const PASSWORD: &str = "correct horse battery";
/// How long a code is shown.
const STEP_S: i64 = 30;

/// Somebody who can sign in and sign.
#[derive(Clone, Debug)]
pub struct Enrolled {
    pub staff: String,
    pub role: String,
    code_secret: String,
}

impl Enrolled {
    /// Whoever has this name and was given these secrets for enrolment enrols.
    pub async fn with(server: &Server, name: &str, secrets: &[&str]) -> Self {
        let staff = server.person(name).await.staff;
        let role = name.split('-').next().unwrap().to_owned();
        let body = json!({"staff": staff, "secrets": secrets, "password": PASSWORD});
        let given = open(server, "/v1/enrolments", body).await.expect(201);
        let code_secret = given.text("/code_secret").to_owned();
        assert!(given.text("/code_uri").contains(&code_secret));
        let enrolled = Self { staff, role, code_secret };
        let code = enrolled.code(server);
        let body = json!({"staff": enrolled.staff, "secrets": secrets, "code": code});
        open(server, "/v1/enrolments/code", body).await.expect(200);
        enrolled
    }

    /// Whoever has this name is reset by the administrator, and enrols.
    pub async fn named(server: &Server, name: &str) -> Self {
        let staff = server.person(name).await.staff;
        let reset = format!("/v1/staff/{staff}/credentials/reset");
        let reset = server.post("admin", &reset, json!({})).await.expect(200);
        Self::with(server, name, &[reset.text("/secret")]).await
    }

    /// What the authenticator shows now.
    pub fn code(&self, server: &Server) -> String {
        let secret = Secret::try_from_base32(&self.code_secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        totp.generate(server.now().timestamp().unsigned_abs()).to_string()
    }

    /// What it shows next, after waiting for it.
    pub fn next_code(&self, server: &Server) -> String {
        server.time_passes(chrono::TimeDelta::seconds(STEP_S));
        self.code(server)
    }

    /// Tries to sign in.
    pub async fn tries(&self, server: &Server, password: &str, code: &str) -> Answer {
        let body =
            json!({"staff": self.staff, "password": password, "code": code, "role": self.role});
        open(server, "/v1/sessions", body).await
    }

    /// The secret of a new session.
    pub async fn signs_in(&self, server: &Server) -> String {
        let code = self.next_code(server);
        let opened = self.tries(server, PASSWORD, &code).await.expect(201);
        opened.text("/secret").to_owned()
    }
}

/// Posts without any token.
pub async fn open(server: &Server, path: &str, body: Value) -> Answer {
    answer(server.client.post(format!("{}{path}", server.base)).json(&body)).await
}

/// Posts with a session's secret.
pub async fn within(server: &Server, session: &str, path: &str, body: Value) -> Answer {
    answer(server.send(Method::POST, session, path).json(&body)).await
}
