//! Items' attributes, written and read.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::journal::codec;
use crate::model::fault::state::{Flaw, Part};
use crate::ports::journal::JournalError;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The major version of the items' format.
const FORM: u32 = 2;
/// The first that is read for ever: no released kanmon has written an earlier one.
const FIRST_READ: u32 = 2;

pub(super) fn text(value: impl Display) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(super) fn number(value: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// Completes an item: its version, and the given attributes.
pub(super) fn fill<const N: usize>(mut item: Item, attributes: [(&str, AttributeValue); N]) -> Item {
    item.insert("v".to_owned(), number(FORM));
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    item
}

/// An item with the hash of its attributes: for those that are not in a chain.
pub(super) fn sealed(mut item: Item) -> Item {
    item.insert(SEAL.to_owned(), text(digest(&item)));
    item
}

const SEAL: &str = "seal";

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn digest(item: &Item) -> String {
    let mut values: Vec<(&str, String)> = Vec::with_capacity(item.len());
    for (name, value) in item.iter().filter(|(name, _)| *name != SEAL) {
        let value = match value {
            AttributeValue::S(text) => format!("S {text}"),
            AttributeValue::N(number) => format!("N {number}"),
            // Nothing else is ever sealed.
            other => format!("{other:?}"),
        };
        values.push((name, value));
    }
    values.sort_unstable();
    codec::digest(values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// An item being read; errors name the part of the record that it is.
pub(super) struct Read<'a> {
    item: &'a Item,
    part: &'a dyn Fn() -> Part,
}

impl<'a> Read<'a> {
    /// # Errors
    /// `Newer` for an item of a later version, `Older` for one that no released kanmon has written.
    pub fn new(item: &'a Item, part: &'a dyn Fn() -> Part) -> Result<Read<'a>, JournalError> {
        let read = Read::part(item, part);
        let found: u32 = read.number("v")?;
        match found {
            ..FIRST_READ => Err(JournalError::Older { found, known: FIRST_READ }),
            FIRST_READ..=FORM => Ok(read),
            _ => Err(JournalError::Newer { found, known: FORM }),
        }
    }

    /// The same of one that was sealed.
    ///
    /// # Errors
    /// `Corrupt` where it was changed.
    pub fn sealed(item: &'a Item, part: &'a dyn Fn() -> Part) -> Result<Read<'a>, JournalError> {
        let read = Read::new(item, part)?;
        match read.maybe_text(SEAL)? {
            Some(seal) if seal == digest(item) => Ok(read),
            Some(_) | None => Err(part().is(Flaw::HashMismatch)),
        }
    }

    /// A mapping within an item, which has no version of its own.
    pub fn part(item: &'a Item, part: &'a dyn Fn() -> Part) -> Read<'a> {
        Read { item, part }
    }

    fn wrong(&self, name: &str) -> JournalError {
        (self.part)().is(Flaw::Unreadable { error: name.to_owned() })
    }

    pub fn text(&self, name: &str) -> Result<&'a str, JournalError> {
        self.maybe_text(name)?.ok_or_else(|| self.wrong(name))
    }

    pub fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, JournalError> {
        match self.item.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<T, JournalError> {
        self.text(name)?.parse().map_err(|_| self.wrong(name))
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Result<T, JournalError> {
        let number = self.item.get(name).and_then(|v| v.as_n().ok()).and_then(|n| n.parse().ok());
        number.ok_or_else(|| self.wrong(name))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, JournalError> {
        let bytes = self.item.get(name).and_then(|v| v.as_b().ok()).map(|b| b.as_ref().to_vec());
        bytes.ok_or_else(|| self.wrong(name))
    }

    pub fn parts(&self, name: &str) -> Result<Vec<Read<'a>>, JournalError> {
        let list = self.item.get(name).and_then(|v| v.as_l().ok()).ok_or_else(|| self.wrong(name))?;
        let parts = list.iter().map(|v| v.as_m().map(|item| Read::part(item, self.part)));
        parts.collect::<Result<_, _>>().map_err(|_| self.wrong(name))
    }
}
