//! Users, roles, and the keys that identify a caller.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Context, Policy};
use crate::model::ids::AccountId;

#[derive(Debug, Clone)]
pub struct User {
    /// The unique id (`AIDA…`).
    pub id: String,
    pub policies: Vec<Policy>,
}

#[derive(Debug, Clone)]
pub struct Role {
    /// The unique id (`AROA…`).
    pub id: String,
    pub trust: Policy,
    pub policies: Vec<Policy>,
    pub max_session: SignedDuration,
}

/// The owner of a request's credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    pub account: AccountId,
    /// As `sts:GetCallerIdentity` shows it.
    pub arn: String,
    pub user_id: String,
    pub identity: Identity,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Identity {
    User { name: String },
    Session(Box<Session>),
}

/// An assumed role's session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub role: String,
    pub name: String,
    pub source_identity: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Keys of the tags that a further session inherits.
    pub transitive: BTreeSet<String>,
    /// Narrows what the role may.
    pub policy: Option<Policy>,
    /// The ARN of the identity provider whose token it was assumed with.
    pub federated: Option<String>,
}

impl Caller {
    /// The ARNs that a policy's principal may name this caller by: its own, and for a session its role's.
    pub fn names(&self) -> (String, Option<String>) {
        let role = self.session().map(|s| role_arn(&self.account, &s.role));
        (self.arn.clone(), role)
    }

    pub fn session(&self) -> Option<&Session> {
        match &self.identity {
            Identity::User { .. } => None,
            Identity::Session(s) => Some(s),
        }
    }

    /// The global condition keys that follow from the caller alone.
    pub fn context(&self) -> Context {
        let mut c = Context::new()
            .with("aws:PrincipalAccount", self.account.as_str())
            .with("aws:userid", &self.user_id)
            .with("aws:SecureTransport", "false");
        match &self.identity {
            Identity::User { name } => {
                c.add("aws:PrincipalArn", &self.arn);
                c.add("aws:username", name);
                c.add("aws:PrincipalType", "User");
            }
            Identity::Session(s) => {
                c.add("aws:PrincipalArn", role_arn(&self.account, &s.role));
                c.add("aws:PrincipalType", "AssumedRole");
                if let Some(source) = &s.source_identity {
                    c.add("aws:SourceIdentity", source);
                }
                if let Some(provider) = &s.federated {
                    c.add("aws:FederatedProvider", provider);
                }
                for (key, value) in &s.tags {
                    c.add(&format!("aws:PrincipalTag/{key}"), value);
                }
            }
        }
        c
    }
}

/// An access key: a user's own, or a session's, which has a token and an end.
#[derive(Debug, Clone)]
pub struct Key {
    pub secret: String,
    pub token: Option<String>,
    pub expires: Option<Timestamp>,
    pub caller: Caller,
}

/// All accounts' principals and keys.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    users: BTreeMap<(AccountId, String), User>,
    roles: BTreeMap<(AccountId, String), Role>,
    keys: BTreeMap<String, Key>,
}

pub fn role_arn(account: &AccountId, role: &str) -> String {
    format!("arn:aws:iam::{account}:role/{role}")
}

/// A session's own ARN, which does not have the path of its role.
pub fn session_arn(account: &AccountId, role: &str, name: &str) -> String {
    let role = role.rsplit('/').next().unwrap_or(role);
    format!("arn:aws:sts::{account}:assumed-role/{role}/{name}")
}

impl Directory {
    pub fn add_user(&mut self, account: &AccountId, name: &str, user: User) {
        self.users.insert((account.clone(), name.to_owned()), user);
    }

    /// Gives a user an access key. `None` where there is no such user.
    pub fn add_user_key(&mut self, account: &AccountId, name: &str, id: &str, secret: &str) -> Option<()> {
        let user = self.users.get(&(account.clone(), name.to_owned()))?;
        let caller = Caller {
            account: account.clone(),
            arn: format!("arn:aws:iam::{account}:user/{name}"),
            user_id: user.id.clone(),
            identity: Identity::User { name: name.to_owned() },
        };
        self.keys.insert(id.to_owned(), Key { secret: secret.to_owned(), token: None, expires: None, caller });
        Some(())
    }

    /// Adds the key of a session of a role, without an end. `None` where there is no such role.
    pub fn add_session_key(
        &mut self,
        account: &AccountId,
        role: &str,
        name: &str,
        id: &str,
        secret: &str,
        token: &str,
    ) -> Option<()> {
        let user_id = format!("{}:{name}", self.role(account, role)?.id);
        let session = Session {
            role: role.to_owned(),
            name: name.to_owned(),
            source_identity: None,
            tags: BTreeMap::new(),
            transitive: BTreeSet::new(),
            policy: None,
            federated: None,
        };
        let arn = session_arn(account, role, name);
        let caller = Caller { account: account.clone(), arn, user_id, identity: Identity::Session(Box::new(session)) };
        self.add_key(
            id.to_owned(),
            Key { secret: secret.to_owned(), token: Some(token.to_owned()), expires: None, caller },
        );
        Some(())
    }

    pub fn add_role(&mut self, account: &AccountId, name: &str, role: Role) {
        self.roles.insert((account.clone(), name.to_owned()), role);
    }

    pub fn add_key(&mut self, id: String, key: Key) {
        self.keys.insert(id, key);
    }

    pub fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    pub fn role(&self, account: &AccountId, name: &str) -> Option<&Role> {
        self.roles.get(&(account.clone(), name.to_owned()))
    }

    /// The identity policies of the caller: none once its user or role is gone.
    pub fn policies(&self, caller: &Caller) -> &[Policy] {
        let found = match &caller.identity {
            Identity::User { name } => {
                self.users.get(&(caller.account.clone(), name.clone())).map(|u| u.policies.as_slice())
            }
            Identity::Session(s) => self.role(&caller.account, &s.role).map(|r| r.policies.as_slice()),
        };
        found.unwrap_or_default()
    }

    /// Ends a role's sessions at once, as an administrator's revocation does.
    pub fn expire_sessions(&mut self, account: &AccountId, role: &str, at: Timestamp) {
        for key in self.keys.values_mut().filter(|k| k.caller.account == *account) {
            if key.caller.session().is_some_and(|s| s.role == role) {
                key.expires = Some(at);
            }
        }
    }
}
