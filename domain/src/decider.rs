//! The shape that every aggregate of Probity has: a pure rule and a pure fold.
//!
//! `decide` may read the whole state and the facts that it asked for; it changes nothing.
//! `evolve` is total: any prefix of any stream folds without failing.

use std::fmt::Debug;

use cqrs_es::DomainEvent;
use serde::{Serialize, de::DeserializeOwned};

use crate::signature::Signature;

/// A consistency boundary: the state of one stream, the rule that answers commands, and the fold of its events.
pub trait Decider:
    Default + Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The `aggregate_type` column, and the prefix of the stream's id.
    const TYPE: &'static str;

    type Command: Clone + Debug + Send + Sync + 'static;
    type Event: Event;
    /// Why nothing happened. Its `Display` is for people, its code (see the type) for programs.
    type Rejection: std::error::Error + Clone + PartialEq + Send + Sync + 'static;
    /// Who asks, when, under which id, and what was read of other streams.
    type Context: Clone + Debug + Send + Sync + 'static;

    fn decide(
        &self,
        context: &Self::Context,
        command: &Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    fn evolve(&mut self, event: &Self::Event);
}

/// An event as the journal sees it.
///
/// It serialises to `{"<event_type>": {…}}`, one level whatever the Rust nesting.
pub trait Event: DomainEvent + 'static {
    /// What must be unique across all streams for ever: `uscc:91…`, `udi:069…`, `pack:sha256:…`;
    /// with the stream's own id in it, what must be unique within the stream and is not worth keeping in its state.
    fn claim(&self, stream: &str) -> Option<String> {
        let _ = stream;
        None
    }

    /// The electronic signature under it, and the content that it must be under.
    fn signed(&self) -> Option<(&Signature, &str)> {
        None
    }
}

/// A command and its context, as `cqrs_es::Aggregate::Command` takes them.
#[derive(Clone, Debug)]
pub struct Directed<D: Decider> {
    pub context: D::Context,
    pub command: D::Command,
}

/// Implements `cqrs_es::Aggregate` for a [`Decider`], so that stock cqrs-es programs can drive it.
#[macro_export]
macro_rules! stock_aggregate {
    ($decider:ty) => {
        impl ::cqrs_es::Aggregate for $decider {
            const TYPE: &'static str = <$decider as $crate::decider::Decider>::TYPE;
            type Command = $crate::decider::Directed<$decider>;
            type Event = <$decider as $crate::decider::Decider>::Event;
            type Error = <$decider as $crate::decider::Decider>::Rejection;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                _services: &Self::Services,
                sink: &::cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                let events =
                    $crate::decider::Decider::decide(self, &command.context, &command.command)?;
                for event in events {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                $crate::decider::Decider::evolve(self, &event);
            }
        }
    };
}

/// Declares the events of an aggregate: one enum, its wire names, and a JSON Schema for each.
///
/// Every variant carries a struct of its capability; adding a field to it must keep old payloads readable.
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident($payload:ty) = $type:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name {
            $(#[serde(rename = $type)] $variant($payload),)*
        }

        impl $name {
            /// Every event type of this aggregate, in the order of its capabilities.
            pub const TYPES: &'static [&'static str] = &[$($type),*];

            /// The wire name of this event.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type,)* }
            }

            /// The schema of every event's payload, by wire name, and of the types that they share.
            pub fn schemas() -> (
                Vec<(&'static str, ::utoipa::openapi::RefOr<::utoipa::openapi::Schema>)>,
                Vec<(String, ::utoipa::openapi::RefOr<::utoipa::openapi::Schema>)>,
            ) {
                let mut shared = Vec::new();
                $(<$payload as ::utoipa::ToSchema>::schemas(&mut shared);)*
                (vec![$(($type, <$payload as ::utoipa::PartialSchema>::schema())),*], shared)
            }
        }

        impl ::cqrs_es::DomainEvent for $name {
            fn event_type(&self) -> String {
                self.kind().to_owned()
            }

            fn event_version(&self) -> String {
                "1".to_owned()
            }
        }
    };
}
