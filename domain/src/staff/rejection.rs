//! Why a staff command did nothing, in words for people and codes for programs.

use std::collections::BTreeSet;
use std::fmt;

use super::{Role, credentials, delegation};
use crate::ids::TokenId;
use crate::policy::pack::Text;
use crate::rejection::Class;

/// In order of precedence.
#[derive(Clone, Debug, PartialEq)]
pub enum Rejection {
    NoSuchPerson,
    AlreadyRegistered,
    HasLeft,
    AdminMixed { business: BTreeSet<Role> },
    KeptApart { apart: BTreeSet<Role> },
    ProfileLowered,
    TokenRevoked { token: TokenId },
    NoSuchToken { token: TokenId },
    TokenExists { token: TokenId },
    TokenWithoutRole,
    RolesNotHeld { missing: BTreeSet<Role> },
    SeveralRoles,
    Delegation(delegation::Rejection),
    Credentials(credentials::Rejection),
}

impl From<credentials::Rejection> for Rejection {
    fn from(part: credentials::Rejection) -> Self {
        Self::Credentials(part)
    }
}

impl From<delegation::Rejection> for Rejection {
    fn from(part: delegation::Rejection) -> Self {
        Self::Delegation(part)
    }
}

impl Rejection {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchPerson => "staff.unknown",
            Self::AlreadyRegistered => "staff.already_registered",
            Self::HasLeft => "staff.has_left",
            Self::AdminMixed { .. } => "staff.admin_mixed",
            Self::KeptApart { .. } => "staff.kept_apart",
            Self::ProfileLowered => "profile.lowered",
            Self::TokenRevoked { .. } => "token.revoked",
            Self::NoSuchToken { .. } => "token.unknown",
            Self::TokenExists { .. } => "token.exists",
            Self::TokenWithoutRole => "token.without_role",
            Self::RolesNotHeld { .. } => "token.roles_not_held",
            Self::SeveralRoles => "token.several_roles",
            Self::Delegation(part) => part.code(),
            Self::Credentials(part) => part.code(),
        }
    }

    /// The field at fault, for those that the body is to blame for and not the person's state.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::AdminMixed { .. }
            | Self::KeptApart { .. }
            | Self::TokenWithoutRole
            | Self::SeveralRoles => Some("roles"),
            Self::NoSuchPerson
            | Self::AlreadyRegistered
            | Self::HasLeft
            | Self::TokenRevoked { .. }
            | Self::NoSuchToken { .. }
            | Self::TokenExists { .. }
            | Self::RolesNotHeld { .. }
            | Self::ProfileLowered
            | Self::Delegation(_)
            | Self::Credentials(_) => None,
        }
    }

    /// The part of the body at fault, as a JSON pointer.
    pub fn pointer(&self) -> Option<String> {
        self.field().map(|field| format!("/{field}"))
    }

    pub fn class(&self) -> Class {
        match self {
            Self::NoSuchPerson | Self::NoSuchToken { .. } => Class::Unknown,
            Self::AlreadyRegistered
            | Self::HasLeft
            | Self::ProfileLowered
            | Self::TokenRevoked { .. }
            | Self::TokenExists { .. }
            | Self::RolesNotHeld { .. } => Class::Conflict,
            Self::AdminMixed { .. }
            | Self::KeptApart { .. }
            | Self::TokenWithoutRole
            | Self::SeveralRoles => Class::Content,
            Self::Delegation(part) => part.class(),
            Self::Credentials(part) => part.class(),
        }
    }

    /// What happened and what to do, in both languages.
    pub fn text(&self) -> Text {
        Text { zh: self.zh(), en: self.en() }
    }

    pub fn zh(&self) -> String {
        match self {
            Self::NoSuchPerson => "没有该人员。".to_owned(),
            Self::AlreadyRegistered => "该人员已经登记。".to_owned(),
            Self::HasLeft => "该人员已离职，不能再授予角色或凭证。".to_owned(),
            Self::AdminMixed { business } => format!(
                "系统管理角色不得兼任业务角色（{}），请授予另一人。",
                listed(business, Role::zh, "、")
            ),
            Self::KeptApart { apart } => format!(
                "严格模式下，系统管理、安全管理和审计角色须由不同人员担任（{}）；请授予另一人。",
                listed(apart, Role::zh, "、")
            ),
            Self::ProfileLowered => {
                "该数据库已采用严格模式，不能降低；请不带此选项启动。".to_owned()
            }
            Self::TokenRevoked { token } => format!("凭证 {token} 已被撤销。"),
            Self::NoSuchToken { token } => format!("该人员没有凭证 {token}。"),
            Self::TokenExists { token } => format!("凭证 {token} 已经存在。"),
            Self::TokenWithoutRole => "凭证至少须有一个角色。".to_owned(),
            Self::RolesNotHeld { missing } => format!(
                "该人员没有以下角色：{}。请先授予角色，再签发凭证。",
                listed(missing, Role::zh, "、")
            ),
            Self::SeveralRoles => {
                "只有系统凭证可以有多个角色；请为每个角色分别签发凭证。".to_owned()
            }
            Self::Delegation(part) => part.text().zh,
            Self::Credentials(part) => part.text().zh,
        }
    }

    pub fn en(&self) -> String {
        match self {
            Self::NoSuchPerson => "There is no such person.".to_owned(),
            Self::AlreadyRegistered => "The person is already registered.".to_owned(),
            Self::HasLeft => "The person has left and gets no role or token again.".to_owned(),
            Self::AdminMixed { business } => format!(
                "Who administers holds no business role ({}): grant it to somebody else.",
                listed(business, Role::code, ", ")
            ),
            Self::KeptApart { apart } => format!(
                "In the strict profile one person holds one of {}: grant the others to somebody else.",
                listed(apart, Role::code, ", ")
            ),
            Self::ProfileLowered => {
                "This store is strict, and stays so: start it without another profile.".to_owned()
            }
            Self::TokenRevoked { token } => format!("{token} is already revoked."),
            Self::NoSuchToken { token } => format!("The person has no {token}."),
            Self::TokenExists { token } => format!("{token} exists already."),
            Self::TokenWithoutRole => "A token needs at least one role.".to_owned(),
            Self::RolesNotHeld { missing } => format!(
                "The person does not hold {}: grant the role first, then issue the token.",
                listed(missing, Role::code, ", ")
            ),
            Self::SeveralRoles => {
                "Only a machine's token carries several roles: issue one token for each role."
                    .to_owned()
            }
            Self::Delegation(part) => part.to_string(),
            Self::Credentials(part) => part.to_string(),
        }
    }
}

fn listed(roles: &BTreeSet<Role>, name: fn(Role) -> &'static str, separator: &str) -> String {
    roles.iter().map(|&role| name(role)).collect::<Vec<_>>().join(separator)
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.en())
    }
}

impl std::error::Error for Rejection {}
