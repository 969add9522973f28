//! The table's keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::Item;
use crate::model::ids::{AppName, ReleaseId, StageName};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub pk: String,
    pub sk: String,
}

pub(super) const EVENT: &str = "event/";
pub(super) const MESSAGE: &str = "message/";
pub(super) const SENT: &str = "message/sent";
pub(super) const RELEASE: &str = "release/";
pub(super) const CHUNK: &str = "chunk/";

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Key {
        Key { pk, sk: sk.into() }
    }

    pub fn release(release: &ReleaseId) -> Key {
        Key::new(of_release(release), "release")
    }

    /// The item that begins with this event.
    pub fn event(release: &ReleaseId, seq: u64) -> Key {
        Key::new(of_release(release), numbered(EVENT, seq))
    }

    pub fn message(release: &ReleaseId, id: u64) -> Key {
        Key::new(of_inbox(release), numbered(MESSAGE, id))
    }

    pub fn listing(app: &AppName, release: &ReleaseId) -> Key {
        Key::new(of_app(app), format!("{RELEASE}{release}"))
    }

    /// Says that the stage has an item.
    pub fn known(app: &AppName, stage: &StageName) -> Key {
        Key::new(of_app(app), format!("stage/{stage}"))
    }

    /// Says how many messages there are. It sorts after all of them.
    pub fn sent(release: &ReleaseId) -> Key {
        Key::new(of_inbox(release), SENT)
    }

    pub fn stage(app: &AppName, stage: &StageName) -> Key {
        Key::new(format!("stage/{app}/{stage}"), "stage")
    }

    pub fn chunk(blob: &str, part: usize) -> Key {
        Key::new(of_blob(blob), numbered(CHUNK, part as u64))
    }

    /// The key of an item.
    pub fn of(item: &Item) -> Key {
        let text = |name: &str| item.get(name).and_then(|v| v.as_s().ok()).cloned().unwrap_or_default();
        Key { pk: text("pk"), sk: text("sk") }
    }

    /// The key's attributes, for an item or a request.
    pub fn item(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

pub(super) fn of_release(release: &ReleaseId) -> String {
    format!("release/{release}")
}

pub(super) fn of_inbox(release: &ReleaseId) -> String {
    format!("inbox/{release}")
}

pub(super) fn of_app(app: &AppName) -> String {
    format!("app/{app}")
}

pub(super) fn of_blob(blob: &str) -> String {
    format!("blob/{blob}")
}

/// A number that sorts as a text.
pub(super) fn numbered(prefix: &str, number: u64) -> String {
    format!("{prefix}{number:020}")
}
