//! Whether an enum of facts has a kind, asked of its own `Deserialize`: no list of names beside it.

use std::fmt;

use serde::de;
use serde::de::value::MapDeserializer;

/// A fact's members as a deserializer, of which only the kind is known.
pub type KindOnly<'k> = MapDeserializer<'k, std::array::IntoIter<(&'static str, &'k str), 1>, KindError>;

/// Whether facts of a type have this kind; `read` is the type's `deserialize`. It fails for the other members, which are missing,
/// and for an unknown kind in another way.
pub fn is_known<'k, T>(kind: &'k str, read: impl FnOnce(KindOnly<'k>) -> Result<T, KindError>) -> bool {
    match read(MapDeserializer::new([("kind", kind)].into_iter())) {
        Ok(_) | Err(KindError::Other) => true,
        Err(KindError::Unknown) => false,
    }
}

/// Why a fact cannot be read from its kind alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindError {
    /// No variant has this kind.
    Unknown,
    /// Anything else, such as a missing member.
    Other,
}

impl std::error::Error for KindError {}

impl fmt::Display for KindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl de::Error for KindError {
    fn custom<T: fmt::Display>(_: T) -> KindError {
        KindError::Other
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> KindError {
        KindError::Unknown
    }
}
