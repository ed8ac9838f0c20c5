//! The roles that people and tokens hold.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the roles once: wire name, Chinese and English name, and what part they have.
macro_rules! roles {
    ($($variant:ident, $wire:literal, $zh:literal, $en:literal, $part:ident;)+) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Role {
            $(#[serde(rename = $wire)] $variant,)+
        }

        crate::wire::code_schema!(Role, [$($wire),+]);

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }

            fn part(self) -> Part {
                match self { $(Self::$variant => Part::$part,)+ }
            }
        }
    };
}

#[derive(PartialEq, Eq)]
enum Part {
    /// Gives business commands or approvals.
    Business,
    /// Reads.
    Reading,
    Administration,
}

roles! {
    Sales, "sales", "销售", "sales", Business;
    Quality, "quality", "质量管理", "quality", Business;
    Compliance, "compliance", "合规", "compliance", Business;
    Legal, "legal", "法务", "legal", Business;
    Credit, "credit", "信用管理", "credit", Business;
    Finance, "finance", "财务", "finance", Business;
    Warehouse, "warehouse", "仓储", "warehouse", Business;
    Service, "service", "售后服务", "after-sales service", Business;
    Admin, "admin", "系统管理", "administration", Administration;
    SecurityAdmin, "security_admin", "安全管理", "security administration", Administration;
    Auditor, "auditor", "审计", "audit", Reading;
    Executive, "executive", "管理层", "executive", Reading;
    Regulator, "regulator", "监管部门", "regulator", Reading;
    Integrator, "integrator", "系统对接", "integration", Reading;
}

impl Role {
    /// Whether the role gives business commands or approvals, which those of administration must not.
    pub fn is_business(self) -> bool {
        self.part() == Part::Business
    }

    /// Whether nobody holds it beside another of its kind in the strict profile: administration, security and audit.
    pub fn is_kept_apart(self) -> bool {
        self.administers() || self == Self::Auditor
    }

    /// Whether the role administers, beside which nobody does business.
    pub fn administers(self) -> bool {
        self.part() == Part::Administration
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let known = Self::ALL.iter().find(|role| role.code() == text);
        known.copied().ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A text that is no role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRole(pub String);

impl fmt::Display for UnknownRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
        write!(formatter, "{:?} is no role: there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownRole {}
