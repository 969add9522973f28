//! Recovers what kanmon sent from what ECS describes. ECS adds members by itself, future ones included; if they counted as somebody's change, every
//! release would deploy again. A tag alone proves nothing, because other tools copy tags: the content must have the tag's hash.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::content_hash;
use super::normal::normal;
use crate::engine::changes::changes;
use crate::model::ids::ContentHash;
use crate::shapes::{self, Shape};

/// A described revision as it was sent, in its normal form: without the members that only ECS can have added. Those are the members that are neither in
/// `next` nor in RegisterTaskDefinition's input as kanmon knows it: all of them where the rest has the hash of kanmon's tag, else those that only
/// say that something is off.
pub fn as_sent(described: &Value, tagged: Option<&ContentHash>, next: &Value) -> Value {
    let (described, next) = (normal(described), normal(next));
    let bare = without_unknown(&described, &next, |_| false);
    if tagged.is_some_and(|hash| content_hash(&bare) == *hash) {
        return bare;
    }
    without_unknown(&described, &next, |value| !is_off(value))
}

/// Whether a described revision is still what kanmon sent with this tag, apart from what ECS added. `next` shows which members that are newer than this
/// kanmon the file uses.
pub fn is_proven(described: &Value, tagged: &ContentHash, next: &Value) -> bool {
    let described = normal(described);
    let bare = without_unknown(&described, &normal(next), |_| false);
    content_hash(&described) == *tagged || content_hash(&bare) == *tagged
}

/// Whether a described revision that is tagged with this content's hash runs this content.
pub fn holds(described: &Value, content: &ContentHash, definition: &Value) -> bool {
    changes(&as_sent(described, Some(content), definition), definition, &BTreeSet::new()).is_empty()
}

/// A described revision in its normal form, without the members that RegisterTaskDefinition's input, as kanmon knows it, does not have.
pub(super) fn known(described: &Value, next: &Value) -> Value {
    without_unknown(&normal(described), &normal(next), |_| false)
}

pub(super) fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_off),
        Value::Object(map) => map.values().all(is_off),
        Value::Bool(true) => false,
    }
}

/// Leaves out the members that RegisterTaskDefinition's input does not have, unless `next` has them or `keep` says so.
fn without_unknown(described: &Value, next: &Value, keep: fn(&Value) -> bool) -> Value {
    let model = shapes::of("ecs");
    let input = model.and_then(|m| m.operation("RegisterTaskDefinition")).and_then(|o| o.input.as_deref());
    match model.zip(input) {
        Some((model, input)) => Known { model, keep }.of(described, Some(next), model.shape(input)),
        None => described.clone(),
    }
}

struct Known {
    model: &'static shapes::Model,
    keep: fn(&Value) -> bool,
}

impl Known {
    fn of(&self, value: &Value, next: Option<&Value>, shape: &Shape) -> Value {
        match (value, shape) {
            (Value::Object(map), Shape::Structure { members, .. }) => {
                let kept = map.iter().filter_map(|(name, value)| {
                    let beside = next.and_then(|n| n.get(name));
                    match members.get(name) {
                        Some(shape) => Some((name.clone(), self.of(value, beside, self.model.shape(shape)))),
                        None => (beside.is_some() || (self.keep)(value)).then(|| (name.clone(), value.clone())),
                    }
                });
                Value::Object(kept.collect::<Map<_, _>>())
            }
            (Value::Array(items), Shape::List { member, .. }) => {
                let shape = self.model.shape(member);
                let kept = items.iter().enumerate().map(|(i, item)| self.of(item, beside(item, i, next), shape));
                Value::Array(kept.collect())
            }
            _ => value.clone(),
        }
    }
}

