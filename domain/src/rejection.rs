//! Why a command made no sense: nothing happened, and nothing is recorded. How an aggregate declares its rejections.

/// What a rejection is, for the door to choose a status by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No such thing.
    Unknown,
    /// It makes no sense in the current state.
    Conflict,
    /// The content is at fault.
    Content,
    /// Somebody else may do it, not this one.
    Forbidden,
}

/// Declares rejections once: variant, class, code, Chinese and English text; before them, those of another part that are passed on.
macro_rules! rejections {
    ($(=> $passed:ident($part:ty);)? $($variant:ident $({ $($field:ident : $type:ty),* })? $(($inner:ty))? = $class:ident, $code:literal, $zh:literal, $en:literal;)*) => {
        /// In order of precedence within each command.
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        pub enum Rejection {
            $(#[error(transparent)] $passed(#[from] $part),)?
            $(#[error($en)] $variant $({ $($field: $type),* })? $(($inner))?,)*
        }

        impl Rejection {
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// Stable, for programs.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$passed(part) => part.code(),)?
                    $(Self::$variant { .. } => $code,)*
                }
            }

            pub fn class(&self) -> $crate::rejection::Class {
                match self {
                    $(Self::$passed(part) => part.class(),)?
                    $(Self::$variant { .. } => $crate::rejection::Class::$class,)*
                }
            }

            /// What happened and what to do, in both languages.
            pub fn text(&self) -> $crate::policy::pack::Text {
                let zh = match self {
                    $(Self::$passed(part) => return part.text(),)?
                    $(Self::$variant { .. } => $zh,)*
                };
                $crate::policy::pack::Text { zh: zh.to_owned(), en: self.to_string() }
            }
        }
    };
}
