//! Faults on order: the next calls of an operation go wrong in the way that was asked for.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::ids::AccountId;

/// An order: the next `count` matching calls meet the fault. Orders are served in the order they came.
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
    pub kind: Kind,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A read answers what the same read answered last time.
    StaleRead,
}

/// What the transport has to do, as an extension of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// Break the connection instead of answering.
    Reset,
    /// Answer after this many milliseconds.
    Delay(u64),
}

/// How many past answers are kept for stale reads.
const REMEMBERED: usize = 512;

/// The orders that are left, and what reads answered.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    orders: Vec<Fault>,
    answered: VecDeque<(Question, Value)>,
}

/// A read: who asked what.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub account: AccountId,
    pub op: String,
    pub input: Value,
}

impl Faults {
    pub fn order(&mut self, fault: Fault) {
        if fault.count > 0 {
            self.orders.push(fault);
        }
    }

    /// The orders that are not served yet.
    pub fn orders(&self) -> &[Fault] {
        &self.orders
    }

    pub fn clear(&mut self) {
        self.orders.clear();
    }

    /// The fault that this call meets, taken off its order.
    pub fn take(&mut self, op: &str, account: &AccountId) -> Option<Kind> {
        let fits =
            |f: &Fault| (f.operation == "*" || f.operation == op) && f.account.as_ref().is_none_or(|a| a == account);
        let at = self.orders.iter().position(fits)?;
        let kind = self.orders[at].kind;
        self.orders[at].count -= 1;
        if self.orders[at].count == 0 {
            self.orders.remove(at);
        }
        Some(kind)
    }

    /// Keeps a read's answer.
    pub fn remember(&mut self, question: Question, answer: &Value) {
        self.answered.retain(|(q, _)| *q != question);
        self.answered.push_back((question, answer.clone()));
        if self.answered.len() > REMEMBERED {
            self.answered.pop_front();
        }
    }

    /// What the same read answered last time.
    pub fn stale(&self, question: &Question) -> Option<&Value> {
        self.answered.iter().find(|(q, _)| q == question).map(|(_, a)| a)
    }
}

/// Whether an operation only reads.
pub fn is_read(op: &str) -> bool {
    ["Describe", "List", "Get", "BatchGet", "BatchCheck"].iter().any(|verb| op.starts_with(verb))
        && op != "GetAuthorizationToken"
}
