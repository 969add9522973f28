//! Colours for people. The meaning never depends on them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// The start of one of kanmon's colours: an escape with a random word, so that escapes in other texts are never mistaken for it.
static OURS: LazyLock<String> = LazyLock::new(|| {
    let word = || RandomState::new().build_hasher().finish();
    format!("\x1b{:016x}{:016x}[", word(), word())
});

/// The start of a colour, until [`super::text::Text`] replaces it.
pub(super) fn ours() -> &'static str {
    &OURS
}

/// Whether to use colours; decided once, by where the text goes.
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
