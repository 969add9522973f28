//! The log of calls: the newest calls that were understood, with their answer's code and without secrets.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Counts from 1.
    pub seq: u64,
    pub at: Timestamp,
    /// The service's signing name; `registry` for the registry protocol.
    pub service: String,
    pub operation: String,
    /// The owner of the credentials; absent if there is none.
    pub account: Option<String>,
    pub principal: Option<String>,
    /// The answer's HTTP status; 0 if the connection broke before anything was done.
    pub status: u16,
    /// The error's code; `OK` without one; `-` where nothing was done.
    pub code: String,
    pub input: Value,
    /// The fault that it met. `reset_before` and `reset_after` say that no answer arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<super::faults::Kind>,
}

/// How many calls are kept: many days' worth of a release that waits, in some tens of megabytes.
const KEPT: usize = 50_000;
/// How many more are collected before the oldest are dropped together, so that not every call moves all of them.
const SPARE: usize = 1_000;

/// The calls in their order. The oldest are dropped where there are too many.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: Vec<Entry>,
    dropped: u64,
}

impl Log {
    /// Adds a call under the next number.
    pub fn note(&mut self, mut entry: Entry) {
        entry.seq = self.dropped + self.entries.len() as u64 + 1;
        if entry.fault == Some(super::faults::Kind::ResetBefore) {
            (entry.status, entry.code) = (0, "-".to_owned());
        }
        self.entries.push(entry);
        if self.entries.len() >= KEPT + SPARE {
            self.entries.drain(..SPARE);
            self.dropped += SPARE as u64;
        }
    }

    /// The calls that are kept, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The calls after this number, and how many of those are not kept any more.
    pub fn after(&self, seq: u64) -> (&[Entry], u64) {
        let kept = usize::try_from(seq.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        (self.entries.get(kept..).unwrap_or_default(), self.dropped.saturating_sub(seq))
    }
}

/// Members whose values are never shown.
const SECRET: &[&str] =
    &["token", "nextToken", "imageManifest", "TokenCode", "policyText", "Policy", "WebIdentityToken"];

/// The input with what is secret or long replaced: credentials, and environment values of task definitions.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub fn without_secrets(input: &Value) -> Value {
    match input {
        Value::Object(map) => {
            let environment = |k: &str, v: &Value| k == "environment" && v.is_array();
            let member = |(k, v): (&String, &Value)| {
                let shown = if SECRET.contains(&k.as_str()) {
                    Value::from("…")
                } else if environment(k, v) {
                    names_only(v)
                } else {
                    without_secrets(v)
                };
                (k.clone(), shown)
            };
            Value::Object(map.iter().map(member).collect())
        }
        Value::Array(list) => list.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

fn names_only(environment: &Value) -> Value {
    let name = |e: &Value| serde_json::json!({"name": e.get("name").cloned().unwrap_or_default(), "value": "…"});
    environment.as_array().map(|list| list.iter().map(name).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::faults::Kind;

    fn entry(fault: Option<Kind>) -> Entry {
        Entry {
            seq: 0,
            at: Timestamp::UNIX_EPOCH,
            service: "ecs".to_owned(),
            operation: "UpdateService".to_owned(),
            account: None,
            principal: None,
            status: 200,
            code: "OK".to_owned(),
            input: Value::Null,
            fault,
        }
    }

    #[test]
    fn the_newest_calls_are_kept_under_their_numbers_and_how_many_went_is_reported() {
        let mut log = Log::default();
        let many = (KEPT + 3 * SPARE) as u64;
        for n in 1..=many {
            log.note(entry(None));
            assert!(log.entries().len() < KEPT + SPARE);
            assert_eq!(log.entries().last().unwrap().seq, n);
        }
        assert!(log.entries().len() >= KEPT);
        let first = log.entries()[0].seq;
        assert_eq!(log.after(0), (log.entries(), first - 1));
        assert_eq!(log.after(first - 3).1, 2);
        let (newer, dropped) = log.after(many - 2);
        assert_eq!((newer.iter().map(|e| e.seq).collect::<Vec<_>>(), dropped), (vec![many - 1, many], 0));
        assert_eq!(log.after(many), (&[][..], 0));
        assert_eq!(log.after(u64::MAX), (&[][..], 0));
    }

    #[test]
    fn a_call_that_was_lost_before_anything_was_done_was_not_answered() {
        let mut log = Log::default();
        [Kind::ResetBefore, Kind::ResetAfter].into_iter().for_each(|kind| log.note(entry(Some(kind))));
        let shown: Vec<_> = log.entries().iter().map(|e| serde_json::to_value(e).unwrap()).collect();
        assert_eq!((&shown[0]["status"], &shown[0]["code"]), (&0.into(), &"-".into()));
        assert_eq!((&shown[1]["status"], &shown[1]["code"]), (&200.into(), &"OK".into()));
        assert_eq!((&shown[0]["fault"], &shown[1]["fault"]), (&"reset_before".into(), &"reset_after".into()));
    }
}
