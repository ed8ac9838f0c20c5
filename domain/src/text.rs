//! Text that people type: one line, or a few paragraphs, each with a greatest length.
//!
//! White space around it is dropped; control characters are refused wherever they stand, because they hide in lists and
//! break files; an empty text is no text (leave the field out instead).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Why a text is refused, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TextError {
    #[error("the text is empty: write something or leave the field out")]
    Empty,
    #[error("the text has {given} characters: shorten it to {max}")]
    TooLong { given: usize, max: usize },
    #[error("the text has the control character U+{:04X} at place {place}: remove it", u32::from(*.character))]
    ControlCharacter { character: char, place: usize },
}

impl TextError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "text.empty",
            Self::TooLong { .. } => "text.too_long",
            Self::ControlCharacter { .. } => "text.control_character",
        }
    }
}

/// Full-width letters, digits and brackets become plain ones (NFKC), white space around them goes: for typed codes.
pub(crate) fn plain(code: &str) -> String {
    if code.is_ascii() {
        // Plain already.
        return code.trim().to_owned();
    }
    code.nfkc().collect::<String>().trim().to_owned()
}

/// Trims, then checks: `refused` says which characters may not stand anywhere, the ends included.
fn checked(text: &str, max: usize, refused: fn(char) -> bool) -> Result<Arc<str>, TextError> {
    if let Some((index, character)) = text.chars().enumerate().find(|&(_, it)| refused(it)) {
        return Err(TextError::ControlCharacter { character, place: index + 1 });
    }
    let text = text.trim();
    let given = text.chars().count();
    if given == 0 {
        return Err(TextError::Empty);
    }
    if given > max {
        return Err(TextError::TooLong { given, max });
    }
    Ok(text.into())
}

/// Line and paragraph separators are no control characters to Unicode, but they would end the line.
fn ends_a_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn hides_in_prose(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n')
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident, $refused:path, $expected:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<const MAX: usize>(Arc<str>);

        impl<const MAX: usize> $name<MAX> {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> Deref for $name<MAX> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> fmt::Display for $name<MAX> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<const MAX: usize> fmt::Debug for $name<MAX> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl<const MAX: usize> FromStr for $name<MAX> {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                checked(text, MAX, $refused).map(Self)
            }
        }

        impl<const MAX: usize> serde::Serialize for $name<MAX> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de, const MAX: usize> serde::Deserialize<'de> for $name<MAX> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::from_text(deserializer, $expected)
            }
        }

        impl<const MAX: usize> PartialSchema for $name<MAX> {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(MAX))
                    .into()
            }
        }

        impl<const MAX: usize> ToSchema for $name<MAX> {
            fn name() -> Cow<'static, str> {
                Cow::Owned(format!("{}{MAX}", stringify!($name)))
            }
        }
    )+};
}

texts! {
    /// One line of 1 to `MAX` characters, without control characters.
    Line, ends_a_line, "a text of one line";
    /// Free text of 1 to `MAX` characters; tabs and newlines may stand in it.
    Prose, hides_in_prose, "a text";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[test]
    fn white_space_around_a_text_is_dropped() {
        assert_eq!(" 示范医疗 \u{3000}".parse::<Line<4>>().unwrap().as_str(), "示范医疗");
        assert_eq!("\n\ta\n\nb\n".parse::<Prose<9>>().unwrap().as_str(), "a\n\nb");
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!("医疗器械".parse::<Line<4>>().is_ok());
        assert_eq!("医疗器械".parse::<Line<3>>(), Err(TextError::TooLong { given: 4, max: 3 }));
    }

    #[test]
    fn an_empty_text_is_no_text() {
        for text in ["", "   ", "\u{3000}"] {
            assert_eq!(text.parse::<Line<9>>(), Err(TextError::Empty), "{text:?}");
        }
        assert_eq!("\n\t".parse::<Prose<9>>(), Err(TextError::Empty));
    }

    #[test]
    fn control_characters_are_refused_even_at_the_ends() {
        for text in ["a\u{0}", "\u{0}a", "a\tb", "a\nb", "a\n", "a\u{7f}", "a\u{85}b", "a\u{2028}b"]
        {
            let error = text.parse::<Line<9>>().unwrap_err();
            assert_eq!(error.code(), "text.control_character", "{text:?}");
        }
        for text in ["a\u{0}", "a\rb", "a\u{1b}"] {
            assert!(text.parse::<Prose<9>>().is_err(), "{text:?}");
        }
        assert_eq!(
            "ab\u{0}".parse::<Line<9>>().unwrap_err().to_string(),
            "the text has the control character U+0000 at place 3: remove it"
        );
    }

    #[test]
    fn a_body_that_is_refused_says_what_to_do() {
        let error = serde_json::from_str::<Line<3>>("\"abcd\"").unwrap_err().to_string();
        assert!(error.contains("shorten it to 3"), "{error}");
        assert!(serde_json::from_str::<Line<3>>("5").is_err());
    }

    #[test]
    fn each_length_has_its_own_schema() {
        #[derive(Serialize, Deserialize, ToSchema)]
        struct Body {
            name: Line<100>,
            comment: Option<Prose<1000>>,
        }
        let schema = serde_json::to_value(Body::schema()).unwrap();
        assert_eq!(schema["properties"]["name"]["$ref"], "#/components/schemas/Line100");
        let mut schemas = Vec::new();
        Body::schemas(&mut schemas);
        let names: Vec<_> = schemas.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Line100", "Prose1000"]);
        assert_eq!(serde_json::to_value(Line::<100>::schema()).unwrap()["maxLength"], 100);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_accepted_again_unchanged(text in "\\PC{0,20}") {
            if let Ok(line) = text.parse::<Line<12>>() {
                prop_assert_eq!(line.as_str().parse::<Line<12>>(), Ok(line));
            }
        }
    }
}
