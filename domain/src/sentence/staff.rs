//! Sentences about people: their roles and tokens, what they lend, and how they prove who they are.

use std::collections::BTreeSet;

use crate::{
    policy::pack::Text,
    staff::{Delegated, Event, Matter, Profile, Role, TokenIssued, Trying},
    wording::phrase::{listed, text},
};

use super::then;

pub(super) fn of_staff(event: &Event) -> Text {
    match event {
        Event::Registered(_) => text("人员已登记。", "Person registered."),
        Event::RolesGranted(e) => roles_granted(&e.roles),
        Event::TokenIssued(e) => token_issued(e),
        Event::TokenRevoked(e) => {
            text(format!("凭证 {} 已撤销。", e.token), format!("Token {} revoked.", e.token))
        }
        Event::Left(_) => text(
            "人员已离职，全部角色、凭证和委托随之失效。",
            "Person left; all roles, tokens and delegations ended with it.",
        ),
        Event::Delegated(e) => delegated(e),
        Event::DelegationRevoked(_) => text("委托已撤销。", "Delegation revoked."),
        Event::ProfileSet(e) => profile_set(e.profile),
        Event::ResetAsked(_) => text(
            "一名管理员已申请重置密码和验证码，待另一名管理员同样申请。",
            "An administrator asked to reset password and codes; another one must ask too.",
        ),
        Event::CredentialsReset(_) => text(
            "密码和验证码已重置，本人须重新设置后方可登录和签名。",
            "Password and codes were reset; the person sets both anew before signing in or signing.",
        ),
        Event::PasswordSet(_) => text("密码已设置。", "Password set."),
        Event::CodeEnrolled(_) => text("验证码已启用。", "One-time codes enrolled."),
        Event::TryRefused(e) => match e.at {
            Trying::SigningIn => {
                text("登录未通过：密码或验证码不正确。", "Sign-in refused: wrong password or code.")
            }
            Trying::Signing => {
                text("签名未通过：密码或验证码不正确。", "Signing refused: wrong password or code.")
            }
        },
        Event::Locked(e) => text(
            format!("警报：连续 {} 次输错，已锁定。", e.wrong_tries),
            format!("Alert: locked after {} wrong tries in a row.", e.wrong_tries),
        ),
        Event::Unlocked(_) => text("已解除锁定。", "Unlocked."),
        Event::SessionOpened(e) => text(
            format!("已登录，角色：{}。", e.role.zh()),
            format!("Signed in for {}.", e.role.en()),
        ),
        Event::SessionClosed(_) => text("已退出登录。", "Signed out."),
        Event::ComponentsVerified(e) => {
            let meaning = e.meaning.named();
            text(
                format!("签名时已确认身份，签名含义：{}。", meaning.zh),
                format!("Proved who they are, to sign {} of {}.", meaning.en, e.stream),
            )
        }
    }
}

fn profile_set(profile: Profile) -> Text {
    match profile {
        Profile::Ordinary => text("采用普通模式。", "The ordinary profile applies."),
        Profile::Strict => text(
            "采用严格模式：重置须两名管理员，系统管理、安全管理和审计角色互斥。",
            "The strict profile applies: a reset takes two administrators, and administration, security and audit are three people.",
        ),
    }
}

fn delegated(e: &Delegated) -> Text {
    let roles = listed_roles(&e.roles);
    let said = text(
        format!("自 {} 至 {} 委托他人代行：{}。", e.from, e.until, roles.zh),
        format!("Somebody stands in from {} to {} for {}.", e.from, e.until, roles.en),
    );
    if e.matters.is_empty() {
        return said;
    }
    let names: Vec<Text> = e.matters.iter().map(|matter| named(*matter)).collect();
    let matters = listed(&names);
    then(said, &text(format!("仅限：{}。", matters.zh), format!(" Only for {}.", matters.en)))
}

fn named(matter: Matter) -> Text {
    match matter {
        Matter::Qualification => text("资质审核", "reviews of papers"),
        Matter::Credit => text("授信", "credit"),
        Matter::Release => text("放行", "releases"),
        Matter::Policy => text("规则修改", "changes of the rules"),
    }
}

fn roles_granted(roles: &BTreeSet<Role>) -> Text {
    if roles.is_empty() {
        return text("角色已全部收回。", "All roles withdrawn.");
    }
    let roles = listed_roles(roles);
    text(format!("现有角色：{}。", roles.zh), format!("Roles from now on: {}.", roles.en))
}

fn token_issued(e: &TokenIssued) -> Text {
    let roles = listed_roles(&e.roles);
    let (zh, en) = if e.machine { ("系统凭证", "Machine token") } else { ("凭证", "Token") };
    text(
        format!("已签发{zh} {}：{}。", e.token, roles.zh),
        format!("{en} {} issued: {}.", e.token, roles.en),
    )
}

fn listed_roles(roles: &BTreeSet<Role>) -> Text {
    let names: Vec<Text> = roles.iter().map(|role| text(role.zh(), role.en())).collect();
    listed(&names)
}
