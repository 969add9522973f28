//! The contents of images that this process has read so far: what a digest names never changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::contents::Contents;
use crate::model::ids::{AccountId, Digest, Region};

/// A digest of a repository of an account and region.
pub type Key = (AccountId, Region, String, Digest);

#[derive(Default)]
pub struct ContentsCache(Mutex<BTreeMap<Key, Arc<Contents>>>);

impl ContentsCache {
    pub fn get(&self, key: &Key) -> Option<Arc<Contents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub fn insert(&self, key: Key, contents: Arc<Contents>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, contents);
    }
}
