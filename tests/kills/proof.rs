//! What must hold after any number of kills.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use journal::{Engine, Filter, Journal, Position};
use tests::engine::Home;

use crate::{
    ledger::{Asked, Ledger, Told},
    served::Store,
};

const KEYS: &str =
    "SELECT idempotency_key, command_id FROM events WHERE idempotency_key IS NOT NULL";
const TABLES_SQLITE: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const TABLES_POSTGRES: &str =
    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
const COLUMNS_SQLITE: &str =
    "SELECT group_concat('quote(' || name || ')', ' || '','' || ') FROM pragma_table_info($1)";

/// One command as it is on record.
#[derive(Debug, Default)]
struct OnRecord {
    last: i64,
    version: i64,
    texts: Vec<String>,
}

/// Each acknowledged command is there once, none that was refused is, and nothing is there that nobody asked for. Answers how
/// many are there whose answer was lost.
pub(crate) async fn each_once(home: &Home, ledger: &Ledger) -> usize {
    let journal = home.open().await;
    let commands = commands(&journal).await;
    let mut keys = keys(&journal).await;
    journal.close().await;
    let mentions = mentions(&commands);
    let mentioned = |asked: &Asked| mentions.get(asked.key.as_str()).copied().unwrap_or_default();
    let mut unknown: BTreeSet<_> =
        ledger.lost.lock().unwrap().iter().map(|it| full_key(ledger, it)).collect();
    for (asked, told) in ledger.settled.lock().unwrap().iter() {
        let id = keys.remove(&full_key(ledger, asked));
        match (told, id) {
            (Told::Recorded { body, .. }, Some(id)) => {
                let command = &commands[&id];
                let answered = (body["position"].as_i64(), body["version"].as_i64());
                assert_eq!(answered, (Some(command.last), Some(command.version)), "{asked:?}");
                let spoken = asked.body.to_string().contains(&asked.key);
                // Apart from its key: what it is about is there as often as it was asked for.
                assert_eq!(mentioned(asked), usize::from(spoken), "{asked:?}");
            }
            (Told::Refused { .. }, None) => assert_eq!(mentioned(asked), 0, "{asked:?}"),
            (told, id) => panic!("{asked:?} was told {told:?}, and on record is {id:?}"),
        }
    }
    let staff: Vec<_> =
        ledger.people.lock().unwrap().values().map(|it| format!("{}/", it.staff)).collect();
    let mut untold = 0;
    for key in keys.keys().filter(|key| staff.iter().any(|it| key.starts_with(it))) {
        assert!(unknown.remove(key), "{key} is on record, and nobody asked for it");
        untold += 1;
    }
    untold
}

/// By each text that stands in an event, how many commands name it.
fn mentions(commands: &BTreeMap<String, OnRecord>) -> HashMap<&str, usize> {
    let mut mentions = HashMap::new();
    for command in commands.values() {
        let texts: HashSet<&str> = command.texts.iter().flat_map(|text| text.split('"')).collect();
        for text in texts {
            *mentions.entry(text).or_default() += 1;
        }
    }
    mentions
}

fn full_key(ledger: &Ledger, asked: &Asked) -> String {
    format!("{}/{}", ledger.people.lock().unwrap()[asked.who].staff, asked.key)
}

/// The commands on record, by their id. Positions are dense, and a command's events stand together.
async fn commands(journal: &Journal) -> BTreeMap<String, OnRecord> {
    let mut commands = BTreeMap::<String, OnRecord>::new();
    let mut position = Position::default();
    loop {
        let page = journal.after(position, &Filter::default(), 1_000).await.unwrap();
        for entry in page.entries {
            assert_eq!(entry.position.0, position.0 + 1, "positions are dense");
            position = entry.position;
            let command = commands.entry(entry.command_id.unwrap().to_string()).or_default();
            let together = command.last == 0 || command.last + 1 == position.0;
            assert!(together, "{position} came later than its command");
            command.last = position.0;
            command.version = entry.version.0;
            command.texts.push(entry.payload);
        }
        if position >= page.head {
            return commands;
        }
    }
}

/// Keys with their commands.
async fn keys(journal: &Journal) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> = match journal.engine() {
        Engine::Sqlite(pool) => sqlx::query_as(KEYS).fetch_all(pool).await.unwrap(),
        Engine::Postgres(pool) => {
            let sql = KEYS.replace("command_id FROM", "command_id::text FROM");
            sqlx::query_as(&sql).fetch_all(pool).await.unwrap()
        }
    };
    rows.into_iter().collect()
}

/// `probity verify` passes, and a rebuild changes no row of any table.
pub(crate) async fn sound(store: &Store) {
    store.command_line(&["verify"]);
    let before = rows(&store.home).await;
    assert!(before["customers"].len() > 1 && before["orders"].len() > 1, "nothing to compare");
    store.command_line(&["rebuild"]);
    let after = rows(&store.home).await;
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "a rebuild changes {table}");
    }
    store.command_line(&["verify"]);
}

/// Every row of every table, as text.
async fn rows(home: &Home) -> BTreeMap<String, Vec<String>> {
    let journal = home.open().await;
    let mut all = BTreeMap::new();
    match journal.engine() {
        Engine::Sqlite(pool) => {
            let tables: Vec<String> =
                sqlx::query_scalar(TABLES_SQLITE).fetch_all(pool).await.unwrap();
            for table in tables {
                let columns = sqlx::query_scalar(COLUMNS_SQLITE).bind(&table);
                let columns: String = columns.fetch_one(pool).await.unwrap();
                let sql = format!("SELECT {columns} FROM {table} ORDER BY 1");
                all.insert(table, sqlx::query_scalar(&sql).fetch_all(pool).await.unwrap());
            }
        }
        Engine::Postgres(pool) => {
            let tables: Vec<String> =
                sqlx::query_scalar(TABLES_POSTGRES).fetch_all(pool).await.unwrap();
            for table in tables {
                let sql = format!("SELECT one::text FROM {table} AS one ORDER BY 1");
                all.insert(table, sqlx::query_scalar(&sql).fetch_all(pool).await.unwrap());
            }
        }
    }
    journal.close().await;
    all
}
