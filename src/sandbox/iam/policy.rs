//! Policy documents, read from their JSON form.

use serde_json::{Map, Value};

use super::condition::{Condition, Holds};
use super::{Context, pattern};

/// A policy: its statements in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A list of patterns, or everything but a list of patterns.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    Any(Vec<String>),
    Not(Vec<String>),
}

/// The principals of a statement in a resource's policy. How directly it names the caller decides whether the caller's own account must
/// allow the call too.
#[derive(Debug, Clone, PartialEq)]
pub enum Principals {
    Everyone,
    /// Those under `AWS` (ARNs and account ids) and under `Federated` (providers' ARNs). Services do not call here.
    Listed {
        aws: Vec<String>,
        federated: Vec<String>,
    },
}

/// How a statement's principal names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// Through the account: its own policies decide.
    Account,
    /// The user or role itself, or everyone.
    Directly,
    /// The session itself, which its session policy then does not restrict.
    Session,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub effect: Effect,
    pub principals: Option<Principals>,
    pub actions: Match,
    /// `None` in trust and repository policies, which apply to their own resource.
    pub resources: Option<Match>,
    pub conditions: Vec<Condition>,
}

impl Match {
    fn covers(&self, test: impl Fn(&str) -> bool) -> bool {
        match self {
            Match::Any(patterns) => patterns.iter().any(|p| test(p)),
            Match::Not(patterns) => !patterns.iter().any(|p| test(p)),
        }
    }
}

impl Statement {
    /// Whether this statement applies to the action on the resource in this context, apart from its principal. With an unknown operator,
    /// an Allow does not match and a Deny does.
    pub fn speaks_of(&self, action: &str, resource: &str, context: &Context) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.covers(|p| pattern::matches(&p.to_ascii_lowercase(), &action))
            && self
                .resources
                .as_ref()
                .is_none_or(|r| r.covers(|p| context.fill(p).is_some_and(|p| pattern::matches(&p, resource))))
            && self.conditions.iter().all(|c| match c.holds(context) {
                Holds::Yes => true,
                Holds::No => false,
                Holds::Unknown => self.effect == Effect::Deny,
            })
    }

    /// How directly this statement's principal names the caller: by its own ARN, by its role's where it is a session, or by its
    /// account.
    pub fn names(&self, account: &str, own: &str, role: Option<&str>) -> Option<Named> {
        let listed = match self.principals.as_ref()? {
            Principals::Everyone => return Some(Named::Directly),
            Principals::Listed { aws, .. } => aws,
        };
        let near = |p: &String| {
            if p == account || *p == format!("arn:aws:iam::{account}:root") {
                Some(Named::Account)
            } else if p == own {
                Some(if role.is_some() { Named::Session } else { Named::Directly })
            } else {
                (Some(p.as_str()) == role).then_some(Named::Directly)
            }
        };
        listed.iter().filter_map(near).max()
    }

    /// Whether this statement names a federated identity provider by its ARN.
    pub fn names_provider(&self, provider: &str) -> bool {
        match &self.principals {
            Some(Principals::Everyone) => true,
            Some(Principals::Listed { federated, .. }) => federated.iter().any(|p| p == provider || p == "*"),
            None => false,
        }
    }

    /// Whether this statement names any user or role of the account.
    pub fn names_a_principal_of(&self, account: &str) -> bool {
        let of_account = |p: &String| p.split(':').nth(4) == Some(account);
        matches!(&self.principals, Some(Principals::Listed { aws, .. }) if aws.iter().any(of_account))
    }
}

impl Policy {
    /// Reads a document. The error names the place; unknown elements are errors, since ignoring one could widen the
    /// policy.
    pub fn read(document: &Value) -> Result<Policy, String> {
        let document = document.as_object().ok_or("a policy must be an object with Version and Statement")?;
        only(document, &["Version", "Id", "Statement"], "policy")?;
        let statements = match document.get("Statement") {
            Some(Value::Array(list)) => list.iter().map(statement).collect::<Result<_, _>>()?,
            Some(one @ Value::Object(_)) => vec![statement(one)?],
            _ => return Err("Statement is missing".to_owned()),
        };
        Ok(Policy { statements })
    }

    /// Reads a document's text, as `SetRepositoryPolicy` and `AssumeRole` take it.
    pub fn read_text(text: &str) -> Result<Policy, String> {
        let document: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
        Policy::read(&document)
    }
}

const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

fn only(object: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), String> {
    match object.keys().find(|k| !known.contains(&k.as_str())) {
        Some(key) => Err(format!("`{key}` in a {what} is not known here")),
        None => Ok(()),
    }
}

fn statement(value: &Value) -> Result<Statement, String> {
    let s = value.as_object().ok_or("a statement must be an object")?;
    only(s, ELEMENTS, "statement")?;
    let effect = match s.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err("Effect must be Allow or Deny".to_owned()),
    };
    let actions = either(s, "Action", "NotAction")?.ok_or("Action or NotAction is missing")?;
    let resources = either(s, "Resource", "NotResource")?;
    let principals = s.get("Principal").map(principals).transpose()?;
    let conditions = s.get("Condition").map(conditions).transpose()?.unwrap_or_default();
    Ok(Statement { effect, principals, actions, resources, conditions })
}

fn either(s: &Map<String, Value>, any: &str, not: &str) -> Result<Option<Match>, String> {
    match (s.get(any), s.get(not)) {
        (Some(list), None) => Ok(Some(Match::Any(texts(list, any)?))),
        (None, Some(list)) => Ok(Some(Match::Not(texts(list, not)?))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(format!("{any} and {not} exclude each other")),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn principals(value: &Value) -> Result<Principals, String> {
    match value {
        Value::String(s) if s == "*" => Ok(Principals::Everyone),
        Value::Object(kinds) => {
            only(kinds, &["AWS", "Service", "Federated", "CanonicalUser"], "Principal")?;
            let of =
                |kind: &str| kinds.get(kind).map_or(Ok(Vec::new()), |list| texts(list, &format!("Principal.{kind}")));
            let (aws, federated) = (of("AWS")?, of("Federated")?);
            let everyone = aws.iter().any(|p| p == "*");
            Ok(if everyone { Principals::Everyone } else { Principals::Listed { aws, federated } })
        }
        _ => Err("Principal must be `*` or an object".to_owned()),
    }
}

fn conditions(value: &Value) -> Result<Vec<Condition>, String> {
    let operators = value.as_object().ok_or("Condition must be an object of operators")?;
    let mut out = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in
            keys.as_object().ok_or_else(|| format!("{operator} must be an object of keys and values"))?
        {
            out.push(Condition { operator: operator.clone(), key: key.clone(), values: texts(values, key)? });
        }
    }
    Ok(out)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn texts(value: &Value, what: &str) -> Result<Vec<String>, String> {
    let text = |v: &Value| match v {
        Value::String(s) => Ok(s.clone()),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("{what} must be a string or a list of strings"))
        }
    };
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}