/// The item of the other list with the same name, or in the same position where it has no name.
pub(super) fn beside<'a>(item: &Value, at: usize, next: Option<&'a Value>) -> Option<&'a Value> {
    let others = next.and_then(Value::as_array)?;
    match item.get("name") {
        Some(name) => others.iter().find(|o| o.get("name") == Some(name)),
        None => others.get(at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Value {
        json!({
            "family": "web", "cpu": "256",
            "containerDefinitions": [{ "name": "web", "image": "web@sha256:1", "environment": [{ "name": "A", "value": "1" }] }],
        })
    }

    /// What ECS describes of it, with future members.
    fn described() -> Value {
        let mut described = sent();
        described["revision"] = json!(3);
        described["ofNextYear"] = json!({ "mode": "automatic" });
        described["containerDefinitions"][0]["cpu"] = json!(0);
        described["containerDefinitions"][0]["alsoNew"] = json!("enabled");
        described
    }

    fn paths(described: &Value, tagged: &ContentHash, next: &Value) -> Vec<String> {
        changes(&as_sent(described, Some(tagged), next), next, &BTreeSet::new()).into_iter().map(|c| c.path).collect()
    }

    #[test]
    fn what_ecs_added_to_what_was_sent_is_not_a_change() {
        let tag = content_hash(&sent());
        assert_eq!(paths(&described(), &tag, &sent()), [""; 0]);
        assert!(holds(&described(), &tag, &sent()) && is_proven(&described(), &tag, &sent()));
        let mut next = sent();
        next["containerDefinitions"][0]["image"] = json!("web@sha256:2");
        assert_eq!(paths(&described(), &tag, &next), ["containerDefinitions[web].image"], "what was not sent stays so");
        assert!(is_proven(&described(), &tag, &next), "whatever comes next");
    }

    #[test]
    fn a_copied_tag_does_not_count() {
        let tag = content_hash(&sent());
        let cases = [
            ("/containerDefinitions/0/command", json!(["mine"]), "containerDefinitions[web].command"),
            ("/containerDefinitions/0/image", json!("evil"), "containerDefinitions[web].image"),
            (
                "/containerDefinitions/0/environment",
                json!([{ "name": "A", "value": "1" }, { "name": "LD_PRELOAD", "value": "x" }]),
                "containerDefinitions[web].environment[LD_PRELOAD]",
            ),
            (
                "/containerDefinitions",
                json!([sent()["containerDefinitions"][0], { "name": "miner", "image": "m" }]),
                "containerDefinitions[miner].image",
            ),
            ("/taskRoleArn", json!("admin"), "taskRoleArn"),
        ];
        for (pointer, value, path) in cases {
            let mut changed = described();
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            changed.pointer_mut(parent).unwrap()[member] = value;
            assert!(paths(&changed, &tag, &sent()).contains(&path.to_owned()), "{pointer}");
            assert!(!holds(&changed, &tag, &sent()) && !is_proven(&changed, &tag, &sent()), "{pointer}");
        }
        let mut less = described();
        less["containerDefinitions"][0].as_object_mut().unwrap().remove("environment");
        assert!(!holds(&less, &tag, &sent()), "what was sent and is gone was taken away");
    }

    #[test]
    fn without_the_tag_only_members_that_are_off_are_ecss_own() {
        let next = sent();
        let mut live = sent();
        live["ofNextYear"] = json!(false);
        assert!(changes(&as_sent(&live, None, &next), &next, &BTreeSet::new()).is_empty());
        live["ofNextYear"] = json!("on");
        let found = changes(&as_sent(&live, None, &next), &next, &BTreeSet::new());
        assert_eq!(found.into_iter().map(|c| c.path).collect::<Vec<_>>(), ["ofNextYear"]);
    }

    #[test]
    fn a_member_that_the_file_uses_counts_even_if_it_is_new() {
        let mut next = sent();
        next["ofNextYear"] = json!({ "mode": "chosen" });
        let tag = content_hash(&next);
        assert!(paths(&described(), &tag, &next).contains(&"ofNextYear.mode".to_owned()));
        assert!(!holds(&described(), &tag, &next));
        let mut live = next.clone();
        live["containerDefinitions"][0]["alsoNew"] = json!("enabled");
        assert!(holds(&live, &tag, &next));
    }
}
