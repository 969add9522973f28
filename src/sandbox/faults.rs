//! Ordered faults: the next calls of an operation fail in the ordered way.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::ids::{AccountId, Region};

/// An ordered fault: the next `count` matching calls meet it, or, with a probability, some matching calls until `count` have.
/// Faults are applied in the order in which they were ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation's name; the registry protocol's requests go by the ECR action that they need. `*` is any.
    pub operation: String,
    /// The calling account; any where absent.
    #[serde(default)]
    pub account: Option<AccountId>,
    #[serde(default = "once")]
    pub count: u32,
    /// How likely a matching call meets it, 0 to 1.
    #[serde(default = "surely")]
    pub probability: f64,
    /// The seed of the probability: with the same seed, the same calls meet the fault.
    #[serde(default)]
    pub seed: u64,
    pub kind: Kind,
}

impl Fault {
    /// Met by the next `count` calls of the operation, by any caller.
    pub fn next(operation: &str, count: u32, kind: Kind) -> Fault {
        Fault { operation: operation.to_owned(), account: None, count, probability: surely(), seed: 0, kind }
    }
}

impl Fault {
    fn fits(&self, op: &str, account: &AccountId) -> bool {
        (self.operation == "*" || self.operation == op) && self.account.as_ref().is_none_or(|a| a == account)
    }
}

fn once() -> u32 {
    1
}

fn surely() -> f64 {
    1.0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Throttle,
    ServerError,
    /// The connection breaks and nothing was done.
    ResetBefore,
    /// It was done, and the connection breaks before the answer.
    ResetAfter,
    /// The answer takes this many milliseconds longer.
    Slow(u64),
    AccessDenied,
    ExpiredToken,
    /// A read answers what the same read answered before a change; the fault waits for a read whose answer has changed.
    StaleRead,
    /// The answer's members of this name have a value that is newer than the client; the fault waits for an answer that has
    /// some. `deployments.rolloutState` means only the `rolloutState` members inside `deployments`.
    NewEnum(String),
}

/// A value that no client's model has.
pub const NEW_ENUM: &str = "NEWER_THAN_THIS_CLIENT";

/// What the transport must do, as an extension of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// Break the connection instead of answering.
    Reset,
    /// Answer after this many milliseconds.
    Delay(u64),
}

/// How many past answers are kept for stale reads.
const REMEMBERED: usize = 512;

/// The faults that are left, and past answers of reads.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    orders: Vec<OrderedFault>,
    answered: VecDeque<PastRead>,
}

/// A read's last answer, and the last different one before it.
#[derive(Debug, Clone)]
struct PastRead {
    question: ReadCall,
    last: Value,
    before: Option<Value>,
}

/// An ordered fault, and how many calls matched it.
#[derive(Debug, Clone)]
struct OrderedFault {
    fault: Fault,
    met: u64,
}

impl OrderedFault {
    /// Whether the next matching call meets it. Drawn for each call, independent of other faults.
    fn strikes(&mut self) -> bool {
        self.met += 1;
        self.fault.probability >= 1.0 || chance(self.fault.seed, self.met) < self.fault.probability
    }
}

/// A number from 0 to below 1, derived from the seed and the number of the draw.
fn chance(seed: u64, draw: u64) -> f64 {
    let mut hash = Sha256::new();
    hash.update(b"fault");
    hash.update(seed.to_be_bytes());
    hash.update(draw.to_be_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

/// A read call, for comparison with later ones.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadCall {
    /// The caller's ARN: `GetCallerIdentity` answers each with their own.
    pub caller: String,
    pub account: AccountId,
    pub region: Region,
    pub op: String,
    pub input: Value,
}

impl Faults {
    pub fn order(&mut self, fault: Fault) {
        if fault.count > 0 {
            self.orders.push(OrderedFault { fault, met: 0 });
        }
    }

    /// The faults that are left.
    pub fn orders(&self) -> Vec<&Fault> {
        self.orders.iter().map(|o| &o.fault).collect()
    }

    pub fn clear(&mut self) {
        self.orders.clear();
    }

    /// The fault that this call meets, taken off its order; a stale read or a new value only once it is `served`.
    pub fn take(&mut self, op: &str, account: &AccountId) -> Option<Kind> {
        let at = self.orders.iter_mut().position(|o| o.fault.fits(op, account) && o.strikes())?;
        match &self.orders[at].fault.kind {
            waits @ (Kind::StaleRead | Kind::NewEnum(_)) => Some(waits.clone()),
            Kind::Throttle
            | Kind::ServerError
            | Kind::ResetBefore
            | Kind::ResetAfter
            | Kind::Slow(_)
            | Kind::AccessDenied
            | Kind::ExpiredToken => Some(self.take_off(at)),
        }
    }

    /// A call was answered as ordered, with a stale read or a new value.
    pub fn served(&mut self, kind: &Kind, op: &str, account: &AccountId) {
        let order = |o: &OrderedFault| o.fault.kind == *kind && o.fault.fits(op, account);
        if let Some(at) = self.orders.iter().position(order) {
            self.take_off(at);
        }
    }

    fn take_off(&mut self, at: usize) -> Kind {
        let fault = &mut self.orders[at].fault;
        let kind = fault.kind.clone();
        fault.count -= 1;
        if fault.count == 0 {
            self.orders.remove(at);
        }
        kind
    }

    /// Keeps a read's answer.
    pub fn remember(&mut self, question: ReadCall, answer: &Value) {
        let known = self.answered.iter().position(|a| a.question == question).and_then(|at| self.answered.remove(at));
        let last = answer.clone();
        let answered = match known {
            Some(same) if same.last == last => same,
            Some(other) => PastRead { question, before: Some(other.last), last },
            None => PastRead { question, before: None, last },
        };
        self.answered.push_back(answered);
        if self.answered.len() > REMEMBERED {
            self.answered.pop_front();
        }
    }

    /// What the same read answered when it was another answer than this.
    pub fn stale(&self, question: &ReadCall, fresh: &Value) -> Option<&Value> {
        let known = self.answered.iter().find(|a| a.question == *question)?;
        [Some(&known.last), known.before.as_ref()].into_iter().flatten().find(|old| *old != fresh)
    }
}

/// Gives members of an answer a value that no client knows; `path` names them. Returns whether there are any.
pub fn renew(answer: &mut Value, path: &str) -> bool {
    let wanted: Vec<&str> = path.split('.').collect();
    renew_below(answer, &mut Vec::new(), &wanted)
}

fn renew_below(value: &mut Value, here: &mut Vec<String>, wanted: &[&str]) -> bool {
    let mut renewed = false;
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                here.push(name.clone());
                if here.len() >= wanted.len() && here[here.len() - wanted.len()..] == *wanted && value.is_string() {
                    *value = NEW_ENUM.into();
                    renewed = true;
                }
                renewed |= renew_below(value, here, wanted);
                here.pop();
            }
        }
        Value::Array(list) => {
            for value in list {
                renewed |= renew_below(value, here, wanted);
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
    renewed
}

/// Whether an operation only reads.
pub fn is_read(op: &str) -> bool {
    ["Describe", "List", "Get", "BatchGet", "BatchCheck"].iter().any(|verb| op.starts_with(verb))
        && op != "GetAuthorizationToken"
}
