//! The feed and the stream: every event, in order, once, and from where somebody stopped.

use std::time::Duration;

use futures::StreamExt;
use reqwest::{Method, Response};
use serde_json::json;
use tests::both_engines;
use tests::server::{STREAMS_PER_TOKEN, Server, answer};

use crate::company::{dealer, stent};

async fn the_feed_is_complete_and_in_order(server: &Server) {
    let customer = dealer(server).await;
    stent(server).await;
    server.person("integrator").await;
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let path = format!("/v1/events?after={after}&limit=2");
        let piece = server.get("integrator", &path).await.expect(200);
        let items = piece.body["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["position"].as_i64().unwrap()));
        after = piece.body["next"].as_i64().unwrap();
        if after == piece.body["head"].as_i64().unwrap() {
            break;
        }
    }
    let dense: Vec<i64> = (1..=after).collect();
    assert_eq!(seen, dense);
    // All are filtered out, and yet the reader comes forward.
    let filtered = server.get("integrator", "/v1/events?type=none.such&limit=2").await.expect(200);
    assert_eq!(filtered.body["items"], json!([]));
    assert!(filtered.body["next"].as_i64().unwrap() > 0);
    let of_customer =
        format!("/v1/events?customer={customer}&type=registration.customer-registered");
    let one = server.get("integrator", &of_customer).await.expect(200);
    assert_eq!(one.text("/items/0/type"), "registration.customer-registered");
    assert_eq!(one.text("/items/0/data/name"), "示范医疗器械有限公司");
    let ahead = server.get("integrator", "/v1/events?after=1000000").await.expect(409);
    assert_eq!(ahead.text("/code"), "feed.ahead");
    server.get("sales", "/v1/events").await.expect(403);
}

/// The ids of the next events of a stream, at least `count`; comments are passed over.
async fn ids<B: AsRef<[u8]>>(
    stream: &mut (impl StreamExt<Item = reqwest::Result<B>> + Unpin),
    count: usize,
) -> Vec<i64> {
    let mut text = String::new();
    let of = |text: &str| -> Vec<i64> {
        let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        let ids = whole.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.map(|id| id.parse().unwrap()).collect()
    };
    let read = async {
        while of(&text).len() < count {
            let piece = stream.next().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(piece.as_ref()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
    of(&text)
}

async fn open(server: &Server, path: &str, last_event_id: Option<i64>) -> Response {
    let secret = server.person("integrator").await.secret;
    let mut request = server.send(Method::GET, &secret, path);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    request.send().await.unwrap()
}

async fn the_stream_goes_on_where_it_stopped(server: &Server) {
    server.person("integrator").await;
    server.person("sales").await;
    let head = server.get("integrator", "/v1/events?limit=1").await.body["head"].as_i64().unwrap();

    // From now on: what happened before does not come.
    let now = open(server, "/v1/events/stream", None).await;
    assert_eq!(now.status(), 200);
    assert_eq!(now.headers()["content-type"], "text/event-stream");
    let mut now = now.bytes_stream();
    dealer(server).await;
    assert_eq!(ids(&mut now, 1).await, [head + 1]);

    // From where somebody stopped: `Last-Event-ID` wins over `after`.
    let resumed = open(server, "/v1/events/stream?after=0", Some(head - 1)).await;
    assert_eq!(ids(&mut resumed.bytes_stream(), 2).await, [head, head + 1]);
    let after = open(server, &format!("/v1/events/stream?after={}", head - 2), None).await;
    let mut after = after.bytes_stream();
    assert_eq!(ids(&mut after, 3).await, [head - 1, head, head + 1]);

    // A client that goes on listening sees what comes next, once.
    stent(server).await;
    let next = ids(&mut after, 2).await;
    assert!(next[0] > head + 1, "{next:?}");
    assert!(next.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{next:?}");
}

async fn streams_have_a_bound(server: &Server) {
    let mut held = Vec::new();
    for _ in 0..STREAMS_PER_TOKEN {
        let stream = open(server, "/v1/events/stream", None).await;
        assert_eq!(stream.status(), 200);
        held.push(stream);
    }
    let refused = open(server, "/v1/events/stream", None).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
}

/// What follows the answer to the revocation is not shown to the token any more.
async fn a_revoked_token_hears_no_more(server: &Server) {
    let person = server.person("integrator").await;
    server.person("sales").await;
    let stream = open(server, "/v1/events/stream", None).await;
    let mut stream = stream.bytes_stream();
    dealer(server).await;
    ids(&mut stream, 1).await;
    let admin = server.person("admin").await.secret;
    let path = format!("/v1/tokens/{}", person.token);
    answer(server.send(Method::DELETE, &admin, &path)).await.expect(200);
    stent(server).await;
    let mut heard = String::new();
    let ended = async {
        while let Some(Ok(piece)) = stream.next().await {
            heard.push_str(std::str::from_utf8(&piece).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    assert!(!heard.contains("product.registered"), "{heard}");
}

both_engines! {
    async fn a_stream_ends_with_its_token(home: Home) {
        a_revoked_token_hears_no_more(&Server::start(&home.url).await).await;
    }

    async fn the_feed_leaves_nothing_out(home: Home) {
        the_feed_is_complete_and_in_order(&Server::start(&home.url).await).await;
    }

    async fn a_listener_comes_back_and_misses_nothing(home: Home) {
        the_stream_goes_on_where_it_stopped(&Server::start(&home.url).await).await;
    }

    async fn one_token_holds_a_few_streams_open_and_no_more(home: Home) {
        streams_have_a_bound(&Server::start(&home.url).await).await;
    }

    async fn streams_end_when_the_server_stops(home: Home) {
        let server = Server::start(&home.url).await;
        let stream = open(&server, "/v1/events/stream", None).await;
        server.stop().await;
        let mut stream = stream.bytes_stream();
        let ended = async { while let Some(Ok(_)) = stream.next().await {} };
        tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap();
    }
}
