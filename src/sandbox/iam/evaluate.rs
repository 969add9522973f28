//! One decision: whether a caller may call an action on a resource.

use super::policy::{Effect, Named};
use super::{Caller, Context, Directory, Policy};
use crate::model::ids::AccountId;

/// The resource's own policy.
pub struct ResourcePolicy<'a> {
    pub policy: Option<&'a Policy>,
    pub owner: &'a AccountId,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Adds to what identity policies allow; needed from another account.
    Repository,
    /// A role's trust policy: always needed.
    Trust,
    /// A KMS key's policy: it must allow the caller, or the account, which leaves the decision to IAM.
    Key,
}

/// Why it is denied, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denial(pub String);

/// Whether `caller` may call `action` on `resource`. An explicit deny wins; within an account the identity's or the
/// resource's policy suffices; across accounts both are needed; a trust policy is always needed.
pub fn authorize(
    directory: &Directory,
    caller: &Caller,
    action: &str,
    resource: &str,
    extra: &Context,
    on_resource: Option<&ResourcePolicy>,
) -> Result<(), Denial> {
    let context = caller.context().and(extra);
    let deny = |reason: &str| {
        Err(Denial(format!(
            "User: {} is not authorized to perform: {action} on resource: {resource}{reason}",
            caller.arn
        )))
    };
    let identity = directory.policies(caller);
    let says = |policy: &Policy, effect: Effect| {
        policy.statements.iter().any(|s| s.effect == effect && s.speaks_of(action, resource, &context))
    };
    if identity.iter().any(|p| says(p, Effect::Deny)) {
        return deny(" with an explicit deny in an identity-based policy");
    }
    let session_policy = caller.session().and_then(|s| s.policy.as_ref());
    if session_policy.is_some_and(|p| says(p, Effect::Deny)) {
        return deny(" with an explicit deny in a session policy");
    }
    let (own, role) = caller.names();
    let granted = |effect: Effect| -> Option<Named> {
        let statements = &on_resource?.policy?.statements;
        let of_effect = statements.iter().filter(|s| s.effect == effect && s.speaks_of(action, resource, &context));
        of_effect.filter_map(|s| s.names(caller.account.as_str(), &own, role.as_deref())).max()
    };
    // AWS gives no reason if a trust policy denies: it is known to the role's account only.
    let trust = on_resource.is_some_and(|r| r.kind == Kind::Trust);
    if granted(Effect::Deny).is_some() {
        return deny(if trust { "" } else { " with an explicit deny in a resource-based policy" });
    }
    let grant = granted(Effect::Allow);
    let foreign = on_resource.is_some_and(|r| *r.owner != caller.account);
    if trust && grant.is_none() {
        return deny("");
    }
    let needed = on_resource.is_some_and(|r| r.kind == Kind::Key);
    if (foreign || needed) && grant.is_none() {
        return deny(&format!(" because no resource-based policy allows the {action} action"));
    }
    let by_resource_alone = !foreign && grant >= Some(Named::Directly);
    if !by_resource_alone && !identity.iter().any(|p| says(p, Effect::Allow)) {
        return deny(&format!(" because no identity-based policy allows the {action} action"));
    }
    let to_the_session = !foreign && grant == Some(Named::Session);
    if !to_the_session && session_policy.is_some_and(|p| !says(p, Effect::Allow)) {
        return deny(&format!(" because no session policy allows the {action} action"));
    }
    Ok(())
}

/// Whether a resource's policy allows this to an account itself. A pull by another account's tasks needs that; their role is checked in
/// that account.
pub fn granted_to_account(policy: &Policy, account: &AccountId, action: &str, resource: &str) -> bool {
    let context = Context::new().with("aws:PrincipalAccount", account.as_str());
    let named = |effect: Effect| {
        let mut statements = policy.statements.iter().filter(|s| s.effect == effect);
        statements.any(|s| {
            let names = s.names(account.as_str(), "", None).is_some() || s.names_a_principal_of(account.as_str());
            names && s.speaks_of(action, resource, &context)
        })
    };
    named(Effect::Allow) && !named(Effect::Deny)
}
