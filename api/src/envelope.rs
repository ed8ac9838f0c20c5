//! The event envelope: how an event looks outside, the same in the feed, the stream and the history.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use journal::{Entry, Position, Version};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<'a> {
    #[schema(value_type = i64, example = 4712)]
    pub position: Position,
    /// The id of whatever it happened to.
    pub stream: &'a str,
    #[schema(value_type = i64, example = 31)]
    pub version: Version,
    #[serde(rename = "type")]
    #[schema(example = "trading.order-denied")]
    pub event_type: &'a str,
    pub type_version: i32,
    /// RFC 3339, UTC, six digits.
    pub recorded_at: Option<String>,
    pub actor: Option<Cow<'a, str>>,
    /// The program that acted for the actor.
    pub via: Option<Cow<'a, str>>,
    pub correlation_id: Option<Cow<'a, str>>,
    pub causation_id: Option<Cow<'a, str>>,
    pub command_id: Option<Uuid>,
    pub leaf_hash: Option<String>,
    /// Its shape is given by `GET /event-types`.
    #[schema(value_type = Object)]
    pub data: &'a RawValue,
}

/// Metadata as it is stored; rows of other programs may have none of it.
#[derive(Debug, Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    actor: Option<Cow<'a, str>>,
    #[serde(borrow)]
    via: Option<Cow<'a, str>>,
    #[serde(borrow)]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    causation_id: Option<Cow<'a, str>>,
}

impl<'a> Envelope<'a> {
    pub fn of(entry: &'a Entry) -> Self {
        let metadata: Metadata<'a> = serde_json::from_str(&entry.metadata).unwrap_or_default();
        Self {
            position: entry.position,
            stream: &entry.stream,
            version: entry.version,
            event_type: &entry.event_type,
            type_version: entry.event_version,
            recorded_at: entry.recorded_at.map(microseconds),
            actor: metadata.actor,
            via: metadata.via,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            command_id: entry.command_id,
            leaf_hash: entry.leaf_hash.map(hex::encode),
            data: content(&entry.payload),
        }
    }
}

/// What stands in `{"<type>": …}`, as the text that was stored; all of it where another program wrote another shape.
fn content(payload: &str) -> &RawValue {
    match serde_json::from_str::<OneField<'_>>(payload) {
        Ok(field) => field.0,
        Err(_) => serde_json::from_str(payload).unwrap_or(RawValue::NULL),
    }
}

/// An object with one field whose name does not matter and whose value is not parsed.
struct OneField<'a>(&'a RawValue);

impl<'de> Deserialize<'de> for OneField<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = OneField<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object with one field")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut fields: A,
            ) -> Result<Self::Value, A::Error> {
                let first = fields.next_entry::<serde::de::IgnoredAny, &'de RawValue>()?;
                let (_, value) = first.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
                while fields.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some()
                {
                }
                Ok(OneField(value))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// `2026-11-22T03:04:05.678901Z`: always six digits, so that text sorts as time does.
pub fn microseconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(position: i64, event_type: &str) -> Entry {
        Entry {
            position: Position(position),
            aggregate_type: "customer".to_owned(),
            stream: "customer-1".to_owned(),
            version: Version(position),
            event_type: event_type.to_owned(),
            event_version: 1,
            recorded_at: DateTime::from_timestamp_micros(1_795_316_645_678_901),
            payload: format!(r#"{{"{event_type}": {{"amount": "1.00"}}}}"#),
            metadata: r#"{"actor":"staff-12","command_id":"x"}"#.to_owned(),
            command_id: Some(Uuid::nil()),
            leaf_hash: Some([7; 32]),
        }
    }

    #[test]
    fn the_envelope_has_every_member_in_the_agreed_order() {
        let entry = entry(4712, "trading.order-denied");
        let text = serde_json::to_string(&Envelope::of(&entry)).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"position":4712,"stream":"customer-1","version":4712,"type":"trading.order-denied","#,
                r#""type_version":1,"recorded_at":"2026-11-22T03:04:05.678901Z","actor":"staff-12","#,
                r#""via":null,"correlation_id":null,"causation_id":null,"#,
                r#""command_id":"00000000-0000-0000-0000-000000000000","#,
                r#""leaf_hash":"0707070707070707070707070707070707070707070707070707070707070707","#,
                r#""data":{"amount": "1.00"}}"#
            )
        );
    }

    #[test]
    fn a_row_of_another_program_is_shown_as_far_as_it_goes() {
        let mut row = entry(1, "x");
        row.metadata = "{}".to_owned();
        row.leaf_hash = None;
        let envelope = Envelope::of(&row);
        assert_eq!((envelope.actor, envelope.leaf_hash.as_deref()), (None, None));
        row.payload = "[1]".to_owned();
        assert_eq!(Envelope::of(&row).data.get(), "[1]");
    }
}
