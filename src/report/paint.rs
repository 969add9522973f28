//! Colour, where it is wanted. Meaning never depends on it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// What begins a colour of ours: an escape with a word that nobody else can know, so that others' escapes are never taken for it.
static OURS: LazyLock<String> = LazyLock::new(|| {
    let word = || RandomState::new().build_hasher().finish();
    format!("\x1b{:016x}{:016x}[", word(), word())
});

/// What begins a colour, until it is written out by [`super::text::Text`].
pub(super) fn ours() -> &'static str {
    &OURS
}

/// Whether to colour, decided once by who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    fn code(self, code: &str, text: &str) -> String {
        if self.0 { format!("{0}{code}m{text}{0}0m", ours()) } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.code("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.code("31", text)
    }

    pub fn careful(self, text: &str) -> String {
        self.code("33", text)
    }

    pub fn strong(self, text: &str) -> String {
        self.code("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.code("2", text)
    }
}
