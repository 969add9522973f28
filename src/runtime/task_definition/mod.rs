//! Task definitions: what they are made from, and how one that is registered is recognized.

pub mod base;
pub mod revision;
pub mod tags;
pub mod unnamed;
